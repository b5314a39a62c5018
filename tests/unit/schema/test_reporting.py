"""What a report says of a schema: every field by its place in the record, and what is enforced where."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal  # noqa: TC003 - pydantic reads the annotations
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, RootModel, field_validator, model_validator

from extractor.errors import ExtractionError
from extractor.schema import contract_for, report, target_from
from extractor.schema.fields import MAX_FIELDS

NODE = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "below": {"type": "array", "items": {"$ref": "#/$defs/Node"}}},
    "required": ["name", "below"],
    "additionalProperties": False,
}
CARD = {"type": "object", "properties": {"kind": {"const": "card"}, "pan": {"type": "string"}}, "required": ["kind"]}
CASH = {"type": "object", "properties": {"kind": {"const": "cash"}}, "required": ["kind"]}


def reported(schema: Any, **options: Any):
    target = target_from(schema)
    return report(target, contract_for(target, **options))


def one_member(schema: Any, *, is_required: bool = True) -> dict[str, Any]:
    return {"type": "object", "properties": {"x": schema}, "required": ["x"] if is_required else []}


@pytest.mark.parametrize(
    ("schema", "rows"),
    [
        pytest.param({"type": "string", "minLength": 2}, [("/x", "string", {"minLength": 2}, "")], id="string"),
        pytest.param({"enum": ["a", 3]}, [("/x", "string or integer", {"enum": ["a", 3]}, "")], id="enum"),
        pytest.param(
            {"enum": ["a", {"b": 1}]}, [("/x", "string", {"enum": ["a", {"b": 1}]}, "")], id="objects in enum"
        ),
        pytest.param({"type": "array", "items": {"type": "string"}}, [("/x", "list of string", {}, "")], id="list"),
        pytest.param(
            {"type": "array", "items": {"type": "string", "pattern": "^a"}, "uniqueItems": True},
            [
                ("/x", "list of string", {}, "No item may occur twice."),
                ("/x/*", "string", {"pattern": "^a"}, ""),
            ],
            id="list with rules for its items",
        ),
        pytest.param(
            {"type": "array", "items": CASH},
            [("/x", "list of object", {}, ""), ("/x/*/kind", "string", {"enum": ["cash"]}, "")],
            id="list of objects",
        ),
        pytest.param(
            {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}, "minProperties": 1},
            [("/x", "map of integer", {"minProperties": 1}, ""), ("/x/*", "integer", {"minimum": 0}, "")],
            id="map",
        ),
        pytest.param(
            {"type": "object", "additionalProperties": {"type": "string"}, "propertyNames": {"pattern": "^k"}},
            [("/x", "map of string", {"key pattern": "^k"}, "")],
            id="map with a rule for its keys",
        ),
        pytest.param(
            {"oneOf": [CARD, CASH]},
            [
                ("/x", "object", {}, ""),
                ("/x/kind", "string", {"enum": ["card"]}, ""),
                ("/x/pan", "string", {}, ""),
                ("/x/kind", "string", {"enum": ["cash"]}, ""),
            ],
            id="union",
        ),
        pytest.param(
            {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string"}]},
            [("/x", "number or string", {}, ""), ("/x", "number", {"minimum": 0}, "")],
            id="union of scalars, one with a rule",
        ),
        pytest.param({}, [("/x", "any JSON", {}, "")], id="anything"),
        pytest.param(
            {"$ref": "#/$defs/Node"},
            [("/x", "object", {}, ""), ("/x/name", "string", {}, ""), ("/x/below", "list of Node, as above", {}, "")],
            id="recursion, listed once",
        ),
        pytest.param(
            {"type": "array", "prefixItems": [{"type": "string"}, CASH], "items": False},
            [
                (
                    "/x",
                    "list of string or object",
                    {"maxItems": 2},
                    "The items come in this order: string, object.",
                ),
                ("/x/1/kind", "string", {"enum": ["cash"]}, ""),
            ],
            id="tuple",
        ),
        pytest.param(
            {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": {"type": "number"}},
            [("/x", "object", {}, ""), ("/x/a", "string", {}, ""), ("/x/*", "number", {}, "")],
            id="named members and others",
        ),
        pytest.param(
            {"type": "string", "not": {"const": "n/a"}},
            [("/x", "string", {}, 'Must not fit {"const":"n/a"}.')],
            id="a rule that no grammar takes",
        ),
    ],
)
@pytest.mark.parametrize("nulls", ["absent", "exact"])
@pytest.mark.parametrize("is_required", [True, False], ids=["required", "optional"])
def test_every_field_is_a_row_at_its_place_in_the_record(schema, rows, nulls, is_required):
    found = reported({**one_member(schema, is_required=is_required), "$defs": {"Node": NODE}}, nulls=nulls)

    root, *others = found.fields
    assert (root.at, root.type) == ("", "object")
    assert [(row.at, row.type, row.on_wire, row.told) for row in others] == rows
    assert others[0].is_required is is_required


@pytest.mark.parametrize(
    ("schema", "options", "null"),
    [
        pytest.param(one_member({"type": "string"}), {}, "not stated", id="required"),
        pytest.param(one_member({"type": "string"}), {"absence": "forbid"}, "", id="required, to be filled"),
        pytest.param(one_member({"type": "string"}, is_required=False), {}, "absent", id="optional"),
        pytest.param(one_member({"type": ["string", "null"]}), {}, "null", id="required, may be null"),
        pytest.param(one_member({"type": ["string", "null"]}, is_required=False), {}, "absent", id="both, read as one"),
        pytest.param(
            one_member({"type": ["string", "null"]}, is_required=False), {"nulls": "exact"}, "absent", id="both, apart"
        ),
        pytest.param(
            one_member({"type": ["string", "null"], "default": "a"}, is_required=False), {}, "null", id="other default"
        ),
    ],
)
def test_a_row_says_what_null_on_the_wire_stands_for(schema, options, null):
    _, row = reported(schema, **options).fields

    assert (row.type, row.null) == ("string", null)


@pytest.mark.parametrize(
    ("schema", "kind"),
    [({"type": "array", "items": {"type": "string"}}, "list of string"), ({"type": "integer"}, "integer")],
)
def test_a_root_that_is_no_object_has_the_empty_pointer(schema, kind):
    [row] = reported(schema).fields

    assert (row.at, row.type) == ("", kind)


def test_alternatives_of_a_union_are_numbered_also_inside_one_another():
    inner = {"type": "object", "properties": {"y": {"oneOf": [CARD, CASH]}}, "required": ["y"]}

    rows = reported(one_member({"oneOf": [CASH, inner]})).fields

    assert [(row.at, row.form) for row in rows if row.form] == [
        ("/x/kind", "1"),
        ("/x/y", "2"),
        ("/x/y/kind", "2.1"),
        ("/x/y/pan", "2.1"),
        ("/x/y/kind", "2.2"),
    ]


class Line(BaseModel):
    price: Decimal = Field(alias="unitPrice")

    @field_validator("price")
    @classmethod
    def has_cents(cls, value: Decimal) -> Decimal:
        return value


class Codes(RootModel[list[str]]):
    @field_validator("root")
    @classmethod
    def are_known(cls, value: list[str]) -> list[str]:
        return value


class Order(BaseModel):
    model_config = ConfigDict(extra="ignore")

    lines: list[Line]
    by_code: dict[str, Line]
    iban: Annotated[str, AfterValidator(str.strip)]
    codes: Codes
    next: Order | None = None
    kind: Literal["a", "b"] = "a"

    @field_validator("lines", "kind")
    @classmethod
    def is_fresh(cls, value: Any) -> Any:
        return value

    @model_validator(mode="after")
    def adds_up(self) -> Order:
        return self


def test_validators_of_a_class_stand_at_the_fields_that_they_look_at():
    rows = reported(Order).fields

    by_class = {row.at: row.by_class for row in rows if row.by_class}
    assert {at: names for at, names in by_class.items() if not at.startswith("/next")} == {
        "": ("adds_up",),
        "/lines": ("is_fresh",),
        "/lines/*/unitPrice": ("has_cents",),
        "/by_code/*/unitPrice": ("has_cents",),
        "/iban": ("strip",),
        "/codes": ("are_known",),
        "/kind": ("is_fresh",),
    }


@pytest.mark.parametrize(
    ("schema", "name", "places"),
    [
        pytest.param(
            one_member({"type": "object", "properties": {"a": {"type": "string"}}}),
            "closed",
            ["", "/x"],
            id="members that are not asked for",
        ),
        pytest.param(
            one_member({"type": ["string", "null"]}, is_required=False), "null_and_absent", ["/x"], id="null or absent"
        ),
        pytest.param(one_member({"type": "array", "items": {}}), "free_form", ["/x/*"], id="any JSON"),
        pytest.param(
            {**one_member({"$ref": "#/$defs/A"}), "$defs": {"A": {"type": "object", "properties": {"b": {}}}}},
            "no_description",
            ["/x/b"],
            id="no description, behind a reference",
        ),
        pytest.param(one_member({"type": "string", "pattern": "^(?=a)b"}), "pattern_in_words", ["/x"], id="lookaround"),
        pytest.param(
            one_member({"anyOf": [{"type": "null"}, {"type": "string", "format": "color"}]}),
            "unchecked_format",
            ["/x"],
            id="unknown format",
        ),
    ],
)
def test_what_is_worth_a_second_look_is_named_with_its_places(schema, name, places):
    hints = {hint.name: hint for hint in reported(schema).hints}

    assert list(hints[name].at) == places
    assert hints[name].count == len(places)


def test_a_schema_that_says_everything_has_no_hints():
    described = {"type": "string", "description": "As printed.", "pattern": "^a", "format": "date"}

    assert reported({**one_member(described), "additionalProperties": False}).hints == ()


def test_a_class_is_not_told_of_members_that_it_drops_itself():
    assert "closed" not in {hint.name for hint in reported(Order).hints}


def test_definitions_without_number_of_paths_are_cut_soon():
    definitions = {
        f"d{level}": {
            "type": "object",
            "properties": {name: {"$ref": f"#/$defs/d{level + 1}"} for name in "abc"},
            "required": ["a"],
        }
        for level in range(8)
    }
    schema = {"$ref": "#/$defs/d0", "$defs": definitions | {"d8": {"type": "string"}}}

    found = reported(schema)

    assert found.is_cut
    assert len(found.fields) == MAX_FIELDS


def test_a_schema_that_only_children_lower_has_a_report_without_rows():
    target = target_from(one_member({"type": "string"}))

    found = report(target, replace(contract_for(target), _here=None))

    assert (found.fields, found.is_cut) == ((), True)
    assert found.wire_bytes > 0


def test_a_schema_whose_answers_may_cost_without_end_is_called_guarded():
    forms = [{"properties": {"x": {"$ref": "#"}, name: {"type": "string"}}, "required": [name]} for name in "ab"]

    assert reported({"type": "object", "anyOf": forms}).cost == "guarded"


def test_a_report_is_json():
    found = reported(Order).as_json()

    assert json.loads(json.dumps(found))["fields"][0]["at"] == ""
    assert found["cost"] == "bounded"
    assert found["validated_by"] == ("json_schema", "pydantic:Order")


def test_every_real_schema_has_a_report(shared_data):
    lines = (shared_data / "schemas_dev.jsonl").read_text("utf-8").splitlines()

    for line in lines[::12]:
        schema = json.loads(line)["schema"]
        try:
            target = target_from(schema)
            contract = contract_for(target, open_objects="keep", nulls="exact")
        except ExtractionError:
            continue
        found = report(target, contract)

        assert found.is_cut or set(contract.lowered.local) <= {row.at for row in found.fields if row.told}

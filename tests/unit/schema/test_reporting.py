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
from extractor.schema.advice import MAX_HINTS, MAX_PLACES
from extractor.schema.fields import MAX_FIELDS

NODE = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "below": {"type": "array", "items": {"$ref": "#/$defs/Node"}}},
    "required": ["name", "below"],
    "additionalProperties": False,
}
CARD = {"type": "object", "properties": {"kind": {"const": "card"}, "pan": {"type": "string"}}, "required": ["kind"]}
CASH = {"type": "object", "properties": {"kind": {"const": "cash"}}, "required": ["kind"]}


def one_member(schema: Any, *, is_required: bool = True) -> dict[str, Any]:
    return {"type": "object", "properties": {"x": schema}, "required": ["x"] if is_required else []}


TEXT = one_member({"type": "string"})
MAYBE_TEXT = one_member({"type": "string"}, is_required=False)
EITHER = one_member({"type": ["string", "null"]}, is_required=False)


def reported(schema: Any, **options: Any):
    target = target_from(schema)
    return report(target, contract_for(target, **options))


@pytest.mark.parametrize(
    ("schema", "rows"),
    [
        pytest.param({"type": "string", "minLength": 2}, [("/x", "string", {"minLength": 2}, "")], id="string"),
        pytest.param({"enum": ["a", 3]}, [("/x", "string or integer", {"enum": ["a", 3]}, "")], id="enum"),
        pytest.param(
            {"enum": ["a", {"b": 1}]}, [("/x", "string or object", {"enum": ["a", {"b": 1}]}, "")], id="objects in enum"
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
    ("schema", "options", "kind", "null"),
    [
        pytest.param(TEXT, {}, "string", "not stated", id="required"),
        pytest.param(TEXT, {"absence": "forbid"}, "string", "", id="required, to be filled"),
        pytest.param(MAYBE_TEXT, {}, "string", "absent", id="optional"),
        pytest.param(
            one_member({"type": ["string", "null"]}), {}, "string or null", "null", id="required, may be null"
        ),
        pytest.param(EITHER, {}, "string", "absent", id="both, read as one"),
        pytest.param(EITHER, {"nulls": "exact"}, "string or null", "absent", id="both, apart"),
        pytest.param(
            one_member({"type": ["string", "null"], "default": "a"}, is_required=False),
            {},
            "string or null",
            "null",
            id="other default",
        ),
        pytest.param(one_member({"enum": ["a", None]}), {}, "string or null", "null", id="null in an enum"),
    ],
)
def test_a_row_says_whether_null_may_be_in_the_record_and_what_it_stands_for_on_the_wire(schema, options, kind, null):
    _, row = reported(schema, **options).fields

    assert (row.type, row.null) == (kind, null)


def test_an_item_that_may_be_null_is_called_so():
    _, row = reported(one_member({"type": "array", "items": {"type": ["string", "null"]}})).fields

    assert row.type == "list of string or null"


@pytest.mark.parametrize(
    ("schema", "options", "kind", "written_as"),
    [
        pytest.param(EITHER, {}, "string", (), id="as itself"),
        pytest.param(EITHER, {"nulls": "exact"}, "string or null", ("set",), id="apart from null"),
        pytest.param(one_member({"const": {"b": 1}}), {}, "object", ("text",), id="an object that is given"),
        pytest.param(one_member({"enum": [[1], "a"]}), {}, "array or string", ("text",), id="lists and texts"),
        pytest.param(
            one_member({"enum": [[1], None]}, is_required=False),
            {"nulls": "exact"},
            "array or null",
            ("set", "text"),
            id="both",
        ),
    ],
)
def test_a_row_says_what_the_record_has_and_how_that_travels(schema, options, kind, written_as):
    _, row = reported(schema, **options).fields

    assert (row.type, row.written_as) == (kind, written_as)


def test_an_object_for_which_the_wire_has_no_room_is_one_that_travels_as_text():
    many = {f"m{number}": {"type": "string"} for number in range(5_100)}

    found = reported(one_member({"type": "object", "properties": many}))

    assert [(row.at, row.type, row.written_as) for row in found.fields] == [
        ("", "object", ()),
        ("/x", "object", ("text",)),
    ]
    assert "free_form" not in {hint.name for hint in found.hints}


def test_a_member_called_star_is_told_from_every_member():
    schema = {"type": "object", "properties": {"*": {"type": "string"}}, "additionalProperties": {"type": "integer"}}

    _, named, others = reported(schema).fields

    assert (named.at, named.path) == ("/*", ("*",))
    assert (others.at, others.path) == ("/*", (None,))


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


def hints_about(schema: Any, name: str, **options: Any) -> list[tuple[str, tuple[str, ...]]]:
    return [(hint.says, hint.at) for hint in reported(schema, **options).hints if hint.name == name]


@pytest.mark.parametrize(
    ("schema", "name", "says", "place"),
    [
        pytest.param(
            {"type": "object", "propertys": {"a": {"type": "string"}}},
            "misspelt_keyword",
            "'propertys' is no keyword of draft 2020-12 and is ignored; did you mean 'properties'?",
            "/propertys",
            id="propertys",
        ),
        pytest.param(
            one_member({"type": "string", "maxlength": 3}),
            "misspelt_keyword",
            "'maxlength' is no keyword of draft 2020-12 and is ignored; did you mean 'maxLength'?",
            "/properties/x/maxlength",
            id="maxlength",
        ),
        pytest.param(
            {**TEXT, "require": ["x"]},
            "misspelt_keyword",
            "'require' is no keyword of draft 2020-12 and is ignored; did you mean 'required'?",
            "/require",
            id="require",
        ),
        pytest.param(
            {**TEXT, "$defs": {"A": {"desciption": "a"}}},
            "misspelt_keyword",
            "'desciption' is no keyword of draft 2020-12 and is ignored; did you mean 'description'?",
            "/$defs/A/desciption",
            id="desciption, in a definition",
        ),
        pytest.param(
            {**TEXT, "ui:order": 1, "a/b": 2},
            "unknown_keyword",
            "No keywords of draft 2020-12, and ignored: ui:order, a/b.",
            "/ui:order",
            id="words like no keyword",
        ),
        pytest.param(
            {**TEXT, "dependencies": {"x": ["y"]}},
            "other_draft",
            "'dependencies' is a keyword of drafts 4 to 7 and is ignored in draft 2020-12; "
            'state that "$schema" or use dependentRequired or dependentSchemas.',
            "/dependencies",
            id="an old keyword",
        ),
        pytest.param(
            {**one_member({"const": 1}), "$schema": "http://json-schema.org/draft-04/schema#"},
            "other_draft",
            "'const' is a keyword since draft 6 and is ignored in draft 4; "
            'state that "$schema" or use an enum of one value.',
            "/properties/x/const",
            id="a new keyword",
        ),
        pytest.param(
            {**TEXT, "required": ["x", "X_"]},
            "unknown_member",
            "'X_' is required, and properties does not have it; describe it there, or leave it out of required.",
            "/required/1",
            id="a required member like no other",
        ),
        pytest.param(
            {"type": "object", "properties": {"total": {"type": "number"}}, "required": ["totl"]},
            "unknown_member",
            "'totl' is required, and properties does not have it; did you mean 'total'?",
            "/required/0",
            id="a required member that is misspelt",
        ),
        pytest.param(
            one_member({"type": "integer", "format": "date"}),
            "idle_format",
            "Format 'date' is of strings only, and ignored here.",
            "/x",
            id="a format of strings at a number",
        ),
        pytest.param(
            one_member({"type": "string", "format": "color"}),
            "unchecked_format",
            "Format 'color' is not checked, so it is neither told nor enforced; a pattern would be.",
            "/x",
            id="a format of nobody",
        ),
        pytest.param(
            one_member({"type": "string", "format": "datetime"}),
            "unchecked_format",
            "Format 'datetime' is not checked, so it is neither told nor enforced; did you mean 'date-time'?",
            "/x",
            id="a misspelt format",
        ),
        pytest.param(
            one_member({"type": "string", "format": "iri"}),
            "unchecked_format",
            "Format 'iri' is not checked, so it is neither told nor enforced; a pattern would be.",
            "/x",
            id="another format of JSON Schema",
        ),
        pytest.param(
            one_member({"type": "integer", "format": "int64"}),
            "unchecked_format",
            "Format 'int64' is not checked; minimum and maximum are.",
            "/x",
            id="a format of numbers",
        ),
        pytest.param(
            {"type": "object"},
            "no_members",
            'It names no members, so the model chooses them; name those that you want in "properties".',
            "",
            id="an object of which nothing is known",
        ),
    ],
)
def test_what_is_stated_to_no_effect_is_named_with_what_was_meant(schema, name, says, place):
    [(said, places)] = hints_about(schema, name)

    assert (said, places[0]) == (says, place)


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param({**TEXT, "x-order": 1, "definitions": {"A": {}}, "id": "a", "nullable": True}, id="known words"),
        pytest.param(
            {"type": "object", "properties": {"x": TEXT}, "patternProperties": {"^y": TEXT}, "required": ["yy"]},
            id="a member that a pattern describes",
        ),
        pytest.param(
            {"type": "object", "properties": {"x": TEXT}, "additionalProperties": TEXT, "required": ["y"]},
            id="a member that the schema of all others describes",
        ),
        pytest.param(
            {**TEXT, "anyOf": [{"properties": {"x": {"minLength": 1}}, "required": ["x", "y"]}, {"required": ["z"]}]},
            id="members that alternatives ask for",
        ),
        pytest.param({"type": "object", "properties": {"propertys": TEXT, "format": TEXT}}, id="members of such names"),
        pytest.param({**TEXT, "_format": "date", "readonly": True, "comment": "a"}, id="what only looks like a remark"),
        pytest.param({**TEXT, "examples": [{"propertys": 1}]}, id="an example with such a name"),
    ],
)
def test_what_has_an_effect_or_is_meant_as_a_remark_is_left_in_peace(schema):
    names = {hint.name for hint in reported(schema).hints}

    assert names & {"misspelt_keyword", "other_draft", "unknown_member"} == set()


def test_many_hints_of_one_kind_are_told_as_few():
    members = {f"m{number}": {"type": "string", "descripton": "a", f"titel{number % 10}": "b"} for number in range(40)}

    found = [hint for hint in reported({"type": "object", "properties": members}).hints if hint.into == "schema"]

    assert (found[0].count, len(found[0].at)) == (40, MAX_PLACES)
    assert len(found) <= MAX_HINTS + 2


def test_a_member_that_nothing_satisfies_is_said_not_to_be_asked_for_and_nothing_else_is_said_of_it():
    impossible = {"type": "integer", "minimum": 5, "maximum": 3, "format": "int32"}
    schema = {"type": "object", "properties": {"a": impossible, "b": {"type": "string", "description": "b"}}}

    found = [(hint.says, hint.at) for hint in reported({**schema, "additionalProperties": False}).hints]

    assert found == [("No value satisfies it, so it is never asked for.", ("/a",))]


def test_a_member_of_one_alternative_is_asked_for_where_another_forbids_it():
    branch = {"properties": {"kind": {"const": "cash"}, "pan": False}, "required": ["kind"]}

    assert hints_about({"type": "object", "oneOf": [CARD, branch]}, "no_value") == []


def test_what_stands_beside_a_reference_says_nothing_where_the_draft_ignores_it():
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "properties": {"a": {"$ref": "#/definitions/A", "properties": {"b": {"type": "string"}}}},
        "definitions": {"A": {"type": "object", "properties": {"c": {"type": "string"}}}},
    }

    names = {name for hint in reported(schema).hints for name in hint.at}

    assert "/a/c" in names
    assert "/a/b" not in names


def test_an_option_that_would_change_something_is_named_as_a_value():
    [closed] = [hint for hint in reported(TEXT).hints if hint.name == "closed"]

    assert (closed.suggests.option, closed.suggests.value) == ("open_objects", "keep")
    assert "open_objects" not in closed.says


def test_the_option_that_was_chosen_is_not_suggested():
    assert hints_about(EITHER, "null_and_absent") != []
    assert hints_about(EITHER, "null_and_absent", nulls="exact") == []


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

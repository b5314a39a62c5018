"""Lists of records: the target, its schema, and the instances of its class."""

from __future__ import annotations

import copy
import gc
from typing import Any

import pytest
from pydantic import BaseModel, Field, RootModel, ValidationError, field_validator

from extractor.answer.closed_lists import is_closed
from extractor.jsontext import digest
from extractor.schema import asked_for, contract_for, instance_of, many_of, target_from
from extractor.schema.many import SAYS

#: `$schema` of draft 7, where nothing beside `$ref` counts.
DRAFT_7 = "http://json-schema.org/draft-07/schema#"


class Line(BaseModel):
    what: str
    inner: list[Line] = Field(default_factory=list)


class Note(BaseModel):
    """A note."""

    number: str
    is_paid: bool = False
    lines: list[Line] = Field(default_factory=list)

    @field_validator("number")
    @classmethod
    def is_a_number(cls, number: str) -> str:
        if number == "bad":
            raise ValueError("must look like a number")
        return number


class Notes(RootModel[list[Note]]):
    pass


class Prices(RootModel[dict[str, float]]):
    pass


def test_the_same_target_has_the_same_list_and_is_not_touched() -> None:
    target = target_from(Note)
    before = copy.deepcopy(target.schema)

    many = many_of(target)

    assert many_of(target) is many is asked_for(target, "many")
    assert target.schema == before
    assert (many.name, many.digest) == ("Note", digest(many.schema))
    assert {"type": "array", "description": SAYS}.items() <= many.schema.items()
    assert [asked_for(target, records) for records in ("auto", "one")] == [target, target]


def test_a_new_target_gets_no_list_of_one_that_is_gone() -> None:
    lists = set()
    for number in range(600):
        name = f"a{number}"
        many = many_of(target_from({"type": "object", "properties": {name: {"type": "string"}}}))
        assert list(many.schema["items"]["properties"]) == [name]
        lists.add(many.digest)
        del many
        gc.collect(0)

    assert len(lists) == 600


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param({"type": "array", "items": {"type": "string"}}, id="a list"),
        pytest.param({"type": ["array", "null"], "items": {"type": "string"}}, id="a list or null"),
        pytest.param(
            {"$ref": "#/$defs/L", "$defs": {"L": {"$ref": "#/$defs/M"}, "M": {"type": "array"}}}, id="by refs"
        ),
        pytest.param(Notes, id="a class of lists"),
    ],
)
def test_a_target_that_is_a_list_stays_itself(schema: Any) -> None:
    target = target_from(schema)

    assert many_of(target) is target


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param({"$ref": "#", "type": "object"}, id="to itself"),
        pytest.param({"$ref": "#/$defs/none"}, id="to nowhere"),
        pytest.param({"$ref": "other.json"}, id="to another document"),
        pytest.param({"type": [{"array": 1}]}, id="a type that is none"),
        pytest.param({"properties": {"a": {"$ref": 7}, "b": 3}, "$defs": [], "$id": 5, "allOf": 1}, id="malformed"),
    ],
)
def test_a_schema_that_lowering_will_refuse_is_taken_as_it_is(schema: dict[str, Any]) -> None:
    assert many_of(target_from(schema)).schema["type"] == "array"


def test_references_lead_to_where_they_led_and_names_and_values_stay() -> None:
    schema = {
        "$id": "https://example.com/note.json",
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "default": {"$ref": "#/$defs/a%20b"},
            "again": {"$ref": "note.json#/$defs/a%20b"},
            "self": {"$ref": "#"},
            "named": {"$ref": "#c"},
            "inner": {"$id": "inner.json", "properties": {"x": {"$ref": "#/$defs/y"}}, "$defs": {"y": {}}},
            "fixed": {"const": {"$ref": "#/$defs/a%20b"}},
        },
        "$defs": {"a b": {"enum": ["x"]}, "c": {"$anchor": "c", "type": "string"}},
    }

    listed = many_of(target_from(schema)).schema

    properties = listed["items"]["properties"]
    assert {name: part.get("$ref") for name, part in properties.items()} == {
        "default": "#/items/$defs/a%20b",
        "again": "note.json#/items/$defs/a%20b",
        "self": "#/items",
        "named": "#c",
        "inner": None,
        "fixed": None,
    }
    assert (properties["inner"], properties["fixed"]) == (
        schema["properties"]["inner"],
        schema["properties"]["fixed"],
    )
    assert [listed[name] for name in ("$id", "$schema")] == [schema["$id"], schema["$schema"]]
    assert {"$id", "$schema"}.isdisjoint(listed["items"])


def test_a_schema_of_draft_7_that_is_a_reference_alone_is_one_in_the_list() -> None:
    definition = {"type": "object", "properties": {"size": {"enum": ["S", "L"]}}, "required": ["size"]}
    schema = {"$schema": DRAFT_7, "$ref": "#/definitions/Shirt", "definitions": {"Shirt": definition}}

    many = many_of(target_from(schema))
    contract = contract_for(many, absence="forbid")

    judged = [contract.judge({"result": [{"size": size}]}).violations for size in ("S", "M")]
    assert [[each.at for each in violations] for violations in judged] == [[], ["/0/size"]]
    assert is_closed(many.schema, "/0/size")


def test_a_class_judges_every_record_of_its_list_under_its_own_name() -> None:
    contract = contract_for(many_of(target_from(Note)), absence="forbid")
    right, wrong = {"number": "1"}, {"number": "bad"}

    good = contract.judge(contract.lowered.embed([right, right]))
    bad = contract.judge(contract.lowered.embed([right, wrong]))

    assert contract.validated_by == ("json_schema", "pydantic:Note")
    assert (good.record, good.violations) == ([right, right], ())
    assert [(each.at, each.says) for each in bad.violations] == [("/1/number", "must look like a number")]
    assert contract_for(many_of(target_from(Note)), absence="forbid") is contract


def test_records_become_instances_one_by_one_or_as_the_class_has_them() -> None:
    record = {"number": "1", "lines": [{"what": "x"}]}
    instance = Note(number="1", lines=[Line(what="x")])

    assert instance_of(record, Note) == instance
    assert instance_of([record, record], Note) == [instance, instance]
    assert instance_of([record], Notes) == Notes([instance])
    assert instance_of([{"a": 1.5}], Prices) == [Prices({"a": 1.5})]
    assert instance_of([], Note) == []
    many = many_of(target_from(Note)).model_class
    assert many is not None
    assert instance_of([record], many) == [instance]
    with pytest.raises(ValidationError):
        instance_of([{"number": "bad"}], Note)

"""What the limits of a dialect do to a schema that is too large for them: the least is lost, and never a record."""

from __future__ import annotations

import json
from typing import Any

import pytest

from extractor.errors import UnsupportedSchema
from extractor.schema import lower
from extractor.schema.dialects import DIALECTS
from extractor.schema.room import size_of

STRING = {"type": "string"}
INTEGER = {"type": "integer"}


def object_of(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), **more}


def wide(groups: int, members: int) -> dict[str, Any]:
    inner = object_of({f"p{number}": INTEGER for number in range(members)})
    return object_of({f"g{number}": inner for number in range(groups)})


def record_of(groups: int, members: int) -> dict[str, Any]:
    return {f"g{group}": {f"p{number}": number for number in range(members)} for group in range(groups)}


@pytest.mark.parametrize(
    ("dialect", "groups", "members"),
    [pytest.param("openai", 60, 100, id="openai"), pytest.param("portable", 20, 10, id="portable")],
)
def test_objects_too_deep_for_the_number_of_members_travel_as_json_text(dialect, groups, members):
    lowered = lower(wide(groups, members), dialect=dialect)
    record = record_of(groups, members)

    answer = lowered.embed(record)

    assert len(lowered.wire["properties"]) == groups
    assert lowered.wire["properties"]["g0"]["type"] == "string"
    assert '"p0":{"type":"integer"}' in lowered.wire["properties"]["g0"]["description"]
    assert json.loads(answer["g0"]) == record["g0"]
    assert lowered.fits(answer)
    assert lowered.lift(answer).value == record


def test_only_what_lies_deepest_travels_as_json_text():
    lowered = lower(object_of({"a": object_of({"b": wide(3, 40), "c": STRING})}), dialect="portable")

    inner = lowered.wire["properties"]["a"]["properties"]

    assert inner["b"]["properties"]["g0"]["type"] == "string"
    assert inner["c"] == STRING


def test_a_definition_is_as_deep_as_its_first_use():
    part = object_of({f"p{number}": INTEGER for number in range(90)})
    schema = object_of({"a": {"$ref": "#/$defs/Part"}, "b": object_of({f"q{n}": STRING for n in range(20)})})

    lowered = lower({**schema, "$defs": {"Part": part}}, dialect="portable")

    assert lowered.wire["$defs"]["Part"]["type"] == "string"
    assert lowered.lift(lowered.embed({"a": {"p1": 2}, "b": {"q1": "x"}})).value == {"a": {"p1": 2}, "b": {"q1": "x"}}


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param(object_of({f"p{number}": STRING for number in range(5_001)}), id="too many"),
        pytest.param(object_of({f"{number:05}{'x' * 60}": STRING for number in range(2_000)}), id="too long"),
    ],
)
def test_the_members_of_the_root_are_never_put_into_text(schema):
    with pytest.raises(UnsupportedSchema) as refused:
        lower(schema)

    assert refused.value.keyword == "schema"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_enums_beyond_the_room_for_characters_are_told_in_words(dialect):
    values = [f"{number:03}{'x' * 900}" for number in range(16)]
    lowered = lower(object_of({f"e{number}": {"enum": values} for number in range(10)}), dialect=dialect)

    size = size_of(lowered.wire, {})

    assert size.names + size.values <= DIALECTS[dialect].characters
    assert size.values > DIALECTS[dialect].characters / 2 - 1_000
    assert lowered.wire["properties"]["e9"]["description"].startswith("Must be one of")


def test_null_counts_among_the_values_of_optional_enums():
    enums = {f"e{number}": {"enum": [f"v{number}_{value}" for value in range(100)]} for number in range(10)}

    lowered = lower({"type": "object", "properties": enums})

    assert sum(len(member.get("enum", ())) for member in lowered.wire["properties"].values()) <= 1_000


@pytest.mark.parametrize(
    "schema", [pytest.param({"description": "Free."}, id="anything"), pytest.param({"type": "object"}, id="object")]
)
def test_free_form_json_as_text_says_so_whatever_its_author_says(schema):
    lowered = lower(object_of({"m": {"description": "Free.", **schema}}), dialect="portable")

    assert "Written as JSON text." in json.dumps(lowered.wire)
    assert "Free." in json.dumps(lowered.wire)


def test_the_rules_of_an_only_branch_stay_in_the_description():
    branch = {"type": "array", "items": STRING, "uniqueItems": True}

    lowered = lower(
        {"type": "object", "properties": {"m": {"anyOf": [branch, {"type": "null"}], "description": "Words"}}}
    )

    assert lowered.wire["properties"]["m"]["description"] == "Words. No item may occur twice."
    assert lowered.untold == {}

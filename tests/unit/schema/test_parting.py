"""The schema under which a part of a document is asked about."""

from __future__ import annotations

from typing import Any

import pytest

from extractor.schema import lower, part_schema
from extractor.schema.scopes import on_the_wire

STRING = {"type": "string"}
NULL = {"type": "null"}


def closed(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def list_of(items: Any, **bounds: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **bounds}


ENTRIES = list_of(closed(key=STRING, value={"type": "integer"}))
TAGGED = closed(kind={"type": "string", "enum": ["card"]}, number=STRING)


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        pytest.param(STRING, {"type": ["string", "null"]}, id="a leaf"),
        pytest.param({"type": ["string", "null"]}, {"type": ["string", "null"]}, id="null already"),
        pytest.param(
            {"type": "string", "enum": ["a", "b"]}, {"type": ["string", "null"], "enum": ["a", "b", None]}, id="an enum"
        ),
        pytest.param({"type": "string", "enum": ["a"]}, {"type": "string", "enum": ["a"]}, id="a constant"),
        pytest.param(
            list_of(STRING, minItems=2, maxItems=9), {"anyOf": [list_of(STRING), NULL]}, id="a list: any length"
        ),
        pytest.param(
            {"anyOf": [list_of(STRING, uniqueItems=True), NULL]}, {"anyOf": [list_of(STRING), NULL]}, id="or null"
        ),
        pytest.param(
            list_of(list_of(STRING, minItems=1)), {"anyOf": [list_of(list_of(STRING)), NULL]}, id="a list in a list"
        ),
        pytest.param(
            list_of(closed(a=STRING)),
            {"anyOf": [list_of(closed(a={"type": ["string", "null"]})), NULL]},
            id="items are not null, their members are",
        ),
        pytest.param(
            ENTRIES,
            {"anyOf": [list_of(closed(key=STRING, value={"type": ["integer", "null"]})), NULL]},
            id="keys of entries are not null",
        ),
        pytest.param({"$ref": "#/$defs/P"}, {"anyOf": [{"$ref": "#/$defs/P"}, NULL]}, id="a reference"),
        pytest.param({"$ref": "#/$defs/N"}, {"$ref": "#/$defs/N"}, id="a reference to what may be null"),
        pytest.param({"anyOf": [closed(set=STRING), NULL]}, {"anyOf": [closed(set=STRING), NULL]}, id="inside a box"),
        pytest.param(
            {"anyOf": [TAGGED, STRING]},
            {
                "anyOf": [
                    closed(kind={"type": "string", "enum": ["card"]}, number={"type": ["string", "null"]}),
                    {"type": ["string", "null"]},
                ]
            },
            id="tags are not null",
        ),
    ],
)
def test_every_property_may_be_null_and_lists_have_any_length(member, expected):
    definitions = {"P": closed(a=STRING), "N": {"type": ["string", "null"]}}

    part = part_schema({**closed(it=member), "$defs": definitions})

    assert part["properties"] == {"it": expected}
    assert part["$defs"] == {"P": closed(a={"type": ["string", "null"]}), "N": {"type": ["string", "null"]}}


def test_the_whole_schema_is_not_modified_and_descriptions_stay():
    wire = closed(a={"type": "array", "items": STRING, "minItems": 1, "description": "All of them."})
    before = repr(wire)

    part = part_schema(wire)

    assert repr(wire) == before
    assert part["properties"]["a"]["description"] == "All of them."


def test_a_part_of_a_part_is_the_part():
    part = part_schema({**closed(a=ENTRIES, b=TAGGED, c={"$ref": "#/$defs/P"}), "$defs": {"P": closed(a=STRING)}})

    assert part_schema(part) == part


def test_a_window_that_states_nothing_can_say_so_and_a_whole_answer_is_a_part_too():
    schema = {
        "type": "object",
        "properties": {"number": STRING, "rows": list_of(STRING, minItems=3), "rates": {"additionalProperties": {}}},
        "required": ["number", "rows"],
    }
    lowered = lower(schema)
    fits = on_the_wire({}).table(part_schema(lowered.wire)).fits
    whole = lowered.embed({"number": "1", "rows": ["a", "b", "c"]})

    assert fits(whole)
    assert fits(dict.fromkeys(whole))
    assert fits(whole | {"rows": []})
    assert not fits(whole | {"rows": [None]})

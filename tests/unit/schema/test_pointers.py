"""Where a value stands in the record and in the answer, and in which words its rules are told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from extractor.errors import CallerError
from extractor.jsontext import leaves, tokens
from extractor.records import Repair, Violation
from extractor.schema import lower
from extractor.schema.pointers import Pointers
from extractor.schema.wire_words import in_wire_words

if TYPE_CHECKING:
    from pathlib import Path

STRING = {"type": "string"}
INTEGER = {"type": "integer"}
MAP = {"type": "object", "additionalProperties": INTEGER}


def object_of(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), **more}


def at(value: Any, pointer: str) -> Any:
    for token in tokens(pointer):
        value = value[int(token)] if isinstance(value, list) else value[token]
    return value


TREE = {"$ref": "#/$defs/N", "$defs": {"N": object_of({"k": {"type": "array", "items": {"$ref": "#/$defs/N"}}})}}
UNION = {
    "anyOf": [
        object_of({"m": MAP}, additionalProperties=False),
        object_of({"m": STRING}, additionalProperties=False),
    ]
}

ROWS = [
    pytest.param(object_of({"a": STRING}), {}, {"a": "x"}, "/a", "/a", id="itself"),
    pytest.param(object_of({"a": STRING}), {}, {"a": "x"}, "", "", id="the root"),
    pytest.param({"type": "array", "items": STRING}, {}, ["x"], "/0", "/result/0", id="wrapped root"),
    pytest.param(STRING, {}, "x", "", "/result", id="wrapped scalar"),
    pytest.param(object_of({"m": MAP}), {}, {"m": {"x": 1, "y": 2}}, "/m/y", "/m/1/value", id="map"),
    pytest.param(MAP, {}, {"x/y": 1}, "/x~1y", "/result/0/value", id="map as the root, key with a slash"),
    pytest.param(
        object_of({"m": {"type": "object", "additionalProperties": {"type": "array", "items": object_of({"a": MAP})}}}),
        {},
        {"m": {"x": [], "y": [{"a": {}}, {"a": {"k": 1}}]}},
        "/m/y/1/a/k",
        "/m/1/value/1/a/0/value",
        id="map in a list in a map",
    ),
    pytest.param(
        object_of({"a": STRING}), {"open_objects": "keep"}, {"a": "x", "b": 1, "c": 2}, "/c", "/_extra/1/value",
        id="a member without a place of its own",
    ),
    pytest.param(
        {"type": "object", "properties": {"a": {"type": ["string", "null"]}}}, {"nulls": "exact"}, {"a": "x"},
        "/a", "/a/set", id="a member that may be null",
    ),
    pytest.param(TREE, {}, {"k": [{"k": [{"k": []}]}]}, "/k/0/k/0/k", "/k/0/k/0/k", id="recursion"),
    pytest.param(object_of({"u": UNION}), {}, {"u": {"m": {"x": 1}}}, "/u/m/x", "/u/m/0/value", id="union, tried"),
    pytest.param(object_of({"f": {}}), {}, {"f": {"a": [1, {"b": 2}]}}, "/f/a/1/b",
                 "/f/entries/0/value/1/entries/0/value", id="free-form"),
    pytest.param(object_of({"m": MAP}), {}, {"m": {"x": 1}}, "/m/other", "/m", id="a key that is not in the map"),
    pytest.param(object_of({"a": object_of({"b": STRING})}), {}, {"a": {}}, "/a/b", "/a/b", id="a missing member"),
    pytest.param(object_of({"t": {}}), {"dialect": "portable"}, {"t": {"a": [1]}}, "/t/a/0", "/t", id="in JSON text"),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "options", "record", "in_record", "on_wire"), ROWS)
def test_a_place_of_the_record_has_its_place_in_the_answer(schema, options, record, in_record, on_wire):
    lowered = lower(schema, **options)

    pointers = lowered.pointers(lowered.embed(record))

    assert pointers.wire(in_record) == on_wire


@pytest.mark.parametrize(
    ("schema", "options", "answer", "on_wire", "in_record"),
    [
        pytest.param(object_of({"m": MAP}), {}, {"m": [{"key": "x", "value": 1}]}, "/m/0/value", "/m/x", id="value"),
        pytest.param(object_of({"m": MAP}), {}, {"m": [{"key": "x", "value": 1}]}, "/m/0/key", "/m/x", id="key"),
        pytest.param(object_of({"m": MAP}), {}, {"m": [{"key": "x", "value": 1}]}, "/m/0", "/m/x", id="entry"),
        pytest.param(object_of({"m": MAP}), {}, {"m": []}, "/m", "/m", id="empty map"),
        pytest.param(STRING, {}, {"result": "x"}, "/result", "", id="wrapped"),
        pytest.param(
            object_of({"a": STRING}), {"open_objects": "keep"}, {"a": "x", "_extra": [{"key": "b", "value": [1]}]},
            "/_extra", "", id="the list of others",
        ),
        pytest.param(
            object_of({"a": STRING}), {"open_objects": "keep"}, {"a": "x", "_extra": [{"key": "b", "value": [1]}]},
            "/_extra/0/key", "/b", id="the name of another",
        ),
        pytest.param(object_of({"a": STRING}), {}, {"a": "x"}, "/nowhere/0", "/nowhere/0", id="nowhere"),
    ],
)  # fmt: skip
def test_a_place_of_the_answer_has_its_place_in_the_record(schema, options, answer, on_wire, in_record):
    lowered = lower(schema, **options)

    pointers = lowered.pointers(answer)

    assert pointers.record(on_wire) == in_record


@pytest.mark.parametrize(
    ("schema", "options", "answer", "violation", "told"),
    [
        pytest.param(
            object_of({"m": {**MAP, "minProperties": 2}}), {}, {"m": [{"key": "x", "value": 1}]},
            ("/m", "Must have at least 2 members."), ("/m", "Must have at least 2 entries."), id="size of a map",
        ),
        pytest.param(
            object_of({"m": MAP}), {}, {"m": "none"},
            ("/m", "Must be an object."), ("/m", "Must be a list of entries, each with its `key` and `value`."),
            id="a map that is no list",
        ),
        pytest.param(
            object_of({"m": MAP}), {}, {"m": [{"key": "x", "value": "1"}]},
            ("/m/x", "Must be a whole number."), ("/m/0/value", "Must be a whole number."), id="a value of a map",
        ),
        pytest.param(
            object_of({"m": MAP}), {}, {"m": []}, ("/m/x", "Must be given."),
            ("/m", "The entry with the key 'x': Must be given."), id="a key that a map lacks",
        ),
        pytest.param(
            object_of({"t": {}}), {"dialect": "portable"}, {"t": '{"a": [1]}'}, ("/t/a/0", "Must be a string."),
            ("/t", "The JSON in this text, at /a/0: Must be a string."), id="inside JSON text",
        ),
        pytest.param(
            object_of({"e": {"enum": [{"a": 1}, {"b": 2}]}}), {}, {"e": "x"},
            ("/e", 'Must be one of: {"a":1}, {"b":2}.'),
            ("/e", 'Must be one of these values, written as JSON text: {"a":1}, {"b":2}.'), id="a choice of objects",
        ),
        pytest.param(
            object_of({"a": STRING}), {}, {"a": 1}, ("/a", "Must be a string."), ("/a", "Must be a string."),
            id="itself",
        ),
    ],
)  # fmt: skip
def test_the_model_hears_of_a_violation_in_places_and_words_of_the_wire(schema, options, answer, violation, told):
    lowered = lower(schema, **options)
    place, says = violation

    found = in_wire_words([Violation(at=place, rule="rule", says=says)], lowered.pointers(answer))

    assert found == (Violation(at=told[0], rule="rule", says=told[1]),)


def test_a_reading_that_a_union_gave_up_leaves_no_places_behind():
    schema = object_of({"u": {"anyOf": [MAP, {"type": "object", "additionalProperties": STRING}]}})
    lowered = lower(schema)

    pointers = lowered.pointers({"u": [{"key": "x", "value": "text"}]})

    assert pointers.wire("/u/x") == "/u/0/value"
    assert pointers.record("/u/0/value") == "/u/x"


def test_members_left_out_inside_a_union_are_listed():
    schema = object_of({"u": {"anyOf": [object_of({"m": MAP}), object_of({"m": MAP, "b": STRING})]}})

    lift = lower(schema).lift({"u": {"m": [{"key": "x", "value": 1}], "other": 1}})

    assert lift.repairs == (Repair(name="dropped_member", at="/u/other"),)


def test_pointers_into_an_answer_nested_beyond_measure_end_as_they_are():
    lowered = lower(TREE)
    answer: Any = {"k": []}
    for _ in range(5_000):
        answer = {"k": [answer]}

    assert lowered.pointers(answer).wire("/k/0") == "/k/0"


@pytest.mark.parametrize("step", [pytest.param(5, id="a fifth"), pytest.param(1, id="all", marks=pytest.mark.full)])
@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"open_objects": "keep", "nulls": "exact"}, id="everything kept"),
        pytest.param({}, id="defaults"),
        pytest.param({"dialect": "portable", "open_objects": "keep"}, id="portable"),
    ],
)
def test_every_value_of_a_real_record_is_found_in_its_answer_and_back(step, options, shared_data: Path):
    lines = (shared_data / "schemas_dev.jsonl").read_text(encoding="utf-8").splitlines()[::step]
    looked_up = 0

    for row in map(json.loads, lines):
        try:
            lowered = lower(row["schema"], **options)
        except CallerError:
            continue
        for record in row["valid"]:
            answer = lowered.embed(record)
            pointers = lowered.pointers(answer)
            for place, leaf in leaves(lowered.lift(answer).value):
                if pointers.form(place)[0] is None and not isinstance(leaf, (dict, list)):
                    assert at(answer, pointers.wire(place)) == leaf
                    assert pointers.record(pointers.wire(place)) == place
                    looked_up += 1

    assert looked_up > 500


def test_what_is_noted_of_an_answer_is_no_larger_than_the_answer():
    lowered = lower({"type": "object", "additionalProperties": {"type": "array", "items": object_of({"v": INTEGER})}})
    answer = {"result": [{"key": "x" * 100_000, "value": [{"v": 1, "u": 1}] * 500}, {"key": "y", "value": [{"u": 1}]}]}

    lift, pointers = lowered.lift(answer), lowered.pointers(answer)

    noted = [*(repair.at for repair in lift.repairs), *(violation.at for violation in lift.violations)]
    assert {len(at) < 50 for at in noted} == {True}
    assert len(noted) <= 2 * 200
    assert len(pointers.steps) <= 2_000
    assert pointers.wire("/y/0/u") == "/result/1/value/0/u"


@pytest.mark.parametrize(("schema", "options", "record", "in_record", "on_wire"), ROWS)
def test_the_ways_come_through_a_process_as_they_are(schema, options, record, in_record, on_wire):
    lowered = lower(schema, **options)

    pointers = Pointers.from_json(json.loads(json.dumps(lowered.pointers(lowered.embed(record)).as_json())))

    assert pointers.wire(in_record) == on_wire


def test_lists_of_entries_are_told_from_lists_of_objects_that_look_like_entries():
    pair = {"type": "object", "properties": {"key": {"type": "string"}, "value": {"type": "number"}}}
    schema = {
        "type": "object",
        "properties": {
            "map": {"type": "object", "additionalProperties": {"type": "object", "additionalProperties": pair}},
            "list": {"type": "array", "items": {**pair, "required": ["key", "value"], "additionalProperties": False}},
            "any": {},
        },
        "additionalProperties": {"type": "string"},
    }
    record = {"map": {"x": {"y": {}}, "z": {}}, "list": [{"key": "k", "value": 1}], "any": {"a": 1}, "more": "m"}
    lowered = lower(schema)

    maps = lowered.pointers(lowered.embed(record)).maps

    assert maps == {"/map", "/map/0/value", "/any/entries", "/_extra"}

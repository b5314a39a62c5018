"""Hostile and malformed schemas end in a typed error, quickly, and nothing is ever fetched."""

from __future__ import annotations

import datetime as dt
import time

import pytest

from extractor.errors import InvalidSchema, UnsupportedSchema
from extractor.schema import lower
from extractor.schema.admission import MAX_DEPTH, MAX_NODES

OBJECT = {"type": "object"}

#: A busy machine takes up to three times as long as an idle one.
BUSY = 3


def nested(levels: int) -> dict:
    schema: dict = {"type": "string"}
    for _ in range(levels):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


def doubling(keyword: str, levels: int) -> dict:
    """Return definitions that each refer twice to the next: 2^levels schemas apply to one place."""
    definitions: dict = {f"d{level}": {keyword: [{"$ref": f"#/$defs/d{level + 1}"}] * 2} for level in range(levels)}
    definitions[f"d{levels}"] = {"type": "string"}
    return {"properties": {"a": {"$ref": "#/$defs/d0"}}, "$defs": definitions}


def conjoined() -> dict:
    """Return two recursive models of which every value must be both, without end."""
    models = {
        name: {"type": "object", "properties": {"next": {"$ref": f"#/$defs/{name}"}, name: {"type": "string"}}}
        for name in ("A", "B")
    }
    return {"allOf": [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/B"}], "$defs": models}


@pytest.mark.parametrize(
    ("schema", "keyword"),
    [
        pytest.param({"$ref": "https://example.org/schema"}, "$ref", id="http reference"),
        pytest.param({"properties": {"a": {"$ref": "file:///etc/passwd"}}}, "$ref", id="file reference"),
        pytest.param({"$id": "https://example.org/a", "$ref": "b"}, "$ref", id="reference relative to an id"),
        pytest.param({"not": {"$ref": "other.json#/a"}}, "$ref", id="reference in a place that is never lowered"),
        pytest.param({"$schema": "https://example.org/dialect"}, "$schema", id="unknown dialect"),
        pytest.param({"$dynamicRef": "#a"}, "$dynamicRef", id="dynamic reference"),
        pytest.param({"$ref": "#"}, "$ref", id="reference to itself"),
        pytest.param(
            {"$ref": "#/$defs/a", "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/b"}]}, "b": {"$ref": "#/$defs/a"}}},
            "$ref",
            id="cycle of two",
        ),
        pytest.param(nested(40), "schema", id="too deep"),
        pytest.param(nested(20_000), "schema", id="far too deep"),
        pytest.param({"enum": list(range(MAX_NODES))}, "schema", id="too many values"),
        pytest.param({"enum": [str(n) for n in range(6_000)]}, "enum", id="too large an enum"),
        pytest.param({"patternProperties": {"(a)\\1": {}}}, "patternProperties", id="back-reference in a key"),
        pytest.param({"not": {"pattern": "x(?=a)"}}, "pattern", id="lookaround in a place that is never lowered"),
        pytest.param(doubling("anyOf", 18), "$ref", id="doubling anyOf"),
        pytest.param(doubling("allOf", 26), "$ref", id="doubling allOf"),
        pytest.param(doubling("oneOf", 40), "$ref", id="doubling oneOf"),
        pytest.param(conjoined(), "allOf", id="recursion of two models at once"),
        pytest.param(
            {"$id": "https://example.org/a", "$defs": {"a": {"$id": "b", "$ref": "c"}}}, "$ref", id="to a third"
        ),
        pytest.param({"type": "string", "enum": [1]}, "schema", id="nothing satisfies it"),
        pytest.param({"properties": {"a": False}, "required": ["a"], **OBJECT}, "schema", id="a member nothing can be"),
        pytest.param(
            {"type": "object", "properties": {f"p{n}": {"type": "string"} for n in range(5_001)}},
            "schema",
            id="more properties than the dialect takes",
        ),
    ],
)
def test_a_schema_that_cannot_be_kept_is_refused_within_two_seconds(schema, keyword):
    start = time.process_time()

    with pytest.raises(UnsupportedSchema) as refused:
        lower(schema)

    assert refused.value.keyword == keyword
    assert time.process_time() - start < 2 * BUSY


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param({"type": "text"}, id="unknown type"),
        pytest.param({"type": []}, id="no type"),
        pytest.param({"type": None}, id="null as a type"),
        pytest.param({"$id": 1}, id="a number as an address"),
        pytest.param({"anyOf": [{"required": {"a": 1}}]}, id="required as an object"),
        pytest.param({"dependentRequired": {"a": 1}}, id="a number as a list of names"),
        pytest.param({"properties": ["a"]}, id="properties as a list"),
        pytest.param({"properties": {"a": 1}}, id="a number as a schema"),
        pytest.param({"required": "a", **OBJECT}, id="required as a string"),
        pytest.param({"anyOf": {}}, id="anyOf as an object"),
        pytest.param({"enum": "a"}, id="enum as a string"),
        pytest.param({"items": [{"type": "string"}]}, id="list of items in draft 2020-12"),
        pytest.param({"minimum": "1"}, id="minimum as a string"),
        pytest.param({"maxLength": True}, id="a length as true"),
        pytest.param({"multipleOf": 0}, id="multiple of nothing"),
        pytest.param({"pattern": 1}, id="pattern as a number"),
        pytest.param({"$ref": 1}, id="reference as a number"),
        pytest.param({"$ref": "#/$defs/absent"}, id="reference to nothing"),
        pytest.param(
            {
                "$schema": "http://json-schema.org/draft-04/schema#",
                "properties": {"a": {"$ref": "#/additionalProperties"}},
                "additionalProperties": False,
            },
            id="reference to false in draft 4",
        ),
        pytest.param({"$ref": "#absent"}, id="anchor that does not exist"),
        pytest.param({"dependentRequired": {"a": [1]}}, id="a name that is a number"),
        pytest.param({1: "a"}, id="a key that is a number"),
        pytest.param({"default": dt.date(2024, 1, 1)}, id="a value that JSON has no word for"),
        pytest.param({"default": float("inf")}, id="infinity"),
        pytest.param([], id="a list"),
        pytest.param(True, id="true"),
    ],
)
def test_a_malformed_schema_is_invalid(schema):
    with pytest.raises(InvalidSchema):
        lower(schema)


@pytest.mark.parametrize("keyword", ["anyOf", "oneOf", "allOf"])
def test_a_schema_that_doubles_within_the_limits_is_lowered_within_two_seconds(keyword):
    start = time.process_time()

    lowered = lower(doubling(keyword, 15))

    assert len(lowered.wire["$defs"]) < 20
    assert time.process_time() - start < 2 * BUSY


def test_the_depth_limit_admits_what_it_says():
    schema = nested((MAX_DEPTH - 2) // 2)

    assert lower(schema).wire["type"] == "object"


def test_a_chain_of_two_hundred_references_is_followed():
    definitions: dict = {f"d{n}": {"$ref": f"#/$defs/d{n + 1}"} for n in range(200)}
    definitions["d200"] = {"type": "string"}

    lowered = lower({**OBJECT, "properties": {"a": {"$ref": "#/$defs/d0"}}, "required": ["a"], "$defs": definitions})

    assert lowered.wire["properties"]["a"] in ({"type": "string"}, {"$ref": "#/$defs/d200"})


def test_a_thousand_models_in_a_chain_are_lowered():
    definitions: dict = {
        f"d{n}": {**OBJECT, "properties": {"next": {"$ref": f"#/$defs/d{n + 1}"}}} for n in range(1_000)
    }
    definitions["d1000"] = {"type": "string"}

    lowered = lower({"$ref": "#/$defs/d0", "$defs": definitions})

    assert len(lowered.wire["$defs"]) == 999

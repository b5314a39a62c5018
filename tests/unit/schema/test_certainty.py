"""The fast yes: never where the authority says no, and not only where nothing is asked."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extractor.schema.certainty import Certainty
from extractor.schema.rules import Rules

NAMES = st.sampled_from(["a", "b", "$ref", "x/y"])
NUMBERS = st.integers(-2, 2) | st.sampled_from([0.0, -0.0, 0.5, 1.0, 10**30, 1e30])
SCALARS = (
    st.none() | st.booleans() | NUMBERS | st.sampled_from(["", "a", "ab", "1", "2026-02-28", "2026-02-30", "\ud800"])
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=6
)
TYPES = st.sampled_from(["string", "number", "integer", "boolean", "null", "object", "array"])
REFERENCES = st.sampled_from(["#/$defs/A", "#/definitions/A", "#/$defs/B", "#"])
DRAFTS = {
    6: "http://json-schema.org/draft-06/schema#",
    7: "http://json-schema.org/draft-07/schema#",
    2019: "https://json-schema.org/draft/2019-09/schema",
    2020: "https://json-schema.org/draft/2020-12/schema",
}


def rules(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return schemas of the keywords that are known, and of some that stand beside them and are not."""
    some = st.lists(inner, min_size=1, max_size=3)
    sizes = st.integers(0, 2)
    keywords = {
        "type": TYPES | st.lists(TYPES, min_size=1, max_size=3, unique=True),
        "enum": st.lists(VALUES, min_size=1, max_size=4),
        "const": VALUES,
        "format": st.sampled_from(["date", "colour"]),
        "minimum": NUMBERS,
        "exclusiveMinimum": NUMBERS,
        "maximum": NUMBERS,
        "exclusiveMaximum": NUMBERS,
        "multipleOf": st.sampled_from([1, 0.5, 2]),
        "minLength": sizes,
        "maxLength": sizes,
        "pattern": st.sampled_from(["^a", "b$", "^(?!b)"]),
        "minItems": sizes,
        "maxItems": sizes,
        "uniqueItems": st.booleans(),
        "items": inner,
        "properties": st.dictionaries(NAMES, inner, max_size=3),
        "required": st.lists(NAMES, max_size=2, unique=True),
        "additionalProperties": inner,
        "patternProperties": st.dictionaries(st.just("^a"), inner, max_size=1),
        "anyOf": some,
        "oneOf": some,
        "allOf": some,
        "not": inner,
        "nullable": st.booleans(),
        "$ref": REFERENCES,
        "$schema": st.sampled_from(list(DRAFTS.values())),
        "default": SCALARS,
    }
    names = st.lists(st.sampled_from(list(keywords)), max_size=4, unique=True)
    return names.flatmap(lambda chosen: st.fixed_dictionaries({name: keywords[name] for name in chosen}))


PARTS = st.recursive(st.booleans() | rules(st.booleans()), rules, max_leaves=6)
TARGETS = st.builds(
    lambda root, a, b, draft: {**root, "$schema": draft, "$defs": {"A": a, "B": b}, "definitions": {"A": b}},
    rules(PARTS), PARTS, PARTS, st.sampled_from(list(DRAFTS.values())),
)  # fmt: skip


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
@given(TARGETS, st.lists(VALUES, max_size=12))
def test_what_is_certain_the_authority_accepts(schema, values):
    authority = Rules(schema)

    for value in values:
        assert not is_certain(schema, value) or next(authority.errors(value), None) is None


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        pytest.param({"type": ["string", "null"]}, None, id="type"),
        pytest.param({"type": "number"}, 1, id="an integer is a number"),
        pytest.param({"const": {"a": [1]}}, {"a": [1.0]}, id="const"),
        pytest.param({"enum": ["a", 1, None]}, 1, id="enum"),
        pytest.param({"type": "string", "format": "date"}, "2026-02-28", id="format"),
        pytest.param({"format": "colour"}, "no colour", id="a format that is not checked"),
        pytest.param({"anyOf": [{"type": "string", "pattern": "^a"}, {"type": "null"}]}, "ab", id="a branch"),
        pytest.param({"allOf": [{"minimum": 1}, {"maximum": 2}]}, 2, id="all branches"),
        pytest.param({"items": {"required": ["a"]}}, [{"a": 1}], id="items"),
        pytest.param({"additionalProperties": {"type": "integer"}}, {"b": 1}, id="a map"),
        pytest.param({"properties": {"a": {}}, "additionalProperties": False}, {"a": 1}, id="a closed object"),
        pytest.param({"properties": {"a": {"not": {}}}}, {"b": 1}, id="a rule that is not known, not met"),
        pytest.param(
            {"$ref": "#/$defs/A", "title": "T", "$defs": {"A": {"properties": {"a": {"$ref": "#/$defs/A"}}}}},
            {"a": {"a": {}}},
            id="a definition within itself",
        ),
    ],
)
def test_common_records_are_certain(schema, value):
    assert is_certain(schema, value)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        pytest.param({"type": "integer"}, True, id="true is not 1"),
        pytest.param({"enum": [1]}, True, id="true is not one of 1"),
        pytest.param({"properties": {"a": False}}, {"a": 1}, id="false"),
        pytest.param({"type": "string", "pattern": "^(a+)+$"}, "a" * 40 + "b", id="pattern"),
        pytest.param({"additionalProperties": False}, {"a": 1}, id="a closed object"),
        pytest.param({"required": ["a"]}, {}, id="required"),
        pytest.param({"$ref": "#/$defs/None"}, 1, id="a reference to nothing"),
        pytest.param({"oneOf": [{}, {}]}, 1, id="a keyword that is not known"),
    ],
)
def test_a_wrong_record_is_never_certain(schema, value):
    assert not is_certain(schema, value)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        pytest.param(
            {"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 5, "exclusiveMinimum": True},
            5,
            id="draft 4",
        ),
        pytest.param(
            {
                "properties": {"a": {"$id": "http://a", "items": {"$ref": "#/$defs/A"}, "$defs": {"A": False}}},
                "$defs": {"A": {}},
            },
            {"a": [1]},
            id="an address of its own",
        ),
    ],
)
def test_where_a_reference_or_a_limit_means_something_else_the_authority_is_asked(schema, value):
    assert not Rules(schema).hold(value)


def is_certain(schema: Any, value: Any) -> bool:
    """Whether `value` is certain to satisfy `schema`; a reference that leads round in a circle is not."""
    try:
        return Certainty(schema).of(schema)(value)
    except RecursionError:
        return False

"""Compiled predicates: they say of every value what the library says, in every draft."""

from __future__ import annotations

from collections import OrderedDict
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extractor.schema.rules import Rules

DRAFTS = {
    4: "http://json-schema.org/draft-04/schema#",
    6: "http://json-schema.org/draft-06/schema#",
    7: "http://json-schema.org/draft-07/schema#",
    2019: "https://json-schema.org/draft/2019-09/schema",
    2020: "https://json-schema.org/draft/2020-12/schema",
}
NAMES = st.sampled_from(["a", "b", "$ref", "x/y", "id"])
NUMBERS = st.integers(-2, 2) | st.sampled_from([0.0, -0.0, 0.5, 1.0, 10**30, 1e30])
SCALARS = (
    st.none() | st.booleans() | NUMBERS | st.sampled_from(["", "a", "ab", "1", "2026-02-28", "2026-02-30", "\ud800"])
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=6
)
TYPES = st.sampled_from(["string", "number", "integer", "boolean", "null", "object", "array"])
REFERENCES = st.sampled_from(
    ["#/$defs/A", "#/definitions/A", "#/$defs/B", "#/%24defs/B", "#", "#anchor", "inner", "#/none"]
)
SIZES = st.integers(0, 2)
RANDOM = settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)


def keywords(inner: st.SearchStrategy[Any]) -> dict[str, st.SearchStrategy[Any]]:
    """Return what every keyword may be, whatever the draft."""
    some = st.lists(inner, min_size=1, max_size=3)
    named = st.dictionaries(NAMES, inner, max_size=3)
    needed = st.dictionaries(NAMES, st.lists(NAMES, max_size=2, unique=True), max_size=2)
    return {
        "type": TYPES | st.lists(TYPES, min_size=1, max_size=3, unique=True),
        "enum": st.lists(VALUES, min_size=1, max_size=4),
        "const": VALUES,
        "format": st.sampled_from(["date", "colour"]),
        "minimum": NUMBERS,
        "maximum": NUMBERS,
        "exclusiveMinimum": NUMBERS,
        "exclusiveMaximum": NUMBERS,
        "multipleOf": st.sampled_from([1, 0.5, 2, 0.01]),
        "minLength": SIZES,
        "maxLength": SIZES,
        "pattern": st.sampled_from(["^a", "b$", "^(?!b)"]),
        "minItems": SIZES,
        "maxItems": SIZES,
        "uniqueItems": st.booleans(),
        "items": inner,
        "additionalItems": inner,
        "prefixItems": some,
        "contains": inner,
        "minContains": SIZES,
        "maxContains": SIZES,
        "properties": named,
        "required": st.lists(NAMES, max_size=2, unique=True),
        "additionalProperties": inner,
        "patternProperties": st.dictionaries(st.sampled_from(["^a", "b", "/"]), inner, max_size=2),
        "propertyNames": inner,
        "minProperties": SIZES,
        "maxProperties": SIZES,
        "dependencies": needed | named,
        "dependentRequired": needed,
        "dependentSchemas": named,
        "unevaluatedItems": inner,
        "unevaluatedProperties": inner,
        "anyOf": some,
        "oneOf": some,
        "allOf": some,
        "not": inner,
        "if": inner,
        "then": inner,
        "else": inner,
        "nullable": st.booleans(),
        "$ref": REFERENCES,
        "$id": st.just("inner"),
        "$anchor": st.just("anchor"),
        "$schema": st.sampled_from(list(DRAFTS.values())),
        "default": SCALARS,
    }


def changed(draft: int, inner: st.SearchStrategy[Any]) -> dict[str, st.SearchStrategy[Any]]:
    """Return the keywords that mean something else in `draft`."""
    lists = inner | st.lists(inner, min_size=1, max_size=3)
    if draft == 4:
        return {"items": lists, "exclusiveMinimum": st.booleans(), "exclusiveMaximum": st.booleans()}
    return {"items": lists} if draft < 2020 else {}


def schemas(draft: int) -> st.SearchStrategy[dict[str, Any]]:
    def rules(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
        known = keywords(inner) | changed(draft, inner)
        names = st.lists(st.sampled_from(list(known)), max_size=4, unique=True)
        return names.flatmap(lambda chosen: st.fixed_dictionaries({name: known[name] for name in chosen}))

    smallest = rules(st.just({})) if draft == 4 else st.booleans() | rules(st.booleans())
    parts = st.recursive(smallest, rules, max_leaves=6)
    return st.builds(
        lambda root, a, b: {**root, "$schema": DRAFTS[draft], "$defs": {"A": a, "B": b}, "definitions": {"A": b}},
        rules(parts), parts, parts,
    )  # fmt: skip


@pytest.mark.parametrize("examples", [pytest.param(25, id="few"), pytest.param(400, id="many", marks=pytest.mark.full)])
@pytest.mark.parametrize("draft", DRAFTS)
def test_a_predicate_and_the_library_agree_on_any_schema(draft, examples):
    @settings(RANDOM, max_examples=examples)
    @given(schemas(draft), st.lists(VALUES, max_size=12))
    def agree(schema, values):
        rules = Rules(schema)
        told = {
            index: is_valid for index, value in enumerate(values) if (is_valid := library(rules, value)) is not None
        }
        assert {index: rules.hold(values[index]) for index in told} == told

    agree()


def library(rules: Rules, value: Any) -> bool | None:
    """Return what the library says; None where it fails, on references in circles or to nowhere."""
    try:
        return next(rules.errors(value), None) is None
    except Exception:  # noqa: BLE001 - whatever the library raises
        return None


class Colour(StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("schema", "value", "is_right"),
    [
        pytest.param({"type": "string", "enum": ["red"]}, Colour.RED, True, id="a member of an enumeration"),
        pytest.param({"type": "object", "required": ["a"]}, OrderedDict(a=1), True, id="an ordered object"),
        pytest.param({"type": "array"}, Colour.RED, False, id="another type"),
        pytest.param({"enum": [10**30]}, 1e30, False, id="a large number, and the one next to it"),
        pytest.param({"enum": [10**22, "a"]}, 1e22, True, id="a large number, written in two ways"),
        pytest.param({"enum": [1, "a"]}, True, False, id="true is not 1"),
        pytest.param({"const": {"a": [1]}}, {"a": [1.0]}, True, id="1.0 is 1 inside"),
        pytest.param({"const": {"a": [1]}}, {"a": [True]}, False, id="true is not 1 inside"),
        pytest.param({"properties": {"a": {"$ref": "#/nowhere"}}}, {"b": 1}, True, id="a broken reference, not met"),
        pytest.param({"$schema": DRAFTS[4], "type": "integer"}, 1.0, False, id="1.0 is no integer in draft 4"),
        pytest.param({"$schema": DRAFTS[4], "minimum": 1, "exclusiveMinimum": True}, 1, False, id="draft 4 limit"),
        pytest.param({"$schema": DRAFTS[7], "items": True, "additionalItems": False}, [1], True, id="all items"),
        pytest.param(
            {"$defs": {"L": {"properties": {"next": {"$ref": "#/$defs/L"}}, "required": ["a"]}}, "$ref": "#/$defs/L"},
            {"a": 1, "next": {"a": 1, "next": {}}},
            False,
            id="a definition within itself",
        ),
        pytest.param(
            {"not": {"$id": "http://a/", "$ref": "#/$defs/A", "$defs": {"A": {"type": "null"}}}, "$defs": {"A": {}}},
            1,
            True,
            id="an address of its own below not",
        ),
        pytest.param({"$ref": "#"}, 1, False, id="a circle"),
        pytest.param({"not": {"not": {"$ref": "#/not"}}}, 1, False, id="a circle below not"),
    ],
)
def test_a_value_is_told_as_json_schema_means_it(schema, value, is_right):
    assert Rules(schema).hold(value) is is_right


def test_a_part_is_compiled_once_and_told_by_the_references_of_the_whole():
    rules = Rules({"$defs": {"A": {"type": "integer"}}})
    part = {"allOf": [{"$ref": "#/$defs/A"}, {"minimum": 1}]}

    assert [rules.holds(part, value) for value in (1, 0, "1", 2)] == [True, False, False, True]

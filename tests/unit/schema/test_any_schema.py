"""Properties of lowering for schemas that nobody would write, drawn at random."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from extractor.errors import UnsupportedSchema
from extractor.schema import lower
from extractor.schema.rules import Rules

NAMES = st.sampled_from(["a", "b", "key", "value", "_extra", "x/y"])
SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, 1.0, "", "a", "ab", "b"])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=8
)
TYPES = st.sampled_from(["string", "number", "integer", "boolean", "null", "object", "array"])
REFERENCES = st.sampled_from(["#/$defs/A", "#/$defs/B"])


def rules(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return schemas of any mixture of keywords over some inner schemas."""
    some = st.lists(inner, min_size=1, max_size=3)
    keywords = {
        "type": TYPES | st.lists(TYPES, min_size=1, max_size=3, unique=True),
        "enum": st.lists(VALUES, min_size=1, max_size=4),
        "const": SCALARS,
        "minimum": st.integers(-2, 2),
        "exclusiveMaximum": st.integers(-2, 2),
        "multipleOf": st.sampled_from([1, 0.5]),
        "minLength": st.integers(0, 2),
        "maxLength": st.integers(0, 2),
        "pattern": st.sampled_from(["^a", "b$", "^(?!b)"]),
        "items": inner,
        "prefixItems": some,
        "minItems": st.integers(0, 2),
        "maxItems": st.integers(0, 2),
        "uniqueItems": st.booleans(),
        "contains": inner,
        "properties": st.dictionaries(NAMES, inner, max_size=3),
        "required": st.lists(NAMES, max_size=2, unique=True),
        "additionalProperties": inner,
        "patternProperties": st.dictionaries(st.sampled_from(["^a", "e"]), inner, max_size=2),
        "propertyNames": inner,
        "minProperties": st.integers(0, 2),
        "maxProperties": st.integers(0, 3),
        "dependentRequired": st.dictionaries(NAMES, st.lists(NAMES, max_size=2, unique=True), max_size=2),
        "dependentSchemas": st.dictionaries(NAMES, inner, max_size=2),
        "anyOf": some,
        "oneOf": some,
        "allOf": some,
        "not": inner,
        "if": inner,
        "then": inner,
        "else": inner,
        "nullable": st.just(True),
        "$ref": REFERENCES,
        "default": SCALARS,
    }
    names = st.lists(st.sampled_from(list(keywords)), min_size=1, max_size=4, unique=True)
    return names.flatmap(lambda chosen: st.fixed_dictionaries({name: keywords[name] for name in chosen}))


SCHEMAS = st.recursive(st.booleans() | rules(st.booleans()), rules, max_leaves=6)
TARGETS = st.builds(
    lambda root, a, b: {**(root if isinstance(root, dict) else {"not": not root}), "$defs": {"A": a, "B": b}},
    SCHEMAS, SCHEMAS, SCHEMAS,
)  # fmt: skip
RANDOM = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)


def lowered_or_refused(schema: dict[str, Any], **options: Any) -> Any:
    try:
        return lower(schema, **options)
    except UnsupportedSchema:
        return assume(condition=False)


@pytest.mark.parametrize("nulls", ["absent", "exact"])
@RANDOM
@given(TARGETS, st.lists(VALUES, max_size=12))
def test_every_valid_record_has_a_wire_form_from_which_it_comes_back(nulls, schema, records):
    lowered = lowered_or_refused(schema, open_objects="keep", nulls=nulls)
    target = Rules(schema)

    for record in filter(target.hold, records):
        wire = lowered.embed(record)
        assert lowered.fits(wire)
        lift = lowered.lift(wire)
        assert lift.violations == ()
        assert lift.value == record if nulls == "exact" else without_nulls(lift.value) == without_nulls(record)


@RANDOM
@given(TARGETS, st.lists(VALUES, max_size=6))
def test_lifting_any_answer_raises_nothing(schema, answers):
    lowered = lowered_or_refused(schema, absence="say")

    for answer in answers:
        lowered.lift(answer)
        lowered.lift({"result": answer})


@pytest.mark.parametrize("absence", ["say", "forbid"])
@RANDOM
@given(TARGETS, st.lists(VALUES, max_size=6))
def test_what_fits_the_wire_is_what_jsonschema_accepts(absence, schema, records):
    lowered = lowered_or_refused(schema, open_objects="keep", absence=absence)
    library = jsonschema.Draft202012Validator(json.loads(json.dumps(lowered.wire)))

    for value in [*records, *map(lowered.embed, records)]:
        assert lowered.fits(value) is library.is_valid(value)


def without_nulls(value: Any) -> Any:
    """Return a record without the members that are null, as the default leaves them away."""
    if isinstance(value, dict):
        return {name: without_nulls(member) for name, member in value.items() if member is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value

"""What opening and patching promise for every wire schema, answer and set of violations, drawn at random."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extractor.jsontext import leaves, pointer, tokens
from extractor.records import Violation
from extractor.schema import lower, open_paths, part_schema, patched
from extractor.schema.scopes import on_the_wire

NAMES = st.sampled_from(["a", "b c", "key", "value", "set", "entries", "x/y", "kind", "_extra"])
RULES = st.sampled_from(["pattern", "enum", "anyOf", "required", "minItems", "maxItems", "uniqueItems", "not_stated"])
LEAVES = [
    ({"type": "string"}, st.text(max_size=2)),
    ({"type": ["number", "null"]}, st.none() | st.integers(0, 9)),
    ({"type": "string", "enum": ["e", "f"]}, st.sampled_from(["e", "f"])),
    ({"type": "string", "enum": ["tag"]}, st.just("tag")),
    ({"$ref": "#/$defs/Tree"}, st.deferred(lambda: TREES)),
]
TREE = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "kids": {"type": "array", "items": {"$ref": "#/$defs/Tree"}}},
    "required": ["name", "kids"],
    "additionalProperties": False,
}
TREES: st.SearchStrategy[Any] = st.recursive(
    st.fixed_dictionaries({"name": st.text(max_size=2), "kids": st.just([])}),
    lambda inner: st.fixed_dictionaries({"name": st.text(max_size=2), "kids": st.lists(inner, max_size=2)}),
    max_leaves=4,
)

#: A wire schema, and a strategy for values of it.
Made = tuple[dict[str, Any], st.SearchStrategy[Any]]


@st.composite
def objects(draw: st.DrawFn, inner: st.SearchStrategy[Made]) -> Made:
    members = {name: draw(inner) for name in draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))}
    schema = {
        "type": "object",
        "properties": {name: made[0] for name, made in members.items()},
        "required": list(members),
        "additionalProperties": False,
    }
    return schema, st.fixed_dictionaries({name: made[1] for name, made in members.items()})


@st.composite
def lists(draw: st.DrawFn, inner: st.SearchStrategy[Made]) -> Made:
    schema, values = draw(inner)
    bounds = draw(st.sampled_from([{}, {"minItems": 1}, {"maxItems": 2}]))
    least, most = bounds.get("minItems", 0), bounds.get("maxItems", 3)
    return {"type": "array", "items": schema, **bounds}, st.lists(values, min_size=least, max_size=most)


@st.composite
def unions(draw: st.DrawFn, inner: st.SearchStrategy[Made]) -> Made:
    made = draw(st.lists(inner, min_size=2, max_size=3))
    branches = [schema for schema, _ in made]
    return {"anyOf": branches}, st.one_of([values for _, values in made])


SCHEMAS = st.recursive(
    st.sampled_from(LEAVES), lambda inner: objects(inner) | lists(inner) | unions(inner), max_leaves=8
)


@st.composite
def answers(draw: st.DrawFn) -> tuple[dict[str, Any], Any]:
    """Draw a wire schema and a valid answer under it."""
    schema, values = draw(objects(SCHEMAS))
    return {**schema, "$defs": {"Tree": TREE}}, draw(values)


@st.composite
def pointers_into(draw: st.DrawFn, value: Any) -> str:
    """Draw the place of a part of a value, or of something near it."""
    path = tokens(draw(st.sampled_from([at for at, _ in leaves(value)] or [""])))
    path = path[: draw(st.integers(min(1, len(path)), len(path)))]
    return pointer(*path, *draw(st.sampled_from([(), (), (), (), ("zz",), ("0",), ("99", "a")])))


def found_at(value: Any, at: str) -> Any:
    for token in tokens(at):
        value = value[int(token)] if isinstance(value, list) else value[token]
    return value


@given(data=st.data(), made=answers())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_stands_in_the_open_places_fits_the_patch_and_put_back_gives_the_same_answer(data, made):
    """
    Every place gets a schema that its value, when it is valid, is valid under: no branch of a union is lost.
    """
    wire, value = made
    at = data.draw(st.lists(pointers_into(value), min_size=1, max_size=4))
    violations = [Violation(at=place, rule=data.draw(RULES), says="Must be right.") for place in at]

    opening = open_paths(wire, value, violations, name="x", told={})

    if opening is None:
        return
    same: dict[str, Any] = {"add": [], "remove": []}
    patch = {field.name: same.get(field.kind, found_at(value, field.at)) for field in opening.fields}
    schema = opening.shape.schema
    assert list(schema["properties"]) == schema["required"] == list(patch)
    assert on_the_wire(schema.get("$defs", {})).table(schema).fits(patch)
    assert patched(value, patch, opening) == value
    lower(schema, nulls="exact")  # it is in the subset


@given(data=st.data(), made=answers())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_nothing_outside_of_the_open_places_is_touched(data, made):
    wire, value = made
    at = data.draw(st.lists(pointers_into(value), min_size=1, max_size=4))
    violations = [Violation(at=place, rule=data.draw(RULES), says="Must be right.") for place in at]
    opening = open_paths(wire, value, violations, name="x", told={})
    if opening is None:
        return
    given_for = {"replace": "NEW", "add": ["NEW"], "remove": []}

    new = patched(value, {field.name: given_for[field.kind] for field in opening.fields}, opening)

    places = {field.at: field for field in opening.fields}
    _assert_same(value, new, places, "")
    assert all(not f"{at}/".startswith(f"{other}/") for at in places for other in places if at != other)


def _assert_same(old: Any, new: Any, places: dict[str, Any], at: str) -> None:
    """Compare everything but the open places, by identity where nothing below is open."""
    field = places.get(at)
    if field is not None:
        expected = {"replace": "NEW", "add": [*old, "NEW"] if isinstance(old, list) else None, "remove": old}
        assert new == expected[field.kind]
    elif not any(place.startswith(f"{at}/") for place in places):
        assert new is old
    elif isinstance(old, dict):
        assert list(new) == list(old)
        for name in old:
            _assert_same(old[name], new[name], places, at + pointer(name))
    else:
        assert len(new) == len(old)
        for index, item in enumerate(old):
            _assert_same(item, new[index], places, f"{at}/{index}")


@given(data=st.data(), made=answers())
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_an_answer_of_a_part_also_where_lists_are_shorter(data, made):
    wire, value = made
    part = part_schema(wire)
    fits = on_the_wire(part["$defs"]).table(part).fits

    assert fits(value)
    assert fits({name: data.draw(st.sampled_from([member, _cut(member)])) for name, member in value.items()})
    assert part_schema(part) == part


def _cut(member: Any) -> Any:
    return member[:0] if isinstance(member, list) else member

"""Unions whose branches are written alike: every record comes back as itself, and no union has a box in vain."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extractor.errors import UnsupportedSchema
from extractor.schema import alike, lower
from extractor.schema.rules import Rules

S = {"type": "string"}
I = {"type": "integer"}  # noqa: E741 - one letter per type keeps the rows short
NULL = {"type": "null"}
MAP = {"type": "object", "additionalProperties": S}
LIST = {"type": "array", "items": S}
KEEP, EXACT, PORTABLE = {"open_objects": "keep"}, {"nulls": "exact"}, {"dialect": "portable"}
OPTIONS = [
    {"open_objects": open_objects, "nulls": nulls, "dialect": dialect, "absence": absence}
    for open_objects in ("drop", "keep")
    for nulls in ("absent", "exact")
    for dialect in ("openai", "portable")
    for absence in ("forbid", "say")
]


def a(schema: Any, **more: Any) -> dict[str, Any]:
    """Return a closed object with the member `a`."""
    return {"type": "object", "properties": {"a": schema}, "additionalProperties": False, **more}


def must(schema: Any) -> dict[str, Any]:
    return a(schema, required=["a"])


def either(*branches: Any, **defs: Any) -> dict[str, Any]:
    return {"anyOf": list(branches), "$defs": defs}


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/$defs/{name}"}


def row(name: str, schema: Any, records: Any, *, options: dict[str, str] | None = None) -> Any:
    return pytest.param(schema, records, options or {}, id=name)


COMPOSE = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "required": ["env"],
    "properties": {"env": {"$ref": "#/definitions/ld"}},
    "definitions": {"ld": {"oneOf": [{"$ref": "#/definitions/map"}, LIST]}, "map": MAP},
}
SLASH = {"anyOf": [{"$ref": "#/definitions/a~1b"}, {"oneOf": [{"type": "number"}, {}]}], "definitions": {"a/b": S}}
T = {"anyOf": [S, {"type": "object", "additionalProperties": ref("T")}]}
MAP_OF = {"type": "object", "additionalProperties": I}

ALIKE = [
    row("both branches behind references", COMPOSE, [{"env": []}, {"env": {}}, {"env": {"a": "b"}}]),
    row("one branch behind a reference", either(LIST, ref("M"), M=MAP), [{}, []]),
    row("text in a union in a union", either(S, either(NULL, {"enum": [[1, 2], "x"]})), [[1, 2], "x", "[1,2]", None]),
    row("text beside a reference to strings", SLASH, [{}, "", "{}"], options={**KEEP, **PORTABLE}),
    row("lists of a list", {"type": "array", "items": either({"type": "object"}, {"type": ["array", "null"]})},
        [[[]], [{}], [None]], options={**KEEP, **PORTABLE}),
    row("a member that is a list or a map", either(must({"type": "array"}), must(MAP_OF)), [{"a": {}}, {"a": []}]),
    row("a member that is a string or text", either(a(S), a({"enum": [[1]]})), [{"a": [1]}, {"a": "[1]"}, {}]),
    row("null or absent", either(must(NULL), a(S)), [{}, {"a": None}], options={**EXACT, **KEEP}),
    row("a box of the target's own", either(must({"type": ["string", "null"]}), a(must(S))), [{"a": {"a": ""}}]),
    row("set and a member set", either(a({"type": ["string", "null"]}),
        must({"type": "object", "properties": {"set": S}, "required": ["set"]})),
        [{"a": {"set": "x"}}, {"a": "x"}, {"a": None}, {}], options=EXACT),
    row("items that are lists or maps", either({"type": "array", "items": LIST}, {"type": "array", "items": MAP}),
        [[{}], [[]], []]),
    row("values that are lists or maps", either({"type": "object", "additionalProperties": LIST},
        {"type": "object", "additionalProperties": MAP}), [{"x": {}}, {"x": []}, {}]),
    row("maps of maps beside anything", either({"type": "object", "additionalProperties": MAP}, {}),
        [{"x": {}}, {"x": []}, {}, []]),
    row("a member entries beside a map and a list", either(must(MAP), LIST, MAP,
        {"type": "object", "properties": {"entries": LIST}, "required": ["entries"], "additionalProperties": False}),
        [{"entries": []}, {"entries": "x"}, {}, []]),
    row("a recursion beside a list", either(ref("T"), LIST, T=T), [{}, [], {"x": {}}, "x"]),
    row("a recursion through two", either(ref("A"), ref("B"), A=must(either(S, ref("A"))), B=must(either(MAP, ref("B"),
        LIST))), [{"a": {"a": "x"}}, {"a": {"a": {}}}, {"a": {"a": []}}, {"a": "x"}]),
    row("others and a member of that name", either(a(S, additionalProperties=S),
        {"type": "object", "properties": {"a": S, "_extra": {"type": "array"}}, "required": ["_extra"]}),
        [{"a": "", "_extra": []}, {"a": "", "b": "x"}, {"a": ""}]),
    row("three of a kind", either(S, {"enum": [[1]]}, {"enum": [[2]]}, LIST, MAP, MAP_OF),
        [[1], [2], "[1]", [], {}, {"a": 1}]),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "records", "options"), ALIKE)
def test_what_is_written_alike_comes_back_as_itself(schema, records, options):
    lowered = lower(schema, **options)

    for record in filter(Rules(schema).hold, records):
        wire = lowered.embed(record)
        lift = lowered.lift(wire)

        assert lowered.fits(wire)
        assert (lift.value, lift.violations) == (record, ())


TAGGED = [must({"const": "x"}), must({"const": "y"})]
FORMS = [
    {"type": "object", "properties": {"tag": {"const": tag}, "of": of}, "required": ["tag", "of"]}
    for tag, of in (("one", MAP), ("two", LIST), ("three", {}))
]


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param(either(S, MAP), id="a string and a map"),
        pytest.param(either(must(MAP), {**must(LIST), "properties": {"a": LIST, "b": S}}), id="other members"),
        pytest.param(either(*FORMS), id="a tag"),
        pytest.param(either(*map(ref, "ABC"), **dict(zip("ABC", FORMS, strict=True))), id="a tag behind references"),
        pytest.param(either(MAP, MAP_OF), id="maps of two kinds"),
        pytest.param(either(must(MAP), must({**MAP, "minProperties": 1})), id="the same member"),
        pytest.param(either(a(S), must(S)), id="the same but for what is required"),
        pytest.param(either({"enum": ["auto"]}, MAP, {"enum": [[1]]}), id="words and text"),
        pytest.param(either(I, {"type": "array", "items": MAP}, must(LIST)), id="of three types"),
    ],
)
def test_branches_that_differ_on_the_wire_have_no_box(schema):
    for options in OPTIONS:
        assert '"entries' not in str(lower(schema, **options).wire.get("properties")).replace("'", '"'), options


def test_a_word_that_is_no_json_is_told_from_text_without_a_box():
    wire = lower(either({"enum": ["auto", "off"]}, {}), **PORTABLE).wire

    assert "entries" not in str(wire)


def test_the_box_of_a_branch_that_another_box_could_be_taken_for_has_a_name_of_its_own():
    lowered = lower(either({"type": "object", "additionalProperties": MAP}, {}))

    assert lowered.embed({"x": {}}) == {"result": {"entries_2": [{"key": "x", "value": []}]}}
    assert lowered.embed([1]) == {"result": [1]}


def test_branches_too_large_to_compare_get_boxes_and_lose_nothing(monkeypatch):
    """What is not looked at counts as confusable, and every box then has a name of its own."""
    monkeypatch.setattr(alike, "MAX_PAIRS", 0)
    records = [{"a": 1}, [], {"a": "b"}, ["x"]]
    lowered = lower(either(MAP, MAP_OF, LIST))

    assert [lowered.lift(lowered.embed(record)).value for record in records] == records


# --- any union --------------------------------------------------------------------------------------------------------

NAMES = st.sampled_from(["a", "entries", "set", "key", "_extra"])
RECORDS = st.recursive(
    st.sampled_from([None, True, 1, "", "x", "1", "[]", "{}", "null", '{"a":1}', "[1]"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2),
    max_leaves=4,
)
LEAVES = st.sampled_from([
    S, I, NULL, {}, MAP, MAP_OF, LIST, {"type": "object"}, {"type": "array"}, {"type": ["string", "null"]},
    {"type": ["object", "array"]}, {"enum": [[1], "x"]}, {"enum": [{}, []]}, {"enum": ["x", "[1]"]}, {"const": "x"},
    {"const": {"a": 1}}, ref("A"), ref("B"), ref("C"),
])  # fmt: skip


@st.composite
def objects(draw: st.DrawFn, inner: st.SearchStrategy[Any]) -> dict[str, Any]:
    names = draw(st.lists(NAMES, min_size=1, max_size=2, unique=True))
    rest = draw(st.sampled_from([{}, {"additionalProperties": False}, {"additionalProperties": S}]))
    required = [name for name in names if draw(st.booleans())]
    return {"type": "object", "properties": {name: draw(inner) for name in names}, "required": required, **rest}


def deeper(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return (
        st.builds(lambda items: {"type": "array", "items": items}, inner)
        | st.builds(lambda values: {"type": "object", "additionalProperties": values}, inner)
        | st.builds(lambda branches: {"anyOf": branches}, st.lists(inner, min_size=2, max_size=3))
        | objects(inner)
    )


SCHEMAS = st.recursive(LEAVES, deeper, max_leaves=3)
UNIONS = st.builds(
    lambda keyword, branches, a, b, c: {keyword: branches, "$defs": {"A": a, "B": b, "C": c}},
    st.sampled_from(["anyOf", "oneOf"]), st.lists(SCHEMAS, min_size=2, max_size=3), SCHEMAS, SCHEMAS, SCHEMAS,
)  # fmt: skip


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_nulls(member) for name, member in value.items() if member is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(UNIONS, st.lists(RECORDS, min_size=10, max_size=10), st.sampled_from(OPTIONS))
def test_a_record_of_any_union_comes_back_as_itself(schema, records, options):
    options = {**options, "open_objects": "keep"}
    try:
        lowered = lower(schema, **options)
    except UnsupportedSchema:
        return

    for record in filter(Rules(schema).hold, records):
        wire = lowered.embed(record)
        lifted = lowered.lift(wire).value
        assert lowered.fits(wire)
        if options["nulls"] == "exact":
            assert lifted == record
        assert without_nulls(lifted) == without_nulls(record)

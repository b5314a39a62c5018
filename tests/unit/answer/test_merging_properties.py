"""What holds for the merge of any answers under any schema."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from extractor import jsontext
from extractor.answer import Merged, Part, merge
from extractor.answer.parts import same
from extractor.records import Evidence, Window
from tests.unit.answer.test_merging import closed, lists, or_null

#: The machine that runs them may be busy; what is told here shows within few examples, or not at all.
FEW = settings(max_examples=30, deadline=None)

_NAMES = st.sampled_from(["a", "b", "c/d"])
_POLICIES = st.sampled_from(["evidence", "first", "last", "majority", "error", "ask"])
_SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "string": st.sampled_from(["x", "y", ""]),
    "number": st.sampled_from([0, 1, 1.0, 2.5]),
    "boolean": st.booleans(),
}
_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.one_of(*_SCALARS.values()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=8,
)


def _tagged(schema: dict[str, Any], tag: str) -> dict[str, Any]:
    return closed(tag={"type": "string", "const": tag}, value=schema)


_SCHEMAS: st.SearchStrategy[dict[str, Any]] = st.recursive(
    st.sampled_from([{"type": kind} for kind in _SCALARS]) | st.just({"type": "string", "enum": ["x", "y"]}),
    lambda inner: (
        inner.map(or_null)
        | inner.map(lists)
        | st.dictionaries(_NAMES, inner, max_size=3).map(lambda members: closed(**members))
        | st.tuples(inner, inner).map(lambda two: {"anyOf": [_tagged(two[0], "p"), _tagged(two[1], "q")]})
    ),
    max_leaves=8,
)
_WIRES = st.dictionaries(_NAMES, _SCHEMAS, min_size=1, max_size=3).map(lambda members: closed(**members))


def _values(schema: dict[str, Any], *, may_be_unstated: bool) -> st.SearchStrategy[Any]:
    """Values of a schema, or such in which anything but an item may be null, as a part states them."""
    if "anyOf" in schema:
        branches = st.one_of(*(_values(part, may_be_unstated=may_be_unstated) for part in schema["anyOf"]))
        return st.none() | branches if {"type": "null"} in schema["anyOf"] else branches
    if "const" in schema or "enum" in schema:
        return st.sampled_from(schema.get("enum", [schema.get("const")]))
    if schema["type"] == "array":
        return st.lists(_values(schema["items"], may_be_unstated=may_be_unstated), max_size=3)
    if schema["type"] != "object":
        return st.none() if schema["type"] == "null" else _SCALARS[schema["type"]]
    members = {name: _values(part, may_be_unstated=may_be_unstated) for name, part in schema["properties"].items()}
    if may_be_unstated:
        members = {name: value if name == "tag" else st.none() | value for name, value in members.items()}
    return st.fixed_dictionaries(members)


def _part(number: int, value: Any) -> Part:
    """An answer about a window of its own; every scalar but falsy ones stands there."""
    evidence = {
        at: Evidence(quote="x", start=number * 10, end=number * 10 + 1, page=1, match="exact", score=1.0)
        for at, leaf in jsontext.leaves(value)
        if leaf
    }
    window = Window(number=number, start=number * 10, end=number * 10 + 10, text="x" * 10, pages=())
    return Part(window=window, value=value, evidence=evidence, maps=frozenset())


@st.composite
def _answers(draw: st.DrawFn) -> tuple[dict[str, Any], list[Part]]:
    wire = draw(_WIRES)
    values = draw(st.lists(_values(wire, may_be_unstated=True), min_size=1, max_size=4))
    return wire, [_part(number, value) for number, value in enumerate(values, start=1)]


def _at(value: Any, at: str) -> Any:
    for token in jsontext.tokens(at):
        value = value[int(token)] if isinstance(value, list) else value[token]
    return value


@FEW
@given(st.data(), _WIRES, _POLICIES)
def test_one_part_is_its_own_merge(choices: st.DataObject, wire: dict[str, Any], policy: Any):
    part = _part(1, choices.draw(_values(wire, may_be_unstated=False)))

    result = merge([part], wire, on_conflict=policy)

    assert jsontext.canonical(result.value) == jsontext.canonical(part.value)
    assert result.evidence == part.evidence
    assert result.conflicts == ()


@FEW
@given(st.data(), _answers(), _POLICIES)
def test_the_order_in_which_parts_come_makes_no_difference(choices: st.DataObject, answers: Any, policy: Any):
    wire, parts = answers

    result = merge(choices.draw(st.permutations(parts)), wire, on_conflict=policy)

    assert result == merge(parts, wire, on_conflict=policy)


@FEW
@given(_answers(), _POLICIES)
def test_whatever_a_part_states_is_in_the_merge_or_in_a_conflict(answers: Any, policy: Any):
    wire, parts = answers

    result = merge(parts, wire, on_conflict=policy)

    told = [result.value, *(stated.value for conflict in result.conflicts for stated in conflict.stated)]
    kept = {same(leaf) for value in told for _, leaf in jsontext.leaves(value)}
    assert {
        same(leaf) for part in parts for _, leaf in jsontext.leaves(part.value) if leaf not in (None, [], {})
    } <= kept


@FEW
@given(_answers(), _POLICIES)
def test_every_pointer_leads_to_what_it_is_about(answers: Any, policy: Any):
    wire, parts = answers

    result = merge(parts, wire, on_conflict=policy)

    numbers = {part.window.number: part.window for part in parts}
    scalars = {
        at for at, leaf in jsontext.leaves(result.value) if leaf is not None and not isinstance(leaf, (dict, list))
    }
    assert scalars <= result.sources.keys()
    assert result.evidence.keys() <= scalars
    assert all(_at(result.value, at) is not None and origin.window in numbers for at, origin in result.sources.items())
    for at, evidence in result.evidence.items():
        assert numbers[result.sources[at].window].start == evidence.start
    assert all(_at(result.value, conflict.at) == conflict.chosen for conflict in result.conflicts)


@FEW
@given(_answers(), _POLICIES)
def test_a_conflict_lists_different_values_and_the_chosen_one_among_them(answers: Any, policy: Any):
    wire, parts = answers

    result = merge(parts, wire, on_conflict=policy)

    for conflict in result.conflicts:
        keys = Counter(same(stated.value) for stated in conflict.stated)
        assert len(keys) == len(conflict.stated) > 1
        assert conflict.chosen is None if policy == "error" else same(conflict.chosen) in keys


@FEW
@given(_answers(), st.sampled_from(["first", "last"]))
def test_parts_may_be_joined_step_by_step(answers: Any, policy: Any):
    wire, parts = answers

    def joined(some: list[Part]) -> Part:
        window = Window(number=0, start=some[0].window.start, end=some[-1].window.end, text="", pages=())
        return Part(window=window, value=merge(some, wire, on_conflict=policy).value, maps=frozenset())

    whole = merge(parts, wire, on_conflict=policy).value

    for cut in range(1, len(parts)):
        assert merge([joined(parts[:cut]), joined(parts[cut:])], wire, on_conflict=policy).value == whole


@FEW
@given(st.lists(_JSON, max_size=4), st.just({}) | _WIRES, _POLICIES)
def test_no_value_is_too_strange(values: list[Any], wire: dict[str, Any], policy: Any):
    parts = [_part(number, value) for number, value in enumerate(values, start=1)]

    assert isinstance(merge(parts, wire, on_conflict=policy), Merged)

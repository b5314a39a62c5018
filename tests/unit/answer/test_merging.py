"""The answers about several windows as one answer."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from extractor.answer import Merged, Part, ground, merge
from extractor.records import Conflict, Document, Evidence, Page, Window
from extractor.schema import lower


def document_of(text: str) -> Document:
    page = Page(number=1, start=0, end=len(text))
    return Document(text=text, pages=(page,), media_type="text/plain", sha256="", converter="test")


def moved(evidence: Evidence, by: int) -> Evidence:
    if evidence.start is None or evidence.end is None:
        return evidence
    others = tuple((start + by, end + by) for start, end in evidence.alternatives)
    return replace(evidence, start=evidence.start + by, end=evidence.end + by, alternatives=others)


def part_of(text: str, start: int, end: int, value: Any) -> Part:
    """The answer about `text[start:end]`, its values looked up there."""
    read = text[start:end]
    evidence = {at: moved(found, start) for at, found in ground(value, document_of(read)).items()}
    window = Window(number=start + 1, start=start, end=end, text=read, pages=())
    return Part(window=window, value=value, evidence=evidence)


def parts_of(*answers: tuple[str, Any]) -> list[Part]:
    """The answers about texts that stand one behind the other."""
    text = "\n".join(read for read, _ in answers)
    parts, start = [], 0
    for read, value in answers:
        parts.append(part_of(text, start, start + len(read), value))
        start += len(read) + 1
    return parts


def closed(**members: Any) -> dict[str, Any]:
    return {"type": "object", "properties": members, "required": [*members], "additionalProperties": False}


def lists(items: Any, **bounds: int) -> dict[str, Any]:
    return {"type": "array", "items": items, **bounds}


def or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


TEXT, NUMBER = {"type": "string"}, {"type": "number"}
MAP = lists(closed(key=TEXT, value=NUMBER))


def merged(schema: Any, *values: Any, on_conflict: Any = "evidence") -> Any:
    """What windows without any evidence state for one member."""
    parts = parts_of(*((".", {"a": value}) for value in values))
    return merge(parts, closed(a=schema), on_conflict=on_conflict).value["a"]


@pytest.mark.parametrize(
    ("policy", "chosen"),
    [
        pytest.param("evidence", "Beta", id="the first value that stands in its window"),
        pytest.param("ask", "Beta", id="until the model is asked, the same"),
        pytest.param("first", "Alpha", id="the first value"),
        pytest.param("last", "Delta", id="the last value"),
        pytest.param("majority", "Gamma", id="the value that most windows state"),
        pytest.param("error", None, id="none"),
    ],
)
def test_of_different_values_the_policy_chooses_one(policy: Any, chosen: str | None):
    answers = [("x", "Alpha"), ("to Beta", "Beta"), ("x", "Gamma"), ("to Gamma", "Gamma"), ("x", "Delta"), ("x", None)]
    parts = parts_of(*((read, {"name": name}) for read, name in answers))

    result = merge(parts, closed(name=TEXT), on_conflict=policy)

    assert result.value == {"name": chosen}
    (conflict,) = result.conflicts
    assert (conflict.at, conflict.chosen) == ("/name", chosen)
    assert [stated.value for stated in conflict.stated] == ["Alpha", "Beta", "Gamma", "Delta"]


def test_a_conflict_shows_where_each_value_stands():
    parts = parts_of(("Total 10.00", {"total": 10}), ("see above", {"total": 10.0}), ("Total 12.50", {"total": 12.5}))

    result = merge(parts, closed(total=NUMBER), on_conflict="evidence")

    (conflict,) = result.conflicts
    assert [(stated.value, stated.evidence and stated.evidence.start) for stated in conflict.stated] == [
        (10, 6),
        (12.5, 28),
    ]


def test_a_value_without_evidence_that_others_have_it_for_has_no_evidence_in_a_conflict():
    parts = parts_of(("nothing", {"name": "Alpha"}), ("Beta", {"name": "Beta"}))

    (conflict,) = merge(parts, closed(name=TEXT), on_conflict="first").conflicts

    assert conflict.chosen == "Alpha"
    assert [stated.evidence is None for stated in conflict.stated] == [True, False]


def test_evidence_outside_the_window_that_was_read_does_not_count():
    """A value that a model took from the context of its window, or made up, may well stand elsewhere."""
    text = "Alpha\nBeta"
    made_up = Part(
        window=Window(number=1, start=0, end=5, text="Alpha", pages=()),
        value={"name": "Beta"},
        evidence=ground({"name": "Beta"}, document_of(text)),
    )

    (conflict,) = merge(
        [made_up, part_of(text, 6, 10, {"name": "Be"})], closed(name=TEXT), on_conflict="first"
    ).conflicts

    assert conflict.stated[0].evidence is None


def test_without_evidence_the_majority_counts_and_then_the_first():
    assert merged(TEXT, "a", "b", "b") == "b"
    assert merged(TEXT, "a", "b", "b", "a") == "a"
    assert merged({"type": "boolean"}, True, False, False) is False


def test_one_and_true_are_different_values_and_one_and_one_point_zero_are_not():
    parts = parts_of((".", {"a": 1}), (".", {"a": 1.0}), (".", {"a": True}))

    (conflict,) = merge(parts, closed(a={"type": ["number", "boolean"]}), on_conflict="evidence").conflicts

    assert [repr(stated.value) for stated in conflict.stated] == ["1", "True"]


def test_objects_are_put_together_member_by_member():
    address = closed(street=TEXT, city=TEXT)
    wire = closed(seller=closed(name=TEXT, address=or_null(address)), total=NUMBER)
    parts = parts_of(
        ("Acme", {"seller": {"name": "Acme", "address": None}, "total": None}),
        ("1 Road", {"seller": {"name": None, "address": {"street": "1 Road", "city": None}}, "total": None}),
        ("Rome 5", {"seller": {"name": None, "address": {"street": None, "city": "Rome"}}, "total": 5}),
    )

    result = merge(parts, wire, on_conflict="evidence")

    assert result.value == {"seller": {"name": "Acme", "address": {"street": "1 Road", "city": "Rome"}}, "total": 5}
    assert result.conflicts == ()
    assert {at: origin.window for at, origin in result.sources.items()} == {
        "/seller/name": 1,
        "/seller/address/street": 6,
        "/seller/address/city": 13,
        "/total": 13,
    }
    assert {at: found.quote for at, found in result.evidence.items()} == {
        "/seller/name": "Acme",
        "/seller/address/street": "1 Road",
        "/seller/address/city": "Rome",
        "/total": "5",
    }


_BOX = closed(set=NUMBER)
_BOX_OF_NULL = closed(set=or_null(NUMBER))
_PAIR = closed(x=NUMBER, y=NUMBER)


@pytest.mark.parametrize(
    ("schema", "values", "expected"),
    [
        pytest.param(lists(TEXT), ([], None), [], id="an empty list and nothing"),
        pytest.param(or_null(lists(TEXT)), ([], None), [], id="an empty list and nothing, where null is allowed"),
        pytest.param(or_null(lists(TEXT)), (None, None), None, id="nothing, where null is allowed"),
        pytest.param(lists(TEXT), (None, None), [], id="no item anywhere, where null is not allowed"),
        pytest.param(lists(TEXT), (None,), [], id="no item in the only window, where null is not allowed"),
        pytest.param(or_null(lists(TEXT)), (None, ["a"], [], ["a"]), ["a", "a"], id="lists one behind the other"),
        pytest.param(or_null(_PAIR), (None, {"x": None, "y": None}), None, id="null and an object of nothing"),
        pytest.param(_PAIR, (None, {"x": None, "y": None}), {"x": None, "y": None}, id="which may not be null"),
        pytest.param(or_null(_BOX), (None, {"set": None}), None, id="absent, and an empty box"),
        pytest.param(or_null(_BOX_OF_NULL), (None, {"set": None}), {"set": None}, id="absent, and null in a box"),
        pytest.param(or_null(_BOX_OF_NULL), ({"set": 5}, {"set": None}, None), {"set": 5}, id="a value in a box"),
        pytest.param(
            closed(x=or_null(_BOX_OF_NULL), y=or_null(NUMBER)),
            ({"x": {"set": None}, "y": None}, {"x": None, "y": 5}),
            {"x": {"set": None}, "y": 5},
            id="null in a box, in an object of nothing else",
        ),
        pytest.param(
            {"anyOf": [closed(x=NUMBER), closed(y=NUMBER)]},
            ({"x": None}, {"y": 5}),
            {"y": 5},
            id="an alternative of nothing, and another",
        ),
        pytest.param(
            lists(closed(tags=lists(TEXT), note=or_null(lists(TEXT)))),
            ([{"tags": None, "note": None}],),
            [{"tags": [], "note": None}],
            id="no item in a list inside an item",
        ),
        pytest.param(
            closed(rows=lists(lists(NUMBER))),
            ({"rows": [[1], []]}, {"rows": [[1], [2, 3]]}),
            {"rows": [[1], [], [1], [2, 3]]},
            id="lists in lists: only the outer ones are joined",
        ),
    ],
)
def test_nothing_is_told_from_something(schema: Any, values: Any, expected: Any):
    assert merged(schema, *values) == expected


@pytest.mark.parametrize(
    ("schema", "values", "expected", "conflicts"),
    [
        pytest.param(
            lists(NUMBER, minItems=2, maxItems=2), ([1, 2], [1, 2], None), [1, 2], 0, id="coordinates given twice"
        ),
        pytest.param(lists(NUMBER, minItems=2, maxItems=2), ([1, 2], [3, 4]), [1, 2], 1, id="different coordinates"),
        pytest.param(lists(NUMBER, minItems=2, maxItems=2), ([1], [3, 4]), [3, 4], 1, id="the complete ones count"),
        pytest.param(lists(NUMBER, minItems=2, maxItems=2), ([1], [2]), [1, 2], 0, id="one item from each window"),
        pytest.param(lists(NUMBER, maxItems=2), ([1, 2], [1, 2]), [1, 2, 1, 2], 0, id="too many, and said later"),
    ],
)
def test_a_list_of_a_fixed_length_is_one_value(schema: Any, values: Any, expected: Any, conflicts: int):
    parts = parts_of(*((".", {"a": value}) for value in values))

    result = merge(parts, closed(a=schema), on_conflict="evidence")

    assert result.value["a"] == expected
    assert len(result.conflicts) == conflicts


_CARD = closed(kind={"const": "card", "type": "string"}, number=TEXT)
_WIRE_TRANSFER = closed(kind={"const": "transfer", "type": "string"}, iban=TEXT, bic=or_null(TEXT))
_PAYMENT = {"anyOf": [_CARD, {"$ref": "#/$defs/Transfer"}, {"type": "null"}]}


def test_alternatives_of_a_union_are_not_mixed():
    wire = closed(payment=_PAYMENT) | {"$defs": {"Transfer": _WIRE_TRANSFER}}
    parts = parts_of(
        ("x", {"payment": {"kind": "card", "number": None}}),
        ("DE1", {"payment": {"kind": "transfer", "iban": "DE1", "bic": None}}),
        ("BIC2", {"payment": {"kind": "transfer", "iban": None, "bic": "BIC2"}}),
        ("x", {"payment": None}),
    )

    result = merge(parts, wire, on_conflict="evidence")

    transfer = {"kind": "transfer", "iban": "DE1", "bic": "BIC2"}
    assert result.value == {"payment": transfer}
    (conflict,) = result.conflicts
    assert (conflict.at, conflict.chosen) == ("/payment", transfer)
    assert [stated.value for stated in conflict.stated] == [{"kind": "card", "number": None}, transfer]
    assert set(result.evidence) == {"/payment/kind", "/payment/iban", "/payment/bic"}


def test_a_value_that_two_alternatives_take_joins_the_one_that_the_others_are_of():
    union = {"anyOf": [closed(x=NUMBER, y=NUMBER), closed(x=NUMBER, z=NUMBER)]}

    assert merged(union, {"x": 1}, {"x": None, "z": 2}) == {"x": 1, "z": 2}


def test_scalars_lists_and_objects_at_one_place_exclude_each_other():
    union = {"anyOf": [TEXT, lists(TEXT), closed(x=TEXT)]}
    parts = parts_of((".", {"a": ["b"]}), (".", {"a": "b"}), (".", {"a": {"x": "b"}}), (".", {"a": ["c"]}))

    result = merge(parts, closed(a=union), on_conflict="evidence")

    assert result.value == {"a": ["b", "c"]}
    assert [stated.value for stated in result.conflicts[0].stated] == [["b", "c"], "b", {"x": "b"}]


def _entries(**members: Any) -> list[dict[str, Any]]:
    return [{"key": key, "value": value} for key, value in members.items()]


def _told(part: Part, *maps: str) -> Part:
    return replace(part, maps=frozenset(maps))


def test_entries_of_a_map_are_put_together_by_their_keys():
    """Lifting refuses the second entry for a key, even where both say the same."""
    parts = parts_of(
        ("red 1, blue 2", {"a": _entries(red=1, blue=2)}),
        ("blue 2, red 3", {"a": _entries(blue=2, red=3)}),
        ("green 4", {"a": _entries(green=4)}),
    )

    result = merge(parts, closed(a=MAP), on_conflict="evidence")

    assert result.value == {"a": _entries(red=1, blue=2, green=4)}
    (conflict,) = result.conflicts
    assert (conflict.at, conflict.chosen, len(conflict.stated)) == ("/a/0/value", 1, 2)
    assert result.evidence["/a/2/value"].quote == "4"


def test_values_of_a_map_are_put_together_like_members():
    rows = lists(closed(key=TEXT, value=closed(note=or_null(TEXT), rows=lists(NUMBER))))

    value = merged(rows, _entries(x={"note": None, "rows": [1]}), _entries(x={"note": "n", "rows": [1]}))

    assert value == _entries(x={"note": "n", "rows": [1, 1]})


def test_a_list_of_keys_and_values_is_a_list_where_a_part_gives_a_key_twice():
    rows = [*_entries(red=1), *_entries(red=1)]

    assert merged(MAP, rows, _entries(red=1, blue=2)) == [*rows, *_entries(red=1, blue=2)]


def test_what_is_told_of_maps_counts_more_than_what_they_look_like():
    parts = parts_of((".", {"a": _entries(red=1)}), (".", {"a": _entries(red=1)}))
    twice = parts_of((".", {"a": [*_entries(red=1), *_entries(red=2)]}), (".", {"a": _entries(red=1)}))

    as_list = merge([_told(part) for part in parts], closed(a=MAP), on_conflict="first")
    as_map = merge([_told(part, "/a") for part in twice], closed(a=MAP), on_conflict="first")

    assert as_list.value == {"a": [*_entries(red=1), *_entries(red=1)]}
    assert as_map.value == {"a": [*_entries(red=1), *_entries(red=2)]}


def test_pointers_of_merged_values_are_escaped():
    wire = closed(**{"a/b": TEXT, "c~d": lists(closed(**{"e f": TEXT}))})
    parts = parts_of(
        ("one two", {"a/b": "one", "c~d": [{"e f": "two"}]}),
        ("three", {"a/b": None, "c~d": [{"e f": "three"}]}),
    )

    result = merge(parts, wire, on_conflict="evidence")

    assert {at: found.quote for at, found in result.evidence.items()} == {
        "/a~1b": "one",
        "/c~0d/0/e f": "two",
        "/c~0d/1/e f": "three",
    }


def test_parts_may_come_in_any_order_and_stay_as_they_are():
    parts = parts_of(("a", {"rows": ["a"], "n": 1}), ("b", {"rows": ["b"], "n": 2}), ("c", {"rows": ["c"], "n": None}))
    before = copy.deepcopy(parts)

    result = merge(parts[::-1], closed(rows=lists(TEXT), n=NUMBER), on_conflict="evidence")

    assert result.value == {"rows": ["a", "b", "c"], "n": 1}
    assert parts == before


def test_without_parts_there_is_no_value():
    assert merge([], closed(a=TEXT), on_conflict="evidence") == Merged(value=None)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param(({"b": 1}, {"a": 2, "b": 3}), {"a": 2, "b": 1}, id="members that nobody asked for"),
        pytest.param((["x"], {"a": 1}), ["x"], id="a list for an object"),
        pytest.param(("x", None), "x", id="a string for an object"),
        pytest.param(({}, {}), {}, id="objects without members"),
        pytest.param(({}, {"a": None}), {"a": None}, id="objects without values"),
        pytest.param(({"a": {"c": 1}}, {"a": {"d": 2}}), {"a": {"c": 1, "d": 2}}, id="an object for a number"),
    ],
)
def test_what_breaks_the_schema_is_kept_for_the_validator(values: Any, expected: Any):
    parts = parts_of(*((".", value) for value in values))

    assert merge(parts, closed(a=NUMBER), on_conflict="evidence").value == expected


def test_a_reference_that_leads_nowhere_or_to_itself_says_nothing():
    wire = closed(a={"$ref": "#/$defs/Loop"}, b={"$ref": "#/$defs/None"}) | {
        "$defs": {"Loop": {"$ref": "#/$defs/Loop"}}
    }
    parts = parts_of((".", {"a": [1], "b": {"c": 1}}), (".", {"a": [2], "b": {"d": 2}}))

    assert merge(parts, wire, on_conflict="evidence").value == {"a": [1, 2], "b": {"c": 1, "d": 2}}


@pytest.mark.parametrize("levels", [10, 64, 190])
def test_values_may_nest_as_deeply_as_json_may(levels: int):
    tree = {"anyOf": [closed(below={"$ref": "#/$defs/Tree"}, n=NUMBER), closed(below={"$ref": "#/$defs/Tree"})]}

    def nested(n: int) -> Any:
        value: Any = {"below": None, "n": n}
        for _ in range(levels):
            value = {"below": value, "n": None}
        return value

    parts = parts_of((".", nested(1)), (".", nested(2)))

    result = merge(parts, {"$ref": "#/$defs/Tree", "$defs": {"Tree": tree}}, on_conflict="first")

    assert result.value == nested(1)
    assert isinstance(result.conflicts[0], Conflict)


def test_maps_and_lists_that_look_like_them_are_read_back_whole():
    """The wire writes both alike; what the lift found out about each part is told with it."""
    pair = {"type": "object", "properties": {"key": TEXT, "value": NUMBER}, "required": ["key", "value"]}
    schema = {
        "type": "object",
        "properties": {
            "prices": {"type": "object", "additionalProperties": NUMBER},
            "lines": lists({**pair, "additionalProperties": False}),
        },
        "required": ["prices", "lines"],
    }
    lowered = lower(schema)
    records = [
        {"prices": {"nut": 1, "pin": 2}, "lines": [{"key": "nut", "value": 1}]},
        {"prices": {"nut": 1, "bolt": 3}, "lines": [{"key": "nut", "value": 1}]},
    ]
    parts = [
        replace(part, maps=lowered.pointers(part.value).maps)
        for part in parts_of(*((".", lowered.embed(record)) for record in records))
    ]

    lifted = lowered.lift(merge(parts, lowered.wire, on_conflict="evidence").value)

    assert lifted.violations == ()
    assert lifted.value == {
        "prices": {"nut": 1, "pin": 2, "bolt": 3},
        "lines": [{"key": "nut", "value": 1}, {"key": "nut", "value": 1}],
    }

"""Items that two windows both read: left out where they overlap, and nowhere else."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.answer import merge
from extractor.answer.grounding import MAX_ALTERNATIVES
from tests.unit.answer.test_merging import NUMBER, TEXT, closed, lists, part_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.answer import Part

ROWS = closed(rows=lists(closed(name=TEXT, price=NUMBER)))


def _part(lines: Sequence[str], first: int, last: int, rows: Sequence[str] | None = None) -> Part:
    """The answer about `lines[first:last]`: every line with a price is a row, or only `rows` of them."""
    start = sum(len(line) + 1 for line in lines[:first])
    text = "\n".join(lines)
    read = lines[first:last] if rows is None else rows
    value = {"rows": [_row(line) for line in read if line[-1:].isdigit()]}
    return part_of(text, start, start + len("\n".join(lines[first:last])), value)


def _row(line: str) -> dict[str, Any]:
    name, price = line.split(" ")
    return {"name": name, "price": float(price)}


def _merged(*parts: Part) -> list[Any]:
    rows: list[Any] = merge(parts, ROWS, on_conflict="evidence").value["rows"]
    return rows


def test_a_row_that_two_windows_hold_is_kept_once():
    lines = ["nut 5.00", "bolt 6.00", "pin 7.00"]

    assert _merged(_part(lines, 0, 2), _part(lines, 1, 3)) == [_row(line) for line in lines]


def test_equal_rows_on_both_sides_of_a_cut_are_both_kept():
    """Their evidence is the same: each is looked up among all places of its values."""
    lines = ["nut 5.00", "nut 5.00"]

    assert len(_merged(_part(lines, 0, 1), _part(lines, 1, 2))) == 2


def test_equal_rows_in_an_overlap_are_counted():
    lines = ["nut 5.00", "nut 5.00", "nut 5.00", "nut 5.00"]

    assert len(_merged(_part(lines, 0, 3), _part(lines, 1, 4))) == 4


def test_rows_that_stand_in_no_overlap_are_all_kept_though_their_values_stand_in_it():
    """The first window missed the row in the overlap; what it states stands before."""
    lines = ["nut 5.00", "nut 5.00"]

    assert len(_merged(_part(lines, 0, 2, lines[:1]), _part(lines, 1, 2))) == 2


def test_where_each_window_may_have_read_another_of_two_equal_rows_both_are_kept():
    lines = ["nut 5.00", "nut 5.00"]

    assert len(_merged(_part(lines, 0, 2, lines[:1]), _part(lines, 0, 2, lines[1:]))) == 2


def test_equal_values_without_a_place_are_all_kept():
    lines = ["nut 5.00", "bolt 6.00"]

    assert len(_merged(_part(lines, 0, 2, ["gear 9.99"]), _part(lines, 0, 2, ["gear 9.99"]))) == 2


def test_rows_with_different_values_at_one_place_are_both_kept():
    lines = ["nut 5.00", "bolt 6.00"]

    assert len(_merged(_part(lines, 0, 2), _part(lines, 0, 2, ["nut 6.00"]))) == 3


def test_what_one_window_leaves_null_and_the_other_gives_as_an_empty_list_makes_no_difference():
    wire = closed(rows=lists(closed(name=TEXT, tags=lists(TEXT))))
    text = "the nut"
    parts = [part_of(text, 0, 7, {"rows": [{"name": "nut", "tags": tags}]}) for tags in (None, [])]

    assert merge(parts, wire, on_conflict="evidence").value == {"rows": [{"name": "nut", "tags": []}]}


def test_a_place_where_a_value_is_only_mentioned_does_not_hide_a_repeat():
    """The name and the price of a row stand elsewhere as well, but not together."""
    lines = ["nut", *["words of other things"] * 20, "5.00", *["words of other things"] * 20, "nut 5.00", "bolt 6.00"]
    text = "\n".join(lines)
    at = text.index("nut 5.00")
    parts = [part_of(text, start, len(text), {"rows": [_row("nut 5.00"), _row("bolt 6.00")]}) for start in (0, at)]

    assert len(_merged(*parts)) == 2


def test_more_equal_rows_than_evidence_names_places_are_counted_all_the_same():
    lines = ["nut 5.00"] * (5 * MAX_ALTERNATIVES)

    assert len(_merged(_part(lines, 0, 30), _part(lines, 20, 40))) == 40


def test_without_evidence_the_values_are_looked_up():
    lines = ["nut 5.00", "bolt 6.00", "pin 7.00"]
    parts = [_part(lines, 0, 2), _part(lines, 1, 3)]
    blind = [type(part)(window=part.window, value=part.value) for part in parts]

    assert _merged(*blind) == [_row(line) for line in lines]


def test_a_window_inside_another_adds_what_that_one_has_missed():
    """As a second look does at a passage from which nothing was taken."""
    lines = ["nut 5.00", "bolt 6.00", "nut 5.00", "pin 7.00"]

    rows = _merged(_part(lines, 0, 4, [lines[0], lines[3]]), _part(lines, 1, 4))

    assert Counter(row["name"] for row in rows) == {"nut": 2, "bolt": 1, "pin": 1}


_KINDS = st.sampled_from(["nut 5.00", "nut 6.00", "bolt 5.00", "pin 7.00"])


@st.composite
def _windows(draw: st.DrawFn, lines: Sequence[str]) -> list[tuple[int, int]]:
    """First and last line of windows that leave no line out; two, three or more may overlap anywhere."""
    windows: list[tuple[int, int]] = []
    end = 0
    while end < len(lines):
        first = draw(st.integers(min_value=max(0, end - 6), max_value=end))
        end = draw(st.integers(min_value=end + 1, max_value=min(len(lines), end + 8)))
        windows.append((first, end))
    return windows


@settings(max_examples=40, deadline=None)
@given(st.lists(_KINDS, min_size=1, max_size=25), st.data())
def test_windows_of_any_size_give_the_rows_of_the_whole(lines: list[str], choices: st.DataObject):
    windows = choices.draw(_windows(lines))
    parts = choices.draw(st.permutations([_part(lines, *window) for window in windows]))

    assert _merged(*parts) == [_row(line) for line in lines]


@settings(max_examples=40, deadline=None)
@given(st.lists(_KINDS | st.just("nut") | st.just("see nut"), min_size=1, max_size=25), st.data())
def test_no_row_that_any_window_has_read_is_ever_lost(lines: list[str], choices: st.DataObject):
    """Windows miss rows at random, and names stand in the text without a row."""
    met: set[int] = set()
    parts = []
    for first, last in choices.draw(_windows(lines)):
        rows = [index for index in range(first, last) if lines[index][-1].isdigit()]
        read = sorted(choices.draw(st.sets(st.sampled_from(rows)))) if rows else []
        met.update(read)
        parts.append(_part(lines, first, last, [lines[index] for index in read]))

    stated = Counter(map(str, _merged(*parts)))

    assert Counter(str(_row(lines[index])) for index in met) <= stated


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(_KINDS, max_size=4), min_size=1, max_size=6))
def test_windows_that_do_not_overlap_are_joined_as_they_are(groups: list[list[str]]):
    groups = [["-", *group] for group in groups]
    lines = [line for group in groups for line in group]
    ends = [sum(map(len, groups[: index + 1])) for index in range(len(groups))]

    parts = [_part(lines, end - len(group), end) for group, end in zip(groups, ends, strict=True)]

    assert _merged(*parts) == [_row(line) for line in lines if line != "-"]


@pytest.mark.parametrize("cut", [3, 10])
def test_joining_what_was_joined_gives_the_same(cut: int):
    lines = [f"{name} {price}.00" for price in range(1, 5) for name in ("nut", "nut", "bolt", "pin")]
    first, second, third = _part(lines, 0, cut), _part(lines, cut - 2, cut + 1), _part(lines, cut - 1, 16)

    joined = _part(lines, 0, cut + 1)

    assert _merged(first, second) == joined.value["rows"]
    assert _merged(joined, third) == _merged(first, second, third)

"""Rows of a table that no item of a list was read from, though rows before and behind them were.

A model that is given a long table may leave rows out. What it left out shows in the evidence: between two rows with an
item there is one without. Such rows are asked about once more, by themselves.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple

from extractor import jsontext
from extractor.answer.parts import Origin
from extractor.document import rows_of_tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from extractor.answer import Merged, Part
    from extractor.records import Document, Evidence, Json

#: Items that stand in a table, and rows of it, from which on rows without an item are looked for.
LEAST_LOCATED: Final = 5
LEAST_ROWS: Final = 20
#: Items of a list from which on nobody sees at once what it lacks; of a shorter one, lines of the text for each.
LONG_LIST: Final = 20
LINES_EACH: Final = 5
#: Share of the rows of a table that have an item, at least: a table that is mostly something else is not the list's.
LEAST_SHARE: Final = 0.08
#: Rows before the first item, or behind the last, that are no heading and no total any more.
EDGE_ROWS: Final = 10
#: Runs of rows that are asked about; nearer ones are asked about together where there are more.
MOST_RUNS: Final = 8


class Run(NamedTuple):
    """Rows of a table one behind the other that no item was read from."""

    #: Offset of the first code point.
    start: int
    #: Offset after the last code point.
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaps:
    """What a list lacks."""

    #: JSON Pointer of the list.
    at: str
    #: The rows without an item, in order.
    runs: tuple[Run, ...]


def may_have_gaps(value: Json, text: str) -> bool:
    """Whether an answer holds a list so long, or so short beside the text, that rows may have been left out."""
    lines = text.count("\n")
    if lines < LEAST_ROWS:
        return False
    open_values = [value]
    while open_values:
        inner = open_values.pop()
        if isinstance(inner, dict):
            open_values += inner.values()
        elif isinstance(inner, list):
            length = len(inner)
            if length >= LONG_LIST or (length >= LEAST_LOCATED and lines >= LEAST_ROWS + LINES_EACH * length):
                return True
            open_values += inner
    return False


def gaps_in(merged: Merged, document: Document, *, apart_from: Sequence[tuple[int, int]] = ()) -> Gaps | None:
    """Return the rows that a long list seems to lack, None where it lacks none. Linear in text and evidence.

    Args:
        merged: The answer.
        document: What it is about.
        apart_from: Ranges of the document that the answer does not claim to cover.
    """
    found = _places(merged.evidence)
    if found is None or len(found[1]) < LEAST_LOCATED:
        return None
    at, items = found
    whole = jsontext.value_at(merged.value, at)
    if not isinstance(whole, list):  # a map may have names that look like positions
        return None
    tables = rows_of_tables(document)
    runs = [run for rows in tables for run in _runs(rows, items, text=document.text, length=len(whole))]
    runs = [run for run in runs if not any(start < run.end and run.start < end for start, end in apart_from)]
    return Gaps(at=at, runs=_few(sorted(runs))) if runs else None


def _few(runs: Sequence[Run]) -> tuple[Run, ...]:
    """Return the runs, the nearest ones as one where there are too many."""
    joined = list(runs)
    while len(joined) > MOST_RUNS:
        nearest = min(range(1, len(joined)), key=lambda place: joined[place].start - joined[place - 1].end)
        joined[nearest - 1 : nearest + 1] = [Run(joined[nearest - 1].start, joined[nearest].end)]
    return tuple(joined)


def filled(merged: Merged, gaps: Gaps, *, parts: Sequence[Part], document: Document) -> Merged:
    """Return the merged answer with the items that the rows of the gaps were found to hold, each at its place.

    An item that is there already is not added again, unless the document prints its row more often than that.
    """
    known = Counter(jsontext.canonical(item) for item in jsontext.value_at(merged.value, gaps.at) or ())
    lines = Counter(line.strip() for line in document.text.splitlines())
    for part in parts:
        for index, item in enumerate(jsontext.value_at(part.value, gaps.at) or ()):
            evidence = _below(part.evidence, f"{gaps.at}/{index}")
            starts = [each.start for each in evidence.values() if each.start is not None]
            row = _line_at(document.text, min(starts)) if starts else ""
            key = jsontext.canonical(item)
            if not row or known[key] >= lines[row]:
                continue
            known[key] += 1
            origin = Origin(part.window.number, f"{gaps.at}/{index}")
            merged = _with_item(merged, gaps.at, item, evidence=evidence, origin=origin)
    return merged


def _places(evidence: Mapping[str, Evidence]) -> tuple[str, dict[int, list[list[int]]]] | None:
    """Return the list with most items that stand somewhere; item by item, the places where each value may stand."""
    by_item: dict[tuple[str, str], list[list[int]]] = {}
    for at, found in evidence.items():
        place = _item_of(at)
        if place is not None and found.start is not None:
            starts = [found.start, *(start for start, _ in found.alternatives)]
            by_item.setdefault(place, []).append(starts)
    lists = Counter(at for at, _ in by_item)
    if not lists:
        return None
    ((longest, _),) = lists.most_common(1)
    return longest, {int(index): places for (at, index), places in by_item.items() if at == longest}


def _item_of(at: str) -> tuple[str, str] | None:
    """Return the outermost list that a place is in, and the index there."""
    tokens = jsontext.tokens(at)
    for length, token in enumerate(tokens):
        if token.isdecimal():
            return jsontext.pointer(*tokens[:length]), token
    return None


def _runs(
    rows: Sequence[tuple[int, int]], items: Mapping[int, Sequence[Sequence[int]]], *, text: str, length: int
) -> Iterator[Run]:
    """Yield the runs of rows of one table that no item was read from.

    Args:
        rows: The table's.
        items: Position in the list -> where each of the item's values may stand.
        text: The document.
        length: Items of the list, those that stand nowhere included.
    """
    by_row: dict[int, list[int]] = {}
    for index, places in items.items():
        row = _row_of(places, rows)
        if row is not None:
            by_row.setdefault(row, []).append(index)
    located = sum(map(len, by_row.values()))
    if located < max(LEAST_LOCATED, LEAST_SHARE * len(rows)) or len(rows) < LEAST_ROWS:
        return
    lines = [text[start:end].strip() for start, end in rows]
    printed = {lines[row] for row in by_row}
    missing = [row for row in range(len(rows)) if row not in by_row and lines[row] not in printed]
    for _, run in groupby(enumerate(missing), key=lambda each: each[1] - each[0]):
        members = [row for _, row in run]
        if len(members) > _unlocated(members, by_row, length=length):
            yield Run(rows[members[0]][0], rows[members[-1]][1])


def _unlocated(members: Sequence[int], by_row: Mapping[int, Sequence[int]], *, length: int) -> int:
    """Return how many rows of a run are accounted for by items between its neighbours that stand nowhere.

    At the edges of a table a few rows are headings and totals.
    """
    before = max((row for row in by_row if row < members[0]), default=None)
    behind = min((row for row in by_row if row > members[-1]), default=None)
    first = -1 if before is None else max(by_row[before])
    last = length if behind is None else min(by_row[behind])
    edge = EDGE_ROWS - 1 if before is None or behind is None else 0
    return max(last - first - 1, 0) + edge


def _start(row: tuple[int, int]) -> int:
    return row[0]


def _row_of(item: Sequence[Sequence[int]], rows: Sequence[tuple[int, int]]) -> int | None:
    """Return the row that holds most of an item's values; None where none holds any."""
    holds: Counter[int] = Counter()
    for places in item:
        at = {bisect_right(rows, place, key=_start) - 1 for place in places}
        holds.update(row for row in at if row >= 0 and any(rows[row][0] <= place < rows[row][1] for place in places))
    return min(holds, key=lambda row: (-holds[row], row)) if holds else None


def _below(evidence: Mapping[str, Evidence], at: str) -> dict[str, Evidence]:
    return {place[len(at) :]: found for place, found in evidence.items() if f"{place}/".startswith(f"{at}/")}


def _line_at(text: str, at: int) -> str:
    start = max(text.rfind("\n", 0, at), text.rfind("\f", 0, at)) + 1
    end = text.find("\n", at)
    return text[start : len(text) if end < 0 else end].strip()


def _with_item(merged: Merged, at: str, item: Json, *, evidence: Mapping[str, Evidence], origin: Origin) -> Merged:
    """Return the merged answer with one more item in a list, before the first that stands behind it."""
    items = jsontext.value_at(merged.value, at) or []
    start = min(each.start for each in evidence.values() if each.start is not None)
    firsts = _firsts(merged.evidence, at)
    index = next((number for number in sorted(firsts) if firsts[number] > start), len(items))
    own = {f"{at}/{index}{place}": found for place, found in evidence.items()}

    def moved(place: str) -> str:
        return _moved(place, at, index)

    return replace(
        merged,
        value=_replaced(merged.value, jsontext.tokens(at), [*items[:index], item, *items[index:]]),
        conflicts=tuple(replace(conflict, at=moved(conflict.at)) for conflict in merged.conflicts),
        sources={moved(place): known for place, known in merged.sources.items()} | {f"{at}/{index}": origin},
        evidence={moved(place): found for place, found in merged.evidence.items()} | own,
    )


def _firsts(evidence: Mapping[str, Evidence], at: str) -> dict[int, int]:
    """Return where each item of a list begins in the document, as far as that is known."""
    firsts: dict[int, int] = {}
    for place, found in evidence.items():
        item = _item_of(place)
        if item is not None and item[0] == at and found.start is not None:
            index = int(item[1])
            firsts[index] = min(found.start, firsts.get(index, found.start))
    return firsts


def _moved(place: str, at: str, index: int) -> str:
    """Return where a place is after an item was put into a list."""
    item = _item_of(place)
    if item is None or item[0] != at or int(item[1]) < index:
        return place
    head = f"{at}/{item[1]}"
    return f"{at}/{int(item[1]) + 1}{place[len(head) :]}"


def _replaced(value: Json, tokens: Sequence[str], new: Json) -> Json:
    if not tokens:
        return new
    return {**value, tokens[0]: _replaced(value[tokens[0]], tokens[1:], new)}

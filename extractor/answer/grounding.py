"""The passage of every value: where in the document each leaf of a record stands."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from statistics import median_low
from typing import TYPE_CHECKING

from extractor import jsontext
from extractor.answer.searching import Searcher
from extractor.records import Evidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from extractor.answer.printed import Span
    from extractor.answer.searching import Hits
    from extractor.records import Document, Json

#: Other places of one value that are told.
MAX_ALTERNATIVES = 8

_SCORES = {"exact": 1.0, "normalised": 0.9}
_NO_EVIDENCE = Evidence(quote="", start=None, end=None, page=None, match="none", score=0.0)


def ground(record: Json, document: Document) -> dict[str, Evidence]:
    """Return evidence for each scalar of `record` that is not null, by JSON Pointer, in the order of the record.

    A value that stands in several places is given the one nearest to its siblings: to the values of the same item
    or object that stand in one place only, else to those of the object around it, and so on outwards. The other
    places are its alternatives. `none` says that a value was not found, not that it is wrong: booleans, values of
    an enum and converted amounts are often not printed.
    """
    text, pages = document.text, document.pages
    leaves = _Leaves(record)
    find = Searcher(text).find
    hits = [find(value) for value in leaves.values]
    neighbourhood = _Neighbourhood(leaves, hits)
    page_starts = [page.start for page in pages[1:]]
    evidence: dict[str, Evidence] = {}
    for at, (match, spans) in zip(leaves.pointers, hits, strict=True):
        if not spans:
            evidence[at] = _NO_EVIDENCE
            continue
        (start, end), others = (spans[0], ()) if len(spans) == 1 else _choose(spans, neighbourhood.middle(at))
        evidence[at] = Evidence(
            quote=text[start:end],
            start=start,
            end=end,
            page=pages[bisect_right(page_starts, start)].number if page_starts else pages[0].number,
            match=match,
            score=_SCORES[match],
            alternatives=others,
        )
    return evidence


class _Leaves:
    """The scalars of a record that are not null, in its order."""

    def __init__(self, record: Json) -> None:
        #: Pointer of each.
        self.pointers: list[str] = []
        #: Value of each.
        self.values: list[Json] = []
        #: Container -> first of the leaves below it, and the one after the last: they stand side by side.
        self.ranges: dict[str, tuple[int, int]] = {}
        if isinstance(record, (dict, list)):
            self._gather(record, "")
        elif record is not None:
            self.pointers, self.values = [""], [record]

    def _gather(self, container: dict[str, Json] | list[Json], at: str) -> None:
        first = len(self.values)
        members: Iterable[tuple[str | int, Json]] = (
            container.items() if isinstance(container, dict) else enumerate(container)
        )
        for key, member in members:
            if member is None:
                continue
            member_at = f"{at}/{key}" if isinstance(key, int) or key.isidentifier() else at + jsontext.pointer(key)
            if isinstance(member, (dict, list)):
                self._gather(member, member_at)
            else:
                self.pointers.append(member_at)
                self.values.append(member)
        self.ranges[at] = (first, len(self.values))


class _Neighbourhood:
    """Where the values around a pointer stand, by those of them that stand in one place only."""

    def __init__(self, leaves: _Leaves, hits: list[Hits]) -> None:
        self._ranges = leaves.ranges
        self._hits = hits
        self._middles: dict[str, int | None] = {}

    def middle(self, at: str) -> int:
        """Return the median start of the nearest neighbours that are certain; 0 when none is."""
        for ancestor in _ancestors(at):
            if ancestor not in self._middles:
                self._middles[ancestor] = self._middle_of(ancestor)
            middle = self._middles[ancestor]
            if middle is not None:
                return middle
        return 0

    def _middle_of(self, container: str) -> int | None:
        """Return the median start of what is certain in `container`, None when nothing is."""
        starts = [spans[0][0] for _, spans in self._hits[slice(*self._ranges[container])] if len(spans) == 1]
        return median_low(starts) if starts else None


def _ancestors(at: str) -> Iterator[str]:
    """Yield the pointers above `at`, the nearest first."""
    while at:
        at = at.rpartition("/")[0]
        yield at


def _choose(spans: list[Span], middle: int) -> tuple[Span, tuple[Span, ...]]:
    """Return the span nearest to `middle`, and the others round it."""
    after = bisect_left(spans, (middle, 0))
    nearest = min(range(max(after - 1, 0), min(after + 1, len(spans))), key=lambda index: abs(spans[index][0] - middle))
    first = max(min(nearest - MAX_ALTERNATIVES // 2, len(spans) - 1 - MAX_ALTERNATIVES), 0)
    around = range(first, min(first + MAX_ALTERNATIVES + 1, len(spans)))
    return spans[nearest], tuple(spans[index] for index in around if index != nearest)

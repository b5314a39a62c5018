"""The passage of every value: where in the document each leaf of a record stands."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from functools import cached_property
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
    searcher = Searcher(document.text)
    hits = {at: searcher.find(value) for at, value in _scalars(record)}
    neighbourhood = _Neighbourhood(hits)
    page_starts = [page.start for page in document.pages[1:]]
    evidence: dict[str, Evidence] = {}
    for at, (match, spans) in hits.items():
        if not spans:
            evidence[at] = _NO_EVIDENCE
            continue
        (start, end), others = (spans[0], ()) if len(spans) == 1 else _choose(spans, neighbourhood.middle(at))
        evidence[at] = Evidence(
            quote=document.text[start:end],
            start=start,
            end=end,
            page=document.pages[bisect_right(page_starts, start)].number,
            match=match,
            score=_SCORES[match],
            alternatives=others,
        )
    return evidence


def _scalars(value: Json, at: str = "") -> Iterator[tuple[str, Json]]:
    """Yield pointer and value of each leaf that is not null; an empty container holds none."""
    members: Iterable[tuple[str | int, Json]]
    if isinstance(value, dict):
        members = value.items()
    elif isinstance(value, list):
        members = enumerate(value)
    else:
        members = ()
        if value is not None:
            yield at, value
    for key, member in members:
        member_at = f"{at}/{key}" if isinstance(key, int) or key.isidentifier() else at + jsontext.pointer(key)
        if isinstance(member, (dict, list)):
            yield from _scalars(member, member_at)
        elif member is not None:
            yield member_at, member


class _Neighbourhood:
    """Where the values around a pointer stand, by those of them that stand in one place only."""

    def __init__(self, hits: dict[str, Hits]) -> None:
        self._hits = hits
        self._middles: dict[str, int] = {}

    @cached_property
    def _starts(self) -> dict[str, list[int]]:
        """Certain starts below each container, by its pointer."""
        by_parent: defaultdict[str, list[int]] = defaultdict(list)
        for at, (_, spans) in self._hits.items():
            if len(spans) == 1:
                by_parent[at.rpartition("/")[0]].append(spans[0][0])
        starts: defaultdict[str, list[int]] = defaultdict(list)
        for parent, certain in by_parent.items():
            starts[parent] += certain
            for ancestor in _ancestors(parent):
                starts[ancestor] += certain
        return starts

    def middle(self, at: str) -> int:
        """Return the median start of the nearest neighbours that are certain; 0 when none is."""
        for ancestor in _ancestors(at):
            if ancestor in self._starts:
                if ancestor not in self._middles:
                    self._middles[ancestor] = median_low(self._starts[ancestor])
                return self._middles[ancestor]
        return 0


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

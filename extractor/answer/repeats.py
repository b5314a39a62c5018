"""Which items of a list stand in the answers about two windows because both windows hold their place.

Equal items are not told apart by their values: a document may well state the same row twice. So places are counted.
An item is taken for a repeat only where the places outside the overlap are too few for all that were stated, on either
side, so that one of each side has to stand in the overlap.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from extractor import jsontext
from extractor.answer.grounding import MAX_ALTERNATIVES
from extractor.answer.parts import same, spans_of
from extractor.answer.searching import Searcher

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from extractor.answer.parts import Part, Piece
    from extractor.records import Json

_Span: TypeAlias = tuple[int, int]

#: How much further apart than where they stand closest the values of an item may stand elsewhere, as a factor and in
#: characters. Wide on purpose: a place too many keeps an item twice, a place too few could lose one.
WIDER: Final = 4
FURTHER: Final = 200


@dataclass(slots=True)
class _Known:
    """Items of one value that are kept."""

    #: Each item -> the lists that state it.
    holders: list[set[int]] = field(default_factory=list)
    #: One such item of each list that states any.
    pieces: dict[int, Piece] = field(default_factory=dict)

    def add(self, order: int, piece: Piece, *, repeated: int, new: int, overlapping: Collection[int]) -> None:
        """Note that a list states `repeated` of those that overlapping lists state, and `new` ones."""
        shared = [holders for holders in self.holders if not holders.isdisjoint(overlapping)]
        for holders in shared[len(shared) - repeated :]:
            holders.add(order)
        self.holders += [{order} for _ in range(new)]
        self.pieces[order] = piece


class Repeats:
    """Joins lists of several windows, and looks values up in the windows where it has to."""

    def __init__(self) -> None:
        #: Start and end of a window -> what finds values in its text.
        self._searchers: dict[_Span, Searcher] = {}

    def joined(self, lists: Sequence[Piece]) -> list[Piece]:
        """Return the items of lists, which are in the order of the document, without repeats."""
        overlapping = [
            [earlier for earlier in range(order) if _overlap(lists[earlier].part, piece.part)]
            for order, piece in enumerate(lists)
        ]
        if not any(overlapping):
            return [item for piece in lists for item in piece.items()]
        known: dict[bytes, _Known] = defaultdict(_Known)
        kept: list[Piece] = []
        for order, piece in enumerate(lists):
            items = piece.items()
            equal: dict[bytes, list[int]] = defaultdict(list)
            for index, item in enumerate(items):
                equal[same(item.value)].append(index)
            left_out: set[int] = set()
            for key, indexes in equal.items():
                item, stated = items[indexes[0]], len(indexes)
                repeated = self._repeated(known[key], item, stated=stated, overlapping=overlapping[order])
                known[key].add(order, item, repeated=repeated, new=stated - repeated, overlapping=overlapping[order])
                left_out.update(indexes[:repeated])
            kept += [item for index, item in enumerate(items) if index not in left_out]
        return kept

    def _repeated(self, known: _Known, item: Piece, *, stated: int, overlapping: Collection[int]) -> int:
        """Return how many of equal items, `stated` by one list, earlier lists whose windows overlap state as well."""
        hosts = [known.pieces[order] for order in overlapping if order in known.pieces]
        if not hosts:
            return 0
        kept = sum(not holders.isdisjoint(overlapping) for holders in known.holders)
        places = self._places([*hosts, item])
        there = {place for place in places if any(host.reads(*place) for host in hosts)}
        here = {place for place in places if item.reads(*place)}
        return max(0, min(len(there & here), kept - len(there - here), stated - len(here - there)))

    def _places(self, pieces: Sequence[Piece]) -> list[_Span]:
        """Return where an item may stand in the windows of pieces that all have its value.

        Those are the places of its rarest value, as far as the other values stand about as close there as anywhere.
        """
        spans: dict[str, set[_Span]] = defaultdict(set)
        for piece in pieces:
            for below, leaf in jsontext.leaves(piece.value):
                spans[below].update(self._spans(piece, piece.at + below, leaf))
        located = sorted((sorted(found) for found in spans.values() if found), key=len)
        if not located:
            return []
        apart = [max((_distance(place, other) for other in located[1:]), default=0) for place in located[0]]
        furthest = max(min(apart) * WIDER, min(apart) + FURTHER)
        return [place for place, distance in zip(located[0], apart, strict=True) if distance <= furthest]

    def _spans(self, piece: Piece, at: str, leaf: Json) -> list[_Span]:
        """Return every place of a scalar in the window that was read, also where its evidence names only some."""
        evidence = piece.part.evidence.get(at)
        if evidence is not None and len(evidence.alternatives) < MAX_ALTERNATIVES:
            return [span for span in spans_of(evidence) if piece.reads(*span)]
        if isinstance(leaf, (dict, list)):
            return []
        window = piece.part.window
        searcher = self._searchers.setdefault((window.start, window.end), Searcher(window.text))
        return [(start + window.start, end + window.start) for start, end in searcher.find(leaf).spans]


def _overlap(one: Part, other: Part) -> bool:
    return one.window.start < other.window.end and other.window.start < one.window.end


def _distance(place: _Span, others: list[_Span]) -> int:
    """Return how far the nearest of other places starts from this one. They are in order."""
    after = bisect_left(others, place)
    return min(abs(other[0] - place[0]) for other in others[max(after - 1, 0) : after + 1])

"""Which items of a list stand in the answers about two windows because both windows hold their place.

Equal items are not told apart by their values, for a document may well state the same row twice, nor by their
evidence, which is the same for equal values. So places are counted. Of what each side states, as many have to stand in
the overlap as there are no places for elsewhere; and of these, as many are repeats as the overlap has no second place
for. An item that stands at a place of its own is kept, then, even where every window has missed some.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from extractor import jsontext
from extractor.answer.grounding import MAX_ALTERNATIVES
from extractor.answer.occurring import occurrences
from extractor.answer.parts import same, spans_of, stated_only
from extractor.answer.searching import Searcher

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from extractor.answer.occurring import Span
    from extractor.answer.parts import Part, Piece
    from extractor.records import Json


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
        self._searchers: dict[Span, Searcher] = {}

    def joined(self, lists: Sequence[Piece]) -> list[Piece]:
        """Return the items of lists, which are in the order of the document, without repeats."""
        overlapping = [
            [earlier for earlier in range(order) if _overlap(lists[earlier].part, piece.part)]
            for order, piece in enumerate(lists)
        ]
        items = [piece.items() for piece in lists]
        if not any(overlapping):
            return [*chain.from_iterable(items)]
        kept: list[Piece] = []
        known: dict[bytes, _Known] = defaultdict(_Known)
        for order, equal in enumerate(_in_several(items)):
            left_out: set[int] = set()
            for key, indexes in equal.items():
                item, stated = items[order][indexes[0]], len(indexes)
                repeated = self._repeated(known[key], item, stated=stated, overlapping=overlapping[order])
                known[key].add(order, item, repeated=repeated, new=stated - repeated, overlapping=overlapping[order])
                left_out.update(indexes[:repeated])
            kept += [item for index, item in enumerate(items[order]) if index not in left_out]
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
        shared = len(there & here)
        kept_in_overlap = min(kept - len(there - here), shared)
        stated_in_overlap = min(stated - len(here - there), shared)
        return max(0, kept_in_overlap + stated_in_overlap - shared)

    def _places(self, pieces: Sequence[Piece]) -> list[Span]:
        """Return where an item may stand in the windows of pieces that all have its value."""
        places: dict[str, set[Span]] = defaultdict(set)
        for piece in pieces:
            for below, leaf in jsontext.leaves(piece.value):
                places[below].update(self._spans(piece, piece.at + below, leaf))
        return occurrences([*places.values()], [piece.part.window for piece in pieces])

    def _spans(self, piece: Piece, at: str, leaf: Json) -> list[Span]:
        """Return every place of a scalar in the window that was read, also where its evidence names only some."""
        evidence = piece.part.evidence.get(at)
        if evidence is not None and len(evidence.alternatives) < MAX_ALTERNATIVES:
            return [span for span in spans_of(evidence) if piece.reads(*span)]
        if isinstance(leaf, (dict, list)):
            return []
        window = piece.part.window
        searcher = self._searchers.setdefault((window.start, window.end), Searcher(window.text))
        return [(start + window.start, end + window.start) for start, end in searcher.find(leaf).spans]


def _in_several(lists: Sequence[Sequence[Piece]]) -> list[dict[bytes, list[int]]]:
    """Return for each list the indexes of its items by their value, of values that other lists state as well."""
    found: list[dict[bytes, list[int]]] = []
    for items in lists:
        equal: dict[bytes, list[int]] = defaultdict(list)
        for index, item in enumerate(items):
            equal[same(stated_only(item.value))].append(index)
        found.append(equal)
    times = Counter(chain.from_iterable(found))
    return [{key: indexes for key, indexes in equal.items() if times[key] > 1} for equal in found]


def _overlap(one: Part, other: Part) -> bool:
    return one.window.start < other.window.end and other.window.start < one.window.end

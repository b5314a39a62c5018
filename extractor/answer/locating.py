"""Where a document tells about a place of a record: by the value there, its neighbours, and the words of its name."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Final

from extractor import jsontext
from extractor.answer.labelled import Labelled
from extractor.answer.lines import REACH
from extractor.answer.searching import Searcher

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from extractor.answer.lines import Lines
    from extractor.answer.printed import Span
    from extractor.records import Evidence, Json

#: Values beside a place that are looked up, and of these the ones whose lines are taken.
MOST_BESIDE: Final = 12
MOST_NEIGHBOURS: Final = 3
#: Values below a place that are looked up.
MOST_BELOW: Final = 2_000
#: Places of a name that are taken.
MOST_NAMED: Final = 3
#: How much more room a list or an object has than a single value, and one whose value stands nowhere.
ROOM: Final = 3
DOUBT: Final = 2
#: Lines, and characters of long ones, on each side of what is known of a value that stands nowhere.
WIDE: Final = 4
FAR: Final = 500
#: Characters of a text whose words are looked up, and places beyond which a word tells nothing.
LONGEST: Final = 200
MOST_ALIKE: Final = 20
#: Characters between the items on both sides of one that is not found.
TOGETHER: Final = 2_000

_SOLID: Final = re.compile(r"\d+|\w{3,}")


class Locator:
    """Finds where one document tells about places of one record."""

    def __init__(self, record: Json, evidence: Mapping[str, Evidence], lines: Lines) -> None:
        self._record = record
        self._evidence = evidence
        self._lines = lines
        self._text = lines.text
        self._labelled = Labelled(lines.text)

    def around(self, at: str, *, most: int) -> list[Span]:
        """Return the spans that tell about a place, of `most` characters together or little more; none if unknown.

        Where the value itself stands nowhere, more is shown round what is known.
        """
        value = _value_at(self._record, at)
        found = self._around_container(at, value, most=most * ROOM) if isinstance(value, dict | list) else []
        if found or isinstance(value, list):
            return found
        beside = self._neighbours(at)
        near = next(iter(beside), None)
        own = self._place_of(at, value, near=near)
        if own is not None:
            return self._gathered([own, *beside, *self._named(at, near=own)], most=most)
        like = self._place_like(value, near=near)
        if like is not None:
            near, beside = like, [like, *beside]
        elif at.count("/") == 1 or not self._stand_together(beside):  # they do not tell where this one stands
            named = self._named(at, near=None)
            return self._gathered([*named, *beside], most=most, lines=WIDE, reach=FAR) if named else []
        return self._gathered([*beside, *self._named(at, near=near)], most=most * DOUBT, lines=WIDE, reach=FAR)

    def _stand_together(self, places: Sequence[Span]) -> bool:
        """Whether values that belong together are printed together: in a row, or a few in one passage."""
        if len({self._lines.number_at(start) for start, _ in places}) == 1:
            return self._lines.is_row(self._lines.number_at(places[0][0])) or len(places) > 1
        return len(places) > 1 and max(places)[1] - min(places)[0] <= TOGETHER

    def _around_container(self, at: str, value: Json, *, most: int) -> list[Span]:
        """Return all of a list, with the lines that it may go on in; of an object too spread out, each value's line."""
        below = [place for place in self._below(at, value) if place]
        if not below:
            return []
        start, end = self._lines.block((min(below)[0], max(place[1] for place in below)))
        if end - start <= most:
            heading = self._lines.heading_of(self._lines.number_at(start))
            return [(start, end), *([heading] if heading else [])]
        return [] if isinstance(value, list) else self._gathered(below, most=most)

    def _below(self, at: str, value: Json) -> Iterator[Span | None]:
        for count, (leaf, scalar) in enumerate(jsontext.leaves(value, at)):
            if count >= MOST_BELOW:
                return
            yield self._place_of(leaf, scalar)

    def _gathered(self, anchors: Iterable[Span], *, most: int, lines: int = 1, reach: int = REACH) -> list[Span]:
        """Return lines round the places, the first ones first, each with header and heading, while there is room."""
        known = self._lines
        spans: list[Span] = []
        left = most
        for place in anchors:
            if any(start <= place[0] and place[1] <= end for start, end in spans):
                continue
            number = known.number_at(place[0])
            around = known.around(place, lines=1 if known.is_row(number) else lines, reach=reach)
            for span in (around, known.header_of(number), known.heading_of(number)):
                if span is not None and span not in spans and (not spans or span[1] - span[0] <= left):
                    spans.append(span)
                    left -= span[1] - span[0]
        return spans

    def _neighbours(self, at: str) -> list[Span]:
        """Return where the values nearest to a place in its record stand: of its object, else of its item around it."""
        above = at
        while above:
            inner, above = above, above.rpartition("/")[0]
            found = self._beside(_value_at(self._record, above), above, inner)
            if found:
                return found
            if inner.rpartition("/")[2].isdecimal() and isinstance(_value_at(self._record, above), list):
                return self._next_items(_value_at(self._record, above), above, inner)
        return []

    def _beside(self, holder: Json, above: str, inner: str) -> list[Span]:
        """Return where the scalars of an object stand that are nearest to a member; certain ones, if there are any."""
        if not isinstance(holder, dict):
            return []
        names = [above + jsontext.pointer(name) for name in holder]
        middle = names.index(inner) if inner in names else len(names)
        near = sorted(
            zip(names, holder.values(), range(len(names)), strict=True), key=lambda each: abs(each[2] - middle)
        )
        known = [(name, value) for name, value, _ in near[: 2 * MOST_BESIDE] if name != inner and _is_scalar(value)]
        places = [
            (self._is_certain(name, value), place)
            for name, value in known[:MOST_BESIDE]
            if (place := self._place_of(name, value))
        ]
        certain = [place for is_certain, place in places if is_certain]
        return (certain or [place for _, place in places])[:MOST_NEIGHBOURS]

    def _next_items(self, items: Json, above: str, inner: str) -> list[Span]:
        """Return the text from the item before one to the item after it, nothing if they are far apart."""
        if not isinstance(items, list):
            return []
        index = int(inner.rpartition("/")[2])
        around = (number for number in (index - 1, index + 1) if 0 <= number < len(items))
        places = [next(filter(None, self._below(above + jsontext.pointer(at), items[at])), None) for at in around]
        found = [place for place in places if place]
        if not found or max(found)[1] - min(found)[0] > TOGETHER:
            return []
        return found

    def _place_of(self, at: str, value: Json, *, near: Span | None = None) -> Span | None:
        """Return where a scalar stands, None where that is not known; of places looked up here, the nearest one."""
        if value is None or isinstance(value, bool | dict | list):
            return None
        known = self._evidence.get(at)
        if known is not None:
            return None if known.start is None or known.end is None else (known.start, known.end)
        middle = near[0] if near else 0
        return min(self._searcher.find(value).spans, key=lambda span: abs(span[0] - middle), default=None)

    def _place_like(self, value: Json, *, near: Span | None) -> Span | None:
        """Return where most words of a text stand together, which does not stand anywhere as it is."""
        if not isinstance(value, str):
            return None
        words = dict.fromkeys(word.lower() for word in _SOLID.findall(value[:LONGEST]))
        places = {word: found for word in words if 0 < len(found := self._labelled.places((word,))) <= MOST_ALIKE}
        if not places:
            return None
        starts = [{span[0] // REACH for span in found} for found in places.values()]
        middle = near[0] if near else 0

        def rank(span: Span) -> tuple[int, int]:
            tile = span[0] // REACH
            return -sum(not tiles.isdisjoint({tile - 1, tile, tile + 1}) for tiles in starts), abs(span[0] - middle)

        return min((span for found in places.values() for span in found), key=rank)

    def _is_certain(self, at: str, value: Json) -> bool:
        """Whether a value stands in one place only."""
        known = self._evidence.get(at)
        return not known.alternatives if known is not None else len(self._searcher.find(value).spans) == 1

    @cached_property
    def _searcher(self) -> Searcher:
        return Searcher(self._text)

    def _named(self, at: str, *, near: Span | None) -> list[Span]:
        """Return where the name of a place stands: nearest to what is known, else where it is printed as a label."""
        found = self._labelled.named(at)
        if near is not None:
            return [min(found, key=lambda span: abs(span[0] - near[0]))] if found else []
        return [span for span in found if self._lines.says_label(span)][:MOST_NAMED]


def _is_scalar(value: Json) -> bool:
    return value is not None and not isinstance(value, dict | list)


def _value_at(record: Json, at: str) -> Json:
    """Return the value at a place, None where there is no such place."""
    for token in jsontext.tokens(at):
        if isinstance(record, dict):
            record = record.get(token)
        elif isinstance(record, list) and token.isdecimal() and len(token) < 10 and int(token) < len(record):  # noqa: PLR2004
            record = record[int(token)]
        else:
            return None
    return record

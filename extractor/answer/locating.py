"""Where a document tells about a place of a record: by the value there, its neighbours, and the words of its name."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Final

from extractor import jsontext
from extractor.answer.searching import Searcher

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from extractor.answer.lines import Lines
    from extractor.answer.printed import Span
    from extractor.records import Evidence, Json

#: Values beside a place that are looked up, and of these the ones whose lines are taken.
MOST_BESIDE: Final = 12
MOST_NEIGHBOURS: Final = 3
#: Values below a place that are looked up.
MOST_BELOW: Final = 2_000
#: Places of a name that are looked at, and of these the ones that are taken.
MOST_LABELS: Final = 200
MOST_NAMED: Final = 3
#: How much more room a list or an object has than a single value.
ROOM: Final = 3

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+")


class Locator:
    """Finds where one document tells about places of one record."""

    def __init__(self, record: Json, evidence: Mapping[str, Evidence], lines: Lines) -> None:
        self._record = record
        self._evidence = evidence
        self._lines = lines
        self._text = lines.text

    def around(self, at: str, *, most: int) -> list[Span]:
        """Return the spans that tell about a place, of `most` characters together or little more; none if unknown."""
        value = _value_at(self._record, at)
        if isinstance(value, dict | list) and value:
            return self._around_container(at, value, most=most * ROOM)
        own = self._place_of(at, value)
        beside = self._neighbours(at)
        named = self._named(at, near=own or next(iter(beside), None))
        if own is None and not named and at.count("/") == 1:
            return []  # members of the whole record stand anywhere: they do not tell where this one does
        return self._gathered([*([own] if own else []), *beside, *named], most=most)

    def _around_container(self, at: str, value: Json, *, most: int) -> list[Span]:
        """Return all from the first to the last value below a place; of an object too spread out, each value's line."""
        below = [place for place in self._below(at, value) if place]
        if not below:
            return self._gathered(self._named(at, near=None), most=most)
        start, end = self._lines.around((min(below)[0], max(place[1] for place in below)), lines=2)
        if end - start <= most:
            heading = self._lines.heading_of(self._lines.number_at(start))
            return [(start, end), *([heading] if heading else [])]
        return [] if isinstance(value, list) else self._gathered(below, most=most)

    def _below(self, at: str, value: Json) -> Iterator[Span | None]:
        for count, (leaf, scalar) in enumerate(jsontext.leaves(value, at)):
            if count >= MOST_BELOW:
                return
            yield self._place_of(leaf, scalar)

    def _gathered(self, anchors: Iterable[Span], *, most: int) -> list[Span]:
        """Return lines round the places, the first ones first, each with header and heading, while there is room."""
        lines = self._lines
        spans: list[Span] = []
        left = most
        for place in anchors:
            if any(start <= place[0] and place[1] <= end for start, end in spans):
                continue
            number = lines.number_at(place[0])
            for span in (lines.around(place, lines=1), lines.header_of(number), lines.heading_of(number)):
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
        """Return where the scalars of an object stand that are nearest to one of its members, certain ones first."""
        if not isinstance(holder, dict):
            return []
        names = [above + jsontext.pointer(name) for name in holder]
        middle = names.index(inner) if inner in names else len(names)
        order = sorted(range(len(names)), key=lambda place: abs(place - middle))
        near = [(names[place], value) for place in order if _is_scalar(value := list(holder.values())[place])]
        places = [
            (self._is_certain(name, value), place)
            for name, value in near[:MOST_BESIDE]
            if name != inner and (place := self._place_of(name, value))
        ]
        return [place for _, place in sorted(places, key=lambda found: not found[0])][:MOST_NEIGHBOURS]

    def _next_items(self, items: Json, above: str, inner: str) -> list[Span]:
        """Return where the items before and after one stand."""
        index = int(inner.rpartition("/")[2])
        found: list[Span] = []
        for beside in (index - 1, index + 1):
            if isinstance(items, list) and 0 <= beside < len(items):
                places = [place for place in self._below(above + jsontext.pointer(beside), items[beside]) if place]
                found += places[:1]
        return found

    def _place_of(self, at: str, value: Json) -> Span | None:
        """Return where a scalar stands, None where that is not known."""
        if value is None or isinstance(value, bool | dict | list):
            return None
        known = self._evidence.get(at)
        if known is not None:
            return None if known.start is None or known.end is None else (known.start, known.end)
        return next(iter(self._searcher.find(value).spans), None)

    def _is_certain(self, at: str, value: Json) -> bool:
        """Whether a value stands in one place only."""
        known = self._evidence.get(at)
        return not known.alternatives if known is not None else len(self._searcher.find(value).spans) == 1

    @cached_property
    def _searcher(self) -> Searcher:
        return Searcher(self._text)

    def _named(self, at: str, *, near: Span | None) -> list[Span]:
        """Return where the words of a place's name stand: nearest to what is known, else at the start of lines."""
        names = [words for token in jsontext.tokens(at) if not token.isdecimal() and (words := _WORD.findall(token))]
        for wanted in ([word for words in names[-2:] for word in words], *names[:-3:-1]):
            found = self._labels(wanted)
            if found and near is not None:
                return [min(found, key=lambda span: abs(span[0] - near[0]))]
            if found:
                return sorted(found, key=self._is_inside_line)[:MOST_NAMED]
        return []

    def _labels(self, wanted: list[str]) -> list[Span]:
        if not wanted:
            return []
        pattern = re.compile(r"(?<!\w)" + r"[\s_./-]{0,2}".join(map(re.escape, wanted)) + r"(?!\w)", re.IGNORECASE)
        found = pattern.finditer(self._text)
        return [match.span() for match, _ in zip(found, range(MOST_LABELS), strict=False)]

    def _is_inside_line(self, span: Span) -> bool:
        return bool(self._text[self._lines.span(self._lines.number_at(span[0]))[0] : span[0]].strip(" |#*-"))


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

"""Where a value stands in a text: as it is, folded, or as another spelling of the same number or day."""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from extractor.answer import printed
from extractor.answer.folding import UNSPACED, FoldedText, fold
from extractor.answer.printed import PrintedDates, PrintedNumbers

if TYPE_CHECKING:
    from collections.abc import Callable

    from extractor.answer.printed import Span
    from extractor.records import Json

#: Places of one value that are looked at, at most. A value that stands at more has no place of its own.
MAX_PLACES = 20_000
#: Places looked at for one record, about 0.5 s. Text made to match everywhere costs this and no more.
MAX_LOOKS = 500_000
#: Places that each value is granted even then.
MIN_PLACES = 16

_UNSPACED = re.compile(f"[{UNSPACED}]")
_NUMERIC = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?")
_GAPS = frozenset(" \n\t")


class Hits(NamedTuple):
    """The places of a value."""

    #: `exact`, `normalised` or `none`.
    match: str
    #: Start and end offset of each, in order.
    spans: list[Span]


NOWHERE = Hits("none", [])


class Searcher:
    """Finds values in one text, and remembers what it has found or built."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._found: dict[tuple[type, Json], Hits] = {}
        self._looks = MAX_LOOKS

    def find(self, value: Json) -> Hits:
        """Return where a scalar stands. A boolean stands nowhere: what is printed is its reason, not its value."""
        key = (type(value), value)
        hits = self._found.get(key)
        if hits is None:
            if isinstance(value, str):
                hits = self._search_text(value)
            else:
                hits = NOWHERE if value is None or isinstance(value, bool) else self._search_number(value)
            self._found[key] = hits
        return hits

    def _search_text(self, value: str) -> Hits:
        if not _has_substance(value):
            return NOWHERE
        spans = self._places(self._text, value, _is_whole_word)
        if spans:
            return Hits("exact", spans)
        spans = self._dates.of_day(value) if printed.is_iso_date(value) else []
        spans = spans or self._folded_places(fold(value))
        if not spans and len(value) <= printed.MAX_DIGITS and _NUMERIC.fullmatch(value):
            spans = self._numbers.of_value(printed.number_of(value))
        return Hits("normalised", spans) if spans else NOWHERE

    def _search_number(self, value: float) -> Hits:
        spans = self._numbers.of_value(value)
        if not spans:
            return NOWHERE
        exact = self._numbers.printed_as(repr(value), spans)
        return Hits("exact", exact) if exact else Hits("normalised", spans)

    def _folded_places(self, value: str) -> list[Span]:
        if not value:
            return []
        folded = self._folded

        def is_whole(_text: str, start: int, end: int) -> bool:
            span = folded.span(start, end)
            return span is not None and _is_whole_word(self._text, *span)

        return [folded.span(*place) or place for place in self._places(folded.text, value, is_whole)]

    def _places(self, text: str, value: str, is_whole: Callable[[str, int, int], bool]) -> list[Span]:
        """Return where `value` stands in `text` as a whole, as far as there are looks left."""
        length = len(value)
        spans: list[Span] = []
        looks_left = max(MIN_PLACES, min(MAX_PLACES, self._looks))
        start = text.find(value)
        while start >= 0 and looks_left:
            looks_left -= 1
            self._looks -= 1
            if is_whole(text, start, start + length):
                spans.append((start, start + length))
            start = text.find(value, start + 1)
        return spans

    @cached_property
    def _folded(self) -> FoldedText:
        return FoldedText(self._text)

    @cached_property
    def _numbers(self) -> PrintedNumbers:
        return PrintedNumbers(self._text)

    @cached_property
    def _dates(self) -> PrintedDates:
        return PrintedDates(self._text)


def _has_substance(value: str) -> bool:
    """Whether there is anything to find: a dash or a dot stands everywhere and means nothing."""
    return value[:1].isalnum() or any(letter.isalnum() or unicodedata.category(letter)[0] == "S" for letter in value)


def _is_whole_word(text: str, start: int, end: int) -> bool:
    """Whether neither a word nor a number goes on beyond the ends of `text[start:end]`."""
    if start and text[start - 1] not in _GAPS and _goes_on(text[start - 1], text[start], text[start - 2 : start - 1]):
        return False
    if end == len(text) or text[end] in _GAPS:
        return True
    return not _goes_on(text[end], text[end - 1], text[end + 1 : end + 2])


def _goes_on(outer: str, inner: str, beyond: str) -> bool:
    """Whether `outer`, just outside a match, belongs to the same word or number as `inner`, just inside."""
    if outer.isalnum():
        return inner.isalnum() and not (_UNSPACED.match(outer) or _UNSPACED.match(inner))
    if outer in printed.SEPARATORS:
        return inner.isdigit() and beyond.isdigit()
    return unicodedata.combining(outer) > 0

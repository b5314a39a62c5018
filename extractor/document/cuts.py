"""Where a text is cut: at a page, a heading, a blank line, between rows or items, at a sentence; else at white space.

Never inside a row of a table, unless the row alone is more than may stand together.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from extractor.document.outline import Outline

_PAGE = re.compile(r"\f")
_BLANK = re.compile(r"\n(?:[ \t]*\n)+")
_LINE = re.compile(r"[\n\f]")
#: What stands before an item of a list.
_ITEM = re.compile(r"[\n\f](?=[ \t]*+(?:[-*+\u2022\u25cf\u25aa\u25e6\u2023\u2013]|\(?\w{1,3}[.)])[ \t]+\S)")
#: The end of a sentence and what begins the next: no abbreviation of a letter or two before, no figure behind.
_SENTENCE = re.compile(
    r"[.!?\u2026\u3002\uff01\uff1f](?:(?<=[^\W\d_]{3}[.!?\u2026])[\"')\]\u201d\u2019\u00bb]?\s+(?=[^\w\s]?[^\W\d_])"
    r"|(?<=[\u3002\uff01\uff1f])(?![\u300d\u300f\uff09]))"
)
_SPACE = re.compile(r"\s+")
#: What is read first, an opening mark left out.
_FIRST = re.compile(r"\s{0,40}+[^\w\s]?([^\W\d_])")
#: Parts of the way from where a window begins to where it should end in which the end is looked for, nearest first.
REACHES = (8, 2)
#: Places of one kind that are looked at for one cut at most: a text that has more and none is good is no document.
MOST_PLACES = 2_000


class Kind(IntEnum):
    """What a text is cut at, best first."""

    PAGE = 1
    HEADING = 2
    BLANK = 3
    ROW = 4
    SENTENCE = 5
    LINE = 6
    SPACE = 7
    NOTHING = 8


_PATTERNS = {
    Kind.PAGE: _PAGE,
    Kind.BLANK: _BLANK,
    Kind.ROW: _ITEM,
    Kind.SENTENCE: _SENTENCE,
    Kind.LINE: _LINE,
    Kind.SPACE: _SPACE,
}


class Range(NamedTuple):
    """Offsets that a cut may lie at."""

    #: The least.
    low: int
    #: Where it is best.
    ideal: int
    #: The greatest.
    high: int


class Cut(NamedTuple):
    """One place where a text is cut."""

    #: Offset of the first code point behind it.
    at: int
    #: What is there.
    kind: Kind


def best_cut(outline: Outline, within: Range) -> Cut:
    """Return the best place near the ideal one, else the best in all of the range."""
    low, ideal, high = within
    for kind in tuple(Kind)[:-1]:
        for reach in REACHES:
            near = Range(max(low, ideal - (ideal - low) // reach), ideal, min(high, ideal + (ideal - low) // reach))
            for at in _closest(_places(outline, kind, near), ideal):
                if not (outline.is_in_row(at) or outline.parts_head(at)):
                    return Cut(at, kind)
    for kind in Kind:
        for at in _closest(_places(outline, kind, within), ideal):
            if not outline.is_in_row(at):
                return Cut(at, kind)
    return _inside_row(outline.text, within)


def repeated_from(outline: Outline, within: Range, end: int) -> int:
    """Return where to begin so that the prose before `end` is read again; `end` when what stands there is no prose."""
    text = outline.text
    low = max([within.low, *_ends(_PAGE, text, within), *_ends(_BLANK, text, within)])
    low = max([low, *outline.headings_between(low, end - 1)])
    if low > within.low and outline.table_at(low) is None:
        return low
    for pattern in (_SENTENCE, _SPACE):
        for at in _ends(pattern, text, Range(low, low, within.high)):
            if outline.table_at(at) is None:
                return at
    return end


def _inside_row(text: str, within: Range) -> Cut:
    """Return a place inside a row that is too long to stand together: between two lines of it, or at white space."""
    for pattern in (_LINE, _SPACE):
        if ends := _ends(pattern, text, within):
            return Cut(_closest(ends, within.ideal)[0], Kind.NOTHING)
    return Cut(within.high, Kind.NOTHING)


def _closest(places: Iterable[int], ideal: int) -> list[int]:
    return sorted(places, key=lambda at: (abs(at - ideal), at))[:MOST_PLACES]


def _ends(pattern: re.Pattern[str], text: str, within: Range) -> list[int]:
    found = (found.end() for found in pattern.finditer(text, max(within.low - 1, 0), within.high))
    return [end for end in found if end >= within.low]


def _places(outline: Outline, kind: Kind, within: Range) -> list[int]:
    """Return the places of one kind in a range, those inside rows included."""
    text = outline.text
    if kind is Kind.HEADING:
        return list(outline.headings_between(within.low, within.high))
    if kind is Kind.NOTHING:
        return [within.high]
    ends = _ends(_PATTERNS[kind], text, within)
    if kind in {Kind.PAGE, Kind.SENTENCE}:
        return [end for end in ends if not _goes_on(text, end)]
    if kind is Kind.ROW:
        tables = outline.tables_between(within.low, within.high)
        return ends + [end for low, high in tables for end in _ends(_LINE, text, Range(low, low, high))]
    return ends


def _goes_on(text: str, at: int) -> bool:
    """Whether the first letter behind a place is a small one, which begins no sentence."""
    letter = _FIRST.match(text, at)
    return letter is not None and letter[1].islower()

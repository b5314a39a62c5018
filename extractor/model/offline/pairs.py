"""Labels and their values, in every way in which forms print them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from extractor.model.offline.words import Words, synonyms, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extractor.model.offline.lines import Line, Segment

#: Longest label, characters and words.
LONGEST_LABEL = 60
MOST_WORDS = 8
#: Longest line that is looked at for a label without any mark between label and value.
LONGEST_FREE_LINE = 90

# How sure each form of print is that its left side is a label.
COLON = 1.0
GAP = 0.9
AMOUNT = 0.85
CLAUSE = 0.8
BELOW = 0.75
FREE = 0.55

#: A cell that holds nothing but a currency, between a label and its amount.
_CURRENCY = re.compile(r"[A-Z]{3}|[$€£¥₹]|RM")
#: The rate in the label of a tax: "VAT 20 %", "GST @6%".
_RATE = re.compile(r"[\s(@]+\d{1,2}(?:[.,]\d{1,3})?\s?%\s?\)?")
#: What a value without a mark before it must hold, to be told from more label.
_TYPED = re.compile(r"[\d@]|www\.")
_COLON = re.compile(r"([^\W\d_#][^:\n]{0,59}?|#|[A-Z]{1,4} ?#[^:\n]{0,40})\s{0,3}:(?!//)\s*(.*)")
_AMOUNT = re.compile(
    r"(.{1,60}?)[\s:=]+((?:[-(]\s?)?(?:[$€£¥₹]|[A-Z]{2,3}\$?)?\s?-?\d[\d.,'\u2019]{0,15}(?:\s?(?:[$€£%)-]|[A-Z]{3}\b))?)"
)
_CLAUSE = re.compile(
    r"(?:\d{1,2}(?:\.\d{1,2})*\.?\s+|[A-Z]\.\s+|\(\w\)\s+)?([A-Z][\w ,&/-]{2,50}?)\s?(?:\.|\u2013|\u2014| - )\s+(\S.*)"
)


@dataclass(frozen=True, slots=True)
class Pair:
    """A label and what is printed as its value."""

    #: Canonical words of the label.
    label: Words
    #: The value on the same line, "" when it can only stand below.
    value: str
    #: How sure the form of print is, 0 to 1.
    surety: float
    #: Number of the line in its scope.
    line: int
    #: The segment that holds the label, for values below it.
    column: int = 0


def pairs_of(lines: tuple[Line, ...]) -> list[Pair]:
    """Return every label with a value that `lines` may print, likely or not. Linear in the text."""
    return [pair for number, line in enumerate(lines) for pair in _pairs_of_line(line, number)]


def _pairs_of_line(line: Line, number: int) -> Iterator[Pair]:
    if line.is_blank:
        return
    yield from _colon_pairs(line, number)
    yield from _gap_pairs(line, number)
    yield from _below_pairs(line, number)
    for column, segment in enumerate(line.segments):
        if len(segment.text) > 1:
            yield from _free_pairs(segment.text, number, column)


def _colon_pairs(line: Line, number: int) -> Iterator[Pair]:
    segments = line.segments
    for column, segment in enumerate(segments):
        split = labelled(segment.text)
        if split is None:
            continue
        label, value = split
        following = segments[column + 1].text if column + 1 < len(segments) else ""
        if value:
            yield Pair(words(label), value, COLON, number, column)
        elif following and labelled(following) is None:
            yield Pair(words(label), following, COLON, number, column)
        else:
            yield Pair(words(label), "", GAP, number, column)


def labelled(text: str) -> tuple[str, str] | None:
    """Split `Label: value`; None when the text does not open with a label."""
    match = _COLON.match(text)
    if match is None or len(match[1].split()) > MOST_WORDS:
        return None
    return match[1], match[2].strip()


def _gap_pairs(line: Line, number: int) -> Iterator[Pair]:
    filled = [piece for piece in line.segments if piece.text]
    filled = filled[:1] + [piece for piece in filled[1:] if not _CURRENCY.fullmatch(piece.text)]
    if len(filled) in {2, 4}:
        for label, value in zip(filled[::2], filled[1::2], strict=True):
            if _is_label(label) and labelled(label.text) is None and not _are_headings(label.text, value.text):
                yield Pair(words(_RATE.sub("", label.text)), value.text, GAP, number, line.segments.index(label))
    elif len(filled) > 2 and _is_label(filled[-2]) and not _is_label(filled[-1]):  # noqa: PLR2004 - a totals row
        yield Pair(words(_RATE.sub("", filled[-2].text)), filled[-1].text, AMOUNT, number)


def _are_headings(left: str, right: str) -> bool:
    """Whether two cells are no label and value: `BILL TO   SHIP TO` heads columns, `No. 12   Till 3` holds values."""
    return left[-1].isdigit() or (left.isupper() and right.isupper() and bool(synonyms(words(right))))


def _is_label(segment: Segment) -> bool:
    text = segment.text
    return 0 < len(text) <= LONGEST_LABEL and text[0].isalpha() and len(text.split()) <= MOST_WORDS


def _below_pairs(line: Line, number: int) -> Iterator[Pair]:
    for column, segment in enumerate(line.segments):
        if _is_label(segment) and ":" not in segment.text:
            yield Pair(words(segment.text), "", BELOW, number, column)


def _free_pairs(text: str, number: int, column: int) -> Iterator[Pair]:
    if (clause := _CLAUSE.match(text[:4_000])) is not None:
        yield Pair(words(clause[1]), clause[2], CLAUSE, number, column)
    if len(text) > LONGEST_FREE_LINE or _TYPED.search(text) is None:
        return
    if (amount := _AMOUNT.fullmatch(text)) is not None:
        yield Pair(words(_RATE.sub("", amount[1])), amount[2], AMOUNT, number, column)
    tokens = text.split(" ")
    for length in range(1, min(4, len(tokens))):
        yield Pair(words(" ".join(tokens[:length])), " ".join(tokens[length:]), FREE, number, column)

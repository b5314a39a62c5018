"""Printed numbers, and the habits of a document that decide what an ambiguous one means."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: Characters of a document from which its habits are read.
_SAMPLE = 200_000

_DAY_FIRST = re.compile(r"\b(?:1[3-9]|2\d|3[01])[/.-](?:0?[1-9]|1[0-2])[/.-](?:\d{4}|\d{2})\b")
_MONTH_FIRST = re.compile(r"\b(?:0?[1-9]|1[0-2])[/-](?:1[3-9]|2\d|3[01])[/-](?:\d{4}|\d{2})\b")
_COMMA_CENTS = re.compile(r"\d,\d{2}(?![\d.,]\d|\d)")
_POINT_CENTS = re.compile(r"\d\.\d{2}(?![\d.,]\d|\d)")
_AMERICAN = re.compile(r"\b(?:USA|U\.S\.|United States|[A-Z]{2} \d{5})\b")

#: A number as printed: digits with one kind of group mark, at most one decimal mark, a sign or accounting brackets.
NUMBER = re.compile(
    r"(?<![\w-])(?P<minus>[-\u2212\u2013(]\s?)?(?P<mark>[$€£¥₹]\s?|[A-Z]{2,3}\s?\$?(?!-))?(?P<inner>[-\u2212])?"
    r"(?P<digits>\d{1,3}(?:(?P<group>[.,'\u2019\u00a0\u202f])\d{3}(?:(?P=group)\d{3}){0,4})(?!\d)(?:[.,]\d{1,6})?|\d{1,15}(?:[.,]\d{1,6})?)"
    r"(?P<after>\s?\)|-(?!\w))?"
)


@dataclass(frozen=True, slots=True)
class Habits:
    """How one document writes numbers and dates."""

    #: 04/05 is the fourth of May.
    day_first: bool = True
    #: 1.234 is a thousand and more, 1,5 one and a half.
    decimal_comma: bool = False


def habits_of(text: str) -> Habits:
    """Judge by what can be read one way only; where nothing can, by whether the document looks American."""
    sample = text[:_SAMPLE]
    days, months = len(_DAY_FIRST.findall(sample)), len(_MONTH_FIRST.findall(sample))
    commas, points = len(_COMMA_CENTS.findall(sample)), len(_POINT_CENTS.findall(sample))
    return Habits(
        day_first=days > months if days != months else _AMERICAN.search(sample) is None,
        decimal_comma=commas > points,
    )


def number_in(text: str, habits: Habits) -> float | None:
    """Return the first number printed in `text`, None when there is none."""
    match = NUMBER.search(text)
    if match is None:
        return None
    size = _size(match["digits"], habits)
    return -size if match["minus"] or match["inner"] or match["after"] == "-" else size


def _size(digits: str, habits: Habits) -> float:
    marks = [character for character in digits if not character.isdigit()]
    decimal = _decimal_mark(digits, marks, habits)
    plain = "".join("." if character == decimal else character for character in digits if _stays(character, decimal))
    return float(plain)


def _stays(character: str, decimal: str) -> bool:
    return character.isdigit() or character == decimal


def _decimal_mark(digits: str, marks: list[str], habits: Habits) -> str:
    """Return the character that separates the fraction, "" when there is no fraction."""
    if not marks or marks[-1] not in ".,":
        return ""
    if len(marks) > 1:
        return marks[-1] if marks[-1] != marks[0] else ""
    if len(digits) - digits.index(marks[0]) - 1 != 3 or digits.startswith("0"):  # noqa: PLR2004 - one group
        return marks[0]
    return marks[0] if (marks[0] == ",") == habits.decimal_comma else ""


def whole(value: float) -> int | float:
    """Return 3 for 3.0: JSON prints what the document prints."""
    return int(value) if value.is_integer() else value

"""The days and times that a text states, however it writes them.

Wider than `printed`, which looks for the one place of a date: here a day counts as stated where its day, month and year
stand close together in any order, such as "this 14th day of August, in the year 2007".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from extractor.answer import printed
from extractor.answer.amounts import WORDS
from extractor.answer.folding import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: A date or date-time as `format` wants it: day, then hour and minute.
ISO = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}):(\d{2})(?::\d{2}(?:\.\d+)?)?(?:[Zz]|[+-]\d{2}:\d{2})?)?")
ISO_TIME = re.compile(r"(\d{2}):(\d{2})(?::\d{2}(?:\.\d+)?)?(?:[Zz]|[+-]\d{2}:\d{2})?")
ISO_MONTH = re.compile(r"\d{4}-\d{2}")
#: Words on each side of the name of a month among which its day and year may stand.
CLOSE = 8
#: Words on each side among which a year of two digits may.
_BESIDE = 2

_MONTHS = {fold(name): number for name, number in printed.MONTHS.items()}
_JOINT = rf"(?: ?(?:[-./_\u5e74\u6708]|{fold(chr(0xB144))}|{fold(chr(0xC6D4))}) ?| )"  # year and month, also in Korean
#: At the beginning of three numbers; they overlap, because a number that is no part of a date may stand before one.
_THREE = re.compile(rf"(?<!\d)(?=(\d{{1,4}}){_JOINT}(\d{{1,2}}){_JOINT}(\d{{2,4}})(?!\d))")
_TWO = re.compile(rf"(?<![\d./-])(\d{{1,4}}){_JOINT}(\d{{2,4}})(?!\d)")
_COMPACT = re.compile(r"(?<!\d)(\d{2})(\d{2})(\d{2})(\d{2})(?!\d)")
_TIME = re.compile(r"(?<!\d)(\d{1,2}) ?[:.h] ?(\d{2})(?!\d) ?([ap])?|(?<!\d)(\d{1,2}) ?([ap])\.?m")
_YEAR_DIGITS = 4
_MOST_DAYS = 31
_MOST_MONTHS = 12


class Days:
    """The days, months and times of one folded text, and of its words."""

    def __init__(self, folded: str, words: Sequence[str]) -> None:
        self._days = {day for day in _written(folded, words) if _is_real(*day)}
        self._months = {(year, month) for year, month, _ in self._days}
        for one, other in set(_TWO.findall(folded)):
            self._months |= {(int(one), int(other)), (int(other), int(one))}
        self._months.update(_beside_months(words))
        self._times = set(_times(folded))

    def has_day(self, iso: str) -> bool:
        """Whether the day is stated."""
        year, month, day = iso.split("-")
        return (int(year), int(month), int(day)) in self._days

    def has_month(self, iso: str) -> bool:
        """Whether a month, `2025-03`, is stated together with its year."""
        year, month = iso.split("-")
        return (int(year), int(month)) in self._months

    def has_time(self, hour: str, minute: str) -> bool:
        """Whether hour and minute are stated, be it on a clock of twelve hours. Midnight may stand for no time."""
        return (int(hour), int(minute)) in self._times or (int(hour), int(minute)) == (0, 0)


def _is_real(year: int, month: int, day: int) -> bool:
    return year > 0 and 1 <= month <= _MOST_MONTHS and 1 <= day <= _MOST_DAYS


def _written(folded: str, words: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Yield every (year, month, day) that may be meant, also such as the calendar does not have."""
    for one, two, three in set(_THREE.findall(folded)):
        if len(one) == _YEAR_DIGITS:
            yield int(one), int(two), int(three)
        elif len(three) != _YEAR_DIGITS - 1:
            year = _year(three)
            yield year, int(two), int(one)
            yield year, int(one), int(two)
    for parts in set(_COMPACT.findall(folded)):
        one, two, three, four = map(int, parts)
        yield one * 100 + two, three, four
        yield three * 100 + four, two, one
        yield three * 100 + four, one, two
    for at, month in _named_months(words):
        around = words[max(at - CLOSE, 0) : at + CLOSE + 1]
        days = {day for word in around if 1 <= (day := _small_number(word)) <= _MOST_DAYS}
        for year in _years_around(words, at):
            yield from ((year, month, day) for day in days)


def _named_months(words: Sequence[str]) -> Iterator[tuple[int, int]]:
    return ((at, _MONTHS[word]) for at, word in enumerate(words) if word in _MONTHS)


def _years_around(words: Sequence[str], at: int) -> set[int]:
    far = words[max(at - CLOSE, 0) : at + CLOSE + 1]
    years = {int(word) for word in far if len(word) == _YEAR_DIGITS and word.isdecimal()}
    near = words[max(at - _BESIDE, 0) : at + _BESIDE + 1]
    return years | {_year(word) for word in near if len(word) == len("26") and word.isdecimal()}


def _beside_months(words: Sequence[str]) -> Iterator[tuple[int, int]]:
    return ((year, month) for at, month in _named_months(words) for year in _years_around(words, at))


def _small_number(word: str) -> int:
    """Return the number that a word of at most two digits, or a word for a number, says; 0 for any other."""
    if word.isdecimal():
        return int(word) if len(word) <= len("31") else 0
    return WORDS.get(word, 0)


def _year(digits: str) -> int:
    if len(digits) > len("26"):
        return int(digits)
    return int(digits) + (2000 if int(digits) <= printed.LAST_SHORT_YEAR else 1900)


def _times(folded: str) -> Iterator[tuple[int, int]]:
    for hour, minute, half, alone, half_2 in set(_TIME.findall(folded)):
        on_clock = int(hour or alone)
        yield on_clock, int(minute or 0)
        if half or half_2:
            yield on_clock % 12 + (12 if "p" in (half, half_2) else 0), int(minute or 0)

"""Numbers and dates as documents print them, by their value."""

from __future__ import annotations

import re
from collections import defaultdict
from contextlib import suppress
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: Start and end offset.
Span: TypeAlias = tuple[int, int]

#: Signs between the digits of one number; the last is the typographic apostrophe of 1'234.
SEPARATORS = frozenset(".,'\u2019")

_LETTER = "A-Za-z\u00c0-\u024f\u0370-\u052f"
#: Digits with single separators between them, not of a code such as A-17 or x1, and not before a letter, which may
#: scale them. A plain space separates nothing: it would glue the cells of a table together. It begins with the digit
#: and looks behind that, because the regular expression engine skips fast to a first character only.
_DIGITS = re.compile(
    rf"\d(?<![{_LETTER}\d]\d)(?<![{_LETTER}\d][-/]\d)\d*+(?:[.,'\u2019:/\u00a0\u202f-]\d++)*+(?![{_LETTER}])"
)
_JOINTS = re.compile(r"[:/-]")
_YEAR = re.compile(r"(?<![\d.,'\u2019])\d{4}(?![\d.,'\u2019])")
_GROUPED = re.compile(r"\d{1,3}(?:([.,'\u2019\u00a0\u202f])\d{3})(?:\1\d{3})*|\d{1,2}(?:,\d{2})+,\d{3}")
#: Digits of a printed number beyond which it has no value that a record could hold.
MAX_DIGITS = 300
#: Digits between two separators of thousands: with any other count, a single dot is a decimal point.
THOUSAND_DIGITS = 3
#: Hyphen, minus sign, en dash.
_MINUS = "-\u2212\u2013"
_BEFORE_SIGNED = frozenset(f"{_MINUS}($\u20ac£¥")
_NEGATIVE = re.compile(rf"(?<![{_LETTER}\d])[{_MINUS}][$\u20ac£¥]?$")

_MONTHS = (
    "jan feb mar apr may jun jul aug sep oct nov dec",
    "january february march april may june july august september october november december",
    "januar februar märz april mai juni juli august september oktober november dezember",
    "jän feb mär apr mai jun jul aug sept okt nov dez",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "januari februari maart april mei juni juli augustus september oktober november december",
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
)
#: Name of a month, lower case, in nine spellings of eight languages -> its number.
MONTHS = {name: number for names in _MONTHS for number, name in enumerate(names.split(), start=1)}
_MONTH = "(?:" + "|".join(sorted(MONTHS, key=len, reverse=True)) + ")"
#: Characters of the longest month with a dot and a space behind it.
_MONTH_LENGTH = max(map(len, MONTHS)) + 2
#: Characters of a date up to the end of its year at most, "12th of septiembre, de 2026", and behind it at most,
#: "년 12월 31일".
_TO_YEAR = _MONTH_LENGTH + 20
_AFTER_YEAR = 12
#: A date that begins with a digit.
_DATE = re.compile(
    rf"""(?<![\w.,/-])(?:
      (?P<year>\d{{4}})(?P<joint>[-./])(?P<month>\d{{1,2}})(?P=joint)(?P<day>\d{{1,2}})
    | (?P<one>\d{{1,2}})(?P<joint_2>[-./])(?P<other>\d{{1,2}})(?P=joint_2)(?P<year_2>\d{{4}}|\d{{2}})
    | (?P<day_3>\d{{1,2}})(?:st|nd|rd|th|\.|º)?[ -]?(?:of[ ]|de[ ])?
      (?P<name>{_MONTH})\b\.?,?[ -]?(?:de[ ])?(?P<year_3>\d{{4}})
    | (?P<year_5>\d{{4}})\s?[年년]\s?(?P<month_5>\d{{1,2}})\s?[月월]\s?(?P<day_5>\d{{1,2}})\s?[日일]
    )(?!\d)""",
    re.IGNORECASE | re.VERBOSE,
)
#: The two parts of a date that begins with its month.
_MONTH_BEFORE = re.compile(rf"(?<![\w.,/-])(?P<name>{_MONTH})(?:\.[ ]?|[ ])$", re.IGNORECASE)
_DAY_AND_YEAR = re.compile(r"(?<!\d)(?P<day_3>\d{1,2})(?:st|nd|rd|th)?,?[ ](?P<year_3>\d{4})(?!\d)", re.IGNORECASE)
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
#: A two-digit year is of this century up to here, of the last one above.
LAST_SHORT_YEAR = 69


class PrintedNumbers:
    """The numbers of a text by their value, whatever the form."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._by_value: defaultdict[float, list[Span]] = defaultdict(list)
        for found in _DIGITS.finditer(text):
            start, end = span = found.span()
            values = readings(found[0])
            if values is None:
                self._add_years(found[0], start)
            elif text[start - 1 : start] in _BEFORE_SIGNED:
                self._add_signed(values, span)
            else:
                for value in values:
                    self._by_value[value].append((start, end))

    def of_value(self, value: float) -> list[Span]:
        """Return where a number of this value stands: 1234.5 finds 1,234.50, 1.234,50 and 1'234.5.

        What can be read in two ways, such as 1.234, is found by both.
        """
        return self._by_value.get(value, [])

    def printed_as(self, literal: str, spans: list[Span]) -> list[Span]:
        """Return those of `spans` where a number stands exactly as `literal`, a hyphen for any minus sign."""
        text = self._text
        return [
            span
            for span in spans
            if (printed := text[span[0] : span[1]]) == literal
            or (printed[0] in _MINUS and "-" + printed[1:] == literal)
        ]

    def _add_years(self, digits: str, start: int) -> None:
        """Note the years of a date or a range."""
        for year in _YEAR.finditer(digits):
            self._by_value[int(year[0])].append((start + year.start(), start + year.end()))

    def _add_signed(self, values: Iterable[float], span: Span) -> None:
        """Note a number as negative behind a minus sign, as both in parentheses, which may number a clause."""
        text, (start, end) = self._text, span
        minus = _NEGATIVE.search(text[max(start - 3, 0) : start])
        is_in_parentheses = text[start - 1] == "(" and text[end : end + 1] == ")"
        for value in values:
            if minus:
                self._by_value[-value].append((start - len(minus[0]), end))
                continue
            self._by_value[value].append(span)
            if is_in_parentheses:
                self._by_value[-value].append((start - 1, end + 1))


def number_of(spelling: str) -> float:
    """Return the value of a plain decimal: an integer without a point, so that no digit of a long one is lost."""
    return int(spelling) if spelling.lstrip("-").isdigit() else float(spelling)


#: Printed years that are looked at for one record, about 0.3 s; more have no place of their own.
MAX_YEARS = 20_000


class PrintedDates:
    """The full dates of a text by their day; 03/04/2026 is there as March and as April.

    Read one year at a time, because a record names few years and reading a date costs more than finding its year.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._looks = MAX_YEARS
        self._by_year: dict[str, dict[str, list[Span]]] = {}

    def of_day(self, day: str) -> list[Span]:
        """Return where a day, in ISO spelling, stands in any form."""
        year = day[:4]
        if year not in self._by_year:
            self._by_year[year] = self._read(year)
        return self._by_year[year].get(day, [])

    def _read(self, year: str) -> dict[str, list[Span]]:
        found: set[tuple[Span, str]] = set()
        # It begins with plain digits and looks behind them, because such a search is 20 times faster.
        short = year[2:]
        printed_years = re.finditer(rf"{short}(?:(?<={year})|(?<=[-./]{short})(?!\d))", self._text)
        for printed_year in islice(printed_years, self._looks):
            self._looks -= 1
            end = printed_year.end()
            for span, part in _dates_between(self._text, max(end - _TO_YEAR, 0), end + _AFTER_YEAR):
                found.update((span, day) for day in _days(part))
        by_day: defaultdict[str, list[Span]] = defaultdict(list)
        for span, day in sorted(found):
            by_day[day].append(span)
        return by_day


def _dates_between(text: str, start: int, end: int) -> Iterator[tuple[Span, dict[str, str | None]]]:
    for printed in _DATE.finditer(text, start, end):
        yield printed.span(), printed.groupdict()
    for rest in _DAY_AND_YEAR.finditer(text, start, end):
        at = rest.start()
        if month := _MONTH_BEFORE.search(text, max(at - _MONTH_LENGTH, 0), at):
            yield (month.start(), rest.end()), {**rest.groupdict(), **month.groupdict()}


def is_iso_date(text: str) -> bool:
    """Whether `text` is a date as `format: date` wants it."""
    return _ISO_DATE.fullmatch(text) is not None


def readings(digits: str) -> tuple[float, ...] | None:
    """Return the values that digits with separators between them can have; None when they are no single number."""
    if len(digits) > MAX_DIGITS:
        return ()
    if digits.isdigit():
        return (int(digits),)
    whole, _, fraction = digits.partition(".")
    if whole.isdigit() and fraction.isdigit() and len(fraction) != THOUSAND_DIGITS:
        return (float(digits),)
    return None if _JOINTS.search(digits) else tuple(_readings_in_groups(digits))


def _readings_in_groups(digits: str) -> Iterator[float]:
    if _GROUPED.fullmatch(digits):
        yield int(re.sub(r"\D", "", digits))
    whole = digits.rstrip("0123456789")
    whole, point, fraction = whole[:-1], whole[-1], digits[len(whole) :]
    if point in ".," and (whole.isdigit() or (_GROUPED.fullmatch(whole) and point not in whole)):
        yield float(re.sub(r"\D", "", whole) + "." + fraction)


def _days(part: dict[str, str | None]) -> set[str]:
    """Return the days that the groups of `_DATE` can mean."""
    if name := part.get("name"):
        # A pattern that ignores case also takes a dotless i for an i, which makes no month of ours.
        return _real((part["year_3"], str(MONTHS.get(name.lower(), 0)), part["day_3"]))
    if year := part["year_2"]:
        full_year = year if len(year) > len("26") else ("20" if int(year) <= LAST_SHORT_YEAR else "19") + year
        return _real((full_year, part["other"], part["one"]), (full_year, part["one"], part["other"]))
    return _real((part["year"] or part["year_5"], part["month"] or part["month_5"], part["day"] or part["day_5"]))


def _real(*candidates: tuple[str | None, str | None, str | None]) -> set[str]:
    """Return those of (year, month, day) that the calendar has, in ISO spelling."""
    days = set()
    for year, month, day in candidates:
        with suppress(ValueError):
            days.add(date(int(year or 0), int(month or 0), int(day or 0)).isoformat())
    return days

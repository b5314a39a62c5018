"""Printed dates and times, in ISO 8601."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from extractor.model.offline.numbers import Habits

#: Month names by their first letters: English, German, Dutch, French, Spanish, Italian, Portuguese.
_MONTHS = (
    "jan|gen|ene",
    "feb|fev|fév",
    "mar|mär|maa|mrt",
    "apr|abr|avr",
    "may|mai|mei|mag",
    "jun|juin|giu",
    "jul|juil|lug",
    "aug|ago|aoû|aou",
    "sep|set",
    "oct|okt|ott|out",
    "nov",
    "dec|dez|dic|déc",
)
_MONTH_OF = {start: number for number, row in enumerate(_MONTHS, 1) for start in row.split("|")}
_NAME = r"(?P<month>(?:" + "|".join(sorted(_MONTH_OF, key=len, reverse=True)) + r")[a-zûé]{0,8})\.?"
_YEAR = r"(?P<year>\d{4}|\d{2})(?!\d)"
_FORMS = (
    re.compile(r"(?<!\d)(?P<year>\d{4})[-/.](?P<number>\d{1,2})[-/.](?P<day>\d{1,2})(?!\d)"),
    re.compile(r"(?<![\d./-])(?P<first>\d{1,2})\s?(?P<mark>[/.-])\s?(?P<second>\d{1,2})\s?(?P=mark)\s?" + _YEAR),
    re.compile(
        r"(?<!\d)(?P<day>\d{1,2})(?:st|nd|rd|th|er)?\.?[ -]?\s?(?:day\s)?(?:of |de )?\s?"
        + _NAME
        + r",?[ -]?\s?"
        + _YEAR,
        re.IGNORECASE,
    ),
    re.compile(r"\b" + _NAME + r"\s{0,2}(?P<day>\d{1,2})(?:st|nd|rd|th)?\s?,?\s{0,2}" + _YEAR, re.IGNORECASE),
)
_CLOCK = re.compile(
    r"(?<![\d:.])(?P<hour>[01]?\d|2[0-4])[:.h](?P<minute>[0-5]\d)(?:[:.](?P<second>[0-5]\d))?(?!\d)\s?(?P<half>[ap]\.?m\b)?",
    re.IGNORECASE,
)
#: Two-digit years up to here are in this century.
_PIVOT = 69


def date_in(text: str, habits: Habits) -> str | None:
    """Return the first date printed in `text` as YYYY-MM-DD, None when there is none."""
    found = [match for form in _FORMS if (match := form.search(text))]
    for match in sorted(found, key=lambda match: match.start()):
        date = _date(match, habits)
        if date is not None:
            return date.isoformat()
    return None


def without_dates(text: str) -> str:
    """Return `text` with a space for each date, so that what is left of its numbers are numbers."""
    for form in _FORMS:
        text = form.sub(" ", text)
    return text


def has_date(text: str) -> bool:
    """Whether a date is printed in `text`."""
    return any(form.search(text) for form in _FORMS)


def _date(match: re.Match[str], habits: Habits) -> dt.date | None:
    parts = match.groupdict()
    year = int(parts["year"])
    if year < 100:  # noqa: PLR2004 - two digits
        year += 2000 if year <= _PIVOT else 1900
    try:
        if "first" in parts:
            return _day_and_month(year, int(parts["first"]), int(parts["second"]), day_first=habits.day_first)
        month = _month(parts["month"]) if "month" in parts else int(parts["number"])
        return dt.date(year, month, int(parts["day"]))
    except ValueError:
        return None


def _day_and_month(year: int, first: int, second: int, *, day_first: bool) -> dt.date:
    day, month = (first, second) if day_first else (second, first)
    if month > 12:  # noqa: PLR2004 - then it can only be the other way round
        day, month = month, day
    return dt.date(year, month, day)


def _month(name: str) -> int:
    folded = name.casefold()
    return next(_MONTH_OF[folded[:length]] for length in (4, 3) if folded[:length] in _MONTH_OF)


def clock_in(text: str) -> str | None:
    """Return the first time of day printed in `text` as HH:MM:SS on the 24-hour clock, None when there is none."""
    match = _CLOCK.search(text)
    if match is None:
        return None
    hour = int(match["hour"]) % 24
    half = (match["half"] or "").casefold()[:1]
    if half and hour <= 12:  # noqa: PLR2004 - "14:30 PM" is printed too
        hour = hour % 12 + (12 if half == "p" else 0)
    return f"{hour:02}:{match['minute']}:{match['second'] or '00'}"

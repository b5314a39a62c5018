"""Printed text as the value that a field asks for. What does not fit is None, never a guess."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from extractor.model.offline.dates import clock_in, date_in, without_dates
from extractor.model.offline.numbers import NUMBER, Habits, number_in, whole
from extractor.model.offline.words import words

if TYPE_CHECKING:
    from extractor.model.offline.fields import Field
    from extractor.records import Json

_YES = frozenset({"yes", "true", "y", "x", "ja", "oui", "si", "on", "checked", "\u2611", "\u2713", "\u2714", "\u2612"})
_NO = frozenset({"no", "false", "n", "nein", "nee", "non", "off", "unchecked", "\u2610", "none"})
_NOTHING = frozenset({"", "-", "--", "\u2013", "\u2014", "n/a", "na", "none", "nil", "null", "not stated", "tbd", "?"})
#: Longest value that one label can have, characters.
LONGEST = 20_000

EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
PHONE = re.compile(r"(?<![\w/])(?:\+|\(\+?)?\d[\d\s().\u2011/-]{5,22}\d(?![\w/])")
URL = re.compile(
    r"(?:https?://|www\.)[^\s<>\"|,;]{2,300}[^\s<>\"|,;.)]|(?<![@\w.])[\w-]{2,60}(?:\.[\w-]{2,40}){0,3}\.(?:com|org|net|io|dev|edu|eu|uk|de|nl|fr|ch)(?:/[^\s<>\"|,;]{0,200}[^\s<>\"|,;.)])?(?![\w@])"
)
DOI = re.compile(r"10\.\d{4,9}/[^\s\"<>]{1,120}[^\s\"<>.,;)\]]")
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_ISO_DAY = re.compile(r"iso 8601|yyyy-mm-dd", re.IGNORECASE)
_PERCENT = re.compile(r"\s*[\d.,]{1,10}\s?%\s*")
#: Words of fields that a percentage may fill.
_RATES = frozenset({"rate", "percent", "percentage", "share", "ratio", "margin"})
_MONEY = re.compile(r"[$€£¥₹%]|^\d{1,9}[.,]\d\d$")
_CURRENCY = re.compile(
    r"\b(USD|EUR|GBP|CHF|JPY|CNY|AUD|CAD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|INR|BRL|MXN|ZAR|SGD|HKD|MYR|KRW|THB|TRY|AED|ILS|RON)\b"
)
#: Signs of one currency, and the sign that several share with the one that most documents mean.
_SIGNS = (("€", "EUR"), ("£", "GBP"), ("₹", "INR"), ("US$", "USD"), ("₩", "KRW"), ("zł", "PLN"), ("RM", "MYR"))
_SHARED_SIGNS = (("$", "USD"), ("¥", "JPY"))
_SPELT = (("US Dollars", "USD"), ("euros", "EUR"), ("pounds sterling", "GBP"), ("Swiss francs", "CHF"))


def coerce(text: str, field: Field, habits: Habits) -> Json:
    """Read `text` as a value of `field`; None when it is none."""
    text = text.strip()[:LONGEST]
    if text.casefold() in _NOTHING and field.kind != "boolean":
        return None
    if field.options:
        return option_in(text, field)
    if field.kind == "boolean":
        return _boolean(text)
    if field.kind in {"number", "integer"}:
        return _number(text, field, habits)
    return _string(text, field, habits)


def option_in(text: str, field: Field) -> Json:
    """Return the member of the enum that `text` is, or opens with; None when it is none of them."""
    printed = words(text[:200])
    members = [(words(str(member)), member) for member in field.options]
    for spelt, member in members:
        if printed == spelt:
            return member
    opening = [(len(spelt), member) for spelt, member in members if spelt and printed[: len(spelt)] == spelt]
    return max(opening, key=lambda pair: pair[0])[1] if opening else None


def _boolean(text: str) -> bool | None:
    first = text.casefold().strip("[]().,;").split(" ")[0].rstrip(".,;") if text else ""
    return True if first in _YES else False if first in _NO else None


def _number(text: str, field: Field, habits: Habits) -> int | float | None:
    name = words(field.name)
    if "year" not in name:
        text = without_dates(text)
    if _PERCENT.fullmatch(text) and not _RATES & {*name, *words(field.description[:100])}:
        return None
    found = number_in(text, habits)
    if found is None or _is_mostly_words(text):
        return None
    if field.kind == "number":
        return whole(found)
    return int(found) if found.is_integer() else None


def _is_mostly_words(text: str) -> bool:
    rest = NUMBER.sub("", text, count=1)
    return sum(character.isdigit() for character in rest) > 6 or len(rest.split()) > 6  # noqa: PLR2004 - one amount and its unit


def _string(text: str, field: Field, habits: Habits) -> str | None:
    meant = meaning(field)
    if meant == "date":
        return date_in(text, habits)
    if meant == "date-time":
        day, clock = date_in(text, habits), clock_in(text)
        return f"{day}T{clock}Z" if day and clock else None
    if meant == "time":
        clock = clock_in(text)
        return clock[:5] if clock and field.format != "time" else clock
    if meant == "currency":
        return currency_in(text, shared="several" not in field.description)
    pattern = PATTERNS.get(meant)
    if pattern is not None:
        match = pattern.search(text)
        return match[0].strip() if match else None
    return _code(text) if meant == "code" else _clean(text)


#: What a field means -> how its value looks.
PATTERNS = {"email": EMAIL, "url": URL, "doi": DOI, "iban": IBAN, "phone": PHONE}
_FORMATS = {"email": "email", "uri": "url", "date": "date", "date-time": "date-time", "time": "time"}
_NAMED = (
    ("email", "email"),
    ("doi", "doi"),
    ("iban", "iban"),
    ("currency", "currency"),
    ("phone", "phone"),
    ("fax", "phone"),
    ("url", "url"),
    ("website", "url"),
    ("homepage", "url"),
    ("repository", "url"),
    ("link", "url"),
    ("number", "code"),
    ("code", "code"),
    ("id", "code"),
    ("sku", "code"),
    ("vat", "code"),
)
_DESCRIBED = ((("email",), "email"), (("web", "address"), "url"), (("phone", "number"), "phone"))


@lru_cache(maxsize=4_096)
def meaning(field: Field) -> str:
    """Return what a string field holds: `date`, `email`, `currency`, `code` …; "" for plain text."""
    if field.kind != "string" or field.options:
        return ""
    if field.format in _FORMATS:
        return _FORMATS[field.format]
    if _ISO_DAY.search(field.description):
        return "date"
    if words(field.name)[-1:] == ("time",) and "HH:MM" in field.description:
        return "time"
    opening = words(field.description[:40])[:2]
    return named_meaning(field) or next((meant for head, meant in _DESCRIBED if opening[: len(head)] == head), "")


def named_meaning(field: Field) -> str:
    """Return what the name alone says that a string field holds, "" when it says nothing."""
    name = words(field.name)
    return next((meant for word, meant in _NAMED if word in name), "")


def currency_in(text: str, *, shared: bool = True) -> str | None:
    """Return the currency code that is printed, or that a printed sign stands for.

    Args:
        text: Where to look.
        shared: Whether "$" may stand for the United States' dollar, and so on.
    """
    code = _CURRENCY.search(text)
    if code:
        return code[1]
    signs = (*_SIGNS, *_SPELT, *(_SHARED_SIGNS if shared else ()))
    found = [(text.find(sign), name) for sign, name in signs if sign in text]
    return min(found)[1] if found else None


def _code(text: str) -> str | None:
    """Keep the tokens of an identifier: those with a digit, or in capitals before one. An amount is none."""
    if _MONEY.search(text):
        return None
    kept: list[str] = []
    for token in text.split(" "):
        if not any(character.isdigit() for character in token) and not token.isupper():
            break
        kept.append(token)
    while kept and not any(character.isdigit() for character in kept[-1]):
        kept.pop()
    code = " ".join(kept).strip(" .,;:()") if kept else _clean(text)
    return code if code and len(code) <= 60 else None  # noqa: PLR2004 - longer is prose


def _clean(text: str) -> str | None:
    cleaned = text.strip().strip('"\u201c\u201d').strip(" ,;:|*")
    return cleaned or None

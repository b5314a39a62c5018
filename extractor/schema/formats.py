"""The formats that are checked: a fixed list, so that no schema can name code to run.

A time zone may be missing from times: documents rarely print one, and pydantic's naive datetimes state this format.
"""

from __future__ import annotations

import re
from datetime import date, time
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING, Final

from jsonschema import FormatChecker

if TYPE_CHECKING:
    from collections.abc import Callable

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME: Final = re.compile(r"(\d{2}:\d{2}:\d{2})(\.\d{1,12})?(Z|[+-]\d{2}:\d{2})?", re.ASCII | re.IGNORECASE)
_DURATION: Final = re.compile(
    r"[+-]?P(?!$)(\d+W|(\d+Y)?(\d+M)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?)", re.ASCII
)
_EMAIL: Final = re.compile(r"[^\s@]{1,64}@[^\s@]{1,255}")
_LABEL: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?", re.ASCII)
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]*", re.ASCII)
#: Characters of a host name.
_MAX_HOSTNAME: Final = 253


def _is_date(text: str) -> bool:
    return _DATE.fullmatch(text) is not None and _parses(date.fromisoformat, text)


def _is_time(text: str) -> bool:
    found = _TIME.fullmatch(text)
    if found is None:
        return False
    clock = found[1].replace(":60", ":59") if found[1].endswith(":60") else found[1]  # a leap second
    return _parses(time.fromisoformat, clock)


def _is_date_time(text: str) -> bool:
    return len(text) > 10 and text[10] in "Tt " and _is_date(text[:10]) and _is_time(text[11:])  # noqa: PLR2004


def _is_hostname(text: str) -> bool:
    labels = text.removesuffix(".").split(".")
    return len(text) <= _MAX_HOSTNAME and all(_LABEL.fullmatch(label) for label in labels)


def _is_uri(text: str) -> bool:
    return _URI.fullmatch(text) is not None


def _parses(parse: Callable[[str], object], text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True


#: Format -> whether a string has it.
FORMATS: Final[dict[str, Callable[[str], bool]]] = {
    "date": _is_date,
    "date-time": _is_date_time,
    "time": _is_time,
    "duration": lambda text: _DURATION.fullmatch(text) is not None,
    "email": lambda text: _EMAIL.fullmatch(text) is not None,
    "hostname": _is_hostname,
    "ipv4": lambda text: _parses(IPv4Address, text),
    "ipv6": lambda text: "%" not in text and _parses(IPv6Address, text),
    "uuid": lambda text: _UUID.fullmatch(text) is not None,
    "uri": _is_uri,
}


def format_checker() -> FormatChecker:
    """Return jsonschema's checker with exactly these formats."""
    checker = FormatChecker(formats=())
    checker.checkers = {name: (_on_strings(has), ()) for name, has in FORMATS.items()}
    return checker


def _on_strings(has: Callable[[str], bool]) -> Callable[[object], bool]:
    return lambda value: not isinstance(value, str) or has(value)

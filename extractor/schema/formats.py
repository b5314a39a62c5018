"""The formats that are checked: a fixed list, so that no schema can name code to run.

A time zone may be missing from times: documents rarely print one, and pydantic's naive datetimes state this format.
"""

from __future__ import annotations

import re
from datetime import date
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME: Final = re.compile(
    r"([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(?:\.\d{1,12})?(Z|([+-])([01]\d|2[0-3]):([0-5]\d))?",
    re.ASCII | re.IGNORECASE,
)
_DURATION: Final = re.compile(
    r"[+-]?P(?!$)(\d+W|(\d+Y)?(\d+M)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?)", re.ASCII
)
#: What stands before the sign: atoms between single dots, or anything in quotation marks.
_MAILBOX: Final = re.compile(r"""[^\s@."]+(?:\.[^\s@."]+)*|"(?:[^"\\]|\\.)*\"""")
_MAIL_DOMAIN: Final = re.compile(r"[\w-]+(?:\.[\w-]+)*\.?")
_LABEL: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?", re.ASCII)
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]*", re.ASCII)
#: Characters of a host name, of what stands before the sign of a mail address, and of what stands behind it.
_MAX_HOSTNAME: Final = 253
_MAX_MAILBOX: Final = 64
_MAX_MAIL_DOMAIN: Final = 255
#: Minutes of a day.
_DAY: Final = 1_440


def _is_date(text: str) -> bool:
    return _DATE.fullmatch(text) is not None and _parses(date.fromisoformat, text)


def _is_time(text: str) -> bool:
    found = _TIME.fullmatch(text)
    if found is None:
        return False
    hour, minute, second, zone, sign, ahead_hours, ahead_minutes = found.groups()
    if second != "60" or zone is None:
        return True
    ahead = 60 * int(ahead_hours or 0) + int(ahead_minutes or 0)
    utc = 60 * int(hour) + int(minute) + (ahead if sign == "-" else -ahead)
    return utc % _DAY == _DAY - 1  # leap seconds end a day of UTC


def _is_date_time(text: str) -> bool:
    return len(text) > 10 and text[10] in "Tt " and _is_date(text[:10]) and _is_time(text[11:])  # noqa: PLR2004


def _is_hostname(text: str) -> bool:
    labels = text.removesuffix(".").split(".")
    return len(text) <= _MAX_HOSTNAME and all(_LABEL.fullmatch(label) for label in labels)


def _is_email(text: str) -> bool:
    mailbox, _, domain = text.rpartition("@")
    if len(mailbox) > _MAX_MAILBOX or len(domain) > _MAX_MAIL_DOMAIN or not _MAILBOX.fullmatch(mailbox):
        return False
    if domain.startswith("[") and domain.endswith("]"):
        address = domain[1:-1]
        return _is_ipv6(address[5:]) if address[:5].casefold() == "ipv6:" else _parses(IPv4Address, address)
    return _MAIL_DOMAIN.fullmatch(domain) is not None


def _is_ipv6(text: str) -> bool:
    return "%" not in text and _parses(IPv6Address, text)


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
    "email": _is_email,
    "hostname": _is_hostname,
    "ipv4": lambda text: _parses(IPv4Address, text),
    "ipv6": _is_ipv6,
    "uuid": lambda text: _UUID.fullmatch(text) is not None,
    "uri": _is_uri,
}

"""A provider's error as a value, whatever shape it came in.

The provider's words are kept for matching against known patterns only: they may quote the document.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from extractor import jsontext
from extractor.model.waits import retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping

    from extractor.records import Json, JsonObject

#: Characters of a provider's words that are looked at.
TEXT_LIMIT = 4_000
#: Kinds and providers that may be shown: a word, or a name of three at most. No room for a sentence of the document.
PLAIN_KIND = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
PLAIN_NAME = re.compile(r"(?=.{1,32}$)[\w.&/-]+( [\w.&/-]+){0,2}", re.ASCII)
#: Status of an error that comes with a 200 and says nothing else about itself.
UNSTATED = 502
#: Error kinds that stand in for a status where no number is given.
KINDS: dict[str, int] = {
    "authentication": 401,
    "capacity_exhausted": 429,
    "invalid_request": 400,
    "not_found": 404,
    "payment_required": 402,
    "permission_denied": 403,
    "provider_overloaded": 503,
    "provider_unavailable": 502,
    "rate_limit_exceeded": 429,
    "server": 500,
    "server_error": 500,
    "temporarily_unavailable": 503,
    "timeout": 504,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What went wrong, in the provider's terms."""

    #: HTTP status, or the one that an error inside a 200 states.
    status: int
    #: The provider's own word for the error, "" when it gives none.
    kind: str = ""
    #: Message and raw upstream error. For matching only, never shown.
    text: str = field(default="", repr=False)
    #: Provider as the error states it.
    provider: str = ""
    #: Whether a moderation or guardrail says that the document is the reason.
    is_about_content: bool = False
    #: Seconds to wait, as the provider asks.
    retry_after_s: float | None = None


def fault_of(error: Json, *, status: int = 200, headers: Mapping[str, str] | None = None, now: float) -> Fault:
    """Read an `error` member: an object, a string, or nothing that we know.

    Args:
        error: The member, or the whole body where there is no such member.
        status: HTTP status that it came with.
        headers: Reply headers, for how long to wait.
        now: Epoch seconds.
    """
    members = error if isinstance(error, dict) else {"message": error}
    metadata = _object(members.get("metadata"))
    kind = _plain(metadata.get("error_type") or members.get("error_type") or members.get("type"), PLAIN_KIND)
    return Fault(
        status=status if status >= 300 else _stated_status(members, kind),  # noqa: PLR2004 - anything but success
        kind=kind,
        text=f"{_text(members.get('message'))}\n{_text(metadata.get('raw'))}"[:TEXT_LIMIT],
        provider=_plain(metadata.get("provider_name"), PLAIN_NAME),
        is_about_content=any(name in metadata for name in ("reasons", "flagged_input", "patterns")),
        retry_after_s=retry_after(headers or {}, members, now=now),
    )


def _stated_status(members: JsonObject, kind: str) -> int:
    for stated in (members.get("code"), members.get("http_status"), members.get("status")):
        number = int(stated) if isinstance(stated, str) and re.fullmatch("[0-9]{3}", stated) else stated
        if isinstance(number, int) and 400 <= number <= 599:  # noqa: PLR2004 - the statuses of errors
            return number
        if isinstance(stated, str) and stated in KINDS:
            return KINDS[stated]
    return KINDS.get(kind, UNSTATED)


def _object(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _text(value: Json) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else jsontext.dumps(value)


def _plain(value: Json, shape: re.Pattern[str]) -> str:
    return value if isinstance(value, str) and shape.fullmatch(value) else ""

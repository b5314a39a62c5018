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
#: Names of providers that may be shown: three words at most and no dash, which keys have. No room for a sentence.
PLAIN_NAME = re.compile(r"(?=.{1,32}$)[\w.&/]+( [\w.&/]+){0,2}", re.ASCII)
#: Slugs of models and ids of generations.
PLAIN_SLUG = re.compile(r"[\w.:/@~+-]{1,128}", re.ASCII)
#: Slugs of models that may be shown: of an author and a name, which no key has.
PLAIN_MODEL = re.compile(r"[a-z0-9~_-]{1,40}/[a-z0-9._:-]{1,80}", re.ASCII)
#: Status of an error that comes with a 200 and says nothing else about itself.
UNSTATED = 502
#: Statuses that gateways use for many things: where the error also has a typed kind, that says more.
VAGUE = frozenset({200, 400, 500, 502})
#: Error kinds and the status that each stands for. Only these words are shown.
KINDS: dict[str, int] = {
    "api_error": 500,
    "authentication": 401,
    "authentication_error": 401,
    "capacity_exhausted": 429,
    "constraint_filtered": 404,
    "content_filter": 400,
    "content_policy_violation": 400,
    "context_length_exceeded": 400,
    "free_variant_ended": 404,
    "insufficient_quota": 402,
    "invalid_image": 400,
    "invalid_prompt": 400,
    "invalid_request": 400,
    "invalid_request_error": 400,
    "max_tokens_exceeded": 400,
    "model_deprecated": 404,
    "model_not_found": 404,
    "model_unavailable_upstream": 404,
    "no_endpoints": 404,
    "not_found": 404,
    "not_found_error": 404,
    "overloaded_error": 529,
    "payload_too_large": 413,
    "payment_required": 402,
    "permission_denied": 403,
    "permission_error": 403,
    "precondition_failed": 412,
    "privacy_restricted": 404,
    "provider_overloaded": 503,
    "provider_unavailable": 502,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "refusal": 400,
    "region_restricted": 403,
    "server": 500,
    "server_error": 500,
    "string_too_long": 400,
    "temporarily_unavailable": 503,
    "timeout": 504,
    "token_limit_exceeded": 400,
    "unmapped": 500,
    "unprocessable": 422,
    "wrong_endpoint": 404,
}
_AFFORDABLE = re.compile(r"can only afford (\d{1,9})\b")
#: `limit_source` of a limit that passes as soon as other requests end.
IN_FLIGHT = "openrouter_in_flight_budget"


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
    #: Whether the provider says that the same request may be taken later; None where it does not say.
    is_passing: bool | None = None
    #: The `max_tokens` that the account could pay for, None where the provider does not say.
    affordable_tokens: int | None = None
    #: Models that the provider names in the place of one that it has withdrawn.
    successors: tuple[str, ...] = ()


def fault_of(error: Json, *, status: int = 200, headers: Mapping[str, str] | None = None, now: float) -> Fault:
    """Read an `error` member: an object, a string, or nothing that we know.

    Args:
        error: The member, or the whole body where there is no such member.
        status: HTTP status that it came with.
        headers: Reply headers, for how long to wait.
        now: Epoch seconds.
    """
    members = error if isinstance(error, dict) else {"message": error}
    metadata, availability = _object(members.get("metadata")), _object(members.get("availability"))
    typed = _kind(metadata.get("error_type")) or _kind(members.get("error_type")) or _kind(availability.get("code"))
    text = f"{_text(members.get('message'))}\n{_text(metadata.get('raw'))}"[:TEXT_LIMIT]
    is_failure = status >= 300  # noqa: PLR2004 - anything but success
    found = status if is_failure else _stated_status(members)
    affordable = _AFFORDABLE.search(text)
    return Fault(
        status=KINDS[typed] if typed and (found or UNSTATED) in VAGUE else found or UNSTATED,
        kind=typed or _kind(members.get("type")) or _kind(members.get("code")),
        text=text,
        provider=plain(metadata.get("provider_name"), PLAIN_NAME),
        is_about_content=any(name in metadata for name in ("reasons", "flagged_input", "patterns")),
        retry_after_s=retry_after(headers or {}, members, now=now),
        is_passing=_is_passing(metadata, availability),
        affordable_tokens=int(affordable[1]) if affordable else None,
        successors=_slugs(metadata.get("fallback_models") or availability.get("fallback_models")),
    )


def plain(value: Json, shape: re.Pattern[str]) -> str:
    """Return a string of this shape, "" for everything else."""
    return value if isinstance(value, str) and shape.fullmatch(value) else ""


def _slugs(value: Json) -> tuple[str, ...]:
    """Return the first of a list of slugs, those that may be shown."""
    found = (plain(each, PLAIN_MODEL) for each in value) if isinstance(value, list) else ()
    return tuple(filter(None, found))[:3]


def _stated_status(members: JsonObject) -> int | None:
    for stated in (members.get("code"), members.get("http_status"), members.get("status"), members.get("type")):
        number = int(stated) if isinstance(stated, str) and re.fullmatch("[0-9]{3}", stated) else stated
        if isinstance(number, int) and 400 <= number <= 599:  # noqa: PLR2004 - the statuses of errors
            return number
        if kind := _kind(stated):
            return KINDS[kind]
    return None


def _is_passing(metadata: JsonObject, availability: JsonObject) -> bool | None:
    stated = availability.get("retryable")
    if isinstance(stated, bool):
        return stated
    limit = metadata.get("limit_source")
    return {IN_FLIGHT: True, "openrouter_credits": False}.get(limit) if isinstance(limit, str) else None


def _kind(value: Json) -> str:
    return value if isinstance(value, str) and value in KINDS else ""


def _object(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _text(value: Json) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else jsontext.dumps(value)

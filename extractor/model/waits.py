"""How long a provider asks us to wait."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from extractor.records import Json, JsonObject

#: Seconds. A shorter wait only meets the same limit again.
SHORTEST_WAIT_S = 0.5
#: Seconds. A longer wait is not a pause but another day: it is reported, not slept.
LONGEST_WAIT_S = 120.0


def retry_after(headers: Mapping[str, str], error: JsonObject, *, now: float) -> float | None:
    """Return the first usable hint in seconds, at least `SHORTEST_WAIT_S`; None when there is none.

    Args:
        headers: Reply headers; names in any case where the mapping allows it.
        error: The `error` member of the body.
        now: Epoch seconds, against which dates and resets are measured.

    Source:
        OpenRouter, Errors; the place of the reset in the body from dirge-code/dirge#719.
    """
    for seconds in _hints(headers, error, now):
        if seconds is not None and math.isfinite(seconds) and seconds >= 0:
            return max(SHORTEST_WAIT_S, seconds)
    return None


def _hints(headers: Mapping[str, str], error: JsonObject, now: float) -> Iterator[float | None]:
    header = headers.get("retry-after")
    yield _number(header)
    yield _seconds_until(header, now)
    yield _number(_member(_member(error, "availability"), "retry_after"))
    metadata = _member(error, "metadata")
    yield _number(_member(metadata, "retry_after"))
    yield _until_reset(_member(_member(metadata, "headers"), "X-RateLimit-Reset"), now)
    yield _until_reset(headers.get("x-ratelimit-reset"), now)
    yield _until_date(_member(metadata, "resets_at"), now)


def _member(value: Json, name: str) -> Json:
    return value.get(name) if isinstance(value, dict) else None


def _number(value: Json) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _seconds_until(date: str | None, now: float) -> float | None:
    try:
        return max(0.0, parsedate_to_datetime(date).timestamp() - now) if date else None
    except (ValueError, OverflowError):
        return None


def _until_date(moment: Json, now: float) -> float | None:
    """Read an ISO date, UTC where it names no zone, or epoch milliseconds."""
    if not isinstance(moment, str) or _number(moment) is not None:
        return _until_reset(moment, now)
    try:
        date = datetime.fromisoformat(moment)
    except ValueError:
        return None
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now


def _until_reset(epoch_ms: Json, now: float) -> float | None:
    moment = _number(epoch_ms)
    return None if moment is None else moment / 1000 - now

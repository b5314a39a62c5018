"""Rate limits: how many requests a model takes in a while, and when it takes none at all."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections import defaultdict, deque
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from extractor.simulator.catalogue import Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from extractor.records import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """What a model takes at most. One request more is a 429 that says when there is room again."""

    #: Requests in any such while.
    requests: int
    #: Seconds of the while.
    per_s: float = 60.0


class Arrival(NamedTuple):
    """One request at the turnstile."""

    #: Monotonic seconds.
    at: float
    model: str
    #: Whether it was let through.
    is_taken: bool


class Turnstile:
    """Lets requests through to the models, and remembers when each came.

    Args:
        limit: Of each model; None = none.
        remembers: Whether arrivals are remembered.
        clock: Seconds.
    """

    def __init__(
        self, limit: RateLimit | None = None, *, remembers: bool = True, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = limit
        self._remembers = remembers
        self._clock = clock
        self._taken: defaultdict[str, deque[float]] = defaultdict(deque)
        self._closed_until, self._retry_after_s = 0.0, 1.0
        #: Every request, in order.
        self.arrivals: list[Arrival] = []

    def close(self, seconds: float, *, retry_after_s: float = 1.0) -> None:
        """Refuse every request for a while, each with the advice to come back in so many seconds."""
        self._closed_until, self._retry_after_s = self._clock() + seconds, retry_after_s

    def refusal(self, model: str) -> Reply | None:
        """Return the 429 to a request, None where it is let through."""
        now = self._clock()
        wait_s = self._wait_s(model, now)
        if self._remembers:
            self.arrivals.append(Arrival(now, model, is_taken=wait_s is None))
        if wait_s is None:
            if self._limit is not None:
                self._taken[model].append(now)
            return None
        error: JsonObject = {
            "code": 429,
            "message": "Rate limit exceeded",
            "metadata": {"error_type": "rate_limit_exceeded"},
        }  # H1
        return Reply(status=429, headers={"Retry-After": f"{wait_s:g}"}, top={"error": error}, billed=False)

    def most_within(self, seconds: float) -> int:
        """Return how many requests came within so many seconds at most, refused ones included."""
        moments = [arrival.at for arrival in self.arrivals]
        return max((bisect_right(moments, at + seconds) - number for number, at in enumerate(moments)), default=0)

    def _wait_s(self, model: str, now: float) -> float | None:
        """Return the seconds that the client is told to wait, None where the request is let through."""
        if now < self._closed_until:
            return self._retry_after_s
        if self._limit is None:
            return None
        taken = self._taken[model]
        while taken and taken[0] <= now - self._limit.per_s:
            taken.popleft()
        return None if len(taken) < self._limit.requests else float(ceil(taken[0] + self._limit.per_s - now))

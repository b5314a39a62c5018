"""Requests and tokens per minute, counted in memory."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from extractor.records import MINUTE_S, Rates, counted, slack_s

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from extractor.records import Lane


class MemoryPermits:
    """Gives permits so that neither a model nor a tenant of it takes more than its rate.

    Each limit is one moment: when all that was counted so far is paid off at the rate. A request may go when it has
    come; it moves it on by its own share. So one request larger than the rest goes out whole, and is paid off after
    it. Nothing is owed for longer than a minute, after which a provider has forgotten it.

    Args:
        rates: Of each model, all tenants together.
        tenant_rates: Of each model, for each tenant.
        clock: Seconds.
    """

    def __init__(
        self,
        rates: Rates = Rates(),  # noqa: B008 - frozen
        *,
        tenant_rates: Rates = Rates(),  # noqa: B008 - frozen
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rates = rates
        self._tenant_rates = tenant_rates
        self._clock = clock
        self._lock = threading.Lock()
        self._due_at: dict[tuple[Lane, str, str], float] = {}

    def counted(self, lane: Lane, tokens: int) -> int:
        """Return the tokens that a request is counted as."""
        return counted(tokens, self._rates.of(lane.model), self._tenant_rates.of(lane.model))

    async def take(self, lane: Lane, *, tenant: str, tokens: int, behind: int) -> float:  # noqa: ARG002 - no round trip
        """Take a permit and return 0.0, or return the seconds after which to ask again."""
        steps = dict(self._steps(lane, tenant, tokens))
        with self._lock:
            now = self._clock()
            waits = (self._due_at.get(key, 0.0) - slack_s(step) - now for key, step in steps.items())
            wait_s = max(waits, default=0.0)
            if wait_s <= 0:
                self._book(steps, now)
        return max(0.0, wait_s)

    async def correct(self, lane: Lane, *, tenant: str, tokens: int) -> None:
        """Count so many tokens more, fewer where negative."""
        both = zip(self._steps(lane, tenant, abs(tokens)), self._steps(lane, tenant, 0), strict=True)
        sign = 1 if tokens > 0 else -1
        with self._lock:
            now = self._clock()
            for (key, step), (_, without) in both:
                due_at = max(self._due_at.get(key, 0.0), now)
                self._due_at[key] = min(due_at + sign * (step - without), now + MINUTE_S)

    def _book(self, steps: dict[tuple[Lane, str, str], float], now: float) -> None:
        for key, step in steps.items():
            self._due_at[key] = min(max(self._due_at.get(key, 0.0), now) + step, now + MINUTE_S)

    def _steps(self, lane: Lane, tenant: str, tokens: int) -> Iterator[tuple[tuple[Lane, str, str], float]]:
        for whose, rates in (("", self._rates), (tenant, self._tenant_rates)):
            for limit, step_s in rates.of(lane.model).steps(tokens).items():
                yield (lane, whose, limit), step_s

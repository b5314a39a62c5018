"""How many requests a lane takes at once, as its refusals have taught."""

from __future__ import annotations

from math import inf
from typing import Final

#: What is left of the requests in flight after a refusal.
CUT: Final = 0.7
#: Requests at once to begin with, where others were refused and nothing of ours was in flight.
FIRST: Final = 16
#: Seconds after a cool-down over which requests come back, few at first.
RAMP_S: Final = 1.0
#: Seconds before room is looked for again that nobody told of.
LOOK_S: Final = 0.25


class Throttle:
    """Requests in flight on one lane: without a limit until the first refusal.

    A refusal leaves 0.7 of them, once per round trip: what was in flight by then counts no second time. Every answer
    allows one more, up to 0.7 of what was in flight when refusals began; from there on, one more per window of answers.
    """

    def __init__(self) -> None:
        self.in_flight = 0
        self._limit = inf
        self._threshold = inf
        #: Most in flight in this window, and in the one before it. A window is as many ends as there were in flight.
        self._peak, self._last_peak, self._ends = 0, 0, 0
        #: Requests that were in flight at the last cut and still are, and whether the last that ended was one of them.
        self._older, self._is_older = 0, False
        self._has_answered = False

    @property
    def limit(self) -> float:
        """Requests that may be in flight; the fraction is on its way to the next."""
        return self._limit

    def begin(self) -> None:
        """Note that a request goes out."""
        self.in_flight += 1
        self._peak = max(self._peak, self.in_flight)

    def end(self, *, is_answered: bool) -> None:
        """Note that a request is over, and whether it was answered."""
        self.in_flight -= 1
        self._is_older, self._older = self._older > 0, max(0, self._older - 1)
        self._ends += 1
        if self._ends >= self._peak:
            self._last_peak, self._peak, self._ends = self._peak, self.in_flight + 1, 0
        if is_answered:
            self._has_answered = True
            self._limit += 1 if self._limit + 1 <= self._threshold else 1 / self._limit

    def cut(self) -> None:
        """Take a refusal into account."""
        if self._is_older:
            return
        peak = max(self._peak, self._last_peak)
        basis = min(self._limit, peak or FIRST)
        if self._has_answered and peak:
            self._threshold = CUT * basis
        self._limit = max(1.0, CUT * basis)
        self._older, self._is_older, self._has_answered = self.in_flight, self.in_flight > 0, False

    def wait_s(self, *, open_for_s: float) -> float:
        """Return the seconds until there may be room for one more, 0.0 where there is.

        Args:
            open_for_s: Seconds since the last cool-down.
        """
        if self.in_flight + 1 > self._limit:
            return LOOK_S
        return 0.0 if self._limit == inf else max(0.0, RAMP_S * self.in_flight / self._limit - open_for_s)

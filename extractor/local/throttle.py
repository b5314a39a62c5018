"""How many requests a lane takes at once, as its refusals have taught."""

from __future__ import annotations

from math import inf
from typing import Final

#: What is left of the requests in flight after a refusal.
CUT: Final = 0.7
#: What is come back to fast.
NEAR: Final = 0.9
#: Requests at once to begin with, where others were refused and nothing of ours was in flight.
FIRST: Final = 16
#: Seconds after a cool-down over which requests come back, few at first.
RAMP_S: Final = 1.0
#: Seconds before room is looked for again that nobody told of.
LOOK_S: Final = 0.25


class Throttle:
    """Requests in flight on one lane: without a limit until the first refusal.

    A refusal leaves 0.7 of them, once per round trip: until a request that was sent since has been answered, others
    teach nothing more, however long a storm lasts. Then every answer allows one more, up to 0.9 of what was in flight
    when refusals began; from there on, one more per window of answers.
    """

    def __init__(self) -> None:
        self.in_flight = 0
        self._limit = inf
        self._threshold = inf
        #: Most in flight in this window, and in the one before it. A window is as many ends as there were in flight.
        self._peak, self._last_peak, self._ends = 0, 0, 0
        #: Cuts so far. Requests that were sent before the last one teach nothing.
        self._cuts = 0
        #: Whether a request was answered that was sent since the last cut.
        self._is_taught = True

    @property
    def limit(self) -> float:
        """Requests that may be in flight; the fraction is on its way to the next."""
        return self._limit

    def begin(self) -> int:
        """Note that a request goes out, and return after how many cuts that is."""
        self.in_flight += 1
        self._peak = max(self._peak, self.in_flight)
        return self._cuts

    def end(self, *, sent_after: int, is_answered: bool) -> None:
        """Note that a request is over, after how many cuts it was sent, and whether it was answered."""
        self.in_flight -= 1
        self._ends += 1
        if self._ends >= self._peak:
            self._last_peak, self._peak, self._ends = self._peak, self.in_flight + 1, 0
        if is_answered and sent_after == self._cuts:
            self._is_taught = True
            self._limit += 1 if self._limit + 1 <= self._threshold else 1 / self._limit

    def cut(self, *, sent_after: int | None = None) -> None:
        """Take a refusal into account, of a request sent after so many cuts, or of another process's where None."""
        if not self._is_taught or sent_after not in {None, self._cuts}:
            return
        basis = min(self._limit, max(self._peak, self._last_peak) or FIRST)
        self._threshold, self._limit = max(1.0, NEAR * basis), max(1.0, CUT * basis)
        self._cuts, self._is_taught = self._cuts + 1, False

    def wait_s(self, *, open_for_s: float) -> float:
        """Return the seconds until there may be room for one more, 0.0 where there is.

        Args:
            open_for_s: Seconds since the last cool-down.
        """
        if self.in_flight + 1 > self._limit:
            return LOOK_S
        return 0.0 if self._limit == inf else max(0.0, RAMP_S * self.in_flight / self._limit - open_for_s)

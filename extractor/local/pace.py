"""Pacing in memory: one cool-down per lane, shared by every extraction of this process."""

from __future__ import annotations

import time
from random import random
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from collections.abc import Callable

    from extractor.records import Lane

#: Seconds over which requests are spread that a cool-down has held back.
SPREAD_S = 1.0


class MemoryPace:
    """Holds requests back until the lane takes them again."""

    def __init__(self, *, jitter: Callable[[], float] = random) -> None:
        self._jitter = jitter
        self._ready_at: dict[Lane, float] = {}

    async def enter(self, lane: Lane, *, tokens: int) -> None:  # noqa: ARG002 - no limit is known
        await self.wait_out(lane)

    async def leave(self, lane: Lane, *, reserved: int, used: int) -> None:
        """Do nothing: no limit is known."""

    async def wait_out(self, lane: Lane) -> None:
        was_held_back = lane in self._ready_at and self._ready_at[lane] > time.monotonic()
        # Asked again after each wait: another request may have been told to wait longer meanwhile.
        while (wait := self._ready_at.get(lane, 0.0) - time.monotonic()) > 0:  # noqa: ASYNC110 - a deadline, not a state
            await anyio.sleep(wait)
        if was_held_back:  # all of them would come back in the same instant, and be held back again
            await anyio.sleep(self._jitter() * SPREAD_S)

    async def cool_down(self, lane: Lane, *, seconds: float) -> None:
        self._ready_at[lane] = max(self._ready_at.get(lane, 0.0), time.monotonic() + seconds)

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)

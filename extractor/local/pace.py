"""Pacing in memory: one cool-down per endpoint, shared by every extraction of this process."""

from __future__ import annotations

import time

import anyio


class MemoryPace:
    """Holds requests back until the endpoint takes them again."""

    def __init__(self) -> None:
        self._ready_at: dict[str, float] = {}

    async def enter(self, endpoint: str) -> None:
        # Asked again after each wait: another request may have been told to wait longer meanwhile.
        while (wait := self._ready_at.get(endpoint, 0.0) - time.monotonic()) > 0:  # noqa: ASYNC110 - a deadline, not a state
            await anyio.sleep(wait)

    async def cool_down(self, endpoint: str, *, seconds: float) -> None:
        self._ready_at[endpoint] = max(self._ready_at.get(endpoint, 0.0), time.monotonic() + seconds)

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)

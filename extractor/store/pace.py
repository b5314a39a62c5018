"""Pacing over processes: a cool-down that one worker meets holds for all of them."""

from __future__ import annotations

import time
from collections import defaultdict
from copy import copy
from typing import TYPE_CHECKING, Final, Protocol, Self

from redis.exceptions import RedisError

from extractor import log
from extractor.ports import Pace
from extractor.store import keys, scripts
from extractor.store.asking import told

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from extractor.records import Lane

#: Seconds by which a cool-down has to be longer than the one that was told, to be told again.
NEWS_S: Final = 0.1


class OwnPace(Pace, Protocol):
    """A pace of this process."""

    def of(self, tenant: str) -> Self:
        """Return this pace for the requests of `tenant`."""

    def lift(self) -> None:
        """End every cool-down."""


class SharedPace:
    """A pace of this process that tells the others, and is told by them through the control channel.

    Args:
        own: The pace that waits, and that counts in Redis where rates are agreed.
        client: The store.
    """

    def __init__(self, own: OwnPace, client: Redis) -> None:
        self._own = own
        self._client = client
        self._told_until: defaultdict[Lane, float] = defaultdict(float)

    def of(self, tenant: str) -> SharedPace:
        """Return this pace for the requests of `tenant`."""
        other = copy(self)
        other._own = self._own.of(tenant)  # noqa: SLF001 - of the same class
        return other

    async def enter(self, lane: Lane, *, tokens: int) -> None:
        await self._own.enter(lane, tokens=tokens)

    async def leave(self, lane: Lane, *, reserved: int, used: int) -> None:
        await self._own.leave(lane, reserved=reserved, used=used)

    async def wait_out(self, lane: Lane) -> None:
        await self._own.wait_out(lane)

    async def cool_down(self, lane: Lane, *, seconds: float) -> None:
        await self._own.cool_down(lane, seconds=seconds)
        until = time.monotonic() + seconds
        if until < self._told_until[lane] + NEWS_S:  # of hundreds that are refused at once, one tells
            return
        self._told_until[lane] = until
        milliseconds = max(1, round(1000 * seconds))
        try:
            await scripts.run(self._client, "cool", str(lane), milliseconds)
        except (RedisError, OSError) as error:  # this process waits all the same
            log.logger().warning("a cool-down could not be told to the other workers", error=type(error).__name__)

    async def hear(self, lane: Lane, *, seconds: float) -> None:
        """Take over a cool-down that another process has met."""
        self._told_until[lane] = max(self._told_until[lane], time.monotonic() + seconds)
        await self._own.cool_down(lane, seconds=seconds)

    async def catch_up(self, lane: Lane) -> None:
        """Take over the cool-down that was under way when this process started.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        try:
            until_ms = await self._client.hget(keys.COOL, str(lane))
            seconds, microseconds = await self._client.time()
        except (RedisError, OSError) as error:
            raise told(error) from None
        left_s = int(until_ms or 0) / 1000 - seconds - microseconds / 1e6
        if left_s > 0:
            await self._own.cool_down(lane, seconds=left_s)

    def lift(self) -> None:
        """End every cool-down of this process, because an operator has lifted them."""
        self._told_until.clear()
        self._own.lift()

    async def sleep(self, seconds: float) -> None:
        await self._own.sleep(seconds)

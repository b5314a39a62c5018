"""Pacing over processes: a cool-down that one worker meets holds for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from extractor import log
from extractor.store import keys
from extractor.store.asking import told

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from extractor.ports import Pace
    from extractor.records import Lane


class SharedPace:
    """A pace of this process that tells the others, and is told by them through the control channel.

    Args:
        own: The pace that waits.
        client: The store.
    """

    def __init__(self, own: Pace, client: Redis) -> None:
        self._own = own
        self._client = client

    async def enter(self, lane: Lane, *, tokens: int) -> None:
        await self._own.enter(lane, tokens=tokens)

    async def leave(self, lane: Lane, *, reserved: int, used: int) -> None:
        await self._own.leave(lane, reserved=reserved, used=used)

    async def wait_out(self, lane: Lane) -> None:
        await self._own.wait_out(lane)

    async def cool_down(self, lane: Lane, *, seconds: float) -> None:
        await self._own.cool_down(lane, seconds=seconds)
        milliseconds = max(1, round(1000 * seconds))
        try:
            await self._client.set(keys.cool_down(str(lane)), 1, px=milliseconds)
            await self._client.publish(keys.CONTROL, f"cool {milliseconds} {lane}")
        except (RedisError, OSError) as error:  # this process waits all the same
            log.logger().warning("a cool-down could not be told to the other workers", error=type(error).__name__)

    async def hear(self, lane: Lane, *, seconds: float) -> None:
        """Take over a cool-down that another process has met."""
        await self._own.cool_down(lane, seconds=seconds)

    async def catch_up(self, lane: Lane) -> None:
        """Take over the cool-down that was under way when this process started.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        try:
            left = await self._client.pttl(keys.cool_down(str(lane)))
        except (RedisError, OSError) as error:
            raise told(error) from None
        if left > 0:
            await self._own.cool_down(lane, seconds=left / 1000)

    async def sleep(self, seconds: float) -> None:
        await self._own.sleep(seconds)

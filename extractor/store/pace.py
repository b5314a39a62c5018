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


class SharedPace:
    """A pace of this process that tells the others, and is told by them through the control channel.

    Args:
        own: The pace that waits.
        client: The store.
    """

    def __init__(self, own: Pace, client: Redis) -> None:
        self._own = own
        self._client = client

    async def enter(self, endpoint: str) -> None:
        await self._own.enter(endpoint)

    async def cool_down(self, endpoint: str, *, seconds: float) -> None:
        await self._own.cool_down(endpoint, seconds=seconds)
        milliseconds = max(1, round(1000 * seconds))
        try:
            await self._client.set(keys.cool_down(endpoint), 1, px=milliseconds)
            await self._client.publish(keys.CONTROL, f"cool {milliseconds} {endpoint}")
        except (RedisError, OSError) as error:  # this process waits all the same
            log.logger().warning("a cool-down could not be told to the other workers", error=type(error).__name__)

    async def hear(self, endpoint: str, *, seconds: float) -> None:
        """Take over a cool-down that another process has met."""
        await self._own.cool_down(endpoint, seconds=seconds)

    async def catch_up(self, endpoint: str) -> None:
        """Take over the cool-down that was under way when this process started.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        try:
            left = await self._client.pttl(keys.cool_down(endpoint))
        except (RedisError, OSError) as error:
            raise told(error) from None
        if left > 0:
            await self._own.cool_down(endpoint, seconds=left / 1000)

    async def sleep(self, seconds: float) -> None:
        await self._own.sleep(seconds)

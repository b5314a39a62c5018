"""One subscription of a process to one channel, kept up over restarts of the server."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from redis.exceptions import RedisError

from extractor.ending import end_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from redis.asyncio import Redis

#: Seconds that one wait for a message lasts: how soon a dead connection is noticed.
_WAIT_S: Final = 5.0
#: Seconds before a lost subscription is made anew.
_PAUSE_S: Final = 0.2


async def listen(client: Redis, channel: str, *, hear: Callable[[str], None], subscribed: Callable[[], None]) -> None:
    """Hand every message of `channel` to `hear`, for ever. What was said while the server was away is not heard.

    Args:
        client: The store.
        channel: Its name.
        hear: Called with the text of each message.
        subscribed: Called whenever the subscription stands, the first time and after each loss.
    """
    while True:
        try:
            async with client.pubsub(ignore_subscribe_messages=True) as messages:
                await messages.subscribe(channel)
                subscribed()
                while True:
                    message = await messages.get_message(timeout=_WAIT_S)
                    if message is not None:
                        hear(message["data"].decode(errors="replace"))
        except (RedisError, OSError):
            await asyncio.sleep(_PAUSE_S)


class Ends:
    """Wakes whoever waits for the end of an extraction. Belongs to one event loop; subscribes when first asked."""

    def __init__(self, client: Redis, channel: str) -> None:
        self._client = client
        self._channel = channel
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._listening: asyncio.Task[None] | None = None
        self._is_subscribed = asyncio.Event()

    @contextmanager
    def awaited(self, id: str) -> Iterator[asyncio.Event]:  # noqa: A002 - the word of the records
        """Give an event that is set when `id` ends."""
        event = asyncio.Event()
        self._waiting.setdefault(id, set()).add(event)
        try:
            yield event
        finally:
            waiting = self._waiting[id]
            waiting.discard(event)
            if not waiting:
                del self._waiting[id]

    async def ready(self, *, timeout_s: float) -> None:
        """Wait until ends are heard, or for the time given: whoever waits looks from time to time anyway."""
        if self._listening is None or self._listening.done():
            listening = listen(self._client, self._channel, hear=self._hear, subscribed=self._is_subscribed.set)
            self._listening = asyncio.create_task(listening)
        try:
            async with asyncio.timeout(timeout_s):
                await self._is_subscribed.wait()
        except TimeoutError:
            return

    async def aclose(self) -> None:
        """End the subscription."""
        if self._listening is not None:
            await end_all([self._listening])

    def _hear(self, ids: str) -> None:
        for id_ in ids.split(" "):
            for event in self._waiting.get(id_, ()):
                event.set()

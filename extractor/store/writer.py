"""Many small writes as few: what all extractions of a process write within some milliseconds goes in one call.

A call to Redis costs the client 0.15 ms of CPU, an entry in one some microseconds. The wait grows with what is in
flight, so that one extraction alone waits for nothing.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from redis.exceptions import RedisError

from extractor.store.asking import insist, told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis.asyncio import Redis

    from extractor.store.scripts import Argument

#: Seconds that a write waits for others, for each extraction in flight, and at most.
_WAIT_EACH_S: Final = 0.000_2
_LONGEST_WAIT_S: Final = 0.05
#: Entries of one call, and bytes of it: Redis serves nobody else meanwhile.
_MOST_ENTRIES: Final = 200
_MOST_BYTES: Final = 4 * 1024 * 1024


class Writer:
    """Collects the entries of one script. Belongs to one event loop; entries keep their order.

    An entry handed over is written also when whoever waits for it is cancelled, and as often as it takes while
    Redis is away.
    """

    def __init__(self, client: Redis, script: str, *shared: Argument) -> None:
        self._client = client
        self._script = script
        self._shared = shared
        self._waiting: list[tuple[Sequence[Argument], asyncio.Future[Any]]] = []
        self._writing: asyncio.Task[None] | None = None
        #: Extractions in flight, told by whoever starts them.
        self.in_flight = 0

    def put(self, *entry: Argument) -> asyncio.Future[Any]:
        """Hand over one entry; the future has its part of the script's answer."""
        written: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, written))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all())
        return written

    async def flush(self) -> None:
        """Wait until nothing is waiting to be written."""
        while self._writing is not None:
            await asyncio.shield(self._writing)

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(min(self.in_flight * _WAIT_EACH_S, _LONGEST_WAIT_S))
                await self._write(self._next())
        finally:
            self._writing = None

    def _next(self) -> list[tuple[Sequence[Argument], asyncio.Future[Any]]]:
        size = count = 0
        for entry, _ in self._waiting[:_MOST_ENTRIES]:
            size += sum(len(part) for part in entry if isinstance(part, (str, bytes)))
            if count and size > _MOST_BYTES:
                break
            count += 1
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        return taken

    async def _write(self, entries: list[tuple[Sequence[Argument], asyncio.Future[Any]]]) -> None:
        flat = [part for entry, _ in entries for part in entry]
        try:
            answer = await insist(self._client, self._script, *self._shared, *flat)
        except RedisError as error:  # refused for good: a defect, or a right that was taken away
            for _, written in entries:
                _settle(written, error=told(error))
            return
        except BaseException as error:
            for _, written in (*entries, *self._waiting):
                _settle(written, error=error)
            raise
        each = answer if isinstance(answer, list) else [answer] * len(entries)
        for (_, written), part in zip(entries, each, strict=True):
            _settle(written, part)


def _settle(written: asyncio.Future[Any], part: Any = None, *, error: BaseException | None = None) -> None:
    if written.done():
        return
    if error is None:
        written.set_result(part)
    else:
        written.set_exception(error)
        written.exception()  # nobody has to look

"""What a worker does beside running extractions: renew, sweep, listen, tell."""

from __future__ import annotations

import asyncio
import json  # orjson would make floats of integers beyond 64 bits
from typing import TYPE_CHECKING, Final

from extractor import log
from extractor.errors import ExtractionError, StoreUnavailable, UnknownExtraction
from extractor.records import Lane
from extractor.store import unfinished_result

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from extractor.records import JsonObject
    from extractor.store import Leases, SharedPace, Store
    from workers.claiming import ClaimLoop
    from workers.slots import Reason

#: Seconds before what failed because the store was away is tried again.
AGAIN_S: Final = 0.5
#: Seconds between two looks into the outbox that nothing announced, and between two that something did.
LOOK_S, TELL_S = 5.0, 0.05
#: What waits for its result, with the result: Celery task id, JSON.
Told = tuple[str, "JsonObject"]


async def every(seconds: float, do: Callable[[], Awaitable[None]]) -> None:
    """Do something every so often, for ever; sooner again when the store was away."""
    while True:
        try:
            await do()
            await asyncio.sleep(seconds)
        except StoreUnavailable:
            await asyncio.sleep(min(AGAIN_S, seconds))


class Keeper:
    """Renews the leases of this process, and stops what is no longer ours or no longer wanted.

    Args:
        leases: The store.
        held: Returns id and token of everything that is held.
        stop: Stops one extraction, under one token or under any.
    """

    def __init__(
        self,
        leases: Leases,
        *,
        held: Callable[[], list[tuple[str, str]]],
        stop: Callable[[str, Reason, str | None], None],
    ) -> None:
        self._leases = leases
        self._held = held
        self._stop = stop

    async def renew(self) -> None:
        """Renew everything once.

        Raises:
            StoreUnavailable: the store is away.
        """
        held = self._held()
        for (id_, token), verdict in zip(held, await self._leases.renew(held), strict=True):
            if verdict != "held":
                self._stop(id_, verdict, token)


async def sweep(leases: Leases) -> None:
    """Sweep until nothing is left to move, and say what was moved that nobody expected.

    Raises:
        StoreUnavailable: the store is away.
    """
    has_more = True
    while has_more:
        swept = await leases.sweep()
        has_more = swept.has_more
        if swept.suspects or swept.late:
            log.logger().warning("swept", lost_leases=swept.suspects, past_deadline=swept.late)


def hearing(
    loop: ClaimLoop, *, pace: SharedPace, stop: Callable[[str, Reason, str | None], None]
) -> Callable[[str], None]:
    """Return what is done with each message of the control channel."""
    tasks: set[asyncio.Task[None]] = set()

    def hear(message: str) -> None:
        word, _, rest = message.partition(" ")
        milliseconds, _, lane_in_words = rest.partition(" ")
        endpoint, _, model = lane_in_words.partition(" ")
        if word == "cancel":
            stop(rest, "cancelled", None)
        elif word == "wake":
            loop.wake()
        elif message == "open":
            pace.lift()
        elif word == "cool" and milliseconds.isdecimal():
            lane = Lane(endpoint=endpoint, model=model)
            task = asyncio.create_task(pace.hear(lane, seconds=int(milliseconds) / 1000))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        else:  # the channel of a database is open to whoever reaches the server
            log.logger().warning("a message of the control channel was not understood")

    return hear


class Outbox:
    """Empties the outbox: tells Celery the results that were written.

    Args:
        leases: The outbox.
        store: The results.
        tell: Stores results where Celery looks for them; it may block.
        news: Set when something was put in.
    """

    def __init__(
        self, leases: Leases, *, store: Store, tell: Callable[[Sequence[Told]], None], news: asyncio.Event
    ) -> None:
        self._leases = leases
        self._store = store
        self._tell = tell
        self._news = news

    async def run(self) -> None:
        """Tell for ever."""
        is_cut_off = False
        while True:
            self._news.clear()
            try:
                while await self.tell_some():
                    pass
            except ExtractionError as error:
                if not is_cut_off:
                    log.logger().warning("the store is away, results are told when it is back", code=error.code)
                is_cut_off = True
                await asyncio.sleep(AGAIN_S)
                continue
            is_cut_off = False
            try:
                async with asyncio.timeout(LOOK_S):
                    await self._news.wait()
            except TimeoutError:
                continue
            await asyncio.sleep(TELL_S)  # what is written meanwhile goes along

    async def tell_some(self) -> bool:
        """Tell what has to be told, some at a time; return whether there was anything.

        Raises:
            StoreUnavailable: the store is away; what was taken is given again.
        """
        pairs = await self._leases.untold()
        if not pairs:
            return False
        found = await self._store.read_many([id_ for _, id_ in pairs], tenant=None)
        results = [stored.result if stored else _forgotten(id_) for stored, (_, id_) in zip(found, pairs, strict=True)]
        told = [(task, json.loads(result)) for (task, _), result in zip(pairs, results, strict=True)]
        await asyncio.to_thread(self._tell, told)
        await self._leases.told([(*pair, stored is not None) for pair, stored in zip(pairs, found, strict=True)])
        return True


def _forgotten(id_: str) -> bytes:
    error = UnknownExtraction("The extraction was erased before its result was told.").as_failure()
    return unfinished_result(id_, name=None, state="cancelled", error=error, calls=())

"""What a program needs to hand extractions in and to ask for them, in one event loop."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager, suppress
from functools import partial
from random import randrange
from typing import TYPE_CHECKING, TypeVar

from extractor import submit, wiring
from extractor.ending import end_all
from extractor.errors import StoreUnavailable
from extractor.queue import Bell
from extractor.records import OPEN_STATES
from extractor.rerunning import retry
from extractor.store import Rerun, Store, broker_url, connect, unknown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence

    from extractor.records import Receipt, State, Stored, Submission
    from extractor.settings import Settings

T = TypeVar("T")

#: Extractions that are read or written at once: what one script call of the store takes.
CHUNK = 500
#: Bytes or characters of documents that are written at once, unless one alone has more.
CHUNK_SIZE = 16 * 1024 * 1024
#: Extractions watched for their end at the same moment; at the others one looks now and then.
WATCHED = 16
#: Seconds between two looks.
LOOK_S = 0.5
#: Seconds of one wait, where nobody said how long.
WAIT_S = 60.0
#: Seconds that Redis may be away while somebody waits: a restart with a large append-only file.
AWAY_S = 60.0


class Desk:
    """The store and the bell, used in the name of one tenant."""

    def __init__(self, *, store: Store, bell: Bell, tenant: str) -> None:
        self.store = store
        self._bell = bell
        self._tenant = tenant

    async def submit(self, submissions: Sequence[Submission]) -> list[Receipt]:
        """Write submissions down and wake the workers; see `submit.submit`."""
        return await submit.submit(submissions, store=self.store, ring=self._bell.ring)

    async def retry(self, id: str) -> Receipt:  # noqa: A002 - the word of the record
        """Run what has ended again, from what was bought for it; see `rerunning.retry`."""
        rerun = Rerun(id=submit.new_id(), of=id, tenant=self._tenant)
        return await retry(rerun, store=self.store, ring=self._bell.ring)

    async def read(self, id: str) -> Stored:  # noqa: A002 - the word of the record
        """Return what the store knows; see `Store.read`."""
        return await self.store.read(id, tenant=self._tenant)

    async def read_many(self, ids: Sequence[str]) -> list[Stored | None]:
        """Return what the store knows of each, None of an unknown one."""
        found: list[Stored | None] = []
        for start in range(0, len(ids), CHUNK):
            found += await self.store.read_many(ids[start : start + CHUNK], tenant=self._tenant)
        return found

    async def list_ids(self, state: State, *, limit: int) -> list[tuple[str, float]]:
        """Return ids in a state with the Unix seconds they entered it, newest first."""
        return await self.store.list_ids(tenant=self._tenant, state=state, limit=limit)

    async def cancel(self, id: str) -> State:  # noqa: A002 - the word of the record
        """Ask for the end of an extraction; see `Store.cancel`."""
        return await self.store.cancel(id, tenant=self._tenant)

    async def wait(self, id: str, *, until: float | None = None) -> Stored:  # noqa: A002 - the word of the record
        """Return an extraction when it has ended, or as it is at `until`, a value of `time.monotonic`.

        Raises:
            UnknownExtraction: there is none of this id.
            StoreUnavailable: Redis was away for longer than `AWAY_S` seconds.
        """
        stored = await _patiently(partial(self.read, id), until=until)
        while stored.status in OPEN_STATES and (until is None or time.monotonic() < until):
            left_s = WAIT_S if until is None else min(WAIT_S, max(until - time.monotonic(), 0.0))
            wait = partial(self.store.wait, id, tenant=self._tenant, timeout_s=left_s)
            stored = await _patiently(wait, until=until)
        return stored

    async def ended_among(self, ids: list[str], *, until: float | None = None) -> list[Stored]:
        """Return those of `ids` that have ended, as soon as there is one; none when `until` has come.

        `ids` is in the order in which they are likely to end. A few of the first are watched; of the rest some
        are looked at, others each time, so that the cost of one look does not grow with their number.

        Raises:
            UnknownExtraction: there is no extraction of one of these ids.
            StoreUnavailable: Redis was away for longer than `AWAY_S` seconds.
        """
        while True:
            ended = await _patiently(partial(self._ended, ids), until=until)
            if ended or (until is not None and time.monotonic() >= until):
                return ended
            with suppress(StoreUnavailable):  # the next look waits for it
                await self._first_end(ids[:WATCHED], until=until)

    async def _ended(self, ids: list[str]) -> list[Stored]:
        """Return what has ended of the first ids and of some others."""
        others = randrange(CHUNK, len(ids), CHUNK) if len(ids) > CHUNK else len(ids)  # noqa: S311 - no secret
        known = await self._known(ids[:CHUNK] + ids[others : others + CHUNK])
        return [stored for stored in known if stored.status not in OPEN_STATES]

    async def _known(self, ids: Sequence[str]) -> list[Stored]:
        found = await self.read_many(ids)
        known = [stored for stored in found if stored is not None]
        if len(known) < len(ids):
            gone = next(name for name, stored in zip(ids, found, strict=True) if stored is None)
            raise unknown(gone)
        return known

    async def _first_end(self, ids: Sequence[str], *, until: float | None) -> None:
        """Return when one has ended, at `until`, or when it is time to look at the others."""
        soon = time.monotonic() + LOOK_S
        timeout_s = max(min(soon, until or soon) - time.monotonic(), 0.0)
        waits = [asyncio.create_task(self.store.wait(name, tenant=self._tenant, timeout_s=timeout_s)) for name in ids]
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for wait in done:
                wait.result()
        finally:
            await end_all(waits)


async def _patiently(ask: Callable[[], Awaitable[T]], *, until: float | None) -> T:
    """Ask again while Redis is away, but not for ever."""
    gives_up = time.monotonic() + AWAY_S
    while True:
        try:
            return await ask()
        except StoreUnavailable:
            if time.monotonic() >= min(gives_up, until or gives_up):
                raise
            await asyncio.sleep(LOOK_S)


@asynccontextmanager
async def open_desk(settings: Settings) -> AsyncIterator[Desk]:
    """Connect to the store and the broker, and disconnect at the end.

    Raises:
        StoreUnavailable: Redis does not answer, or no Redis is set.
        UnsuitableStore: it cannot keep our promises.
    """
    url = wiring.store_url(settings)
    limits = wiring.store_limits(settings)
    store = Store(await connect(url), limits)
    bell = Bell(*broker_url(url))
    try:
        yield Desk(store=store, bell=bell, tenant=settings.tenant)
    finally:
        bell.close()
        await store.aclose()


def chunks_of(admitted: Iterable[tuple[Submission, T]]) -> Iterator[list[tuple[Submission, T]]]:
    """Yield submissions, each with what belongs to it, in lists of a size that may be written at once.

    `admitted` is drawn from as the lists are, so that no more than one list of documents is in memory.
    """
    chunk: list[tuple[Submission, T]] = []
    size = 0
    for submission, beside in admitted:
        content = submission.source.content
        length = len(content) if isinstance(content, str | bytes) else 0
        if chunk and (len(chunk) == CHUNK or size + length > CHUNK_SIZE):
            yield chunk
            chunk, size = [], 0
        chunk.append((submission, beside))
        size += length
    if chunk:
        yield chunk

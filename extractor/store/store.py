"""The store as the doors see it: hand in, look up, wait, cancel, erase, and steer the queue."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from redis.exceptions import RedisError

from extractor.errors import StoreFull, UnknownExtraction
from extractor.records import ENDS, OPEN_STATES, QueueStatus, Receipt, Stored, WorkerSign
from extractor.store import keys, packing
from extractor.store.asking import ask, told
from extractor.store.limits import StoreLimits
from extractor.store.listening import Ends
from extractor.store.purse import MONEY, Money, money_from
from extractor.store.reading import READ, found_in, pause_from, state_of, stored_from, unfinished, unknown
from extractor.store.retrying import take_in
from extractor.store.submitting import Packed, chunks, refusal, script_arguments

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from extractor.records import Priority, State, Submission
    from extractor.store.connecting import Connection
    from extractor.store.retrying import Rerun

#: Share of `maxmemory` from which on nothing new is taken: the rest is for what was.
FULL: Final = 0.8
#: Milliseconds for which one ticket per class is enough: a worker that got one looks again and again for longer.
RING_MS: Final = 1000
#: Seconds between two looks at an extraction whose end is waited for, in case its announcement was missed.
LOOK_S: Final = 2.0
#: Seconds of a UTC day.
DAY_S: Final = 86_400
#: Digests of schemas sent that are remembered.
_SCHEMAS: Final = 1000
#: Ids that are listed in one step.
_LISTED: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """What came of handing in."""

    #: One per submission, in order.
    receipts: list[Receipt]
    #: Classes that a ticket should be sent for.
    ring: frozenset[Priority]


class Store:
    """Extractions on Redis. Belongs to one event loop; any number of processes may have one.

    Every method raises `StoreUnavailable` when Redis does not answer.
    """

    def __init__(self, connection: Connection, limits: StoreLimits | None = None) -> None:
        self._connection = connection
        self._client = connection.client
        self._limits = limits or StoreLimits()
        self._ends = Ends(connection.client, keys.ENDED)
        self._schemas: set[str] = set()

    async def submit_many(self, submissions: Sequence[Submission]) -> Submitted:
        """Take submissions in. Each chunk of some hundreds is taken in whole or not at all.

        Raises:
            IdempotencyConflict: a key stands for another request; nothing of its chunk was taken.
            BudgetExceeded: of the tenant's day, or of the batch, nothing is left; nothing of its chunk was taken.
            QueueDraining: the operator takes nothing new.
            StoreFull: Redis is nearly full.
        """
        receipts: list[Receipt] = []
        ring: set[Priority] = set()
        for chunk in chunks(submissions):
            await self._refuse_if_full()
            taken, rung = await self._take_in(chunk)
            receipts += [Receipt(id=id_.decode(), is_new=bool(new), status=state.decode()) for id_, new, state in taken]
            ring.update(each.decode() for each in rung)
        return Submitted(receipts=receipts, ring=frozenset(ring))

    async def _refuse_if_full(self) -> None:
        if await self._connection.fullness() >= FULL:
            raise StoreFull(f"Redis has used {FULL:.0%} of its `maxmemory`; the rest is for work already accepted.")

    async def _take_in(self, chunk: list[Packed]) -> Any:
        arguments = script_arguments(chunk, self._limits, known=self._schemas)
        word, *answer = await ask(self._client, "submit_many", RING_MS, *arguments)
        if word == b"schemas":
            arguments = script_arguments(chunk, self._limits, known=())
            word, *answer = await ask(self._client, "submit_many", RING_MS, *arguments)
        if word != b"taken":
            raise refusal(word, answer, chunk)
        if len(self._schemas) > _SCHEMAS:
            self._schemas.clear()
        self._schemas.update(each.submission.target.digest for each in chunk)
        return answer

    async def retry(self, rerun: Rerun) -> Submitted:
        """Take in a re-run of an extraction that has ended, or find the one that there is; see `retrying.take_in`."""
        await self._refuse_if_full()
        taken = await take_in(self._client, rerun, ring_ms=RING_MS, ttl_ms=self._limits.ttl_ms)
        return Submitted(receipts=[taken.receipt], ring=taken.ring)

    async def read(self, id: str, *, tenant: str) -> Stored:  # noqa: A002 - the word of the records
        """Return what is known of an extraction.

        Raises:
            UnknownExtraction: there is none of this id, or it is another tenant's.
        """
        (stored,) = await self.read_many([id], tenant=tenant)
        if stored is None:
            raise unknown(id)
        return stored

    async def read_many(self, ids: Sequence[str], *, tenant: str | None) -> list[Stored | None]:
        """Return what is known of extractions, None for unknown ones.

        Args:
            ids: Their names.
            tenant: Whose they have to be; None = anybody's, for the worker that tells their results.
        """
        pipeline = self._client.pipeline(transaction=False)
        for id_ in ids:
            pipeline.hmget(keys.extraction(id_), *READ)
        rows = zip(ids, await _answered(pipeline.execute()), strict=True)
        return [await self._stored(id_, row, tenant) for id_, row in rows]

    async def wait(self, id: str, *, tenant: str, timeout_s: float) -> Stored:  # noqa: A002 - the word of the records
        """Return an extraction when it has ended, or as it is after `timeout_s` seconds.

        Raises:
            UnknownExtraction: there is none of this id.
        """
        stored = await self.read(id, tenant=tenant)
        ends_at = asyncio.get_running_loop().time() + timeout_s
        if stored.status in ENDS or timeout_s <= 0:
            return stored
        with self._ends.awaited(id) as ended:
            await self._ends.ready(timeout_s=min(timeout_s, LOOK_S))
            while True:
                stored = await self.read(id, tenant=tenant)
                left_s = ends_at - asyncio.get_running_loop().time()
                if stored.status in ENDS or left_s <= 0:
                    return stored
                ended.clear()
                try:
                    # Not `wait_for`, which in Python 3.11 may lose a cancellation.
                    async with asyncio.timeout(min(left_s, LOOK_S)):
                        await ended.wait()
                except TimeoutError:
                    continue

    async def cancel(self, id: str, *, tenant: str) -> State:  # noqa: A002 - the word of the records
        """Cancel an extraction: at once where it waits, within two seconds where it runs. Return its state.

        Raises:
            UnknownExtraction: there is none of this id.
        """
        state = await ask(self._client, "cancel", self._limits.ttl_ms, id, tenant)
        if state is None:
            raise unknown(id)
        return state_of(state)

    async def erase(self, id: str, *, tenant: str) -> None:  # noqa: A002 - the word of the records
        """Forget an extraction: document, replies and record. An open one is cancelled.

        Raises:
            UnknownExtraction: there is none of this id.
        """
        if not await ask(self._client, "erase", self._limits.ttl_ms, id, tenant):
            raise unknown(id)

    async def list_ids(
        self, *, tenant: str, state: State | Literal["open"], limit: int = 100, before: float | None = None
    ) -> list[tuple[str, float]]:
        """Return ids with the Unix seconds of their submission, or of their end where they have one, newest first.

        Args:
            tenant: Whose.
            state: An end; `open` = every one that has none; or one of the open states.
            limit: How many at most.
            before: Only those from before this time, Unix seconds.
        """
        most = "+inf" if before is None else f"({1000 * before:.3f}"
        is_open = state in OPEN_STATES
        key = keys.listing(tenant, "open" if is_open else state)
        found: list[tuple[str, float]] = []
        start, rows = 0, [("", 0.0)]
        while rows and len(found) < limit:
            listed = self._client.zrevrangebyscore(key, most, "-inf", start=start, num=_LISTED, withscores=True)
            rows = [(id_.decode(), entered / 1000) for id_, entered in await _answered(listed)]
            found += await self._in_state(rows, state) if is_open and rows else rows
            start += _LISTED
        return found[:limit]

    async def _in_state(self, rows: Sequence[tuple[str, float]], state: str) -> list[tuple[str, float]]:
        pipeline = self._client.pipeline(transaction=False)
        for id_, _ in rows:
            pipeline.hget(keys.extraction(id_), "status")
        states = await _answered(pipeline.execute())
        return [row for row, found in zip(rows, states, strict=True) if found == state.encode()]

    async def batch(self, id: str, *, tenant: str) -> dict[str, int]:  # noqa: A002 - the word of the records
        """Return how many members of a batch are in which state, and `total`.

        Raises:
            UnknownExtraction: there is no batch of this id.
        """
        fields = await _answered(self._client.hgetall(keys.batch(tenant, id)))
        found = {name.decode(): value.decode() for name, value in fields.items()}
        if found.get("tenant") != tenant:
            raise UnknownExtraction(f"There is no batch {id!r}: it never was, or has expired.")
        others = {"tenant", "created", "deadline", *MONEY}
        return {name: int(count) for name, count in found.items() if name not in others}

    async def money(self, *, tenant: str, batch: str = "") -> Money:
        """Return the money of a batch; without one, the tenant's of this UTC day."""
        if batch:
            return money_from(await _answered(self._client.hmget(keys.batch(tenant, batch), *MONEY)))
        seconds, _ = await _answered(self._client.time())
        found = await _answered(self._client.hmget(keys.daily_money(tenant, seconds // DAY_S), *MONEY))
        return replace(money_from(found), cap_usd=self._limits.tenant_budget_usd)

    async def status(self) -> QueueStatus:
        """Return the queue at this moment."""
        interactive, bulk, running, due, suspects, untold, pause, draining, workers, oldest_ms = await ask(
            self._client, "status", self._limits.lease_ms
        )
        return QueueStatus(
            ready={"interactive": interactive, "bulk": bulk},
            running=running,
            deferred=due,
            suspects=suspects,
            untold=untold,
            pause=pause_from(pause),
            is_draining=bool(draining),
            workers={
                name.decode(): WorkerSign(running=running, silent_s=silent_ms / 1000)
                for name, running, silent_ms in workers
            },
            oldest_s=oldest_ms / 1000,
        )

    async def pause(self, *, message: str) -> None:
        """Let nothing be claimed until `resume`. What runs goes on."""
        await ask(self._client, "pause", "operator", "paused", message, 0)

    async def resume(self) -> bool:
        """Lift a pause, a circuit and draining; return whether there was anything to lift."""
        return bool(await ask(self._client, "resume", "operator"))

    async def drain(self) -> None:
        """Take nothing new until `resume`. What was taken goes on to its end."""
        await _answered(self._client.set(f"{keys.PREFIX}draining", 1))

    async def suspects(self, *, limit: int = 100) -> list[str]:
        """Return ids that wait to be run apart from others, those to be run alone first."""
        alone = await _answered(self._client.zrange(f"{keys.PREFIX}alone", 0, limit - 1))
        others = await _answered(self._client.zrange(f"{keys.PREFIX}suspects", 0, limit - 1))
        return [id_.decode() for id_ in (*alone, *others)][:limit]

    async def requeue(self, ids: Sequence[str]) -> list[str]:
        """Let suspects and deferred extractions wait like any other again; return those that do. Ends stay ends."""
        requeued = await ask(self._client, "requeue", *ids)
        return [id_ for id_, is_requeued in zip(ids, requeued, strict=True) if is_requeued]

    async def ping(self) -> None:
        """Return when Redis answers."""
        await _answered(self._client.ping())

    async def aclose(self) -> None:
        """Close every connection."""
        await self._ends.aclose()
        await self._connection.aclose()

    async def _stored(self, id_: str, row: Sequence[bytes | None], tenant: str | None) -> Stored | None:
        """Return an extraction; for one that no worker wrote a result for, with what was spent on its bill."""
        *facts, result = row
        found = found_in(facts)
        if not found or tenant not in {None, found["tenant"]}:
            return None
        if result is None:
            calls = await ask(self._client, "calls", id_) if "ended" in found else []
            result = unfinished(id_, found, calls=packing.calls_from(calls))
        return stored_from(id_, found, result=result)


async def _answered(call: Awaitable[Any]) -> Any:
    try:
        return await call
    except (RedisError, OSError) as error:
        raise told(error) from None

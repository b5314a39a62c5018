"""The store as a worker sees it: claim, keep, commit, put off, give back, and sweep."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

import orjson
from redis.exceptions import RedisError

from extractor.errors import UnexpectedError
from extractor.records import Lease
from extractor.store import keys, scripts
from extractor.store.asking import insist, told, until_answered
from extractor.store.journal import RedisJournal
from extractor.store.limits import StoreLimits
from extractor.store.packing import calls_from
from extractor.store.purse import SharedPurse
from extractor.store.reading import pause_from
from extractor.store.store import RING_MS
from extractor.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.records import JsonObject, Pause, Priority, State
    from extractor.store.connecting import Connection
    from extractor.store.scripts import Argument

#: Bytes of documents that one claim takes at most; one document is always taken.
_MOST_BYTES: Final = 8 * 1024 * 1024
#: Suspects that are run in one child at once. Which of them killed it is found by running each alone.
COMPANY: Final = 16
#: Deaths alone after which a suspect is condemned.
MAX_DEATHS: Final = 3
#: Seconds for which an entry of the outbox belongs to whoever took it.
_TELL_S: Final = 30
#: Rows that one sweep moves of each kind at most.
_SWEPT: Final = 500

#: What a renewal says of a lease.
Held = Literal["lost", "held", "cancelled"]
_HELD: Final[tuple[Held, ...]] = ("lost", "held", "cancelled")
#: What a commit says of an outcome.
Verdict = Literal["lost", "stands", "untold"]
_VERDICTS: Final[tuple[Verdict, ...]] = ("lost", "stands", "untold")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """What came of a claim."""

    #: The leases given, none when nothing waits.
    leases: tuple[Lease, ...]
    #: Classes of which more waits, and for which a ticket should be sent.
    ring: frozenset[Priority] = frozenset()
    #: Why nothing, or only one to try, was given; None when all is well.
    pause: Pause | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspects:
    """Suspects to be run together in a child."""

    #: The leases given, none when there is no suspect.
    leases: tuple[Lease, ...]
    #: Whether it is one that has to be alone.
    is_alone: bool
    #: Whether it was let through a circuit to see if the provider takes requests again.
    is_probe: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What one sweep moved."""

    #: Leases that had run out.
    suspects: int
    #: Deferrals that were due.
    due: int
    #: Deadlines that had passed.
    late: int
    #: Whether it held back, because live workers come first after a gap.
    is_quiet: bool

    @property
    def has_more(self) -> bool:
        """Whether it moved as many of a kind as one sweep does, so that there may be more."""
        return max(self.suspects, self.due, self.late) >= _SWEPT


class Leases:
    """Leases on extractions. Belongs to one event loop; a worker process has one.

    Args:
        connection: The store.
        limits: Times.
        worker: Name of this process, in the queue's status.
    """

    def __init__(self, connection: Connection, limits: StoreLimits | None = None, *, worker: str = "") -> None:
        self._client = connection.client
        self._limits = limits or StoreLimits()
        self._worker = worker
        allowance_usd = self._limits.tenant_budget_usd
        self._notes = Writer(self._client, "note", "" if allowance_usd is None else repr(allowance_usd))
        self._purse = SharedPurse(self._notes, is_capped=allowance_usd is not None)
        self._commits = Writer(self._client, "commit", self._limits.ttl_ms)

    async def claim(self, *, free: int, free_bulk: int) -> Claimed:
        """Return leases on what waits, in fair order.

        Args:
            free: How many at most.
            free_bulk: How many of class `bulk` at most.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        leases, ring, pause = await self._run(
            "claim",
            self._limits.lease_ms,
            round(1000 * self._limits.probe_s),
            self._limits.ttl_ms,
            free,
            free_bulk,
            _MOST_BYTES,
            secrets.token_hex(8),
            RING_MS,
        )
        return Claimed(
            leases=tuple(_lease(each) for each in leases),
            ring=frozenset(each.decode() for each in ring),
            pause=pause_from(pause),
        )

    async def claim_suspects(self) -> Suspects:
        """Return leases on some suspects, or on one that has to be alone.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        leases, is_alone, is_probe = await self._run(
            "claim_suspects",
            self._limits.lease_ms,
            round(1000 * self._limits.probe_s),
            self._limits.ttl_ms,
            COMPANY,
            _MOST_BYTES,
            secrets.token_hex(8),
        )
        return Suspects(leases=tuple(_lease(each) for each in leases), is_alone=bool(is_alone), is_probe=bool(is_probe))

    async def schema(self, digest: str) -> JsonObject:
        """Return a schema that a lease refers to. Tries until Redis is back.

        Raises:
            UnexpectedError: it is not there.
        """
        found = await until_answered(lambda: self._client.get(keys.schema(digest)))
        if found is None:
            raise UnexpectedError("The schema of an accepted extraction is missing in the store.")
        schema: JsonObject = orjson.loads(found)
        return schema

    async def renew(self, held: Sequence[tuple[str, str]]) -> list[Held]:
        """Prolong leases, given as id and token; say of each whether it is still held, and still wanted.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        flat = [part for pair in held for part in pair]
        return [_HELD[verdict] for verdict in await self._run("renew", self._limits.lease_ms, self._worker, *flat)]

    def journal(self, lease: Lease) -> RedisJournal:
        """Return the journal of a lease, which holds its money."""
        return RedisJournal(lease, purse=self._purse)

    def expect(self, in_flight: int) -> None:
        """Tell how many extractions are in flight: the more, the longer writes wait for one another."""
        self._notes.in_flight = self._commits.in_flight = in_flight

    async def commit(self, lease: Lease, *, status: State, code: str = "", result: bytes = b"") -> Verdict:
        """Write an outcome. Tries until Redis is back.

        Args:
            lease: What it is the outcome of.
            status: The end.
            code: Of the error, "" when there is none.
            result: As `packing.pack_result` writes it; b"" = readers make one from the journal.

        Returns:
            `lost` when somebody else has the say, `stands`, or `untold`: it stands, and Celery has to be told.
        """
        verdict: int = await self._commits.put(lease.id, lease.token, status, code, result)
        return _VERDICTS[verdict]

    async def load(self, lease: Lease) -> Lease:
        """Return a lease that another process of ours holds with what it takes to run it. Tries until Redis is back."""
        body = await until_answered(lambda: self._client.hget(keys.extraction(lease.id), "body"))
        calls = await insist(self._client, "calls", lease.id)
        return replace(lease, body=body or b"", calls=calls_from(calls))

    async def defer(self, lease: Lease, *, delay_s: float) -> bool:
        """Put an extraction off; return False when the lease was lost. Tries until Redis is back."""
        delay_ms = round(1000 * delay_s)
        return bool(await insist(self._client, "defer", self._limits.ttl_ms, lease.id, lease.token, delay_ms))

    async def release(self, leases: Sequence[Lease]) -> int:
        """Give leases back to the head of the queue; return how many were still held. Tries until Redis is back."""
        flat = [part for lease in leases for part in (lease.id, lease.token)]
        return int(await insist(self._client, "release", self._limits.ttl_ms, *flat))

    async def crash(self, leases: Sequence[Lease], *, is_alone: bool) -> list[str]:
        """Tell that the child that ran these suspects died; return those condemned. Tries until Redis is back."""
        flat = [part for lease in leases for part in (lease.id, lease.token)]
        ended = await insist(self._client, "crash", self._limits.ttl_ms, int(is_alone), MAX_DEATHS, *flat)
        return [id_.decode() for id_ in ended]

    async def sweep(self) -> Swept:
        """Move what time has moved. Any number of workers may do so at once.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        limits = self._limits
        suspects, due, late, quiet = await self._run(
            "sweep", limits.lease_ms, round(1000 * limits.gap_s), limits.ttl_ms, _SWEPT, MAX_DEATHS
        )
        return Swept(suspects=suspects, due=due, late=late, is_quiet=bool(quiet))

    async def trip(self, *, code: str, message: str) -> None:
        """Stop claims, because the provider refuses the key or the account. Tries until Redis is back."""
        await insist(self._client, "pause", "circuit", code, message, round(1000 * self._limits.probe_s))

    async def mend(self) -> bool:
        """Let claims go on after a probe went well; return whether a circuit was lifted. Tries until Redis is back."""
        return bool(await insist(self._client, "resume", "circuit"))

    async def untold(self, *, limit: int = 100) -> list[tuple[str, str]]:
        """Return Celery tasks whose result has to be told, with their extractions; ours for half a minute.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        entries = await self._run("untold", limit, 1000 * _TELL_S)
        pairs = (entry.decode().rsplit(" ", 1) for entry in entries)
        return [(task, id_) for task, id_ in pairs]

    async def told(self, entries: Sequence[tuple[str, str, bool]]) -> None:
        """Strike entries from the outbox, given as task, extraction, and whether that was known when it was read.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        await self._run("told", *(part for task, id_, known in entries for part in (task, id_, int(known))))

    async def flush(self) -> None:
        """Wait until everything handed over is written."""
        await self._notes.flush()
        await self._commits.flush()

    async def leave(self) -> None:
        """Take this process off the list of workers.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        try:
            await self._client.zrem(f"{keys.PREFIX}workers", self._worker)
            await self._client.hdel(f"{keys.PREFIX}workers:running", self._worker)
        except (RedisError, OSError) as error:
            raise told(error) from None

    async def _run(self, name: str, *arguments: Argument) -> list[Any]:
        try:
            answer: list[Any] = await scripts.run(self._client, name, *arguments)
        except (RedisError, OSError) as error:
            raise told(error) from None
        return answer


def _lease(fields: Sequence[Any]) -> Lease:
    id_, token, claim, tenant, priority, schema, deferrals, body, calls, is_capped, retry_of = fields
    return Lease(
        id=id_.decode(),
        token=token.decode(),
        claim=claim,
        tenant=tenant.decode(),
        priority=priority.decode(),
        schema_digest=schema.decode(),
        deferrals=deferrals,
        body=body,
        calls=calls_from(calls),
        is_capped=bool(is_capped),
        retry_of=retry_of.decode(),
    )

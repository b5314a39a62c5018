"""Where tests hand documents in, and where they count afterwards what became of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Self

import anyio

from extractor.document import ReadingLimits
from extractor.errors import StoreUnavailable
from extractor.queue import Bell
from extractor.records import ENDS, Source
from extractor.schema import Registry, target_from
from extractor.store import Store, StoreLimits, broker_url, connect, keys
from extractor.store.asking import PASSING
from extractor.store.packing import calls_from
from extractor.submit import Door, admit, submit

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from types import TracebackType

    from extractor.records import Call, Priority, Stored

#: A model that does not think: its replies are plain.
MODEL: Final = "qwen/qwen-plus-2025-07-28"
#: The schema that `loopback` answers to.
NUMBERED: Final = target_from(
    {
        "type": "object",
        "title": "Numbered",
        "properties": {"number": {"type": "integer"}},
        "required": ["number"],
        "additionalProperties": False,
    }
)
#: Extractions that are submitted or read in one call.
CHUNK: Final = 500
#: Times that a question is put to a server that may have been restarted, and seconds between them.
TRIES, AGAIN_S = 50, 0.1


class Ledger:
    """Submits as a door does, and reads what the store holds. Use as an asynchronous context manager.

    Args:
        url: Redis.
        lease_s: As the workers have it.
        tenant: Whose the submissions are, unless one says otherwise.
    """

    def __init__(self, url: str, *, lease_s: float = 60.0, tenant: str = "default") -> None:
        self._url = url
        self._limits = StoreLimits(lease_s=lease_s)
        self._tenant = tenant

    async def __aenter__(self) -> Self:
        self._connection = await connect(self._url)
        self.store = Store(self._connection, self._limits)
        self._bell = Bell(*broker_url(self._url))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bell.close()
        await self.store.aclose()

    async def submit(
        self, texts: Iterable[str], *, tenant: str = "", key: str = "", is_rung: bool = True, **options: Any
    ) -> list[str]:
        """Submit documents under the schema `NUMBERED` and return their ids, in order.

        Args:
            texts: One per document.
            tenant: Whose they are, "" = this ledger's.
            key: Idempotency key, "" = none.
            is_rung: False = the tickets are lost.
            **options: Of every document.
        """
        door = Door(
            tenant=tenant or self._tenant,
            models=frozenset({MODEL}),
            default_model=MODEL,
            max_attempts=3,
            deadline_s=3600.0,
            limits=ReadingLimits(),
            registry=Registry.from_spec(None),
        )
        sources = [Source(content=f"{text}\n", name="document.txt") for text in texts]
        submissions = [admit(source, NUMBERED, options, door=door, idempotency_key=key) for source in sources]
        ring = self._bell.ring if is_rung else _lose
        ids: list[str] = []
        for start in range(0, len(submissions), CHUNK):
            chunk = submissions[start : start + CHUNK]
            ids += [receipt.id for receipt in await submit(chunk, store=self.store, ring=ring)]
        return ids

    async def read(self, ids: Sequence[str], *, tenant: str = "") -> list[Stored]:
        """Return what the store knows of extractions; every one has to be known."""
        found: list[Stored | None] = []
        for start in range(0, len(ids), CHUNK):
            found += await self.store.read_many(ids[start : start + CHUNK], tenant=tenant or self._tenant)
        unknown = [name for name, stored in zip(ids, found, strict=True) if stored is None]
        if unknown:
            raise LookupError(f"{len(unknown)} of {len(ids)} extractions are lost: {unknown[:5]}")
        return [stored for stored in found if stored is not None]

    async def ended(self, *, tenant: str = "") -> int:
        """Return how many extractions have ended."""
        return sum(await self._ask([("ZCARD", keys.listing(tenant or self._tenant, state)) for state in ENDS]))

    async def calls(self, ids: Sequence[str]) -> dict[str, tuple[Call, ...]]:
        """Return the journals of extractions, by id."""
        found: dict[str, tuple[Call, ...]] = {}
        for start in range(0, len(ids), CHUNK):
            chunk = ids[start : start + CHUNK]
            answers = await self._ask([("HGETALL", keys.extraction(name)) for name in chunk])
            for name, fields in zip(chunk, answers, strict=True):
                noted = [pair for pair in fields.items() if b":" in pair[0]]
                found[name] = calls_from([part for pair in noted for part in pair])
        return found

    async def running(self) -> list[str]:
        """Return the extractions that are under a lease."""
        (names,) = await self._ask([("ZRANGE", f"{keys.PREFIX}running", "0", "-1")])
        return [name.decode() for name in names]

    async def _ask(self, commands: Sequence[tuple[str, ...]]) -> list[Any]:
        """Run commands that change nothing; again where the server was restarted meanwhile."""
        for _ in range(TRIES):
            pipeline = self._connection.client.pipeline(transaction=False)
            for command in commands:
                pipeline.execute_command(*command)
            try:
                return await pipeline.execute()
            except PASSING:
                await anyio.sleep(AGAIN_S)
        raise StoreUnavailable("Redis does not answer the test.")


def _lose(_classes: Collection[Priority]) -> None:
    """Ring no bell."""

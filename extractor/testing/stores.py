"""A store to test: its three faces on one connection, what time would do, and everything that it holds."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from extractor.store import Leases, Store, StoreLimits, connect
from extractor.store.keys import META, PREFIX, extraction

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from extractor.records import Priority
    from extractor.store import Connection

#: Where an open extraction waits or runs: in exactly one of them. Those of the ready come after.
PLACES = tuple(f"{PREFIX}{name}" for name in ("running", "due", "suspects", "alone"))
READY = f"{PREFIX}ready:"

#: Everything in one call: a test of many steps asks after each of them.
_DUMP = """
local readers = {
  string = function(key) return redis.call('GET', key) end,
  hash = function(key) return redis.call('HGETALL', key) end,
  set = function(key) return redis.call('SMEMBERS', key) end,
  list = function(key) return redis.call('LRANGE', key, 0, -1) end,
  zset = function(key) return redis.call('ZRANGE', key, 0, -1, 'WITHSCORES') end,
}
local found = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  local kind = redis.call('TYPE', key).ok
  found[#found + 1] = { key, kind, redis.call('PTTL', key), readers[kind](key) }
end
return found
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """One key."""

    #: str, dict of fields, list of members in order, or dict member -> score.
    value: Any
    #: Milliseconds that it has left; None when it stays.
    ttl_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreBench:
    """A store under test. What time does to it is done by hand, so that no test waits."""

    connection: Connection
    store: Store
    leases: Leases

    @property
    def client(self) -> Any:
        """The client library's own client; its types know neither what it was asked for nor how it answers."""
        return self.connection.client

    async def let_leases_run_out(self, *ids: str) -> None:
        """Let the leases of `ids` be over, all leases when none is named."""
        running = f"{PREFIX}running"
        client = self.client
        members = ids or [member.decode() for member in await client.zrange(running, 0, -1)]
        if members:
            await client.zadd(running, dict.fromkeys(members, 1), xx=True)

    async def let_deferrals_be_due(self, *ids: str) -> None:
        """Let the time come at which deferred extractions are tried again."""
        await self.client.zadd(f"{PREFIX}due", dict.fromkeys(ids, 1), xx=True)

    async def let_deadlines_pass(self, *ids: str) -> None:
        """Let the deadlines of `ids` pass."""
        await self.client.zadd(f"{PREFIX}deadlines", dict.fromkeys(ids, 1), xx=True)

    async def note_in_meta(self, **members: str | float) -> None:
        """Write what the last sweep is said to have left."""
        await self.client.hset(META, mapping=dict(members))

    async def dump(self) -> dict[str, Kept]:
        """Return every key of the database with its value and its time to live."""
        found = await self.client.eval(_DUMP, 0)
        return {name.decode(): Kept(_read(kind, value), ttl if ttl >= 0 else None) for name, kind, ttl, value in found}

    async def keys_of(self, id: str) -> list[str]:  # noqa: A002 - the word of the records
        """Return the names of every key that has `id` in its name or anywhere in its value."""
        dump = await self.dump()
        return sorted(name for name, kept in dump.items() if id in name or id in repr(kept.value))

    async def places_of(self, id: str) -> list[str]:  # noqa: A002 - the word of the records
        """Return where an extraction waits or runs."""
        return places_in(await self.dump(), id)

    async def fields_of(self, id: str) -> dict[str, str]:  # noqa: A002 - the word of the records
        """Return the hash of an extraction."""
        found = await self.client.hgetall(extraction(id))
        return {name.decode(): value.decode() for name, value in found.items()}

    async def ready(self, priority: Priority, tenant: str = "default") -> list[str]:
        """Return what a tenant has ready, head first."""
        members = await self.client.zrange(f"{READY}{priority}:{tenant}", 0, -1)
        return [member.decode() for member in members]


def places_in(dump: dict[str, Kept], id: str) -> list[str]:  # noqa: A002 - the word of the records
    """Return the keys of `dump` in which an extraction waits or runs."""
    return [name for name, kept in dump.items() if (name in PLACES or name.startswith(READY)) and id in kept.value]


@asynccontextmanager
async def open_bench(url: str, limits: StoreLimits | None = None) -> AsyncIterator[StoreBench]:
    """Open a store at `url` for the length of a test."""
    connection = await connect(url)
    limits = limits or StoreLimits()
    store = Store(connection, limits)
    try:
        yield StoreBench(connection=connection, store=store, leases=Leases(connection, limits, worker="test"))
    finally:
        await store.aclose()


def _read(kind: bytes, value: Any) -> Any:
    if kind == b"string":
        return value.decode(errors="replace")
    members = [member.decode(errors="replace") for member in value]
    if kind == b"hash":
        return dict(zip(members[::2], members[1::2], strict=True))
    if kind == b"zset":
        return {member: float(score) for member, score in zip(members[::2], members[1::2], strict=True)}
    return members

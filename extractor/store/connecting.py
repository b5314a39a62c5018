"""The way to Redis: what is asked of a server before anything is entrusted to it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import anyio
from redis import exceptions

from extractor import log
from extractor.errors import UnsuitableStore
from extractor.store.addresses import CONNECT_TIMEOUT_S, address_of
from extractor.store.clients import open_clients
from extractor.store.explaining import explained, in_our_words, misdirected
from extractor.store.keys import DATA_VERSION, META

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis.asyncio import Redis

#: The oldest server whose scripts may say that they free memory (`#!lua flags=allow-oom`).
OLDEST = (7, 0)
#: Seconds for which one look at the server's memory serves.
FULLNESS_FOR_S = 0.25


@dataclass(slots=True)
class _Seen:
    fullness: float = 0.0
    until: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A client of a server that passed every check. It belongs to one event loop."""

    #: As it was given: it may hold a password.
    url: str = field(repr=False)
    client: Redis = field(repr=False)
    version: str
    #: Changes when the server restarts; "" where INFO is not permitted.
    run_id: str
    may_inform: bool
    _sentinels: tuple[Redis, ...] = field(default=(), repr=False, compare=False)
    _seen: _Seen = field(default_factory=_Seen, repr=False, compare=False)

    @property
    def address(self) -> str:
        """Where the server is, without user and password; for messages."""
        return str(address_of(self.url))

    async def fullness(self) -> float:
        """Return the share of `maxmemory` that is used; 0.0 where none is set or we may not ask.

        Raises:
            StoreUnavailable: the server does not answer.
        """
        if self.may_inform and time.monotonic() >= self._seen.until:
            self._seen.until = time.monotonic() + FULLNESS_FOR_S
            with in_our_words(self.address):
                self._seen.fullness = _fullness(await self.client.info("memory"))
        return self._seen.fullness

    async def aclose(self) -> None:
        """Close every connection."""
        await _close(self.client, *self._sentinels)


async def connect(url: str) -> Connection:
    """Open a client of the server at `url`, and check that it can keep our promises.

    Raises:
        InvalidSettings: the URL is of no form that we know.
        StoreUnavailable: the server cannot be reached, does not answer, or does not accept user and password.
        UnsuitableStore: it is too old, a cluster, evicts what it holds, or holds data of another version.
    """
    address = address_of(url)
    client, sentinels = open_clients(address)
    try:
        with in_our_words(str(address)):
            greeting, facts = await _examined(client, str(address))
    except BaseException:
        await _close(client, *sentinels)
        raise
    return Connection(
        url=url,
        client=client,
        version=greeting["version"],
        run_id=str(facts.get("run_id", "")),
        may_inform=bool(facts),
        _sentinels=sentinels,
        _seen=_Seen(fullness=_fullness(facts), until=time.monotonic() + FULLNESS_FOR_S),
    )


async def _examined(client: Redis, address: str) -> tuple[dict[str, Any], dict[str, Any]]:
    greeting = await _greeting(client, address)
    facts = await _facts(client)
    for refuse in _CHECKS:
        refuse(greeting | facts, address)
    await _agree_on_data(client, address)
    _warn(facts, address)
    return greeting, facts


async def _close(*clients: Redis) -> None:
    with anyio.move_on_after(CONNECT_TIMEOUT_S, shield=True):
        for client in clients:
            await client.aclose()


def _fullness(facts: dict[str, Any]) -> float:
    limit = int(facts.get("maxmemory", 0))
    return int(facts["used_memory"]) / limit if limit else 0.0


async def _greeting(client: Redis, address: str) -> dict[str, Any]:
    """Return what HELLO says. Every user may send it, also one who may not send INFO."""
    try:
        reply = await client.execute_command("HELLO", "2")  # type: ignore[no-untyped-call]
    except exceptions.RedisError as error:
        if known := misdirected(error, address):
            raise known from None
        if isinstance(error, exceptions.ResponseError) and "unknown command" in str(error).lower():
            raise UnsuitableStore(_too_old("before 6.0", address)) from None
        raise
    fields = [item.decode() if isinstance(item, bytes) else item for item in reply]
    return dict(zip(fields[::2], fields[1::2], strict=True))


async def _facts(client: Redis) -> dict[str, Any]:
    """Return what INFO says, {} where this user may not ask."""
    try:
        return await client.info()
    except exceptions.NoPermissionError:
        return {}


def _refuse_old(facts: dict[str, Any], address: str) -> None:
    numbers = tuple(int(number) for number in facts["version"].split(".")[:2])
    if numbers < OLDEST:
        raise UnsuitableStore(_too_old(facts["version"], address))


def _refuse_other_modes(facts: dict[str, Any], address: str) -> None:
    if facts["mode"] == "cluster":
        raise UnsuitableStore(
            f"Redis at {address} is a cluster, where one script cannot reach all that belongs together. Use a single "
            "server, or one with Sentinels."
        )
    if facts["mode"] == "sentinel":
        raise UnsuitableStore(
            f"At {address} there is a Sentinel, which holds no data. Write sentinel://HOST:PORT/SERVICE instead."
        )


def _refuse_replicas(facts: dict[str, Any], address: str) -> None:
    if facts.get("role") in {"replica", "slave"}:
        raise explained(exceptions.ReadOnlyError(), address)


def _refuse_eviction(facts: dict[str, Any], address: str) -> None:
    policy = facts.get("maxmemory_policy", "noeviction")
    if facts.get("maxmemory") and policy != "noeviction":
        raise UnsuitableStore(
            f"Redis at {address} throws data away when it is full (maxmemory-policy {policy}), also work that was "
            "accepted. Set maxmemory-policy noeviction."
        )


_CHECKS: tuple[Callable[[dict[str, Any], str], None], ...] = (
    _refuse_old,
    _refuse_other_modes,
    _refuse_replicas,
    _refuse_eviction,
)


def _too_old(version: str, address: str) -> str:
    return f"Redis at {address} is version {version}; 7.0 or newer is needed, or any Valkey."


async def _agree_on_data(client: Redis, address: str) -> None:
    """Write the version of our data where there is none, and refuse any other."""
    held = await client.hget(META, "version")
    if held is None:
        await client.hsetnx(META, "version", DATA_VERSION)
        held = await client.hget(META, "version")
    shown = held.decode(errors="replace")[:20] if isinstance(held, bytes) else "none"
    if shown != DATA_VERSION:
        raise UnsuitableStore(
            f"Redis at {address} holds data of version {shown}; this program knows version {DATA_VERSION}. Use the "
            "program that wrote it, or another database."
        )


def _warn(facts: dict[str, Any], address: str) -> None:
    if not facts:
        log.logger().warning(
            "Redis does not let this user send INFO: memory, eviction and persistence are not checked", redis=address
        )
    elif not facts.get("aof_enabled"):
        log.logger().warning(
            "Redis keeps no append-only file: what was acknowledged may be lost when Redis stops", redis=address
        )

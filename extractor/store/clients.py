"""A client for each form of address, with the timeouts of the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from redis.asyncio import BlockingConnectionPool, Redis, SSLConnection, UnixDomainSocketConnection
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool
from redis.backoff import NoBackoff

from extractor.store.addresses import CONNECT_TIMEOUT_S, SOCKET_TIMEOUT_S

if TYPE_CHECKING:
    from extractor.store.addresses import Address

#: Connections of one client at most. A command that finds none free waits for one, as long as for an answer.
CONNECTIONS = 64
#: The client repeats nothing by itself: only the store knows what may be sent twice.
ONCE = Retry(NoBackoff(), 0)
CLIENT: dict[str, Any] = {
    "socket_timeout": SOCKET_TIMEOUT_S,
    "health_check_interval": 10,
    "protocol": 2,
    "retry": ONCE,
    "max_connections": CONNECTIONS,
    "timeout": SOCKET_TIMEOUT_S,
}
NETWORK: dict[str, Any] = {"socket_connect_timeout": CONNECT_TIMEOUT_S, "socket_keepalive": True}
#: A Sentinel that is silent is passed over soon: the next one is asked.
SENTINEL: dict[str, Any] = NETWORK | {"socket_timeout": CONNECT_TIMEOUT_S, "protocol": 2, "retry": ONCE}


def open_clients(address: Address) -> tuple[Redis, tuple[Redis, ...]]:
    """Return a client of the server, and one for each Sentinel that knows where it is. Nothing is sent yet."""
    login = {"username": address.username or None, "password": address.password or None}
    options: dict[str, Any] = CLIENT | login | {"db": address.database}
    if address.scheme == "unix":
        pool = BlockingConnectionPool(connection_class=UnixDomainSocketConnection, path=address.path, **options)
        return Redis.from_pool(pool), ()
    if address.scheme == "sentinel":
        return _through_sentinels(address, options)
    host, port = address.hosts[0]
    if address.scheme == "rediss":
        options |= {"connection_class": SSLConnection} | address.options
        options["ssl_check_hostname"] = address.options.get("ssl_check_hostname", "true") == "true"
    return Redis.from_pool(BlockingConnectionPool(host=host, port=port, **NETWORK, **options)), ()


class _SentinelPool(SentinelConnectionPool, BlockingConnectionPool):
    """Connections to the server that the Sentinels name; who finds none free waits."""


def _through_sentinels(address: Address, options: dict[str, Any]) -> tuple[Redis, tuple[Redis, ...]]:
    asked = Sentinel(list(address.hosts), sentinel_kwargs=SENTINEL | address.sentinel_login)  # type: ignore[no-untyped-call]
    pool = _SentinelPool(address.service, asked, **NETWORK, **options)  # type: ignore[no-untyped-call]
    return Redis.from_pool(pool), tuple(asked.sentinels)

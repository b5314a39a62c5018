"""Scripts over a connection: what a failure of Redis means to whoever asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import anyio
from redis.exceptions import BusyLoadingError, OutOfMemoryError, ReadOnlyError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from extractor import log
from extractor.errors import StoreFull, StoreUnavailable
from extractor.store import scripts

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from redis.asyncio import Redis

    from extractor.store.scripts import Argument

#: What passes: the server is away, is starting, or has just become a replica.
PASSING: Final = (RedisConnectionError, RedisTimeoutError, BusyLoadingError, ReadOnlyError, OSError)
#: The same, as the server words it where the client has no class for it: its disk is full, its replicas are gone.
_PASSING_WORDS: Final = (
    "MISCONF",
    "NOREPLICAS",
    "MASTERDOWN",
    "TRYAGAIN",
    "OOM",
    "command not allowed when used memory",
)
#: Seconds before the first and at most before each further try.
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.05, 1.0


async def ask(client: Redis, name: str, *arguments: Argument) -> Any:
    """Run a script for somebody at a door: twice at most, then say that the store is away.

    Every script may be sent again: what it did the first time it finds done.

    Raises:
        StoreUnavailable: Redis cannot be reached, or does not answer.
        StoreFull: Redis refuses to grow.
    """
    try:
        return await scripts.run(client, name, *arguments)
    except (RedisError, OSError) as error:
        if not isinstance(error, PASSING):
            raise told(error) from None
        await anyio.sleep(_FIRST_WAIT_S)
    try:
        return await scripts.run(client, name, *arguments)
    except (RedisError, OSError) as error:
        raise told(error) from None


async def insist(client: Redis, name: str, *arguments: Argument) -> Any:
    """Run a script for a worker that holds something only this script can put down: as often as it takes."""
    return await until_answered(lambda: scripts.run(client, name, *arguments))


async def until_answered(call: Callable[[], Awaitable[Any]]) -> Any:
    """Call as often as it takes until Redis is there."""
    wait_s = _FIRST_WAIT_S
    while True:
        try:
            return await call()
        except (RedisError, OSError) as error:
            if not passes(error):
                raise
            if wait_s == _FIRST_WAIT_S:
                log.logger().warning("the store is away, trying until it is back", error=type(error).__name__)
            await anyio.sleep(wait_s)
            wait_s = min(2 * wait_s, _LONGEST_WAIT_S)


def passes(error: Exception) -> bool:
    """Whether the same call may go through later: the server is away, starting, a replica, or cannot write now."""
    return isinstance(error, PASSING) or str(error).startswith(_PASSING_WORDS)


def told(error: Exception) -> StoreFull | StoreUnavailable:
    """Return our error for one of the client's. Its own words may quote what was stored."""
    if isinstance(error, OutOfMemoryError):
        return StoreFull("Redis has reached its `maxmemory`. Nothing was accepted; submit later, or raise the limit.")
    return StoreUnavailable(
        f"Redis does not answer as it should ({type(error).__name__}). Whether it did what was asked is not known: "
        "ask again, and hand in again under the same idempotency key."
    )

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
    from redis.asyncio import Redis

    from extractor.store.scripts import Argument

#: What passes: the server is away, is starting, or has just become a replica.
PASSING: Final = (RedisConnectionError, RedisTimeoutError, BusyLoadingError, ReadOnlyError, OSError)
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
    except PASSING:
        await anyio.sleep(_FIRST_WAIT_S)
    except RedisError as error:
        raise told(error) from None
    try:
        return await scripts.run(client, name, *arguments)
    except (RedisError, OSError) as error:
        raise told(error) from None


async def insist(client: Redis, name: str, *arguments: Argument) -> Any:
    """Run a script for a worker that holds something only this script can put down: as often as it takes."""
    wait_s = _FIRST_WAIT_S
    while True:
        try:
            return await scripts.run(client, name, *arguments)
        except PASSING as error:
            if wait_s == _FIRST_WAIT_S:
                log.logger().warning("the store is away, trying until it is back", error=type(error).__name__)
            await anyio.sleep(wait_s)
            wait_s = min(2 * wait_s, _LONGEST_WAIT_S)


def told(error: Exception) -> StoreFull | StoreUnavailable:
    """Return our error for one of the client's. Its own words may quote what was stored."""
    if isinstance(error, OutOfMemoryError):
        return StoreFull("Redis has reached its `maxmemory`. Nothing was accepted; submit later, or raise the limit.")
    return StoreUnavailable(f"Redis does not answer as it should ({type(error).__name__}). Nothing was accepted.")

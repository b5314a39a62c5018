"""The end of tasks that are no longer wanted."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Seconds after which what was cancelled, and has not ended, is cancelled again.
AGAIN_S: Final = 0.05


async def end_all(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks until all have ended; what they raise is of no interest any more.

    Once is not enough: `asyncio.wait_for` of Python 3.11, which the Redis client uses for every command, loses a
    cancellation that comes as it returns.
    """
    wanted = set(tasks)
    running = {task for task in wanted if not task.done()}
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=AGAIN_S)
    await asyncio.gather(*wanted, return_exceptions=True)

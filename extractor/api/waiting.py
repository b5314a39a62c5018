"""To wait for something, but not longer than somebody is there to be told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Collection, Coroutine

    from starlette.requests import Request

T = TypeVar("T")

#: Seconds after which what was cancelled, and has not ended, is cancelled again.
CANCEL_AGAIN_S = 0.05


async def unless(*stops: Coroutine[Any, Any, Any], work: Coroutine[Any, Any, T]) -> T | None:
    """Return what `work` returns, or None when one of `stops` returned first. Nothing of it is left running."""
    working = asyncio.create_task(work)
    tasks = [working, *(asyncio.create_task(stop) for stop in stops)]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        await _end(tasks)


async def _end(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancel until all have ended. Python 3.11's `asyncio.wait_for` loses a cancellation that comes as it returns."""
    running = set(tasks)
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=CANCEL_AGAIN_S)
    await asyncio.gather(*tasks, return_exceptions=True)  # what they raised is of no interest any more


async def client_left(request: Request) -> None:
    """Return when the client has closed the connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass

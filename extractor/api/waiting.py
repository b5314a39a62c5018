"""To wait for something, but not longer than somebody is there to be told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from extractor.ending import end_all

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from starlette.requests import Request

T = TypeVar("T")


async def unless(*stops: Coroutine[Any, Any, Any], work: Coroutine[Any, Any, T]) -> T | None:
    """Return what `work` returns, or None when one of `stops` returned first. Nothing of it is left running."""
    working = asyncio.create_task(work)
    tasks = [working, *(asyncio.create_task(stop) for stop in stops)]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        await end_all(tasks)


async def client_left(request: Request) -> None:
    """Return when the client has closed the connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass

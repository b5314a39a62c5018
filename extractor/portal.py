"""The way from synchronous code into the engine: one loop thread, also inside a notebook whose own loop is running."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from anyio.from_thread import BlockingPortalProvider

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")

_PORTAL = BlockingPortalProvider()


def run(function: Callable[..., Awaitable[T]], *arguments: object) -> T:
    """Call a coroutine function and wait for its result. An interrupt cancels it before it is raised again."""
    with _PORTAL as portal:
        future = portal.start_task_soon(function, *arguments)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

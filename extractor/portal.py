"""The way from synchronous code into the engine: one loop thread, also inside a notebook whose own loop is running."""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
import weakref
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from anyio.from_thread import BlockingPortalProvider, start_blocking_portal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from concurrent.futures import Future
    from contextlib import AbstractAsyncContextManager

T = TypeVar("T")
R = TypeVar("R")

_PORTAL = BlockingPortalProvider()


def run(function: Callable[..., Awaitable[T]], *arguments: object) -> T:
    """Call a coroutine function and wait for its result. An interrupt cancels it before it is raised again."""
    with _PORTAL as portal:
        return _result_of(portal.start_task_soon(function, *arguments))


def _result_of(future: Future[T]) -> T:
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise


class Line(Generic[R]):
    """A loop thread of one's own with something open in it: started when it is first used, kept until it is closed.

    Safe to use from any thread. A child made by `fork` inherits neither thread nor connections: it starts its own
    when it first uses the line, and never touches those of its parent.
    """

    def __init__(self, open_one: Callable[[], AbstractAsyncContextManager[R]]) -> None:
        self._open_one = open_one
        self._lock = threading.Lock()
        self._opened: _Opened[R] | None = None
        _LINES.add(self)

    def run(self, function: Callable[[R], Coroutine[Any, Any, T]]) -> T:
        """Call a coroutine function with what is open, in the loop thread, and wait for its result.

        Raises:
            Exception: what opening or `function` raises. What could not be opened is tried anew by the next call.
        """
        with self._lock:
            opened = self._opened = self._opened or _Opened(self._open_one)
        return _result_of(asyncio.run_coroutine_threadsafe(function(opened.held), opened.loop))

    def close(self) -> None:
        """Close what is open and end the thread. The next `run` opens it again."""
        with self._lock:
            opened, self._opened = self._opened, None
        if opened:
            opened.close()

    def forget(self) -> None:
        """Leave what the parent of this process has open to the parent."""
        if self._opened:
            _INHERITED.append(self._opened)
        self._lock, self._opened = threading.Lock(), None


class _Opened(Generic[R]):
    """A running loop thread. A call goes straight to its loop: 0.09 ms of CPU, through the portal 0.23 ms."""

    def __init__(self, open_one: Callable[[], AbstractAsyncContextManager[R]]) -> None:
        with ExitStack() as stack:
            portal = stack.enter_context(start_blocking_portal(name="extractor"))
            self.held = stack.enter_context(portal.wrap_async_context_manager(open_one()))
            self.loop = portal.call(_running_loop)
            self._stack = stack.pop_all()

    def close(self) -> None:
        self._stack.close()


async def _running_loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


_LINES: weakref.WeakSet[Line[Any]] = weakref.WeakSet()
#: What forked children hold of their parents, kept so that it is never closed: a connection that is collected takes
#: itself out of the parent's selector, which the child shares.
_INHERITED: list[_Opened[Any]] = []


def _forget_in_child() -> None:
    for line in list(_LINES):
        line.forget()


def _close_at_exit() -> None:
    for line in list(_LINES):
        line.close()


os.register_at_fork(after_in_child=_forget_in_child)
atexit.register(_close_at_exit)

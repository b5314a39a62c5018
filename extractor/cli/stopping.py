"""Ctrl-C and SIGTERM, turned into an orderly end."""

from __future__ import annotations

import asyncio
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stopped_by_signals() -> Iterator[list[int]]:
    """Leave the block at the first SIGINT or SIGTERM, by cancelling what it awaits; the second acts as if unhandled.

    Yields:
        A list that holds the signal's number after it came.
    """
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    came: list[int] = []

    def stop(number: int) -> None:
        came.append(number)
        _forget(loop)
        if task:
            task.cancel()

    for number in SIGNALS:
        loop.add_signal_handler(number, stop, number)
    try:
        yield came
    except asyncio.CancelledError:
        if not came or task is None:
            raise
        task.uncancel()
    finally:
        _forget(loop)


def leave_when_stopped() -> None:
    """Leave the block of `stopped_by_signals` where its signal came, for loops over calls of the Redis client.

    The client sends by `asyncio.wait_for`, which in Python 3.11 may lose a cancellation.

    Raises:
        CancelledError: the signal came.
    """
    task = asyncio.current_task()
    if task and task.cancelling():
        raise asyncio.CancelledError


def _forget(loop: asyncio.AbstractEventLoop) -> None:
    for number in SIGNALS:
        loop.remove_signal_handler(number)

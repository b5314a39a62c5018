"""What Celery's signals mean here: the claim loop starts with the worker and ends in order with it."""

from __future__ import annotations

import asyncio
import atexit
import sys
import threading
from typing import TYPE_CHECKING, Any, Protocol

from celery import signals

from extractor.errors import ExtractionError
from workers import loop
from workers.app import app, end, settings
from workers.checking import check
from workers.discretion import keep_bodies_out
from workers.telling import Teller

if TYPE_CHECKING:
    from collections.abc import Callable

    from extractor.records import Priority


class Room(Protocol):
    """The claim loop, in its own thread."""

    def wake(self, priority: Priority | None) -> None:
        """Look for work now; None = of any class."""

    def retire(self) -> None:
        """Claim nothing more. Called from a signal handler: never blocks."""

    def stop(self, grace_s: float) -> None:
        """Wait `grace_s` seconds at most for what runs, give the rest back, end the thread.

        May be called again, also from a signal handler while the first call waits: the shorter grace holds.
        """


class Host:
    """The one claim loop of this process: started once, stopped once."""

    def __init__(self, start: Callable[[], Room]) -> None:
        self._start = start
        self._lock = threading.Lock()
        self._room: Room | None = None

    def start(self) -> None:
        """Start the loop, unless it runs. Whoever else asks meanwhile waits and finds it running."""
        with self._lock:
            self._room = self._room or self._start()

    def wake(self, priority: Priority | None) -> None:
        """Look for work now; before the loop runs there is nothing to wake."""
        if self._room:
            self._room.wake(priority)

    def retire(self) -> None:
        """Claim nothing more."""
        if self._room:
            self._room.retire()

    def stop(self, grace_s: float) -> None:
        """Wait for what runs, `grace_s` seconds at most, and give the rest back."""
        if self._room:
            self._room.stop(grace_s)


host = Host(lambda: loop.start(settings, tell=Teller(app).tell))


def _check(**_: Any) -> None:
    try:
        asyncio.run(check(settings))
    except ExtractionError as error:
        end(error)


def _leave_out_chatter(sender: Any, **_: Any) -> None:
    """Do without what workers tell each other: ours need not know of one another. It is no setting, only an option."""
    sender.options.update(without_gossip=True, without_mingle=True)


def _start(**_: Any) -> None:
    try:
        host.start()
    except ExtractionError as error:
        end(error)
    sys.stderr.write(f"extractor worker: ready, {settings.slots} slots\n")


def _retire(how: str, **_: Any) -> None:
    host.retire()
    if how == "Cold":
        host.stop(0)


def _drain(**_: Any) -> None:
    host.stop(settings.drain_s)


keep_bodies_out()
signals.worker_init.connect(_check)
signals.worker_init.connect(_leave_out_chatter)
signals.worker_ready.connect(_start)
signals.worker_shutting_down.connect(_retire)
signals.worker_shutdown.connect(_drain)
atexit.register(host.stop, 0)  # a worker that ends in any other way gives back what it holds

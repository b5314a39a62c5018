"""The loop thread of a worker process: Celery's threads wake it and end it, and never wait for it."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from extractor import log, wiring
from extractor.errors import ExtractionError
from extractor.queue import Bell
from extractor.store import broker_url
from workers.equipment import equipped
from workers.shift import GIVE_BACK_S, Shift
from workers.watchdog import STALLED, Watchdog

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from extractor.records import Priority
    from extractor.settings import Settings
    from workers.upkeep import Told

#: Seconds beyond grace and giving back that the thread is waited for.
MARGIN_S: Final = 5.0

#: Seconds that the loop may stand still at least; longer where leases are longer. A busy machine is no defect.
STALL_S: Final = 30.0


def start(settings: Settings, *, tell: Callable[[Sequence[Told]], None]) -> LoopThread:
    """Start the loop thread, and return when it is about to claim.

    Args:
        settings: The operator's settings.
        tell: Stores results where Celery looks for them; it may block.

    Raises:
        ExtractionError: it could not start.
    """
    thread = LoopThread(settings, tell=tell)
    thread.start()
    return thread


class LoopThread:
    """The loop in its thread. Methods may be called from any other thread."""

    def __init__(self, settings: Settings, *, tell: Callable[[Sequence[Told]], None]) -> None:
        self._settings = settings
        self._tell = tell
        self._ready: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, name="extractor-loop", daemon=True)
        self._watchdog = Watchdog(max(settings.lease_s, STALL_S))
        self._loop: asyncio.AbstractEventLoop | None = None
        self._shift: Shift | None = None

    def start(self) -> None:
        """Start, and return when it is about to claim.

        Raises:
            ExtractionError: it could not start.
        """
        self._thread.start()
        self._ready.result()

    def wake(self, _priority: Priority | None = None) -> None:
        """Look for work now."""
        if self._shift is not None:
            self._call(self._shift.wake)

    def retire(self) -> None:
        """Claim nothing more. Never blocks."""
        if self._shift is not None:
            self._call(self._shift.retire)

    def stop(self, grace_s: float) -> None:
        """Wait `grace_s` seconds at most for what runs, give the rest back, and end the thread.

        May be called again meanwhile: the shorter grace holds.
        """
        if self._shift is not None:
            self._call(self._shift.end, grace_s)
        self._thread.join(grace_s + GIVE_BACK_S + MARGIN_S)

    def _call(self, function: Callable[..., None], *arguments: object) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(function, *arguments)

    def _run(self) -> None:
        try:
            asyncio.run(self._work())
        except BaseException as error:  # noqa: BLE001 - whatever it is, the process must not go on without its loop
            if not self._ready.done():
                self._ready.set_exception(error)
                return
            # A process without its loop would take messages and run nothing.
            code = error.code if isinstance(error, ExtractionError) else "unexpected_error"
            log.logger().critical("the loop ended by itself; the process ends", code=code, **log.trace(error))
            os._exit(STALLED)
        finally:
            self._watchdog.stop()

    async def _work(self) -> None:
        settings, untold = self._settings, asyncio.Event()
        worker = f"{socket.gethostname()}:{os.getpid()}"
        bell = Bell(*broker_url(wiring.store_url(settings)))
        try:
            async with equipped(settings, worker=worker, untold=untold) as equipment:
                self._loop = asyncio.get_running_loop()
                self._shift = Shift(equipment, settings, untold=untold, ring=bell.ring, tell=self._tell)
                await self._shift.run(beat=self._watchdog.beat, ready=self._begin)
        finally:
            bell.close()

    def _begin(self) -> None:
        self._watchdog.start()
        self._ready.set_result(None)

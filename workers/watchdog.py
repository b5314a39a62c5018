"""Ends a process whose loop no longer turns: its leases run out unseen, and nobody would know why."""

from __future__ import annotations

import faulthandler
import os
import threading
from typing import TYPE_CHECKING, Final

from extractor import log

if TYPE_CHECKING:
    from collections.abc import Callable

#: Seconds between two looks.
LOOK_S: Final = 0.5
#: Exit code of a process that stalled (EX_SOFTWARE of sysexits.h).
STALLED: Final = 70


class Watchdog:
    """Watches that `beat` is called. Counts its own looks, so that a process that was stopped as a whole is not ended.

    Args:
        limit_s: Seconds without a beat after which the process is ended.
        end: Ends it; a test may do something else.
    """

    def __init__(self, limit_s: float, *, end: Callable[[], None] | None = None) -> None:
        self._limit_s = limit_s
        self._end = end or _exit
        self._missed = 0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def beat(self) -> None:
        """Say that the loop turns."""
        self._missed = 0

    def stop(self) -> None:
        """Watch no more."""
        self._is_over.set()

    def _watch(self) -> None:
        while not self._is_over.wait(LOOK_S):
            self._missed += 1
            if self._missed * LOOK_S >= self._limit_s:
                self._end()
                return


def _exit() -> None:
    log.logger().critical("the loop has not turned for a lease length; the process ends and others take over")
    faulthandler.dump_traceback(all_threads=True)  # places only, never values
    os._exit(STALLED)

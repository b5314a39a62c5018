"""Python's cyclic collector, kept out of work that is short and makes many objects."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def collector_paused() -> Iterator[None]:
    """Let no collection run inside, for work that leaves next to no cycles behind.

    Lowering a large schema makes so many objects that the collector looks at everything in the process, again and
    again: 29 ms instead of 17 at the 99th percentile of real schemas. Whoever finds it off leaves it off, so threads
    that overlap end with it on.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            _make_old()
            gc.enable()


def _make_old() -> None:
    """Count everything as old that has been made meanwhile, so that no collection of the young begins at once."""
    if not gc.get_freeze_count():  # else somebody has put objects aside, and they have to stay there
        gc.freeze()
        gc.unfreeze()

"""One request finds out what an unknown endpoint takes, while the others wait for its first answer."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from extractor.records import Rung

#: Seconds that a request waits for another's first answer at most: a plain reply says nothing until it is finished.
LONGEST_PROBE_S = 60.0


class Probes:
    """Requests whose first answer others wait for, by rung. Belongs to one event loop."""

    def __init__(self) -> None:
        self._open: dict[Rung, anyio.Event] = {}

    async def wait(self, rung: Rung) -> bool:
        """Wait until the probe of `rung`, if one is out, has its first answer; return whether there was one."""
        probe = self._open.get(rung)
        if probe is None:
            return False
        with anyio.move_on_after(LONGEST_PROBE_S):
            await probe.wait()
        return True

    @contextmanager
    def open(self, rung: Rung) -> Iterator[Callable[[], None]]:
        """Make this request the probe of `rung`; give what to call at its first answer. The end releases too."""
        probe = self._open.setdefault(rung, anyio.Event())

        def release() -> None:
            probe.set()
            if self._open.get(rung) is probe:
                del self._open[rung]

        try:
            yield release
        finally:
            release()

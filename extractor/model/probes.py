"""One request finds out what an unknown endpoint takes, while the others wait for its first answer."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

import anyio
from anyio.lowlevel import RunVar

from extractor.model.facts import entered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from extractor.model.facts import Facts, Place
    from extractor.records import Rung

_of_this_loop: RunVar[WeakKeyDictionary[Facts, dict[Place, Probes]]] = RunVar("extractor.model.probes")
#: Seconds that a request waits for another's first answer at most: a plain reply says nothing until it is finished.
LONGEST_PROBE_S = 60.0
#: The same where only the schema is new: a refusal of a schema comes at once, and mostly there is none.
LONGEST_SCHEMA_PROBE_S = 10.0


class Unknown(NamedTuple):
    """What is being found out."""

    #: Whether requests on this rung are taken.
    rung: Rung
    #: Whether this schema is taken on it; "" = whether any is.
    schema: str = ""


def probes_at(place: Place, *, facts: Facts) -> Probes:
    """Return what is being found out about a place at this moment, by all clients of this loop that share `facts`."""
    try:
        known = _of_this_loop.get()
    except LookupError:
        known = WeakKeyDictionary()
        _of_this_loop.set(known)
    return entered(known.setdefault(facts, {}), place, Probes())


class Probes:
    """Requests whose first answer others wait for. Belongs to one event loop."""

    def __init__(self) -> None:
        self._open: dict[Unknown, anyio.Event] = {}

    async def wait(self, unknown: Unknown) -> bool:
        """Wait until the probe of `unknown`, if one is out, has its first answer; return whether there was one."""
        probe = self._open.get(unknown)
        if probe is None:
            return False
        with anyio.move_on_after(LONGEST_SCHEMA_PROBE_S if unknown.schema else LONGEST_PROBE_S):
            await probe.wait()
        return True

    @contextmanager
    def open(self, unknowns: tuple[Unknown, ...]) -> Iterator[Callable[[], None]]:
        """Make this request the probe of `unknowns`; give what to call at its first answer. The end releases too."""
        probes = {unknown: self._open.setdefault(unknown, anyio.Event()) for unknown in unknowns}

        def release() -> None:
            for unknown, probe in probes.items():
                probe.set()
                if self._open.get(unknown) is probe:
                    del self._open[unknown]

        try:
            yield release
        finally:
            release()

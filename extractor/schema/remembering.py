"""Memory of what takes long to make: made once, also when many threads want it at the same moment."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from extractor.errors import CallerError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Why something could not be made."""

    error: CallerError
    #: `time.monotonic` from which on it is tried anew.
    until: float


class Memory(Generic[T]):
    """The values of some keys, and for a while why others have none. Safe to use from any thread.

    Args:
        most: Values kept, and as many refusals; those that were not asked for longest go first.
        refused_s: Seconds for which a refusal is repeated without trying.
    """

    def __init__(self, most: int, *, refused_s: float) -> None:
        self._most = most
        self._refused_s = refused_s
        self._values: OrderedDict[Hashable, T] = OrderedDict()
        self._refusals: OrderedDict[Hashable, _Refusal] = OrderedDict()
        self._wait_for_nobody()
        _MEMORIES.add(self)

    def _wait_for_nobody(self) -> None:
        """Begin without other threads: a child made by `fork` has none of its parent's, and may find a lock taken."""
        self._making: dict[Hashable, threading.Event] = {}
        self._lock = threading.Lock()

    def find(self, key: Hashable) -> T | None:
        """Return the value, None where it has to be made.

        Raises:
            CallerError: it could not be made a while ago.
        """
        with self._lock:
            return self._found(key)

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return the value; where there is none, make it, or wait while another thread does.

        Raises:
            CallerError: it cannot be made; kept for a while.
            Exception: what else `make` raises; not kept.
        """
        while True:
            with self._lock:
                found = self._found(key)
                if found is not None:
                    return found
                made_elsewhere = self._making.get(key)
                if made_elsewhere is None:
                    done = self._making[key] = threading.Event()
                    break
            made_elsewhere.wait()
        try:
            return self._keep(key, make())
        except CallerError as error:
            self._refuse(key, error)
            raise
        finally:
            with self._lock:
                del self._making[key]
            done.set()

    def _found(self, key: Hashable) -> T | None:
        if key in self._values:
            self._values.move_to_end(key)
            return self._values[key]
        refusal = self._refusals.get(key)
        if refusal is not None and time.monotonic() < refusal.until:
            raise refusal.error.anew()
        return None

    def _keep(self, key: Hashable, value: T) -> T:
        with self._lock:
            self._values[key] = value
            self._refusals.pop(key, None)
            if len(self._values) > self._most:
                self._values.popitem(last=False)
        return value

    def _refuse(self, key: Hashable, error: CallerError) -> None:
        with self._lock:
            self._refusals.pop(key, None)
            self._refusals[key] = _Refusal(error.anew(), time.monotonic() + self._refused_s)
            if len(self._refusals) > self._most:
                self._refusals.popitem(last=False)


_MEMORIES: weakref.WeakSet[Memory[Any]] = weakref.WeakSet()


def _wait_for_nobody_in_child() -> None:
    for memory in list(_MEMORIES):
        memory._wait_for_nobody()  # noqa: SLF001 - of this module


os.register_at_fork(after_in_child=_wait_for_nobody_in_child)

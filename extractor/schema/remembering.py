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


class Kept(Generic[T]):
    """Values by key, as many as there is room for; the oldest go first. `get` is safe beside a `put`.

    Args:
        most: Values at most.
        most_bytes: What they may be made from at most, all together; one alone may be larger.
    """

    def __init__(self, *, most: int, most_bytes: int) -> None:
        self._most, self._most_bytes = most, most_bytes
        self._values: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: Hashable) -> T | None:
        """Return the value of `key`, None where there is none."""
        found = self._values.get(key)
        return None if found is None else found[0]

    def put(self, key: Hashable, value: T, *, size: int) -> None:
        """Keep a value that was made from `size` bytes, as the newest."""
        self.drop(key)
        self._values[key] = (value, size)
        self._bytes += size
        while len(self._values) > 1 and (len(self._values) > self._most or self._bytes > self._most_bytes):
            _, (_, oldest) = self._values.popitem(last=False)
            self._bytes -= oldest

    def drop(self, key: Hashable) -> None:
        """Keep the value of `key` no more."""
        _, size = self._values.pop(key, (None, 0))
        self._bytes -= size

    def touch(self, key: Hashable) -> None:
        """Make the value of `key` the newest."""
        self._values.move_to_end(key)


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
        most_bytes: What the values may be made from at most, all together.
        refused_s: Seconds for which a refusal is repeated without trying.
    """

    def __init__(self, *, most: int, most_bytes: int, refused_s: float) -> None:
        self._refused_s = refused_s
        self._values: Kept[T] = Kept(most=most, most_bytes=most_bytes)
        self._refusals: Kept[_Refusal] = Kept(most=most, most_bytes=most_bytes)
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

    def get(self, key: Hashable, make: Callable[[], T], *, size: int) -> T:
        """Return the value; where there is none, make it from `size` bytes, or wait while another thread does.

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
            return self._keep(key, make(), size)
        except CallerError as error:
            self._refuse(key, error)
            raise
        finally:
            with self._lock:
                del self._making[key]
            done.set()

    def _found(self, key: Hashable) -> T | None:
        found = self._values.get(key)
        if found is not None:
            self._values.touch(key)
            return found
        refusal = self._refusals.get(key)
        if refusal is not None and time.monotonic() < refusal.until:
            raise refusal.error.anew()
        return None

    def _keep(self, key: Hashable, value: T, size: int) -> T:
        with self._lock:
            self._values.put(key, value, size=size)
            self._refusals.drop(key)
        return value

    def _refuse(self, key: Hashable, error: CallerError) -> None:
        with self._lock:
            self._refusals.put(key, _Refusal(error.anew(), time.monotonic() + self._refused_s), size=0)


_MEMORIES: weakref.WeakSet[Memory[Any]] = weakref.WeakSet()


def _wait_for_nobody_in_child() -> None:
    for memory in list(_MEMORIES):
        memory._wait_for_nobody()  # noqa: SLF001 - of this module


os.register_at_fork(after_in_child=_wait_for_nobody_in_child)

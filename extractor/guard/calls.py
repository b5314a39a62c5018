"""Call a function in a guarded child, from any thread or event loop."""

from __future__ import annotations

import atexit
import os
import threading
from typing import TYPE_CHECKING, Literal, TypeAlias

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar

from extractor import errors
from extractor.errors import ExtractionError, GuardFailed
from extractor.guard import frames
from extractor.guard.children import START_S, Child, Pool

if TYPE_CHECKING:
    from extractor.guard.limits import Limits
    from extractor.records import Json, JsonObject

#: Children of one lane at most: one for each core that we may use.
SIZE = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
#: Each kind of work has children of its own, so that an answer that is checked in milliseconds waits neither for a
#: document that is read in seconds nor for a schema that nobody has seen before.
Lane: TypeAlias = Literal["documents", "schemas", "answers"]
_pools: dict[Lane, Pool] = {"documents": Pool(SIZE), "schemas": Pool(SIZE), "answers": Pool(SIZE)}
#: Waiting threads of one event loop; a limiter cannot be shared between loops, so each loop has its own.
_limiters: RunVar[dict[Lane, anyio.CapacityLimiter]] = RunVar("extractor.guard.limiters")


async def call(function: str, argument: Json, *, limits: Limits, lane: Lane = "documents") -> Json:
    """Run `function`, written `"module:function"`, with one JSON argument in a child process.

    The name is a string so that the ground can start parsers of the stages without importing them.
    Waiting for a child, starting it and importing the module count towards no limit. A cancelled call kills its child.

    Raises:
        GuardFailed: the child passed a limit, died, or raised an error of no type that we know.
        ExtractionError: what the function raised, when it is one of ours.
    """
    exchange = _Exchange(function, argument, limits, _pools[lane])
    try:
        limiter = _limiter_of_this_loop(lane)
        reply = await anyio.to_thread.run_sync(exchange.run, abandon_on_cancel=True, limiter=limiter)
    except anyio.get_cancelled_exc_class():
        exchange.abandon()
        raise
    return _outcome(function, reply)


def run(function: str, argument: Json, *, limits: Limits, lane: Lane = "documents") -> Json:
    """Do as `call` does, and block until the reply is there: for threads, never for an event loop."""
    return _outcome(function, _Exchange(function, argument, limits, _pools[lane]).run())


def close() -> None:
    """Close every child of this process. The next call starts new ones."""
    for pool in _pools.values():
        pool.close()


def _forget() -> None:
    for pool in _pools.values():
        pool.forget()


atexit.register(close)
os.register_at_fork(after_in_child=_forget)


def _limiter_of_this_loop(lane: Lane) -> anyio.CapacityLimiter:
    try:
        limiters = _limiters.get()
    except LookupError:
        limiters = {name: anyio.CapacityLimiter(SIZE) for name in _pools}
        _limiters.set(limiters)
    return limiters[lane]


class _Exchange:
    """One request and its reply. `run` belongs to a worker thread, `abandon` to the event loop."""

    def __init__(self, function: str, argument: Json, limits: Limits, pool: Pool) -> None:  # noqa: PLR0917 - its own
        self._function = function
        self._argument = argument
        self._limits = limits
        self._pool = pool
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._is_abandoned = False

    def run(self) -> JsonObject:
        """Return the reply as the child gave it; a child that is worn does not come back to the pool."""
        request = self._request()
        with self._pool.lend() as child:
            self._hold(child)
            try:
                self._prepare(child)
                reply: JsonObject = frames.unpack(child.exchange(request, wall_s=self._limits.wall_s))
            finally:
                self._hold(None)
            if reply["worn"]:
                self._pool.retire(child)
        return reply

    def _prepare(self, child: Child) -> None:
        """Let the child import the module first; whatever goes wrong with that, the call itself tells."""
        module = self._function.partition(":")[0]
        if module not in child.prepared:
            child.exchange(frames.pack({"prepare": module}), wall_s=START_S)
            child.prepared.add(module)

    def _request(self) -> bytes:
        return frames.pack(
            {
                "function": self._function,
                "argument": self._argument,
                "wall_s": self._limits.wall_s,
                "cpu_s": self._limits.cpu_s,
                "memory_bytes": self._limits.memory_bytes,
            }
        )

    def _hold(self, child: Child | None) -> None:
        with self._lock:
            self._child = child
            if self._is_abandoned:
                raise GuardFailed("The guarded call was abandoned by its caller.", reason="died")

    def abandon(self) -> None:
        """Kill the child if one is at work; the thread sees it die and drops it."""
        with self._lock:
            self._is_abandoned = True
            if self._child is not None:
                self._child.kill()


def _outcome(function: str, reply: JsonObject) -> Json:
    if "raised" in reply:
        raise _rebuilt(reply["raised"])
    if "failed" in reply:
        reason = "died" if reply["failed"] == "MemoryError" else "raised"
        raise GuardFailed(f"{function} failed in its guard with {reply['failed']}.", reason=reason)
    return reply["value"]


def _rebuilt(raised: JsonObject) -> ExtractionError:
    """Return the child's error as it was. Its fields are restored, because constructors differ."""
    kind: type[ExtractionError] = getattr(errors, raised["class"])
    error = kind.__new__(kind)
    vars(error).update(raised["fields"])
    error.paths = tuple(error.paths)
    error.args = (error.message,)
    return error

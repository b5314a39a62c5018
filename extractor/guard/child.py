"""The child's side: limit yourself, then answer calls until the parent is gone."""

from __future__ import annotations

import math
import os
import resource
import signal
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from extractor.errors import ExtractionError
from extractor.guard import frames

if TYPE_CHECKING:
    from extractor.records import Json

#: Limits between calls: enough to take in the next request, whatever the last one was allowed and used.
IDLE = {"alarm_s": 0, "cpu_s": 30, "memory_bytes": 4 << 30}
#: Wall seconds beyond the parent's limit after which a child whose parent is gone ends itself.
ORPHAN_S = 5.0
#: A child that still holds this much after a call is replaced. Libraries take a third of it.
WORN_BYTES = 128 << 20
#: Memory of this process in pages; Linux only, elsewhere no child is ever worn.
STATM = Path("/proc/self/statm")


def main() -> None:
    """Answer one frame after another. Returns when the parent closes the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _set_soft(resource.RLIMIT_CORE, 0)  # a core file would hold the document
    _limit(**IDLE)
    requests, replies = _take_pipes()
    try:
        frames.send(replies, frames.pack("ready"))
        while True:
            frames.send(replies, _reply(frames.receive(requests)))
    except (EOFError, BrokenPipeError):
        return


def _take_pipes() -> tuple[int, int]:
    """Move the pipes away from 0 and 1 and close 2, so that no print of a library ends in a frame or a terminal."""
    requests, replies = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    return requests, replies


def _reply(request: bytearray) -> bytes:
    """Call what the request names; the reply holds `value`, or `raised`, or `failed`, and whether we are `worn`."""
    try:
        asked = frames.unpack(request)
        if "prepare" in asked:
            import_module(asked["prepare"])
            return frames.pack({"value": None, "worn": False})
        _limit(alarm_s=asked["wall_s"] + ORPHAN_S, cpu_s=asked["cpu_s"], memory_bytes=asked["memory_bytes"])
        return frames.pack({"value": _call(asked["function"], asked["argument"]), "worn": _is_worn()})
    except ExtractionError as error:
        state = {"class": type(error).__name__, "fields": vars(error)}
        return frames.pack({"raised": state, "worn": _is_worn()})
    except MemoryError:
        return frames.pack({"failed": "MemoryError", "worn": True})
    except Exception as error:  # noqa: BLE001 - only the parent can tell what an unknown error means
        return frames.pack({"failed": type(error).__name__, "worn": True})
    finally:
        _limit(**IDLE)


def _call(function: str, argument: Json) -> Json:
    module, _, name = function.partition(":")
    return getattr(import_module(module), name)(argument)


def _limit(*, alarm_s: float, cpu_s: float, memory_bytes: int) -> None:
    """Set limits from now on. The alarm, off at 0, ends a child whose parent died and keeps the clock no more."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _set_soft(resource.RLIMIT_CPU, math.ceil(used.ru_utime + used.ru_stime + cpu_s))
    _set_soft(resource.RLIMIT_AS, memory_bytes)
    signal.setitimer(signal.ITIMER_REAL, alarm_s)


def _set_soft(limit: int, soft: int) -> None:
    _, hard = resource.getrlimit(limit)
    resource.setrlimit(limit, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def _is_worn() -> bool:
    """Tell whether we hold much memory. Not from `ru_maxrss`, which on Linux begins at what the parent held."""
    with suppress(OSError):
        resident_pages = int(STATM.read_text().split()[1])
        return resident_pages * resource.getpagesize() > WORN_BYTES
    return False

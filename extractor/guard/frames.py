"""Frames over pipes: four bytes of length, then JSON.

JSON of the standard library, because it keeps integers of any size and lone surrogates, and is there already.
"""

from __future__ import annotations

import json
import os
import select
import struct
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from extractor.records import Json

#: Length of the body in bytes, big-endian.
HEADER = struct.Struct(">I")


class FrameTooLarge(ValueError):
    """A frame announces more than its reader takes."""


def pack(value: Json) -> bytes:
    """Return the JSON bytes of `value`."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def unpack(body: bytes | bytearray) -> Json:
    """Return the value of JSON bytes."""
    return json.loads(body)


def send(fd: int, body: bytes, *, deadline: float | None = None) -> None:
    """Write one frame to `fd`, non-blocking when there is a deadline.

    Raises:
        TimeoutError: `deadline` (`time.monotonic`) passed.
        OSError: the other side is gone.
    """
    for part in (HEADER.pack(len(body)), body):
        rest = memoryview(part)
        while rest:
            _wait(fd, select.POLLOUT, deadline)
            rest = rest[os.write(fd, rest) :]


def receive(fd: int, *, deadline: float | None = None, max_bytes: int | None = None) -> bytearray:
    """Read the body of one frame from `fd`.

    Raises:
        FrameTooLarge: only the length was read.
        TimeoutError: `deadline` (`time.monotonic`) passed.
        EOFError: the other side is gone.
    """
    (length,) = HEADER.unpack(_read(fd, HEADER.size, deadline))
    if max_bytes is not None and length > max_bytes:
        raise FrameTooLarge
    return _read(fd, length, deadline)


def _read(fd: int, length: int, deadline: float | None) -> bytearray:
    found = bytearray(length)
    rest = memoryview(found)
    while rest:
        _wait(fd, select.POLLIN, deadline)
        count = os.readv(fd, [rest])
        if not count:
            raise EOFError
        rest = rest[count:]
    return found


def _wait(fd: int, event: int, deadline: float | None) -> None:
    if deadline is None:
        return
    poll = select.poll()
    poll.register(fd, event)
    if not poll.poll(max(deadline - time.monotonic(), 0) * 1000):
        raise TimeoutError

"""Which process holds the other end of a loopback connection. Linux, IPv4.

Source: proc(5), `/proc/net/tcp` and `/proc/PID/fd`.
"""

from __future__ import annotations

import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

#: Host and port.
Address: TypeAlias = tuple[str, int]

_LOCAL, _REMOTE, _INODE = 1, 2, 9


def owner_of(address: Address, *, to: Address) -> int | None:
    """Return the id of the process whose socket has `address` and is connected to `to`; None when there is none."""
    wanted = (_spelled(address), _spelled(to))
    for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]:
        columns = line.split()
        if (columns[_LOCAL], columns[_REMOTE]) == wanted:
            return _holder(f"socket:[{columns[_INODE]}]")
    return None


def _holder(name: str) -> int | None:
    for entry in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):  # processes end and descriptors close meanwhile; others' may not be read
            if entry.readlink().name == name:
                return int(entry.parts[2])
    return None


def _spelled(address: Address) -> str:
    host, port = address
    return f"{int.from_bytes(socket.inet_aton(host), sys.byteorder):08X}:{port:04X}"

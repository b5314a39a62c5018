"""Which processes hold the other ends of loopback connections. Linux, IPv4.

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


def owners(to: Address) -> dict[Address, int]:
    """Return the processes that are connected to `to`: the address of their socket -> their id."""
    names: dict[str, Address] = {}
    for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]:
        columns = line.split()
        if columns[_REMOTE] == _spelled(to):
            names[f"socket:[{columns[_INODE]}]"] = _read(columns[_LOCAL])
    found: dict[Address, int] = {}
    for entry in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):  # processes end and descriptors close meanwhile; others' may not be read
            if (address := names.get(entry.readlink().name)) is not None:
                found[address] = int(entry.parts[2])
    return found


def _spelled(address: Address) -> str:
    host, port = address
    return f"{int.from_bytes(socket.inet_aton(host), sys.byteorder):08X}:{port:04X}"


def _read(spelled: str) -> Address:
    host, port = spelled.split(":")
    return socket.inet_ntoa(int(host, 16).to_bytes(4, sys.byteorder)), int(port, 16)

"""What one guarded call may use."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one guarded call may use. Beyond any of them its child is killed."""

    #: Wall seconds from sending the request to the last byte of the reply. Waiting for a child, starting it and
    #: importing the module are not counted.
    wall_s: float = 2.0
    #: CPU seconds, rounded up to whole ones by the operating system.
    cpu_s: float = 2.0
    #: Address space of the child in bytes, interpreter and libraries (about 0.2 GB) included.
    memory_bytes: int = 1 << 30

"""A provider on this machine that behaves as real ones do, and a ledger of what it would have charged."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from extractor.simulator.asked import Asked
    from extractor.simulator.catalogue import Entry, Expected, Reply, Streaming
    from extractor.simulator.ledger import Bill, Ledger
    from extractor.simulator.profiles import PROFILES, Profile
    from extractor.simulator.scenarios import Latency
    from extractor.simulator.server import Simulator
    from extractor.simulator.turnstile import RateLimit

__all__ = [
    "PROFILES",
    "Asked",
    "Bill",
    "Entry",
    "Expected",
    "Latency",
    "Ledger",
    "Profile",
    "RateLimit",
    "Reply",
    "Simulator",
    "Streaming",
]

_NAMES = {
    "catalogue": ("Entry", "Expected", "Reply", "Streaming"),
    "ledger": ("Bill", "Ledger"),
    "profiles": ("PROFILES", "Profile"),
    "asked": ("Asked",),
    "scenarios": ("Latency",),
    "server": ("Simulator",),
    "turnstile": ("RateLimit",),
}
_HOMES = {name: f"extractor.simulator.{module}" for module, names in _NAMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)

"""Extractions on Redis, where the truth is: every transition one script, every key in `keys`.

Names are loaded when they are first used: importing this package does not import the Redis client.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from extractor.store.addresses import broker_url
    from extractor.store.connecting import Connection, connect
    from extractor.store.journal import RedisJournal
    from extractor.store.keys import CONTROL
    from extractor.store.leases import Claimed, Held, Leases, Suspects, Swept
    from extractor.store.limits import StoreLimits
    from extractor.store.listening import listen
    from extractor.store.pace import SharedPace
    from extractor.store.packing import Opened, open_body, pack_result, unfinished_result
    from extractor.store.permits import RedisPermits
    from extractor.store.purse import Money
    from extractor.store.reading import unknown
    from extractor.store.retrying import Rerun
    from extractor.store.store import Store, Submitted

_HOMES = {
    "CONTROL": "keys",
    "Claimed": "leases",
    "Connection": "connecting",
    "Leases": "leases",
    "Opened": "packing",
    "Money": "purse",
    "RedisJournal": "journal",
    "RedisPermits": "permits",
    "Rerun": "retrying",
    "Held": "leases",
    "SharedPace": "pace",
    "Store": "store",
    "StoreLimits": "limits",
    "Submitted": "store",
    "Suspects": "leases",
    "Swept": "leases",
    "broker_url": "addresses",
    "connect": "connecting",
    "listen": "listening",
    "open_body": "packing",
    "pack_result": "packing",
    "unfinished_result": "packing",
    "unknown": "reading",
}

__all__ = [
    "CONTROL",
    "Claimed",
    "Connection",
    "Held",
    "Leases",
    "Money",
    "Opened",
    "RedisJournal",
    "RedisPermits",
    "Rerun",
    "SharedPace",
    "Store",
    "StoreLimits",
    "Submitted",
    "Suspects",
    "Swept",
    "broker_url",
    "connect",
    "listen",
    "open_body",
    "pack_result",
    "unfinished_result",
    "unknown",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

"""Run hostile or heavy work in child processes that can be killed.

The child imports this package too, so it names its exports lazily: what the parent needs (anyio, subprocess)
would otherwise double the time that a child takes to start.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from extractor.guard.calls import Lane, call, close, run
    from extractor.guard.limits import Limits

__all__ = ["Lane", "Limits", "call", "close", "run"]

_HOMES = {"Lane": "calls", "Limits": "limits", "call": "calls", "close": "calls", "run": "calls"}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

"""The model's door: the one place that speaks to a language model, or stands in for one."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from extractor.model.client import ChatModel
    from extractor.model.endpoints import Endpoint
    from extractor.model.facts import Facts
    from extractor.model.fallbacks import moved_on, settled
    from extractor.model.offline import OfflineModel

__all__ = ["ChatModel", "Endpoint", "Facts", "OfflineModel", "moved_on", "settled"]

_HOMES = {
    "ChatModel": "extractor.model.client",
    "Endpoint": "extractor.model.endpoints",
    "Facts": "extractor.model.facts",
    "OfflineModel": "extractor.model.offline",
    "moved_on": "extractor.model.fallbacks",
    "settled": "extractor.model.fallbacks",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that importing this folder is free."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)

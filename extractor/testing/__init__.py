"""What tests are made of: scripted models and servers, ports that do not wait."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from extractor.testing.models import InstantPace, ScriptedModel, completion, ports_for
    from extractor.testing.redis_server import RedisServer
    from extractor.testing.scripts import (
        Scripted,
        chunk,
        events,
        raw,
        refusal_f1,
        reply,
        sse,
        status,
        tool_reply,
    )
    from extractor.testing.server import Asked, ScriptedServer

__all__ = [
    "Asked",
    "InstantPace",
    "RedisServer",
    "Scripted",
    "ScriptedModel",
    "ScriptedServer",
    "chunk",
    "completion",
    "events",
    "ports_for",
    "raw",
    "refusal_f1",
    "reply",
    "sse",
    "status",
    "tool_reply",
]

_NAMES = {
    "models": ("InstantPace", "ScriptedModel", "completion", "ports_for"),
    "redis_server": ("RedisServer",),
    "scripts": ("Scripted", "chunk", "events", "raw", "refusal_f1", "reply", "sse", "status", "tool_reply"),
    "server": ("Asked", "ScriptedServer"),
}
_HOMES = {name: f"extractor.testing.{module}" for module, names in _NAMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)

"""What a model is asked, and how to read it back out of the messages."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from extractor.prompt.asking import ask
    from extractor.prompt.drafting import with_draft
    from extractor.prompt.keeping import kept_beside
    from extractor.prompt.reading_back import ReadBack, read_back
    from extractor.prompt.reasking import reask
    from extractor.prompt.repairing import repair

__all__ = ["ReadBack", "ask", "kept_beside", "read_back", "reask", "repair", "with_draft"]

_HOMES = {
    "ReadBack": "extractor.prompt.reading_back",
    "ask": "extractor.prompt.asking",
    "kept_beside": "extractor.prompt.keeping",
    "read_back": "extractor.prompt.reading_back",
    "reask": "extractor.prompt.reasking",
    "repair": "extractor.prompt.repairing",
    "with_draft": "extractor.prompt.drafting",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that importing this folder is free."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)

"""What a model answered: its text as a value, and the value's passages in the document."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from extractor.answer.grounding import ground
    from extractor.answer.parsing import Parsed, parse

__all__ = ["Parsed", "ground", "parse"]

_HOMES = {
    "Parsed": "extractor.answer.parsing",
    "ground": "extractor.answer.grounding",
    "parse": "extractor.answer.parsing",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that importing this folder is free."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)

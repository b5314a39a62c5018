"""What a model answered: its text as a value, and the value's passages in the document."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from extractor.answer.grounding import ground
    from extractor.answer.merging import Merged, Part, merge
    from extractor.answer.parsing import Parsed, parse, parse_strictly
    from extractor.answer.passages import passages_for
    from extractor.answer.rereading import other_reading, readings, rescued
    from extractor.answer.supporting import unsupported

__all__ = [
    "Merged",
    "Parsed",
    "Part",
    "ground",
    "merge",
    "other_reading",
    "parse",
    "parse_strictly",
    "passages_for",
    "readings",
    "rescued",
    "unsupported",
]

_HOMES = {
    "Merged": "extractor.answer.merging",
    "Parsed": "extractor.answer.parsing",
    "Part": "extractor.answer.merging",
    "ground": "extractor.answer.grounding",
    "merge": "extractor.answer.merging",
    "other_reading": "extractor.answer.rereading",
    "parse": "extractor.answer.parsing",
    "parse_strictly": "extractor.answer.parsing",
    "passages_for": "extractor.answer.passages",
    "readings": "extractor.answer.rereading",
    "rescued": "extractor.answer.rereading",
    "unsupported": "extractor.answer.supporting",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that importing this folder is free."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)

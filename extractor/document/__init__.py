"""Documents to text: `read` and `aread`, and the windows that calls read.

Names are loaded when first used, so that importing this package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from extractor.document.reading import ReadingLimits, aread, load, read
    from extractor.document.sources import source_from
    from extractor.document.table_rows import rows_of_tables
    from extractor.document.windows import around, cut, halves, numbers_below, tokens_of

__all__ = [
    "ReadingLimits",
    "aread",
    "around",
    "cut",
    "halves",
    "load",
    "numbers_below",
    "read",
    "rows_of_tables",
    "source_from",
    "tokens_of",
]

_HOMES = {
    "ReadingLimits": "reading",
    "aread": "reading",
    "around": "windows",
    "cut": "windows",
    "halves": "windows",
    "load": "reading",
    "numbers_below": "windows",
    "read": "reading",
    "rows_of_tables": "table_rows",
    "source_from": "sources",
    "tokens_of": "windows",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

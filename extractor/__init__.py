"""Structured extraction: documents and a target schema in, validated records with their evidence out.

Importing the package is free; each name loads what it needs when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from extractor import answer, document, errors, schema
    from extractor.client import Item, Queue
    from extractor.errors import ExtractionError
    from extractor.inprocess import aextract, extract
    from extractor.records import Document, Evidence, Result

__all__ = [
    "Document",
    "Evidence",
    "ExtractionError",
    "Item",
    "Queue",
    "Result",
    "aextract",
    "answer",
    "document",
    "errors",
    "extract",
    "schema",
]

_HOMES = {
    "Document": "extractor.records",
    "Evidence": "extractor.records",
    "ExtractionError": "extractor.errors",
    "Item": "extractor.client",
    "Queue": "extractor.client",
    "Result": "extractor.records",
    "aextract": "extractor.inprocess",
    "extract": "extractor.inprocess",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name in __all__:
        return import_module(f"extractor.{name}")
    raise AttributeError(f"module 'extractor' has no attribute {name!r}")

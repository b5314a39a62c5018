"""A shape and a window for the tests of the prompt."""

from __future__ import annotations

from typing import Any

import pytest

from extractor.records import Page, Shape, Window


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


@pytest.fixture
def invoice() -> Shape:
    """An invoice with a nullable number, an enum, a shared shape and a list of objects."""
    line = _closed({"sku": {"type": "string"}, "qty": {"type": "integer"}})
    party = _closed({"name": {"type": "string"}, "vat_id": {"type": ["string", "null"]}})
    properties = {
        "number": {"type": "string", "description": "Invoice number as printed."},
        "total": {"type": ["number", "null"], "description": "Amount to pay, tax included.", "minimum": 0},
        "currency": {"type": ["string", "null"], "enum": ["EUR", "USD", None]},
        "seller": {"anyOf": [{"$ref": "#/$defs/Party"}, {"type": "null"}], "description": "Who sends the bill."},
        "lines": {"type": "array", "minItems": 1, "items": line},
    }
    schema = _closed(properties) | {"$defs": {"Party": party}}
    return Shape(name="invoice", schema=schema, told={"/lines/*/sku": "No two lines have the same sku."})


@pytest.fixture
def window() -> Window:
    """Two pages from the middle of a document."""
    text = "Invoice A-17\fTotal 41.50 EUR"
    pages = (Page(number=3, start=100, end=112), Page(number=4, start=113, end=128))
    return Window(number=1, start=100, end=128, text=text, pages=pages)

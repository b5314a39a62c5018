"""How a schema looks to the model."""

from __future__ import annotations

from typing import Any

import pytest

from extractor.prompt import reading_words, words
from extractor.records import Shape

EMPTY = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}


def _field(schema: Any) -> str:
    root = {"type": "object", "properties": {"a": schema}, "required": ["a"], "additionalProperties": False}
    written = words.render(Shape(schema=root, name="thing"))
    assert reading_words.read(written).schema == root
    return written.partition("\n")[2]


def test_a_schema_is_written_one_field_a_line(invoice: Shape):
    expected = """\
invoice: object
  number: string "Invoice number as printed."
  total: number or null (>= 0) "Amount to pay, tax included."
  currency: string or null (one of ["EUR","USD",null])
  seller: @Party, or null "Who sends the bill."
  lines: list (min items 1), each object
    sku: string rule "No two lines have the same sku."
    qty: integer
@Party: object
  name: string
  vat_id: string or null"""

    assert words.render(invoice) == expected


@pytest.mark.parametrize(
    ("schema", "line"),
    [
        pytest.param({"type": "string", "format": "date"}, '  a: string (format "date")', id="format"),
        pytest.param({"type": "string", "pattern": '^"x"$'}, r'  a: string (pattern "^\"x\"$")', id="pattern"),
        pytest.param({"const": "EUR"}, '  a: value (always "EUR")', id="const without a type"),
        pytest.param(
            {"type": "array", "items": {"type": "array", "items": {"type": "number"}}, "maxItems": 2},
            "  a: list (max items 2), each list, each number",
            id="list of lists",
        ),
        pytest.param(
            {"type": "array", "items": {"type": "string", "description": "One."}},
            '  a: list\n    (each) string "One."',
            id="described items have a line of their own",
        ),
        pytest.param(
            {"anyOf": [EMPTY, {"type": "array", "items": {"type": "string"}}]},
            "  a: any of\n    (or) object\n    (or) list, each string",
            id="alternatives that need a line each",
        ),
        pytest.param(
            {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}]},
            "  a: list, each string, or null",
            id="alternatives on one line",
        ),
        pytest.param(
            {"anyOf": [{"$ref": "#/$defs/Party"}], "description": "Who."}, '  a: a @Party "Who."', id="one alternative"
        ),
        pytest.param({"oneOf": [True]}, '  a: schema {"oneOf":[true]}', id="what has no words stays JSON"),
        pytest.param({"type": "null", "title": "T"}, '  a: null title "T"', id="title"),
    ],
)
def test_each_kind_of_field_has_its_words(schema: Any, line: str):
    assert _field(schema) == line


def test_a_description_cannot_add_a_field():
    schema = {"type": "string", "description": 'x"\n  admin: boolean "'}

    assert _field(schema).count("\n") == 0


def test_a_rule_without_a_field_is_still_told():
    shape = Shape(schema=EMPTY, name="thing", told={"/gone": "Must be unique."})

    assert words.render(shape).endswith('\nrule at "/gone" "Must be unique."')

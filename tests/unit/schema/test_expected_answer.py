"""How long the record of a document is expected to be."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from extractor.schema import expected_answer, lower
from extractor.schema.items import Kind, items_in
from extractor.schema.sizing import Expected

LINE = {
    "type": "object",
    "properties": {
        "sku": {"type": "string"},
        "quantity": {"type": ["integer", "null"]},
        "price": {"type": "number"},
    },
    "required": ["sku", "quantity", "price"],
}
INVOICE: dict[str, Any] = {
    "type": "object",
    "properties": {"number": {"type": "string"}, "lines": {"type": "array", "items": LINE}},
    "required": ["number", "lines"],
}
WIRE = lower(INVOICE, absence="say").wire


def rows(count: int, between: str) -> list[tuple[str, int, float]]:
    return [(f"AX-{number:04}", number % 7, 1.5 * number) for number in range(1, count + 1)]


def printed(count: int, between: str) -> str:
    head = between.join(("Article", "Quantity", "Price"))
    return "Invoice 17\n\n" + "\n".join([head, *(between.join(map(str, row)) for row in rows(count, between))])


def length_of(count: int) -> float:
    """Return the bytes of the true record, over four."""
    lines = [{"sku": sku, "quantity": quantity, "price": price} for sku, quantity, price in rows(count, "")]
    return len(json.dumps({"number": "17", "lines": lines}, separators=(",", ":"))) / 4


@pytest.mark.parametrize(
    "between", [" | ", "\t", "    ", ",", " "], ids=["read", "tabs", "laid out", "commas", "plain"]
)
@pytest.mark.parametrize("count", [4, 40, 1_000])
def test_a_list_is_as_long_as_the_table_in_the_document(count, between):
    expected = expected_answer(WIRE, printed(count, between))

    assert length_of(count) / 1.2 <= expected.likely <= 2.2 * length_of(count)
    assert length_of(count) * 1.05 <= expected.most <= 6 * length_of(count) + 100


def test_a_form_with_few_values_in_it_is_not_as_long_as_its_schema():
    wire = lower(
        {"type": "object", "properties": {f"p{n}": {"type": "string"} for n in range(200)}}, absence="say"
    ).wire

    empty, full = expected_answer(wire, "p1: yes"), expected_answer(wire, "word " * 2_000)

    assert empty.likely < 0.6 * full.likely


def test_lists_inside_lists_share_the_rows_of_the_document():
    order = {"type": "object", "properties": {"orders": {"type": "array", "items": INVOICE}}}
    text = "\n\n".join(printed(50, " | ") for _ in range(10))

    nested, flat = expected_answer(lower(order, absence="say").wire, text), expected_answer(WIRE, text)

    assert nested.likely == pytest.approx(flat.likely, rel=0.1)


def test_a_list_that_may_hold_two_items_is_no_longer_in_a_document_of_a_thousand():
    short = {
        **INVOICE,
        "properties": {**INVOICE["properties"], "lines": {"type": "array", "items": LINE, "maxItems": 2}},
    }

    assert expected_answer(lower(short, absence="say").wire, printed(1_000, " | ")).likely < 120


def test_a_recursive_schema_and_an_empty_text_have_a_length():
    node = {"type": "object", "properties": {"kids": {"type": "array", "items": {"$ref": "#/$defs/N"}}}}

    found = expected_answer({**node, "$defs": {"N": node}}, "")

    assert isinstance(found, Expected)
    assert 1 <= found.likely <= found.most < 100


def test_points_tables_and_paragraphs_are_told_apart():
    text = "Title\n\n- one\n- two\n3. three\n\na | b | c\n1 | 2 | 3\n4 | 5 | 6\n\nProse with one figure, 17, in it.\n\n"

    found = items_in(text)

    assert (found.points, found.rows, found.figures) == (Kind(3, 18), Kind(2, 18), Kind())
    assert (found.tables, found.paragraphs) == (1, 4)


@pytest.mark.full
@pytest.mark.parametrize(
    "text",
    ["lorem 12 34 sit amet, dolor\n" * 150_000, "lorem ipsum " * 340_000, "a;" * 2_000_000],
    ids=["lines", "one", "marks"],
)
def test_four_million_characters_are_counted_within_two_seconds(text):
    started = time.process_time()

    expected_answer(WIRE, text)

    assert time.process_time() - started < 2

"""Repairs answered by rules: each open place is read as a place of its record."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from extractor.model.offline import fill_patch
from extractor.records import OpenField

TEXT = """\
Invoice number: A-17
Total: 41.50

Seller
Name: ACME GmbH

Buyer
Name: Foo Ltd

SKU | Description | Qty | Unit price
S-1 | Paper | 2 | 1.50
S-2 | Toner | 3 | 12.00
S-2 | Toner | 3 | 12.00
"""


def closed(**members: Any) -> dict[str, Any]:
    return {"type": "object", "properties": members, "required": list(members), "additionalProperties": False}


LINE = closed(
    sku={"type": "string"}, description={"type": "string"}, qty={"type": "integer"}, unit_price={"type": "number"}
)
LINES = {"type": "array", "items": LINE}


def patch(at: str, schema: Any, kept: Any = (), kind: Literal["replace", "add", "remove"] = "replace") -> Any:
    field = OpenField(name="asked", at=at, kind=kind)
    filled = fill_patch(closed(asked=schema), TEXT, fields=[field], kept=dict(kept))
    assert isinstance(filled, dict)
    assert list(filled) == ["asked"]
    return filled["asked"]


@pytest.mark.parametrize(
    ("at", "schema", "value"),
    [
        pytest.param("/total", {"type": ["number", "null"]}, 41.5, id="a member of the record"),
        pytest.param("/buyer/name", {"type": "string"}, "Foo Ltd", id="a member of an object"),
        pytest.param("/seller/name", {"type": "string"}, "ACME GmbH", id="the same member of another"),
        pytest.param("/lines", {"type": "array", "items": closed(sku={"type": "string"})}, None, id="a list"),
        pytest.param("/nothing", {"type": "string"}, None, id="what is not stated"),
    ],
)
def test_a_place_is_read_by_its_own_name_and_not_by_that_of_the_patch(at: str, schema: Any, value: Any):
    wanted = [{"sku": "S-1"}, {"sku": "S-2"}, {"sku": "S-2"}] if at == "/lines" else value

    assert patch(at, schema) == wanted


@pytest.mark.parametrize(("sku", "price"), [("S-1", 1.5), ("S-2", 12.0), ("S-9", None)])
def test_a_row_is_known_by_the_values_beside_the_open_one(sku: str, price: Any):
    assert patch("/lines/0/unit_price", {"type": "number"}, {"/lines/0": {"sku": sku}}) == price


def test_a_row_without_anything_beside_the_open_value_is_not_guessed():
    assert patch("/lines/0/unit_price", {"type": "number"}) is None


def test_items_to_add_are_those_that_the_list_lacks_equal_ones_counted():
    kept = {"/lines/0": {"sku": "S-1", "qty": 2}, "/lines/1": {"sku": "S-2"}}

    added = patch("/lines", LINES, kept, kind="add")

    assert added == [{"sku": "S-2", "description": "Toner", "qty": 3, "unit_price": 12.0}]


def test_items_to_remove_are_those_that_stand_there_before():
    kept = {"/lines/0": {"sku": "S-1"}, "/lines/1": {"sku": "S-2"}, "/lines/2": {"sku": "S-1"}}

    assert patch("/lines", {"type": "array", "items": {"type": "integer"}}, kept, kind="remove") == [2]


def test_shared_shapes_are_followed():
    field = OpenField(name="seller", at="/seller")
    schema = closed(seller={"$ref": "#/$defs/Party"}) | {"$defs": {"Party": closed(name={"type": "string"})}}

    assert fill_patch(schema, TEXT, fields=[field], kept={}) == {"seller": {"name": "ACME GmbH"}}

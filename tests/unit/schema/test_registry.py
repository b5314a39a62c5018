"""Schemas that callers may name."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from pydantic import BaseModel, field_validator

import schemas
from extractor.errors import InvalidSettings, UnknownSchema
from extractor.schema import READY, Registry, target_from

if TYPE_CHECKING:
    from collections.abc import Iterator

ORDERS = """
from pydantic import BaseModel

class Order(BaseModel):
    number: str

class Plain:
    number: str
"""


@pytest.fixture(autouse=True)
def operators_modules(tmp_path, monkeypatch) -> Iterator[None]:
    """Modules that an operator has installed."""
    (tmp_path / "orders_of_an_operator.py").write_text(ORDERS)
    (tmp_path / "broken_of_an_operator.py").write_text("raise ValueError('no licence')\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in ("orders_of_an_operator", "broken_of_an_operator"):
        sys.modules.pop(name, None)


def test_without_a_list_the_ready_schemas_are_registered():
    registry = Registry.from_spec(None)

    assert registry.names == tuple(sorted(READY)) == ("contract", "invoice", "paper", "receipt", "resume")
    assert registry.target("invoice").model_class is schemas.Invoice


def test_a_list_replaces_the_ready_ones():
    registry = Registry.from_spec(" order = orders_of_an_operator:Order , bill-2.0=schemas.invoice:Invoice, ")

    assert registry.names == ("bill-2.0", "order")
    assert registry.target("order").name == "Order"


def test_an_empty_list_registers_nothing():
    registry = Registry.from_spec("")

    with pytest.raises(UnknownSchema, match="Registered schemas: none"):
        registry.target("invoice")


def test_a_class_is_imported_when_its_name_is_first_used_and_never_again():
    registry = Registry.from_spec("order=orders_of_an_operator:Order")
    assert "orders_of_an_operator" not in sys.modules

    target = registry.target("order")

    assert "orders_of_an_operator" in sys.modules
    assert registry.target("order") is target


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param("invoice", id="no place"),
        pytest.param("invoice=schemas", id="no class"),
        pytest.param("=schemas:Invoice", id="no name"),
        pytest.param("in voice=schemas:Invoice", id="a space in the name"),
        pytest.param(f"{'x' * 65}=schemas:Invoice", id="a long name"),
        pytest.param("invoice=invoice.py:Invoice:x", id="too many parts"),
        pytest.param("invoice=./forms/invoice.py:Invoice", id="a file"),
        pytest.param("invoice=schemas:Invoice.__init__", id="not a class name"),
        pytest.param("a=schemas:Invoice,a=schemas:Paper", id="twice"),
    ],
)
def test_a_list_that_cannot_be_read_is_a_mistake_in_the_settings(spec):
    with pytest.raises(InvalidSettings, match="EXTRACTOR_SCHEMAS: "):
        Registry.from_spec(spec)


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        pytest.param("order=orders_of_nobody:Order", "There is no module 'orders_of_nobody'", id="no module"),
        pytest.param("order=orders_of_an_operator:Oder", "has no class 'Oder'", id="no class"),
        pytest.param("order=orders_of_an_operator:Plain", "is not a pydantic class", id="not a schema"),
        pytest.param("order=broken_of_an_operator:Order", "ValueError: no licence", id="failing import"),
    ],
)
def test_the_check_at_the_start_names_the_entry_that_leads_nowhere(entry, says):
    registry = Registry.from_spec(f"invoice=schemas:Invoice,{entry}")

    with pytest.raises(InvalidSettings) as caught:
        registry.check()

    assert f"EXTRACTOR_SCHEMAS: {entry}: " in caught.value.message
    assert says in caught.value.message


def test_the_check_passes_where_every_entry_leads_to_a_schema():
    Registry.from_spec(None).check()


def test_an_unknown_name_is_answered_with_the_known_ones_and_the_nearest():
    with pytest.raises(UnknownSchema) as caught:
        Registry.from_spec(None).target("invoise")

    assert caught.value.message == (
        "There is no schema 'invoise'. Did you mean 'invoice'? "
        "Registered schemas: contract, invoice, paper, receipt, resume."
    )


@pytest.mark.parametrize("name", ["orders_of_an_operator:Order", "schemas/invoice.json", "order.PY", "C:\\order.json"])
def test_a_caller_never_names_a_module_or_a_file(name):
    with pytest.raises(UnknownSchema, match="send the JSON Schema itself"):
        Registry.from_spec(None).target(name)

    assert "orders_of_an_operator" not in sys.modules


def test_a_long_name_is_not_quoted_at_length():
    with pytest.raises(UnknownSchema) as caught:
        Registry.from_spec(None).target("x" * 1_000_000)

    assert len(caught.value.message) < 300


def test_a_registered_schema_is_known_by_its_content():
    registry = Registry.from_spec(None)

    assert registry.name_of(target_from(schemas.Receipt)) == "receipt"
    assert registry.name_of(target_from(schemas.Receipt.model_json_schema())) == "receipt"
    assert registry.name_of(target_from({"type": "object", "properties": {"a": {}}})) == ""


def test_another_class_with_an_equal_schema_is_not_the_registered_one():
    registry = Registry.from_spec("order=orders_of_an_operator:Order")

    class Order(BaseModel):
        number: str

        @field_validator("number")
        @classmethod
        def _any(cls, value: str) -> str:
            return value.upper()

    assert target_from(Order).digest == registry.target("order").digest
    assert registry.name_of(target_from(Order)) == ""


def test_a_name_is_found_also_where_another_entry_cannot_be_imported_here():
    registry = Registry.from_spec("order=orders_of_nobody:Order,invoice=schemas:Invoice")

    assert registry.name_of(target_from(schemas.Invoice)) == "invoice"

"""The ready schemas: described, lowerable, and good for the documents they are made for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import schemas
from extractor.schema import lower

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pydantic import BaseModel

READY = [getattr(schemas, name) for name in schemas.__all__]
every_schema = pytest.mark.parametrize("schema", READY, ids=schemas.__all__)


def objects_of(schema: type[BaseModel]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the name and JSON Schema of the class and of every class inside it."""
    emitted = schema.model_json_schema()
    yield schema.__name__, emitted
    yield from emitted.get("$defs", {}).items()


def records_of(schema: type[BaseModel], repository: Path) -> Iterator[Any]:
    """Yield the expected records of the example documents that this schema is for."""
    examples = repository / "examples"
    for document in sorted((examples / "documents" / f"{schema.__name__.lower()}s").iterdir()):
        yield json.loads((examples / "expected" / f"{document.stem}.json").read_text(encoding="utf-8"))


@every_schema
def test_every_field_and_every_object_is_described_in_one_sentence(schema: type[BaseModel]) -> None:
    described = {
        f"{name}.{field}": text.get("description", "")
        for name, emitted in objects_of(schema)
        for field, text in [("", emitted), *emitted["properties"].items()]
    }

    assert [at for at, says in described.items() if not says.endswith(".") or ". " in says] == []


@every_schema
def test_every_date_says_in_which_form_it_is_wanted(schema: type[BaseModel]) -> None:
    dates = [
        text["description"]
        for _, emitted in objects_of(schema)
        for text in emitted["properties"].values()
        if '"format": "date"' in json.dumps(text)
    ]

    assert all("YYYY-MM-DD" in says for says in dates)


@every_schema
def test_expected_records_are_valid_by_the_class_and_say_nothing_else(
    schema: type[BaseModel], repository: Path
) -> None:
    records = list(records_of(schema, repository))

    assert len(records) >= 2
    assert [schema.model_validate(record).model_dump(mode="json", exclude_none=True) for record in records] == records


@every_schema
def test_expected_records_survive_the_wire(schema: type[BaseModel], repository: Path) -> None:
    """Put as a model would answer, then lifted, each record is what it was."""
    lowered = lower(schema.model_json_schema(), absence="say")

    for record in records_of(schema, repository):
        lift = lowered.lift(lowered.embed(record))

        assert lift.violations == ()
        assert lift.value == record


@every_schema
def test_a_record_with_nothing_in_it_is_not_valid(schema: type[BaseModel]) -> None:
    """Each kind of document has something that it cannot be without."""
    assert schema.model_json_schema()["required"] != []


def test_an_unknown_schema_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="Bill"):
        _ = schemas.Bill

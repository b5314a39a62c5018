"""The words of real schemas: JSONSchemaBench, the JSON-Schema-Test-Suite and pydantic."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from extractor.errors import UnsupportedSchema
from extractor.prompt import reading_words, words
from extractor.records import Shape
from extractor.schema.lowering import lower

if TYPE_CHECKING:
    from pathlib import Path


def _in_order(value: Any) -> Any:
    """Return `value` so that a change in the order of properties, or from 1 to 1.0, makes it unequal."""
    if isinstance(value, dict):
        order = list(value["properties"]) if isinstance(value.get("properties"), dict) else []
        return [sorted((key, repr(_in_order(member))) for key, member in value.items()), order]
    return [_in_order(item) for item in value] if isinstance(value, list) else (type(value), value)


def test_every_wire_schema_survives_its_words_and_needs_no_json_schema(shared_data: Path):
    lines = (shared_data / "schemas_dev.jsonl").read_text(encoding="utf-8").splitlines()
    survived = 0

    for line in lines[::4]:
        try:
            wire = lower(json.loads(line)["schema"]).wire
        except UnsupportedSchema:
            continue
        written = words.render(Shape(schema=wire, name="target"))
        assert _in_order(reading_words.read(written).schema) == _in_order(wire)
        assert ": schema {" not in written
        survived += 1

    assert survived > 140

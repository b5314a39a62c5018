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


def _in_order(value: Any) -> str:
    """Return JSON in which the order of properties shows, and 1 differs from 1.0, but the order of keywords is gone."""
    return json.dumps(_with_listed_properties(value), sort_keys=True)


def _with_listed_properties(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_listed_properties(item) for item in value]
    if not isinstance(value, dict):
        return value
    members = {key: _with_listed_properties(member) for key, member in value.items()}
    if isinstance(value.get("properties"), dict):
        members["properties"] = list(members["properties"].items())
    return members


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

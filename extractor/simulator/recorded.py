"""What a record answers to a question: all of it in wire form, or what it has at the open places of a repair."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extractor import jsontext

if TYPE_CHECKING:
    from collections.abc import Mapping

    from extractor.prompt import ReadBack
    from extractor.records import Json, JsonObject


def in_wire_form(record: Json, schema: Json) -> Json:
    """Return `record` with null for what the wire schema requires and the record lacks."""
    if isinstance(record, list):
        items = schema.get("items") if isinstance(schema, dict) else None
        return [in_wire_form(item, items) for item in record]
    if not isinstance(record, dict) or not isinstance(schema, dict):
        return record
    properties = schema.get("properties") or {}
    return {name: None for name in properties if name not in record} | {
        name: in_wire_form(value, properties.get(name)) for name, value in record.items()
    }


def patch_from(record: Json, asked: ReadBack) -> JsonObject:
    """Return what the record has at each open place; of a list, what it has beyond the items that are shown.

    Where items are to be removed, those at the end are, until there are no more than the record has.
    """
    patch: JsonObject = {}
    for field in asked.fields:
        value = in_wire_form(_at(record, field.at), asked.schema["properties"].get(field.name))
        items = value if isinstance(value, list) else []
        if field.kind == "add":
            value = items[_length(asked.kept, field.at) :]
        elif field.kind == "remove":
            value = list(range(len(items), _length(asked.kept, field.at)))
        patch[field.name] = value
    return patch


def _length(kept: Mapping[str, Json], at: str) -> int:
    """Return how many items a list has, by the last one that is shown."""
    places = (place.rpartition("/") for place in kept)
    return max((int(item) + 1 for above, _, item in places if above == at and item.isdecimal()), default=0)


def _at(record: Json, at: str) -> Json:
    """Return what a record has at a place, None where it has no such place."""
    for token in jsontext.tokens(at):
        if isinstance(record, dict):
            record = record.get(token)
        elif isinstance(record, list) and token.isdecimal() and int(token) < len(record):
            record = record[int(token)]
        else:
            return None
    return record

"""The answer to a repair, by rules: each open place is read as a place of its record, not as a property of a patch."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from extractor import jsontext
from extractor.model.offline.filling import fill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from extractor.records import Json, JsonObject, OpenField


def fill_patch(
    schema: JsonObject,
    document: str,
    *,
    fields: Sequence[OpenField],
    kept: Mapping[str, Json],
    context: Sequence[str] = (),
) -> Json:
    """Answer the open places of an answer from `document`. What is not found is null, or an empty list.

    Args:
        schema: The wire schema of the patch: one property per field.
        document: What is shown of the document.
        fields: The open places.
        kept: JSON Pointer -> what stands beside them, by which the row of a table is known.
        context: What stands above a part of a document, as `fill` has it.
    """
    reader = _Reader(schema, kept, lambda wanted: fill(wanted, document, context=context))
    return {field.name: reader.answer(field) for field in fields}


class _Reader:
    """Reads the open places of one answer."""

    def __init__(self, schema: JsonObject, kept: Mapping[str, Json], read: Callable[[JsonObject], Json]) -> None:
        self._members: JsonObject = schema["properties"]
        self._shared: JsonObject = {"$defs": schema["$defs"]} if "$defs" in schema else {}
        self._kept = kept
        self._read = read

    def answer(self, field: OpenField) -> Json:
        """Answer one open place."""
        path = jsontext.tokens(field.at)
        wanted: JsonObject = self._members.get(field.name, {})
        if field.kind == "remove":
            return _repeated(self._items_at(field.at))
        if field.kind == "add":
            return _lacking(self._found(_names(path), wanted), self._items_at(field.at))
        places = [place for place, token in enumerate(path) if token.isdecimal()]
        if not places or places[-1] == len(path) - 1:
            return self._found(_names(path), wanted)
        return self._in_row(wanted, item=path[: places[-1] + 1], inner=path[places[-1] + 1 :])

    def _found(self, names: Sequence[str], wanted: JsonObject) -> Json:
        return _member(self._read(_nested(names, wanted) | self._shared), names)

    def _in_row(self, wanted: JsonObject, *, item: Sequence[str], inner: Sequence[str]) -> Json:
        """Return a member of the item of a list: of the row whose other values are those beside it."""
        beside = self._kept.get(jsontext.pointer(*item))
        known = beside if isinstance(beside, dict) else {}
        members = {name: {"type": _type_of(value)} for name, value in known.items() if name != inner[0]}
        row = _object(members | _nested(inner, wanted)["properties"])
        rows = self._found(_names(item)[-1:], {"type": "array", "items": row})
        scored = [(sum(_is_same(found.get(name), value) for name, value in known.items()), found) for found in rows]
        most, best = max(scored, key=lambda each: each[0], default=(0, {}))
        return _member(best, inner) if most else None

    def _items_at(self, at: str) -> dict[int, Json]:
        """Return the items of a list that are shown, by position."""
        parts = ((place.rpartition("/"), part) for place, part in self._kept.items())
        return {int(token): part for (above, _, token), part in parts if above == at and token.isdecimal()}


def _names(path: Iterable[str]) -> tuple[str, ...]:
    return tuple(token for token in path if not token.isdecimal())


def _nested(names: Sequence[str], wanted: JsonObject) -> JsonObject:
    """Return the schema of an object that holds `wanted` under its path of names; without names, `wanted`."""
    for name in reversed(names):
        wanted = _object({name: wanted})
    return wanted


def _object(members: JsonObject) -> JsonObject:
    return {"type": "object", "properties": members, "required": list(members), "additionalProperties": False}


def _type_of(value: Json) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float) else "string"


def _is_same(found: Json, shown: Json) -> bool:
    if isinstance(found, str) and isinstance(shown, str):
        return bool(shown) and found.casefold().startswith(shown.casefold())
    return found is not None and found == shown


def _member(value: Json, names: Iterable[str]) -> Json:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _repeated(items: Mapping[int, Json]) -> list[int]:
    """Return the positions of items that stand there before."""
    met: set[bytes] = set()
    positions = []
    for position, item in sorted(items.items()):
        spelling = jsontext.canonical(item)
        if spelling in met:
            positions.append(position)
        met.add(spelling)
    return positions


def _lacking(found: Json, items: Mapping[int, Json]) -> list[Json]:
    """Return what was found beyond the items that are there, each of which stands for one of the found."""
    there = Counter(map(_leaves, items.values()))
    lacking = []
    for item in found if isinstance(found, list) else ():
        leaves = _leaves(item)
        known = next((each for each in there if there[each] and each <= leaves), None)
        if known is None:
            lacking.append(item)
        else:
            there[known] -= 1
    return lacking


def _leaves(item: Json) -> frozenset[tuple[str, str]]:
    return frozenset((at, str(value)) for at, value in jsontext.leaves(item) if value is not None)

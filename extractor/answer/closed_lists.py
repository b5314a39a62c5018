"""Which values of a record were chosen from a list that its schema gives, and so need not stand in any document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extractor import jsontext

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from extractor.records import Json

_ALTERNATIVES = ("allOf", "anyOf", "oneOf")
_CONDITIONS = ("then", "else")


def is_closed(schema: Json, at: str) -> bool:
    """Whether `schema` gives a list of values (`enum`, `const`) for what stands at a JSON Pointer of the record."""
    parts = _with_alternatives([schema], root=schema)
    for token in jsontext.tokens(at):
        below = [member for part in parts for member in _below(part, token)]
        parts = _with_alternatives(below, root=schema)
    return any("enum" in part or "const" in part for part in parts)


def _with_alternatives(schemas: Iterable[Json], *, root: Json) -> list[dict[str, Json]]:
    """Return these schemas and all that speak of the same value, each once."""
    waiting = list(schemas)
    found: dict[int, dict[str, Json]] = {}
    while waiting:
        schema = waiting.pop()
        if not isinstance(schema, dict) or id(schema) in found:
            continue
        found[id(schema)] = schema
        for keyword in _ALTERNATIVES:
            waiting += schema.get(keyword, ())
        waiting += [schema[keyword] for keyword in _CONDITIONS if keyword in schema]
        if "$ref" in schema:
            waiting.append(_target(root, schema["$ref"]))
    return list(found.values())


def _target(root: Json, reference: Json) -> Json:
    """Return what a reference into the same schema points at; True, which says nothing, for any other."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        return True
    part = root
    for token in jsontext.tokens(reference[1:]):
        if isinstance(part, list):
            part = dict(enumerate(part)).get(int(token) if token.isdecimal() else -1, True)
        else:
            part = part.get(token, True) if isinstance(part, dict) else True
    return part


def _below(schema: dict[str, Json], token: str) -> Iterator[Json]:
    """Yield what a schema says of a member or an item."""
    yield from _named(schema, token)
    if token.isdecimal():
        first = schema.get("prefixItems", ())
        items = schema.get("items", True)
        yield first[int(token)] if int(token) < len(first) else items


def _named(schema: dict[str, Json], token: str) -> Iterator[Json]:
    properties = schema.get("properties", {})
    if token in properties:
        yield properties[token]
        return
    yield schema.get("additionalProperties", True)
    yield from schema.get("patternProperties", {}).values()

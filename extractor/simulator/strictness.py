"""What strict mode asks of a schema, in the words in which OpenAI refuses one that is not so."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extractor.records import Json, JsonObject

#: Keywords whose values are schemas by name, and those whose values are schemas in a list or alone.
BY_NAME = ("properties", "$defs", "definitions")
INSIDE = ("items", "anyOf")
#: Keywords that are refused wherever they stand.
REFUSED = ("default", "oneOf", "allOf", "not", "if", "patternProperties", "propertyNames", "uniqueItems")


def first_laxity(schema: Json) -> str | None:
    """Return what is wrong with the first part of `schema` that is not strict; None = every part is."""
    if not isinstance(schema, dict) or schema.get("type") != "object":
        return "schema must be a JSON Schema of 'type: \"object\"'."
    return next((said for part, at in _parts(schema, ()) if (said := _laxity(part, at))), None)


def _parts(schema: Json, at: tuple[str, ...]) -> Iterator[tuple[JsonObject, tuple[str, ...]]]:
    """Yield every schema inside `schema`, with its place as OpenAI writes it."""
    if not isinstance(schema, dict):
        return
    yield schema, at
    for keyword in BY_NAME:
        members = schema.get(keyword)
        for name, member in members.items() if isinstance(members, dict) else ():
            yield from _parts(member, (*at, keyword, name))
    for keyword in INSIDE:
        inner = schema.get(keyword)
        for index, part in enumerate(inner if isinstance(inner, list) else [inner]):
            yield from _parts(part, (*at, keyword, str(index)) if isinstance(inner, list) else (*at, keyword))


def _laxity(schema: JsonObject, at: tuple[str, ...]) -> str | None:
    context = f"In context=({', '.join(map(repr, at))}), "
    for keyword in REFUSED:
        if keyword in schema:
            return f"{context}'{keyword}' is not permitted."
    properties = schema.get("properties")
    if schema.get("type") != "object" and not isinstance(properties, dict):
        return None
    if schema.get("additionalProperties") is not False:
        return f"{context}'additionalProperties' is required to be supplied and to be false."
    missing = [name for name in properties or {} if name not in (schema.get("required") or [])]
    if not missing:
        return None
    return (
        f"{context}'required' is required to be supplied and to be an array including every key in properties. "
        f"Missing '{missing[0]}'."
    )

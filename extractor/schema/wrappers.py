"""Documents that hold a schema and are none: what to pass instead of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extractor.schema.keywords import ARRAY, OBJECT, TYPES

if TYPE_CHECKING:
    from extractor.records import Json, JsonObject

#: Where providers' response formats and tools have the schema, the longest way first.
_WAYS: Final = (
    ("json_schema", "schema"),
    ("function", "parameters"),
    ("schema",),
    ("json_schema",),
    ("input_schema",),
    ("parameters",),
)
#: Keywords that stand in no wrapper.
_OF_SCHEMAS: Final = frozenset((*OBJECT, *ARRAY, "$ref", "allOf", "anyOf", "oneOf", "enum", "const"))


def instead_of(document: JsonObject) -> str | None:
    """Return what to pass instead, in sentences; None for what may be a schema itself."""
    if document.get("type") in TYPES or isinstance(document.get("type"), list) or _OF_SCHEMAS.intersection(document):
        return None
    if isinstance(document.get("openapi", document.get("swagger")), str):
        return (
            "This is a whole OpenAPI document. Pass one of its schemas, such as a member of components/schemas, with "
            'those that it refers to under "$defs".'
        )
    for way in _WAYS:
        if isinstance(_at(document, way), dict):
            return (
                f"This is no schema but holds one, as requests to a provider do. Pass what stands in {'.'.join(way)}."
            )
    return None


def _at(document: Json, way: tuple[str, ...]) -> Json:
    for name in way:
        document = document.get(name) if isinstance(document, dict) else None
    return document

"""JSON Schema's keywords as tables: which hold schemas, which constrain what, and which draft knows them.

Readers of a schema go through these functions, so that a malformed schema ends in one clear `InvalidSchema`
instead of a TypeError somewhere deep.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extractor.errors import InvalidSchema, UnsupportedSchema
from extractor.jsontext import pointer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extractor.records import Json, JsonObject

#: Meta-schema address, without scheme and fragment -> the year of the draft (4, 6, 7 count as years before 2019).
DRAFTS: Final = {
    "json-schema.org/draft-04/schema": 4,
    "json-schema.org/draft-06/schema": 6,
    "json-schema.org/draft-07/schema": 7,
    "json-schema.org/draft/2019-09/schema": 2019,
    "json-schema.org/draft/2020-12/schema": 2020,
    "json-schema.org/schema": 2020,
}
#: The draft whose `exclusiveMinimum` and `exclusiveMaximum` are true or false.
DRAFT_4: Final = 4
#: Read when a schema does not say.
DEFAULT_DRAFT: Final = 2020

#: Every type, in the order in which the wire lists them.
TYPES: Final = ("object", "array", "string", "number", "integer", "boolean", "null")
SCALARS: Final = ("string", "number", "integer", "boolean", "null")

STRING: Final = ("pattern", "format", "minLength", "maxLength")
NUMBER: Final = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
ARRAY_BOUNDS: Final = ("minItems", "maxItems")
#: Keywords whose value is a count.
COUNTS: Final = (
    "minLength",
    "maxLength",
    *ARRAY_BOUNDS,
    "minProperties",
    "maxProperties",
    "minContains",
    "maxContains",
)
OBJECT: Final = (
    "properties", "required", "additionalProperties", "patternProperties", "propertyNames", "minProperties",
    "maxProperties", "dependentRequired", "dependentSchemas", "dependencies", "unevaluatedProperties",
)  # fmt: skip
ARRAY: Final = (
    "items", "prefixItems", "additionalItems", *ARRAY_BOUNDS, "uniqueItems", "contains", "minContains",
    "maxContains", "unevaluatedItems",
)  # fmt: skip
#: Keywords that say something about the schema, not about instances.
ANNOTATIONS: Final = frozenset({
    "title", "description", "default", "examples", "example", "deprecated", "readOnly", "writeOnly", "$comment",
    "$schema", "$id", "id", "$anchor", "$defs", "definitions", "$vocabulary", "discriminator", "contentEncoding",
    "contentMediaType", "contentSchema",
})  # fmt: skip

#: Keywords that hold one schema, and whether it applies to the same place of the instance.
_ONE: Final = {
    "not": True, "if": True, "then": True, "else": True, "additionalProperties": False, "propertyNames": False,
    "contains": False, "unevaluatedProperties": False, "unevaluatedItems": False, "additionalItems": False,
}  # fmt: skip
_LISTS: Final = {"allOf": True, "anyOf": True, "oneOf": True, "prefixItems": False}
_MAPS: Final = {
    "dependentSchemas": True, "dependencies": True, "properties": False, "patternProperties": False, "$defs": False,
    "definitions": False,
}  # fmt: skip

#: Keyword -> first draft that knows it.
_SINCE: Final = {
    "const": 6, "contains": 6, "propertyNames": 6, "if": 7, "then": 7, "else": 7, "$anchor": 2019,
    "dependentRequired": 2019, "dependentSchemas": 2019, "unevaluatedProperties": 2019, "unevaluatedItems": 2019,
    "minContains": 2019, "maxContains": 2019, "prefixItems": 2020,
}  # fmt: skip
#: Keyword -> last draft that knows it.
_UNTIL: Final = {"dependencies": 7, "additionalItems": 2019}


def draft_of(schema: JsonObject) -> int:
    """Return the draft a schema is written in.

    Raises:
        UnsupportedSchema: its `$schema` names a dialect that we do not know.
    """
    name = schema.get("$schema")
    if name is None:
        return DEFAULT_DRAFT
    address = str(name).removesuffix("#").removeprefix("https://").removeprefix("http://").removesuffix("/")
    if address not in DRAFTS:
        raise UnsupportedSchema("$schema", at="", because="only drafts 4, 6, 7, 2019-09 and 2020-12 are known")
    return DRAFTS[address]


def known(node: JsonObject, draft: int) -> JsonObject:
    """Return `node` without the keywords that its draft does not know and therefore ignores."""
    return {
        keyword: value
        for keyword, value in node.items()
        if _SINCE.get(keyword, 0) <= draft <= _UNTIL.get(keyword, DEFAULT_DRAFT)
    }


def subschemas(node: JsonObject, at: str, draft: int) -> Iterator[tuple[str, Json, bool]]:
    """Yield each schema that `node` holds: its pointer, itself, and whether it applies to the same instance.

    Raises:
        InvalidSchema: a keyword has a value of the wrong kind.
    """
    for keyword, value in known(node, draft).items():
        here = at + pointer(keyword)
        if keyword == "items":
            yield from _items(value, here, draft)
        elif keyword in _ONE:
            yield here, value, _ONE[keyword]
        elif keyword in _LISTS:
            for index, member in enumerate(sequence(value, here)):
                yield here + pointer(index), member, _LISTS[keyword]
        elif keyword in _MAPS:
            for name, member in mapping(value, here).items():
                if keyword != "dependencies" or not isinstance(member, list):
                    yield here + pointer(name), member, _MAPS[keyword]


def _items(value: Json, at: str, draft: int) -> Iterator[tuple[str, Json, bool]]:
    if not isinstance(value, list):
        yield at, value, False
        return
    if draft >= DEFAULT_DRAFT:
        raise InvalidSchema(
            f"The schema's `items` at {at} is a list: since draft 2020-12 that is `prefixItems`.", at=at
        )
    for index, member in enumerate(value):
        yield at + pointer(index), member, False


def mapping(value: Json, at: str) -> JsonObject:
    """Return `value` when it is an object.

    Raises:
        InvalidSchema: it is not.
    """
    if not isinstance(value, dict):
        raise InvalidSchema(f"The schema has something other than an object at {at or 'its root'}.", at=at)
    return value


def sequence(value: Json, at: str) -> list[Json]:
    """Return `value` when it is a list that is not empty.

    Raises:
        InvalidSchema: it is not.
    """
    if not isinstance(value, list) or not value:
        raise InvalidSchema(f"The schema needs a list with at least one member at {at}.", at=at)
    return value


def names(value: Json, at: str) -> list[str]:
    """Return `value` when it is a list of strings.

    Raises:
        InvalidSchema: it is not.
    """
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise InvalidSchema(f"The schema needs a list of strings at {at}.", at=at)
    return value


def type_names(node: JsonObject, at: str) -> tuple[str, ...] | None:
    """Return the types that `type` allows, in the wire's order; None where nothing is said.

    Raises:
        InvalidSchema: `type` is not a type name or a list of them.
    """
    if "type" not in node:
        return None
    stated = node["type"]
    listed = stated if isinstance(stated, list) else [stated]
    if not listed or not all(name in TYPES for name in listed):
        raise InvalidSchema(
            f"The schema's `type` at {at or 'its root'} is not one of {', '.join(TYPES)}, or a list of some of them.",
            at=f"{at}/type",
        )
    allowed = set(listed)
    if "number" in allowed:
        allowed.discard("integer")
    return tuple(name for name in TYPES if name in allowed)

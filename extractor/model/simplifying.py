"""A wire schema with less in it, for providers whose grammars do not take all of it.

What is left out is still told in words in the prompt and checked here, on every answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from extractor.records import Json, JsonObject

#: Keywords that providers refuse by name or count against a budget; none of them changes the kinds of values.
LIMITS: Final = frozenset(
    {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
    | {"minLength", "maxLength", "pattern", "format"}
    | {"minItems", "maxItems", "uniqueItems", "minContains", "maxContains"}
    | {"minProperties", "maxProperties"}
    | {"default", "examples", "title"}
)
#: Words of an enum above which its list is dropped as well.
LONG_ENUM: Final = 20
#: Keywords whose members are named by the caller, not by JSON Schema.
_NAMED: Final = frozenset({"properties", "$defs", "definitions", "patternProperties"})
_SCHEMAS: Final = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
_SCHEMA: Final = frozenset({"items", "additionalProperties", "not"})


def simplified(schema: JsonObject) -> JsonObject:
    """Return `schema` without limits on values and without long lists of them."""
    return {keyword: _simplified(keyword, value) for keyword, value in schema.items() if not _is_left(keyword, schema)}


def _is_left(keyword: str, schema: JsonObject) -> bool:
    if keyword == "enum":  # only where the type still says what kind of value is wanted
        return "type" in schema and isinstance(schema["enum"], list) and len(schema["enum"]) > LONG_ENUM
    return keyword in LIMITS


def _simplified(keyword: str, value: Json) -> Json:
    if keyword in _NAMED and isinstance(value, dict):
        return {name: simplified(member) if isinstance(member, dict) else member for name, member in value.items()}
    if keyword in _SCHEMAS and isinstance(value, list):
        return [simplified(member) if isinstance(member, dict) else member for member in value]
    if keyword in _SCHEMA and isinstance(value, dict):
        return simplified(value)
    return value

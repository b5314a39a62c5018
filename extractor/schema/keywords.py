"""JSON Schema's keywords as tables: which hold schemas, which constrain what, and which draft knows them.

Readers of a schema go through these functions, so that a malformed schema ends in one clear `InvalidSchema`
instead of a TypeError somewhere deep.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from extractor.errors import InvalidSchema, UnsupportedSchema

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from extractor.records import Json, JsonObject

_T = TypeVar("_T")

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
#: Type -> the list of it alone.
_SINGLE: Final = {name: (name,) for name in TYPES}
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

#: Keyword -> first draft that knows it.
_SINCE: Final = {
    "const": 6, "contains": 6, "propertyNames": 6, "if": 7, "then": 7, "else": 7, "$anchor": 2019,
    "dependentRequired": 2019, "dependentSchemas": 2019, "unevaluatedProperties": 2019, "unevaluatedItems": 2019,
    "minContains": 2019, "maxContains": 2019, "$recursiveRef": 2019, "prefixItems": 2020, "$dynamicRef": 2020,
}  # fmt: skip
#: Keyword -> last draft that knows it.
_UNTIL: Final = {"dependencies": 7, "additionalItems": 2019, "$recursiveRef": 2019}
#: Every keyword of any draft, and `nullable` of OpenAPI.
KEYWORDS: Final = frozenset((
    *OBJECT, *ARRAY, *STRING, *NUMBER, *ANNOTATIONS, *_SINCE, *_UNTIL, "type", "enum", "allOf", "anyOf", "oneOf", "not",
    "$ref", "$dynamicAnchor", "$recursiveAnchor", "nullable",
))  # fmt: skip


#: Draft -> keywords of other drafts, which it ignores.
_UNKNOWN: Final = {
    draft: frozenset(
        keyword for keyword in {**_SINCE, **_UNTIL}
        if not _SINCE.get(keyword, 0) <= draft <= _UNTIL.get(keyword, DEFAULT_DRAFT)
    )
    for draft in DRAFTS.values()
}  # fmt: skip


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


def types_of(stated: Json) -> tuple[str, ...]:
    """Return the types that the value of `type` allows, in the wire's order. Admission has seen to its kind."""
    if isinstance(stated, str):
        return _SINGLE[stated]
    allowed = set(stated)
    if "number" in allowed:
        allowed.discard("integer")
    return tuple(name for name in TYPES if name in allowed)


def known(node: JsonObject, draft: int) -> JsonObject:
    """Return `node` without the keywords that its draft does not know and therefore ignores."""
    unknown = _UNKNOWN[draft]
    if unknown.isdisjoint(node):
        return node
    return {keyword: value for keyword, value in node.items() if keyword not in unknown}


def drafts_of(keyword: str) -> tuple[int, int]:
    """Return the first and the last draft that know a keyword."""
    return _SINCE.get(keyword, DRAFT_4), _UNTIL.get(keyword, DEFAULT_DRAFT)


def of_draft(keywords: Mapping[str, _T], draft: int) -> dict[str, _T]:
    """Return the entries of a table of keywords that `draft` knows."""
    return {keyword: entry for keyword, entry in keywords.items() if keyword not in _UNKNOWN[draft]}


def subschemas(node: JsonObject, at: str, draft: int) -> list[tuple[str, Json, bool]]:
    """Return each schema that `node` holds: its pointer, itself, and whether it applies to the same instance.

    Raises:
        InvalidSchema: a keyword has a value of the wrong kind.
    """
    holders = _HOLDERS[draft]
    found: list[tuple[str, Json, bool]] = []
    for keyword, value in node.items():
        if keyword in holders:
            parts, applies_here = holders[keyword]
            found += [(below, part, applies_here) for below, part in parts(value, f"{at}/{keyword}")]
    return found


def _itself(value: Json, at: str) -> list[tuple[str, Json]]:
    return [(at, value)]


def _listed(value: Json, at: str) -> list[tuple[str, Json]]:
    return [(f"{at}/{index}", member) for index, member in enumerate(sequence(value, at))]


def _named(value: Json, at: str) -> list[tuple[str, Json]]:
    return [(f"{at}/{escaped(name)}", member) for name, member in mapping(value, at).items()]


def _dependent(value: Json, at: str) -> list[tuple[str, Json]]:
    return [(below, needs) for below, needs in _named(value, at) if not isinstance(needs, list)]


def _items(value: Json, at: str) -> list[tuple[str, Json]]:
    if not isinstance(value, list):
        return [(at, value)]
    return [(f"{at}/{index}", member) for index, member in enumerate(value)]


def _items_unlisted(value: Json, at: str) -> list[tuple[str, Json]]:
    if isinstance(value, list):
        raise InvalidSchema(
            f"The schema's `items` at {at} is a list: since draft 2020-12 that is `prefixItems`.", at=at
        )
    return [(at, value)]


def escaped(name: str) -> str:
    """Return a name as a token of a JSON Pointer."""
    return name.replace("~", "~0").replace("/", "~1") if "/" in name or "~" in name else name


#: Keyword -> the schemas that it holds, by pointer, and whether they apply to the same place of the instance.
_HOLDS: Final[dict[str, tuple[Callable[[Json, str], list[tuple[str, Json]]], bool]]] = {
    **dict.fromkeys(("not", "if", "then", "else"), (_itself, True)),
    **dict.fromkeys(("allOf", "anyOf", "oneOf"), (_listed, True)),
    "dependentSchemas": (_named, True),
    "dependencies": (_dependent, True),
    **dict.fromkeys(
        ("additionalProperties", "propertyNames", "contains", "unevaluatedProperties", "unevaluatedItems",
         "additionalItems"),
        (_itself, False),
    ),
    "prefixItems": (_listed, False),
    **dict.fromkeys(("properties", "patternProperties", "$defs", "definitions"), (_named, False)),
}  # fmt: skip
#: Draft -> the same, of the keywords that it knows.
_HOLDERS: Final = {
    draft: {**of_draft(_HOLDS, draft), "items": (_items if draft < DEFAULT_DRAFT else _items_unlisted, False)}
    for draft in _UNKNOWN
}

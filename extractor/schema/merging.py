"""One node of a schema without indirection: references followed, `allOf` merged, `const` spelled as `enum`.

What two schemas both say is intersected where that is exact, and dropped with words where it is not: the wire may
allow more than the target, never less.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Final, TypeAlias

from extractor.errors import UnsupportedSchema
from extractor.schema.fitting import text_of
from extractor.schema.keywords import ANNOTATIONS, COUNTS, known, types_of
from extractor.schema.patterns import compile_pattern
from extractor.schema.references import SIBLINGS_SINCE
from extractor.schema.sentences import sentence

if TYPE_CHECKING:
    from collections.abc import Callable

    from extractor.records import Json, JsonObject
    from extractor.schema.references import References

#: The alternatives of one union, each a schema.
Union: TypeAlias = "tuple[Json, ...]"

#: Steps of following references and merging at one place of the instance.
MAX_STEPS: Final = 48
#: Schemas read in one lowering.
MAX_MERGED: Final = 30_000
#: Branches that several unions at one place may multiply to before all but the first stay local.
MAX_BRANCHES: Final = 16
#: Annotations of a reference that count for what it refers to.
_WORDS: Final = ("title", "description", "default")
#: Keywords of a schema that only refers.
_REFERRING: Final = ANNOTATIONS | {"$ref"}
#: Keywords that are read here, so that nobody after needs to.
_READ: Final = frozenset({
    "$ref", "allOf", "anyOf", "oneOf", "const", "nullable", "type", "$defs", "definitions", "if", "then", "else",
})  # fmt: skip
#: Keywords that do not disagree, or that are merged together with others.
_BESIDE: Final = ANNOTATIONS | {"properties"}
_CONDITION: Final = ("if", "then", "else")
_UNIONS: Final = frozenset({"anyOf", "oneOf"})
_COUNTS: Final = frozenset(COUNTS)
_EXCLUSIVE: Final = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}


@dataclass(frozen=True, slots=True)
class Plain:
    """What a schema says about one place of the instance."""

    #: Keywords without `$ref`, `allOf`, `anyOf`, `oneOf`, `const`, `nullable`, `if`; `type` always a tuple.
    keywords: JsonObject
    #: Unions of which one alternative each must hold.
    unions: tuple[Union, ...] = ()
    #: Each `if` that applies, with its `then` and `else`.
    conditions: tuple[JsonObject, ...] = ()
    #: Rules that the merge dropped, in words.
    told: tuple[str, ...] = ()
    #: Whether no two alternatives of one of its unions may hold at once.
    is_exclusive: bool = False

    @property
    def description(self) -> str:
        """The schema's own words about this place."""
        return str(self.keywords.get("description") or "")


class Merger:
    """Makes plain nodes of one document's schemas."""

    def __init__(self, references: References) -> None:
        self._references = references
        self._left = MAX_MERGED
        #: Identity of a schema -> the schema, so that it lives as long, and what it says.
        self._known: dict[int, tuple[Json, Plain | None]] = {}

    def plain(self, schema: Json, at: str, *, steps: int = 0) -> Plain | None:
        """Return what `schema` says here, None where it allows nothing.

        Raises:
            UnsupportedSchema: too many references and merges at one place, which is in the definition at `at`.
        """
        if id(schema) in self._known:
            return self._known[id(schema)][1]
        self._left -= 1
        if steps > MAX_STEPS or self._left < 0:
            raise UnsupportedSchema("allOf", at=at, because="too many schemas apply to one place")
        plain = self._read(schema, at, steps)
        self._known[id(schema)] = schema, plain
        return plain

    def clear(self) -> None:
        """Forget every node: nothing more will be asked."""
        self._known.clear()

    def _read(self, schema: Json, at: str, steps: int) -> Plain | None:
        schema, annotations = self._followed(schema)
        if isinstance(schema, bool):
            return Plain(annotations) if schema else None
        node = known(schema, self._references.draft)
        if annotations:
            node = {**node, **annotations}
        if node.get("nullable") is True:
            return _or_null(node)
        if "not" in node and (node["not"] is True or node["not"] == {}):
            return None
        merged: Plain | None = _own(node)
        if "$ref" in node:
            part = self._references.at(self._references.locate(node["$ref"]))
            merged = _both(merged, self.plain(part, at, steps=steps + 1))
        for part in node.get("allOf", ()):
            merged = _both(merged, self.plain(part, at, steps=steps + 1))
        return merged

    def _followed(self, schema: Json) -> tuple[Json, JsonObject]:
        """Follow a node that only refers, and return where that ends with the annotations met on the way.

        Before draft 2019-09 nothing beside a `$ref` counts.
        """
        annotations: JsonObject = {}
        while isinstance(schema, dict) and "$ref" in schema and schema.get("nullable") is not True:
            if self._references.draft >= SIBLINGS_SINCE and not schema.keys() <= _REFERRING:
                break
            annotations = {name: schema[name] for name in _WORDS if name in schema} | annotations
            schema = self._references.at(self._references.locate(schema["$ref"]))
        return schema, annotations


def _or_null(node: JsonObject) -> Plain:
    """Return OpenAPI's `nullable: true` as the union that it means: null passes whatever stands beside it."""
    rest = {keyword: value for keyword, value in node.items() if keyword not in {"nullable", *ANNOTATIONS}}
    words = {keyword: value for keyword, value in node.items() if keyword in ANNOTATIONS}
    return Plain(words, ((rest, {"type": "null"}),))


def _own(node: JsonObject) -> Plain:
    """Return what `node` says without its references and `allOf`."""
    keywords = {keyword: value for keyword, value in node.items() if keyword not in _READ}
    if "type" in node:
        keywords["type"] = types_of(node["type"])
    if "const" in node:
        keywords["enum"] = [node["const"]]
    for keyword in _COUNTS.intersection(keywords):
        if isinstance(keywords[keyword], float) and keywords[keyword].is_integer():
            keywords[keyword] = int(keywords[keyword])  # grammar engines refuse 1.0 for a count
    for exclusive, inclusive in _EXCLUSIVE.items():
        if exclusive in keywords and isinstance(keywords[exclusive], bool):  # draft 4
            is_exclusive = keywords.pop(exclusive)
            if is_exclusive and inclusive in keywords:
                keywords[exclusive] = keywords.pop(inclusive)
    if not isinstance(keywords.get("items"), list):
        keywords.pop("additionalItems", None)  # means nothing without a list beside it, whatever else applies here
    condition: JsonObject = {keyword: node[keyword] for keyword in _CONDITION if keyword in node}
    conditions = (condition,) if "if" in node else ()
    if _UNIONS.isdisjoint(node):
        return Plain(keywords, conditions=conditions)
    unions = tuple(tuple(node[keyword]) for keyword in ("anyOf", "oneOf") if keyword in node)
    return Plain(keywords, unions, conditions, is_exclusive="oneOf" in node and "discriminator" not in node)


def _both(first: Plain | None, second: Plain | None) -> Plain | None:
    """Return what holds when both hold."""
    if first is None or second is None:
        return None
    if not (first.keywords or first.unions or first.conditions):
        return second
    merged, told = _keywords(first.keywords, second.keywords)
    told = [*first.told, *second.told, *told]
    if "properties" in merged:
        merged["properties"] = _members(first.keywords, second.keywords)
    for positions, rest in (("prefixItems", "items"), ("items", "additionalItems")):
        listed = second.keywords.get(positions)
        if isinstance(listed, list) and listed != first.keywords.get(positions):
            merged[rest] = True  # where the rest begins is no longer known
    if not merged.get("type", "?") or not merged.get("enum", "?"):
        return None
    is_exclusive = first.is_exclusive or second.is_exclusive
    repeated = {id(union) for union in first.unions}  # by two ways to the same definition
    unions = first.unions + tuple(union for union in second.unions if id(union) not in repeated)
    conditions = first.conditions + tuple(one for one in second.conditions if one not in first.conditions)
    return Plain(merged, unions, conditions, tuple(dict.fromkeys(told)), is_exclusive)


def _keywords(first: JsonObject, second: JsonObject) -> tuple[JsonObject, list[str]]:
    """Return the keywords of both, each merged by itself, and words for those that cannot be."""
    merged, told = dict(first), []
    for keyword, value in second.items():
        if keyword not in merged:
            merged[keyword] = value
        elif keyword in _MERGES:
            merged[keyword] = _MERGES[keyword](merged[keyword], value)
        elif keyword not in _BESIDE and merged[keyword] != value:
            told.append(sentence(keyword, value))
    return merged, told


def _members(first: JsonObject, second: JsonObject) -> JsonObject:
    """Return the named members of both, each with what the part that does not name it says of all others."""
    members: JsonObject = _joined(first.get("properties", {}), second.get("properties", {}))
    for part, other in ((first, second), (second, first)):
        rest = part.get("additionalProperties", True)
        if rest is True:
            continue
        named, patterns = part.get("properties", {}), part.get("patternProperties", {})
        for name in other.get("properties", {}):
            if name not in named and not any(compile_pattern(pattern).search(name) for pattern in patterns):
                members[name] = both(members[name], rest)
    return members


def both(first: Json, second: Json) -> Json:
    """Return a schema that holds when both hold, without looking inside them."""
    if first is False or second is False:
        return False
    if first is True or first in ({}, second):
        return second
    if second is True or second == {}:
        return first
    return {"allOf": [first, second]}


def alternatives(plain: Plain) -> tuple[Union, tuple[Union, ...]]:
    """Return one union that stands for all of `plain`'s, and those that it does not stand for."""
    total = 1
    for union in plain.unions:
        total *= len(union)
        if total > MAX_BRANCHES:
            return plain.unions[0], plain.unions[1:]
    if len(plain.unions) == 1:
        return plain.unions[0], ()
    return tuple({"allOf": list(chosen)} for chosen in product(*plain.unions)), ()


def _types(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    def narrowed(types: tuple[str, ...], others: tuple[str, ...]) -> list[str]:
        return [name for name in types if name in others or (name == "integer" and "number" in others)]

    return tuple(dict.fromkeys([*narrowed(first, second), *narrowed(second, first)]))


def _values(first: list[Json], second: list[Json]) -> list[Json]:
    allowed = {text_of(value) for value in second}
    return [value for value in first if text_of(value) in allowed]


def _joined(first: JsonObject, second: JsonObject) -> JsonObject:
    if not second:
        return dict(first)
    return {
        **first,
        **{name: both(first[name], schema) if name in first else schema for name, schema in second.items()},
    }


_MERGES: Final[dict[str, Callable[[Json, Json], Json]]] = {
    "type": _types,
    "enum": _values,
    "patternProperties": _joined,
    "required": lambda first, second: list(dict.fromkeys([*first, *second])),
    "additionalProperties": both,
    "propertyNames": both,
    "dependentSchemas": _joined,
    "dependentRequired": lambda first, second: {
        **first,
        **{name: list(dict.fromkeys([*first.get(name, ()), *needs])) for name, needs in second.items()},
    },
    "not": lambda first, second: first if first == second else {"anyOf": [first, second]},
    "items": lambda first, second: (
        first if isinstance(first, list) or isinstance(second, list) else both(first, second)
    ),
    "minimum": max,
    "exclusiveMinimum": max,
    "minLength": max,
    "minItems": max,
    "minProperties": max,
    "maximum": min,
    "exclusiveMaximum": min,
    "maxLength": min,
    "maxItems": min,
    "maxProperties": min,
    "uniqueItems": lambda first, second: first or second,
}

"""Members that only rules off the wire speak of: a condition, a `not`, a `contains`, a dependency.

Such a member needs a place on the wire, or it could never be given and the record that needs it would be lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extractor.schema.keywords import ANNOTATIONS, known
from extractor.schema.merging import both
from extractor.schema.patterns import matching
from extractor.schema.references import SIBLINGS_SINCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from extractor.records import Json, JsonObject
    from extractor.schema.references import References

#: Keywords of a lowered node that name members which nothing else may declare.
_NAMING: Final = ("required", "dependentRequired", "dependentSchemas", "dependencies", "contains")
#: The same where other members are named: alone they leave a map what it is.
_RESTRICTING: Final = ("not", "propertyNames")
_RULES: Final = frozenset({*_NAMING, *_RESTRICTING} - {"required"})
_SAME_PLACE: Final = ("not", "if", "then", "else")
_SAME_PLACE_LISTS: Final = ("allOf", "anyOf", "oneOf")
#: Schemas read for one node. What a longer condition mentions last has no place of its own.
_MAX_READ: Final = 2_000


def mentioning(keywords: JsonObject, parts: Sequence[Json], references: References) -> JsonObject:
    """Return merged `keywords` with a place for every member that their own rules or other `parts` mention."""
    properties = keywords.get("properties", {})
    if not parts and _RULES.isdisjoint(keywords) and properties.keys() >= set(keywords.get("required", ())):
        return keywords
    rules = (*_NAMING, *_RESTRICTING) if properties else _NAMING
    mentioned = _Reading(references).shape(*parts, {name: keywords[name] for name in rules if name in keywords})
    return _with(keywords, mentioned, references) if mentioned else keywords


def _with(keywords: JsonObject, mentioned: JsonObject, references: References) -> JsonObject:
    added = {}
    names = mentioned.get("properties", {})
    if names:
        properties = dict(keywords.get("properties", {}))
        for name, shape in names.items():
            member = properties[name] if name in properties else _undeclared(keywords, name)
            properties[name] = _completed(member, shape, references)
        added["properties"] = properties
    items = keywords.get("items")
    if isinstance(items, dict) and "items" in mentioned:
        added["items"] = _completed(items, mentioned["items"], references)
    return {**keywords, **added} if added else keywords


def _completed(schema: Json, mentioned: JsonObject, references: References) -> Json:
    """Return `schema` with the members that `mentioned` has and it lacks, where it has members of its own."""
    if not mentioned or not isinstance(schema, dict) or schema.keys() <= ANNOTATIONS:
        return schema
    return both(schema, _lacking(mentioned, _Reading(references).shape(schema)))


def _lacking(mentioned: JsonObject, declared: JsonObject) -> JsonObject:
    """Return the part of a shape that another one lacks. A place without named members takes all of them anyway."""
    lacking: JsonObject = {}
    names = declared.get("properties")
    if names and "$ref" not in declared:
        members = {
            name: _lacking(shape, names[name]) if name in names else {}
            for name, shape in mentioned.get("properties", {}).items()
        }
        members = {name: shape for name, shape in members.items() if shape or name not in names}
        if members:
            lacking["properties"] = members
    if "items" in declared and "items" in mentioned:
        items = _lacking(mentioned["items"], declared["items"])
        if items:
            lacking["items"] = items
    return lacking


def _undeclared(keywords: JsonObject, name: str) -> Json:
    """Return what a member must be that `properties` does not name."""
    patterns = keywords.get("patternProperties", {})
    applying = matching(patterns, name) or [keywords.get("additionalProperties", True)]
    return applying[0] if len(applying) == 1 else {"allOf": applying}


class _Reading:
    """Reads which members some schemas name at one place of a record, and below it.

    A shape is a schema of `properties` and `items` alone. One that a recursive definition has part in also holds its
    `$ref`: spelled out, it would have no end.
    """

    def __init__(self, references: References) -> None:
        self._references = references
        self._left = _MAX_READ

    def shape(self, *schemas: Json) -> JsonObject:
        found: JsonObject = {}
        for schema in schemas:
            self._read(schema, found, frozenset())
        return found

    def _read(self, schema: Json, into: JsonObject, followed: frozenset[str]) -> None:
        self._left -= 1
        if not isinstance(schema, dict) or self._left < 0:
            return
        node = known(schema, self._references.draft)
        if "$ref" in node:
            location = self._references.locate(node["$ref"])
            if self._references.is_recursive(location):
                into["$ref"] = node["$ref"]
            if location not in followed:
                self._read(self._references.at(location), into, followed | {location})
            if self._references.draft < SIBLINGS_SINCE:
                return
        self._read_members(node, into, followed)
        for part in _applied_here(node):
            self._read(part, into, followed)
        for keyword in ("items", "contains"):
            if isinstance(node.get(keyword), dict):
                self._read(node[keyword], into.setdefault("items", {}), followed)

    def _read_members(self, node: JsonObject, into: JsonObject, followed: frozenset[str]) -> None:
        for name in _names(node):
            into.setdefault("properties", {}).setdefault(name, {})
        for name, member in node.get("properties", {}).items():
            self._read(member, into.setdefault("properties", {}).setdefault(name, {}), followed)


def _names(node: JsonObject) -> Iterable[str]:
    yield from node.get("required", ())
    for keyword in ("dependentRequired", "dependencies", "dependentSchemas"):
        for name, needs in node.get(keyword, {}).items():
            yield name
            yield from needs if isinstance(needs, list) else ()
    allowed = node.get("propertyNames")
    if isinstance(allowed, dict):
        yield from (name for name in (*allowed.get("enum", ()), allowed.get("const")) if isinstance(name, str))


def _applied_here(node: JsonObject) -> Iterable[Json]:
    yield from (node[keyword] for keyword in _SAME_PLACE if keyword in node)
    for keyword in _SAME_PLACE_LISTS:
        yield from node.get(keyword, ())
    for keyword in ("dependentSchemas", "dependencies"):
        yield from node.get(keyword, {}).values()

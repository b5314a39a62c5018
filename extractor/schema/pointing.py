"""Nodes that do nothing but point at others, and what is known of what they point at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extractor.schema.keywords import ANNOTATIONS, SCALARS, known
from extractor.schema.references import SIBLINGS_SINCE

if TYPE_CHECKING:
    from extractor.records import Json
    from extractor.schema.merging import Merger
    from extractor.schema.references import References

#: Keywords by which a node can do nothing but point.
_POINTING: Final = frozenset({"$ref", "allOf"})
#: Keywords by which a node says more than it seems to.
_COMBINING: Final = frozenset({"allOf", "anyOf", "oneOf", "$ref"})
#: Values of an enum that is repeated in place instead of becoming a definition.
_SMALL_ENUM: Final = 50


class Pointing:
    """Finds where the nodes of one document point."""

    def __init__(self, references: References, merger: Merger) -> None:
        self._references = references
        self._merger = merger
        self._null_at: dict[str, bool] = {}
        self._leaf_at: dict[str, bool] = {}

    def end_of(self, schema: Json) -> tuple[str | None, str]:
        """Return where a node points that does nothing else, and the first description on the way.

        None where it says something of its own, or ends at a schema that is true or false.
        """
        if not _may_point(schema):
            return None, ""
        location, description = None, ""
        node = schema
        while isinstance(node, dict) and node.get("nullable") is not True:
            node = known(node, self._references.draft)
            rules = node.keys() - ANNOTATIONS
            if "$ref" not in rules and not (rules == {"allOf"} and len(node["allOf"]) == 1):
                break
            if len(rules) > 1 and self._references.draft >= SIBLINGS_SINCE:
                break
            description = description or str(node.get("description") or "")
            if "$ref" in rules:
                location = self._references.locate(node["$ref"])
                node = self._references.at(location)
            else:
                node = node["allOf"][0]
        return (None, "") if isinstance(node, bool) else (location, description)

    def is_small(self, location: str) -> bool:
        """Return whether a definition is a scalar or a short enum, better repeated than referred to."""
        node = self._references.at(location)
        if not isinstance(node, dict):
            return True
        types = node.get("type")
        if "enum" in node or "const" in node:
            return len(node.get("enum", ())) <= _SMALL_ENUM
        return isinstance(types, str) and types in SCALARS and _COMBINING.isdisjoint(node)

    def takes_null(self, location: str) -> bool:
        """Return whether null satisfies the definition at `location`. What is not sure counts as yes."""
        if location not in self._null_at:
            self._null_at[location] = True  # while it is being found out
            self._null_at[location] = self._allows_null(self._references.at(location), location)
        return self._null_at[location]

    def is_leaf(self, location: str) -> bool:
        """Return whether only scalars and values of an enum satisfy the definition at `location`."""
        if location not in self._leaf_at:
            self._leaf_at[location] = False  # while it is being found out
            self._leaf_at[location] = self._is_leaf(self._references.at(location), location)
        return self._leaf_at[location]

    def _is_leaf(self, schema: Json, at: str) -> bool:
        location, _ = self.end_of(schema)
        if location is not None and location != at:
            return self.is_leaf(location)
        plain = self._merger.plain(schema, at)
        if plain is None or "enum" in plain.keywords:
            return plain is not None
        if "type" in plain.keywords:
            return set(plain.keywords["type"]) <= set(SCALARS)
        return any(all(self._is_leaf(branch, at) for branch in union) for union in plain.unions)

    def _allows_null(self, schema: Json, at: str) -> bool:
        location, _ = self.end_of(schema)
        if location is not None and location != at:
            return self.takes_null(location)
        plain = self._merger.plain(schema, at)
        if plain is None or "null" not in plain.keywords.get("type", ("null",)):
            return False
        if None not in plain.keywords.get("enum", (None,)):
            return False
        return all(any(self._allows_null(branch, at) for branch in union) for union in plain.unions)


def _may_point(schema: Json) -> bool:
    return isinstance(schema, dict) and not _POINTING.isdisjoint(schema)

"""The schemas of a target, each at the place of the record that it says something of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from extractor.jsontext import pointer, tokens
from extractor.schema.keywords import draft_of
from extractor.schema.references import SIBLINGS_SINCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from extractor.records import Json, JsonObject

#: Keyword with schemas for the same place of the record, in a list.
_BRANCHES: Final = ("allOf", "anyOf", "oneOf")
#: Keyword with a schema for every item or every other member.
_INNER: Final = ("items", "additionalItems", "additionalProperties", "unevaluatedItems", "unevaluatedProperties")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visited:
    """One schema of the target."""

    schema: JsonObject
    #: Where its values stand in the record.
    at: str
    #: Whether a valid record may be without.
    is_optional: bool
    #: Whether it is the schema of a named member, the place where a description is looked for.
    is_member: bool


def visited(root: JsonObject) -> Iterator[Visited]:
    """Yield every schema that says something of the record, each once, at the first place that it is met for."""
    stands_alone = draft_of(root) < SIBLINGS_SINCE
    met: set[int] = set()
    start = Visited(schema=root, at="", is_optional=False, is_member=False)
    open_nodes = [start]
    while open_nodes:
        node = open_nodes.pop()
        if id(node.schema) in met:
            continue
        met.add(id(node.schema))
        yield node
        open_nodes += reversed(
            [
                Visited(schema=schema, at=node.at + step, is_optional=is_optional, is_member=is_member)
                for schema, step, is_optional, is_member in _below(node, root, stands_alone=stands_alone)
                if isinstance(schema, dict)
            ]
        )


def _below(node: Visited, root: JsonObject, *, stands_alone: bool) -> Iterator[tuple[Json, str, bool, bool]]:
    """Yield each schema that a schema holds or refers to: itself, the step to its values, and its two claims.

    Where a reference `stands_alone`, what is beside it says nothing.
    """
    schema = node.schema
    if stands_alone and "$ref" in schema:
        schema = {"$ref": schema["$ref"]}
    for branch in (_referred(root, schema.get("$ref")), *branches(schema, _BRANCHES)):
        yield branch, "", node.is_optional, False
    properties, patterns = schema.get("properties"), schema.get("patternProperties")
    required = as_list(schema.get("required"))
    for name, member in properties.items() if isinstance(properties, dict) else ():
        yield member, pointer(name), name not in required, True
    for index, item in enumerate(as_list(schema.get("prefixItems")) or as_list(schema.get("items"))):
        yield item, pointer(index), False, False
    for member in patterns.values() if isinstance(patterns, dict) else ():
        yield member, "/*", False, False
    for keyword in _INNER:
        yield schema.get(keyword), "/*", False, False


def branches(schema: JsonObject, keywords: Sequence[str]) -> list[Json]:
    """Return the alternatives or parts that a schema lists under some keywords."""
    return [branch for keyword in keywords for branch in as_list(schema.get(keyword))]


def as_list(value: Json) -> list[Any]:
    """Return a value when it is a list, otherwise none."""
    return value if isinstance(value, list) else []


def _referred(root: JsonObject, reference: Json) -> Json:
    """Return the schema that a pointer within the document leads to, None for every other reference."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        return None
    found: Json = root
    for token in tokens(reference[1:]):
        if not isinstance(found, dict) or token not in found:
            return None
        found = found[token]
    return found

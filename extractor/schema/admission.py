"""The static limits of a schema: what passes here can be lowered and validated in bounded time and memory.

Everything is iterative, so that a hostile schema ends in a typed error and not in RecursionError.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from extractor.errors import InvalidSchema, UnsupportedSchema
from extractor.schema.keywords import COUNTS, DRAFT_4, NUMBER, mapping, names, sequence, subschemas
from extractor.schema.patterns import PatternRefused, compile_pattern
from extractor.schema.references import References

if TYPE_CHECKING:
    from extractor.records import Json, JsonObject

#: Containers inside one another. The deepest of 11,305 real schemas has 63.
MAX_DEPTH: Final = 64
#: JSON values in a schema. The 99.9th percentile of real schemas is 5,200.
MAX_NODES: Final = 20_000
#: Values of one enum. The largest real one has 5,383.
MAX_ENUM: Final = 5_500
#: Schemas that may apply to one place of an instance, references followed. 99.9 % of real schemas stay below.
MAX_EXPANDED: Final = 250_000


def admit(schema: Json) -> References:
    """Check `schema` against every static limit and return the reader of its references.

    Raises:
        InvalidSchema: it is not a schema at all.
        UnsupportedSchema: it is over a limit, or needs what is never done, such as fetching.
    """
    admit_json(schema)
    references = References(mapping(schema, ""))
    _refuse_endless(_walk(references))
    return references


def admit_json(value: Json) -> None:
    """Check that `value` is JSON of bounded depth and size.

    Raises:
        InvalidSchema: it holds something that JSON has no word for.
        UnsupportedSchema: it is too deep or too large.
    """
    open_values: list[tuple[Json, int]] = [(value, 1)]
    nodes = 0
    while open_values:
        node, depth = open_values.pop()
        nodes += 1
        if depth > MAX_DEPTH:
            raise UnsupportedSchema("schema", at="", because=f"it is nested more than {MAX_DEPTH} levels deep")
        if nodes > MAX_NODES:
            raise UnsupportedSchema("schema", at="", because=f"it holds more than {MAX_NODES:,} values")
        if isinstance(node, dict):
            if not all(isinstance(key, str) for key in node):
                raise InvalidSchema("The schema has a member whose name is not a string, which JSON does not allow.")
            open_values += [(member, depth + 1) for member in node.values()]
        elif isinstance(node, list):
            open_values += [(member, depth + 1) for member in node]
        elif not _is_scalar(node):
            raise InvalidSchema(f"The schema holds a {type(node).__name__} that JSON cannot express.")


def _is_scalar(value: Json) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, (str, int))


def _walk(references: References) -> dict[str, list[str]]:
    """Visit every schema that can apply. Return, by location, the locations that apply to the same instance."""
    together: dict[str, list[str]] = {}
    open_schemas: list[tuple[str, Json, bool]] = [("", references.root, False)]
    while open_schemas:
        at, node, is_embedded = open_schemas.pop()
        if at in together:
            continue
        together[at] = []
        if isinstance(node, bool):
            continue
        _admit_node(mapping(node, at), at)
        _admit_values(node, at, references.draft)
        is_embedded = is_embedded or (bool(at) and _is_resource(node))
        for below, child, applies_here in subschemas(node, at, references.draft):
            open_schemas.append((below, child, is_embedded))
            if applies_here:
                together[at].append(below)
        if "$ref" in node:
            if is_embedded:
                raise UnsupportedSchema("$id", at=at, because="references inside an embedded schema are not followed")
            target = references.locate(node["$ref"], at=at)
            found = references.at(target)
            if isinstance(found, bool) and references.draft == DRAFT_4:
                raise InvalidSchema(f"The schema refers at {at} to {target}, which is no schema in draft 4.", at=at)
            open_schemas.append((target, found, False))
            together[at].append(target)
    return together


def _is_resource(node: JsonObject) -> bool:
    identifier = node.get("$id", node.get("id"))
    return isinstance(identifier, str) and not identifier.startswith("#")


def _admit_node(node: JsonObject, at: str) -> None:
    for keyword in ("$dynamicRef", "$recursiveRef"):
        if keyword in node:
            raise UnsupportedSchema(keyword, at=at, because="its meaning depends on who refers to it")
    if "enum" in node and len(sequence(node["enum"], f"{at}/enum")) > MAX_ENUM:
        raise UnsupportedSchema("enum", at=at, because=f"it has more than {MAX_ENUM:,} values")
    if "patternProperties" in node and ("unevaluatedProperties" in node):
        raise UnsupportedSchema("unevaluatedProperties", at=at, because="together with patterns it cannot be bounded")
    if isinstance(node.get("pattern"), str):
        _admit_pattern(node["pattern"], "pattern", at)
    for pattern in mapping(node.get("patternProperties", {}), at):
        _admit_pattern(pattern, "patternProperties", at)


def _admit_values(node: JsonObject, at: str, draft: int) -> None:
    """Check the values that lowering computes with. The meta-schema checks more, but not everybody asks it."""
    for keyword in (*NUMBER, *COUNTS):
        value = node.get(keyword, 1)
        if keyword.startswith("exclusive") and draft == DRAFT_4:
            continue
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise InvalidSchema(
                f"The schema's `{keyword}` at {at or 'its root'} is not a number.", at=f"{at}/{keyword}"
            )
    if node.get("multipleOf", 1) <= 0:
        raise InvalidSchema(
            f"The schema's `multipleOf` at {at or 'its root'} is not above zero.", at=f"{at}/multipleOf"
        )
    for keyword in ("pattern", "format", "$id", *(["id"] if draft == DRAFT_4 else [])):
        if not isinstance(node.get(keyword, ""), str):
            raise InvalidSchema(
                f"The schema's `{keyword}` at {at or 'its root'} is not a string.", at=f"{at}/{keyword}"
            )
    names(node.get("required", []), f"{at}/required")
    for needs in _dependencies(node, at):
        names(needs, at)


def _dependencies(node: JsonObject, at: str) -> list[Json]:
    """Return what must be lists of names."""
    mixed = mapping(node.get("dependencies", {}), at).values()
    return [
        *mapping(node.get("dependentRequired", {}), at).values(),
        *(needs for needs in mixed if not isinstance(needs, (dict, bool))),
    ]


def _admit_pattern(pattern: str, keyword: str, at: str) -> None:
    try:
        compile_pattern(pattern)
    except PatternRefused as refused:
        raise UnsupportedSchema(keyword, at=at, because=str(refused)) from None


def _refuse_endless(together: dict[str, list[str]]) -> None:
    """Refuse schemas that apply to one place without end, or too often.

    `together` is the graph of schemas that apply to the same instance. A cycle in it is a schema that means
    nothing; a very large unfolding is one that takes exponential time.
    """
    sizes: dict[str, int] = {}
    for start in together:
        _measure(start, together, sizes)
    largest = max(sizes, key=lambda at: sizes[at])
    if sizes[largest] > MAX_EXPANDED:
        raise UnsupportedSchema("$ref", at=largest, because="the schema is too large when its references are followed")


def _measure(start: str, together: dict[str, list[str]], sizes: dict[str, int]) -> None:
    """Enter the unfolded size of `start` and everything below it into `sizes`. Depth first, without recursion."""
    on_path: set[str] = set()
    path = [start]
    while path:
        at = path[-1]
        if at in sizes:
            path.pop()
            continue
        on_path.add(at)
        unknown = [below for below in together[at] if below not in sizes]
        if any(below in on_path for below in unknown):
            raise UnsupportedSchema("$ref", at=at, because="the schema refers to itself without going any deeper")
        if unknown:
            path.append(unknown[0])
            continue
        sizes[at] = 1 + sum(sizes[below] for below in together[at])
        on_path.discard(at)
        path.pop()

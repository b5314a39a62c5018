"""Which members and items of a value a schema has looked at, for the keywords about those that it has not.

The library's own way there matches patterns by backtracking, and takes a schema for additional members for a list of
them in draft 2019-09.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from referencing.jsonschema import lookup_recursive_ref

from extractor.schema.patterns import compile_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extractor.records import Json, JsonObject


def evaluated_members(validator: Any, instance: JsonObject, schema: Json) -> set[str]:
    """Return the names of members that `schema` evaluates in an object that is otherwise valid under it."""
    if not isinstance(schema, dict):
        return set()
    found = {name for name in schema.get("properties", ()) if name in instance}
    for pattern in schema.get("patternProperties", ()):
        found.update(filter(compile_pattern(pattern).search, instance))
    for keyword in ("additionalProperties", "unevaluatedProperties"):
        if keyword in schema:
            holds = validator.evolve(schema=schema[keyword]).is_valid
            found.update(name for name, member in instance.items() if name not in found and holds(member))
    for inner in _applied(validator, instance, schema):
        found |= evaluated_members(inner, instance, inner.schema)
    return found


def evaluated_items(validator: Any, instance: list[Json], schema: Json) -> set[int]:
    """Return the indexes of items that `schema` evaluates in a list that is otherwise valid under it."""
    if not isinstance(schema, dict):
        return set()
    found = set(range(min(_reach(validator, schema, len(instance)), len(instance))))
    for keyword in ("contains", "unevaluatedItems"):
        if keyword in schema:
            holds = validator.evolve(schema=schema[keyword]).is_valid
            found.update(index for index, item in enumerate(instance) if index not in found and holds(item))
    for inner in _applied(validator, instance, schema):
        found |= evaluated_items(inner, instance, inner.schema)
    return found


def _reach(validator: Any, schema: JsonObject, length: int) -> int:
    """Return how many items, from the first, the keywords of items look at."""
    items = schema.get("items")
    if isinstance(items, list):
        return length if "additionalItems" in schema else len(items)
    if items is not None:
        return length
    return len(schema.get("prefixItems", ())) if "prefixItems" in validator.VALIDATORS else 0


def _applied(validator: Any, instance: Json, schema: JsonObject) -> Iterator[Any]:
    """Yield the validators of the schemas that hold for the same value."""
    resolver = validator._resolver  # noqa: SLF001 - fields without a public name
    for keyword in validator.VALIDATORS.keys() & schema.keys() & {"$ref", "$dynamicRef", "$recursiveRef"}:
        found = lookup_recursive_ref(resolver) if keyword == "$recursiveRef" else resolver.lookup(schema[keyword])
        yield validator.evolve(schema=found.contents, _resolver=found.resolver)
    if isinstance(instance, dict):
        for name, part in schema.get("dependentSchemas", {}).items():
            if name in instance:
                yield validator.evolve(schema=part)
    for keyword in ("allOf", "anyOf", "oneOf"):
        inner = [validator.evolve(schema=part) for part in schema.get(keyword, ())]
        yield from (part for part in inner if part.is_valid(instance))
    if "if" in schema:
        condition = validator.evolve(schema=schema["if"])
        holds = condition.is_valid(instance)
        if holds:
            yield condition
        yield validator.evolve(schema=schema.get("then" if holds else "else", True))

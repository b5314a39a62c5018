"""Schemas that nothing at all satisfies: that they are, and which part is to blame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extractor.schema.keywords import escaped, known
from extractor.schema.references import SIBLINGS_SINCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from extractor.records import Json, JsonObject
    from extractor.schema.references import References

#: Looks at all definitions. Each settles those that need only settled ones; one look is enough for most schemas.
_MAX_LOOKS: Final = 20


def is_endless(wire: JsonObject, definitions: dict[str, JsonObject]) -> bool:
    """Return whether every value of a wire schema would have to contain another one, without an end.

    Definitions stand in the order of their first use, so the last ones need the least and are looked at first.
    """
    settled: set[str] = set()
    for _ in range(_MAX_LOOKS):
        if _has_value(wire, settled):
            return False
        new = {name for name in reversed(definitions) if name not in settled and _settle(name, definitions, settled)}
        if not new:
            return True
    return False


def _settle(name: str, definitions: dict[str, JsonObject], settled: set[str]) -> bool:
    if not _has_value(definitions[name], settled):
        return False
    settled.add(name)
    return True


def _has_value(node: JsonObject, settled: set[str]) -> bool:
    """Return whether `node` has a value whose definitions are all among the settled ones."""
    if "$ref" in node:
        return node["$ref"].rsplit("/", 1)[1] in settled
    if "anyOf" in node:
        return any(_has_value(branch, settled) for branch in node["anyOf"])
    if "properties" in node:
        return all(_has_value(member, settled) for member in node["properties"].values())
    return not node.get("minItems") or _has_value(node["items"], settled)


def part_to_blame(references: References, allows_nothing: Callable[[Json], bool]) -> str:
    """Return the JSON Pointer of the smallest part that nothing satisfies and without which no record is possible.

    Where two parts only contradict each other, that is the place where both apply.
    """
    at, met = "", {""}
    while True:
        node = references.at(at)
        parts = _needed(known(node, references.draft), at, references) if isinstance(node, dict) else ()
        blamed = next((below for below in parts if below not in met and allows_nothing(references.at(below))), None)
        if blamed is None:
            return at
        at = blamed
        met.add(at)


def _needed(node: JsonObject, at: str, references: References) -> Iterator[str]:
    """Yield the places of the parts that every value needs: a required member, each part of an `allOf`."""
    if "$ref" in node:
        yield references.locate(node["$ref"])
        if references.draft < SIBLINGS_SINCE:
            return
    yield from (f"{at}/allOf/{index}" for index in range(len(node.get("allOf", ()))))
    required, properties = node.get("required", ()), node.get("properties", {})
    yield from (f"{at}/properties/{escaped(name)}" for name in required if name in properties)
    if node.get("minItems", 0) and not isinstance(node.get("items", []), list):
        yield f"{at}/items"
    for keyword in ("anyOf", "oneOf"):
        if len(node.get(keyword, ())) == 1:
            yield f"{at}/{keyword}/0"

"""Which part of a schema is to blame when nothing at all satisfies the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extractor.schema.keywords import escaped, known
from extractor.schema.references import SIBLINGS_SINCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from extractor.records import Json, JsonObject
    from extractor.schema.references import References


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

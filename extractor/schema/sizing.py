"""How long a record is expected to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from extractor.records import JsonObject

#: Tokens of one leaf: its name, its value, its punctuation.
LEAF_TOKENS: Final = 16
#: Items that a list is expected to have.
ITEMS: Final = 20
#: Tokens that every record may take.
LEAST: Final = 1_024
#: Tokens beyond which no record is expected to go; lists in lists would multiply without end.
MOST: Final = 32_768


def expected_tokens(wire: JsonObject) -> int:
    """Return the tokens that a record of this wire schema is expected to take, `LEAST` to `MOST`."""
    definitions: dict[str, JsonObject] = wire.get("$defs", {})
    measured: dict[str, int] = {}
    for name in _inner_first(definitions):
        measured[name] = _measure(definitions[name], measured)
    return min(max(_measure(wire, measured), LEAST), MOST)


def _measure(node: JsonObject, measured: Mapping[str, int]) -> int:
    """Return the tokens of one part. A definition inside itself counts as a leaf."""
    if "$ref" in node:
        return measured.get(_name_in(node["$ref"]), LEAF_TOKENS)
    if "anyOf" in node:
        return max(_measure(branch, measured) for branch in node["anyOf"])
    if "properties" in node:
        return min(sum(_measure(member, measured) for member in node["properties"].values()), MOST)
    if "items" in node:
        items: int = min(ITEMS, node.get("maxItems", ITEMS))
        return min(_measure(node["items"], measured) * items, MOST)
    return LEAF_TOKENS


def _inner_first(definitions: Mapping[str, JsonObject]) -> Iterator[str]:
    """Yield every definition behind those that it refers to, as far as they do not refer to one another."""
    met: set[str] = set()
    for first in definitions:
        path = [(first, iter(_referred_to(definitions[first])))] if first not in met else []
        met.add(first)
        while path:
            name, ahead = path[-1]
            below = next((other for other in ahead if other not in met), None)
            if below is None:
                yield name
                path.pop()
            else:
                met.add(below)
                path.append((below, iter(_referred_to(definitions[below]))))


def _referred_to(node: JsonObject) -> Iterator[str]:
    """Yield the definitions that a part refers to."""
    open_nodes = [node]
    while open_nodes:
        part = open_nodes.pop()
        if "$ref" in part:
            yield _name_in(part["$ref"])
        open_nodes += part.get("anyOf", ())
        open_nodes += part.get("properties", {}).values()
        if "items" in part:
            open_nodes.append(part["items"])


def _name_in(reference: str) -> str:
    return reference.rsplit("/", 1)[1]

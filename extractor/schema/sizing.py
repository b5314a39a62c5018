"""How long a record is expected to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
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
    definitions = wire.get("$defs", {})
    measured: dict[str, int] = {}

    def measure(node: JsonObject) -> int:
        if "$ref" in node:
            return measure_definition(node["$ref"].rsplit("/", 1)[1])
        if "anyOf" in node:
            return max(measure(branch) for branch in node["anyOf"])
        if "properties" in node:
            return min(sum(map(measure, node["properties"].values())), MOST)
        if "items" in node:
            items: int = min(ITEMS, node.get("maxItems", ITEMS))
            return min(measure(node["items"]) * items, MOST)
        return LEAF_TOKENS

    def measure_definition(name: str) -> int:
        if name not in measured:
            measured[name] = LEAF_TOKENS  # what a definition inside itself counts
            measured[name] = measure(definitions[name])
        return measured[name]

    return min(max(measure(wire), LEAST), MOST)

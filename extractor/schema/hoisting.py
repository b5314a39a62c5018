"""Keeping inside the dialect's nesting limit: subtrees that are too deep become definitions of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from extractor.records import JsonObject


def hoisted(
    wire: JsonObject, definitions: dict[str, JsonObject], *, depth: int
) -> tuple[JsonObject, dict[str, JsonObject]]:
    """Return the wire and its definitions with at most `depth` objects inside one another.

    Providers count nesting from the root and from each definition, so moving a subtree resets the count.
    """
    moved: dict[str, JsonObject] = {}

    def cut(node: JsonObject, level: int) -> JsonObject:
        if "$ref" in node:
            return node
        is_object = "properties" in node
        if is_object and level == depth:
            name = _free_name(definitions.keys() | moved.keys())
            moved[name] = {}
            moved[name] = cut(node, 0)
            return {"$ref": f"#/$defs/{name}"}
        changed: JsonObject = dict(node)
        if is_object:
            changed["properties"] = {name: cut(member, level + 1) for name, member in node["properties"].items()}
        if "items" in node:
            changed["items"] = cut(node["items"], level)
        if "anyOf" in node:
            changed["anyOf"] = [cut(branch, level) for branch in node["anyOf"]]
        return changed

    root = cut(wire, 0)
    kept = {name: cut(definition, 0) for name, definition in definitions.items()}
    return root, {**kept, **moved}


def _free_name(taken: set[str]) -> str:
    number = 1
    while f"Part{number}" in taken:
        number += 1
    return f"Part{number}"

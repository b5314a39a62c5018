"""What the limits of a dialect leave room for, and how much of it a wire schema takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from extractor.records import Json, JsonObject
    from extractor.schema.dialects import Dialect


class EnumRoom:
    """The room that is left for enums while a schema is lowered."""

    def __init__(self, dialect: Dialect, characters: int) -> None:
        self._large = dialect.large_enum
        #: Values that enums may still have, and characters.
        self.left = (dialect.enum_values, characters)

    def takes(self, values: list[Json]) -> bool:
        """Return whether there is room for an enum, and take that room."""
        taken, characters = len(values) + (None not in values), characters_of(values)  # null may come to it
        count, most = self._large
        return not (taken > count and characters > most) and self.takes_again((taken, characters))

    def takes_again(self, room: tuple[int, int]) -> bool:
        """Return whether there is as much room, and take it."""
        left = self.left[0] - room[0], self.left[1] - room[1]
        if min(left) < 0:
            return False
        self.left = left
        return True


@dataclass(frozen=True, slots=True)
class Size:
    """What of a wire schema providers limit."""

    #: Objects inside one another, counted from the root and from each definition.
    depth: int
    #: Properties of all objects together.
    properties: int
    #: Characters of all names of properties and definitions together.
    names: int
    #: Characters of all enum values together.
    values: int

    def excess(self, dialect: Dialect) -> str:
        """Return what is more than a dialect takes, apart from depth and enums, in words; "" when nothing is."""
        if self.properties > dialect.properties:
            return f"its wire form has {self.properties:,} members, and {dialect.properties:,} are the most"
        if self.names > dialect.characters:
            return f"the names of its wire form have {self.names:,} characters, and {dialect.characters:,} are the most"
        return ""


def size_of(wire: JsonObject, definitions: Mapping[str, JsonObject]) -> Size:
    """Return the size of a wire schema and its definitions."""
    deepest = properties = values = 0
    names = sum(map(len, definitions))
    open_nodes = [(part, 0) for part in (wire, *definitions.values())]
    while open_nodes:
        node, depth = open_nodes.pop()
        if "properties" in node:
            members = node["properties"]
            properties += len(members)
            names += sum(map(len, members))
            depth += 1
            deepest = max(deepest, depth)
            open_nodes += [(member, depth) for member in members.values()]
        elif "items" in node:
            open_nodes.append((node["items"], depth))
        elif "anyOf" in node:
            open_nodes += [(branch, depth) for branch in node["anyOf"]]
        elif "enum" in node:
            values += characters_of(node["enum"])
    return Size(deepest, properties, names, values)


def characters_of(values: Iterable[Json]) -> int:
    """Return how many characters the strings among some values have together."""
    return sum(len(value) for value in values if isinstance(value, str))

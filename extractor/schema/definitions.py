"""Definitions of the wire: named parts that are lowered once and may contain themselves."""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, Final

from extractor.jsontext import tokens
from extractor.schema.codecs import ENTRIES, KEY, VALUE
from extractor.schema.pieces import Piece, Told, closed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extractor.records import JsonObject
    from extractor.schema.lifting import Codec

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_-]+")
#: Definition that stands for free-form JSON.
_JSON_VALUE: Final = "JsonValue"
#: Characters of a definition's name.
_MAX_NAME: Final = 60
#: Sentences that a schema may have in words; more would not be read.
_MAX_TOLD: Final = 400
#: Rules looked at for that. The largest of 635 real schemas has some thousands.
_MAX_STEPS: Final = 20_000


class Definitions:
    """The definitions of one wire schema, filled while it is being lowered."""

    def __init__(self) -> None:
        #: Definition name -> wire schema.
        self.wires: dict[str, JsonObject] = {}
        #: Definition name -> codec.
        self.codecs: dict[str, Codec] = {}
        self._told: dict[str, tuple[Told, ...]] = {}
        self._names: dict[str, str] = {}
        self._taken = {_JSON_VALUE}
        self._waiting: deque[tuple[str, str, int]] = deque()

    def name_of(self, location: str, *, title: str, level: int) -> str:
        """Return the name of the definition for a place of the target, and queue it when it is new.

        `level` is how many objects its first use lies in.
        """
        if location not in self._names:
            wanted = tokens(location)[-1] if location else title
            self._names[location] = name = self._free(wanted)
            self._taken.add(name)
            self._waiting.append((name, location, level))
        return self._names[location]

    def waiting(self) -> Iterator[tuple[str, str, int]]:
        """Yield name, location and level of each definition that is still to be lowered, until there are no more."""
        while self._waiting:
            yield self._waiting.popleft()

    def enter(self, name: str, piece: Piece) -> None:
        """Store a lowered definition."""
        self.wires[name] = piece.wire
        self.codecs[name] = piece.codec
        self._told[name] = piece.told

    def json_value(self) -> JsonObject:
        """Return a reference to the definition of free-form JSON."""
        self.wires.setdefault(_JSON_VALUE, _json_value())
        return {"$ref": f"#/$defs/{_JSON_VALUE}"}

    def expand(self, told: tuple[Told, ...], *, untold: bool = False) -> dict[str, str]:
        """Return rules by pointer, those of definitions entered wherever they are used, one level of recursion.

        Args:
            told: Rules of the root.
            untold: Only those that no description on the wire says.
        """
        found: dict[str, str] = {}
        open_rules: list[tuple[str, Told, tuple[str, ...]]] = [("", rule, ()) for rule in reversed(told)]
        for _ in range(_MAX_STEPS):  # definitions that refer to one another many times have paths without number
            if not open_rules or len(found) >= _MAX_TOLD:
                break
            above, rule, inside = open_rules.pop()
            at = above + rule.at
            if rule.definition and rule.definition not in inside:
                path = (*inside, rule.definition)
                open_rules += [(at, deeper, path) for deeper in reversed(self._told.get(rule.definition, ()))]
            elif rule.says and not (untold and rule.is_described) and rule.says not in found.get(at, ""):
                found[at] = f"{found[at]} {rule.says}" if at in found else rule.says
        return found

    def _free(self, wanted: str) -> str:
        name = _UNSAFE.sub("_", wanted).strip("_")[:_MAX_NAME] or "Part"
        if name not in self._taken:
            return name
        number = 2
        while f"{name}_{number}" in self._taken:
            number += 1
        return f"{name}_{number}"


def _json_value() -> JsonObject:
    itself = {"$ref": f"#/$defs/{_JSON_VALUE}"}
    entry = closed({KEY: {"type": "string"}, VALUE: itself})
    return {
        "anyOf": [
            {"type": ["string", "number", "boolean", "null"]},
            {"type": "array", "items": itself},
            closed({ENTRIES: {"type": "array", "items": entry}}),
        ],
        "description": "Any JSON value. An object is written as a list of its entries.",
    }

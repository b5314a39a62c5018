"""Values whose spelling the wire schema settles: `"eur"` for `"EUR"`, `"2"` for 2, the text of a list for the list.

A string is respelled only where the schema takes no such string, and only to the one value that it can stand for.
Where a schema gives a choice nothing is respelled. Whether the result is right is for the contract to say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Final, TypeAlias

from extractor import jsontext
from extractor.records import Repair

if TYPE_CHECKING:
    from collections.abc import Iterable

    from extractor.records import Json, JsonObject

#: Steps from reference to reference that are followed.
_MAX_HOPS: Final = 32
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?")
#: One dot before three digits: a decimal point to some, and a thousands separator to others.
_THOUSANDS: Final = re.compile(r"-?[1-9][0-9]{0,2}\.[0-9]{3}")
_CONTAINERS: Final[dict[str, type]] = {"array": list, "object": dict}
_NUMBERS: Final = frozenset({"number", "integer"})

#: Where the walk has arrived: the path above and a token; None at the root.
_Path: TypeAlias = "tuple[_Path, str | int] | None"


def respelled(value: Json, wire: JsonObject) -> tuple[Json, tuple[Repair, ...]]:
    """Return an answer in the spellings of the wire schema, and each value that was respelled.

    Of more respellings than anybody reads the first are told.
    """
    walk = _Walk(wire)
    try:
        changed = walk.node(value, wire, None)
        if any(repair.name == "decoded_container" for repair in walk.repairs):
            jsontext.parse(jsontext.dumps(changed))  # which refuses what is too deep by now
    except (RecursionError, jsontext.NotStrictJson):
        return value, ()
    return changed, tuple(walk.repairs)


@dataclass(slots=True)
class _Walk:
    """One walk through an answer along its schema."""

    wire: JsonObject
    repairs: list[Repair] = field(default_factory=list)
    #: Whether what is walked through stood in a string: there strings are not read once more.
    is_inside_text: bool = False

    def node(self, value: Json, schema: JsonObject, path: _Path) -> Json:
        if not isinstance(value, str | dict | list):
            return value
        schema = self._only(schema)
        if isinstance(value, str):
            return self._text(value, schema, path)
        if isinstance(value, list):
            items = schema.get("items")
            return [self.node(item, items, (path, at)) for at, item in enumerate(value)] if items else value
        members = schema.get("properties", {})
        return {
            name: self.node(member, members[name], (path, name)) if name in members else member
            for name, member in value.items()
        }

    def _text(self, text: str, schema: JsonObject, path: _Path) -> Json:
        types = _types(schema)
        if "enum" in schema:
            found = _member_like(text, schema["enum"])
            return text if found is None else self._noted("enum_spelling", found, path)
        if not types or "string" in types:
            return text
        if types <= _NUMBERS:
            number = _number(text, is_whole="number" not in types)
            return text if number is None else self._noted("number_from_text", number, path)
        return text if self.is_inside_text else self._container(text, schema, path)

    def _container(self, text: str, schema: JsonObject, path: _Path) -> Json:
        wanted = tuple(kind for name, kind in _CONTAINERS.items() if name in _types(schema))
        try:
            value, notes = jsontext.read(text) if wanted and text.lstrip()[:1] in {"[", "{"} else (text, ())
        except jsontext.NotStrictJson:
            return text
        if not isinstance(value, wanted or str) or isinstance(value, str):
            return text
        at = _pointer(path)
        for repair in (Repair(name="decoded_container", at=at), *(Repair(name=n.name, at=at + n.at) for n in notes)):
            self._tell(repair)
        self.is_inside_text = True
        inner = self.node(value, schema, path)
        self.is_inside_text = False
        return inner

    def _noted(self, name: str, value: Json, path: _Path) -> Json:
        self._tell(Repair(name=name, at=_pointer(path)))
        return value

    def _tell(self, repair: Repair) -> None:
        if len(self.repairs) < jsontext.MAX_NOTES:
            self.repairs.append(repair)

    def _only(self, schema: JsonObject) -> JsonObject:
        """Return the one schema that a value other than null is held to; {} where there is a choice."""
        for _ in range(_MAX_HOPS):
            if "$ref" in schema:
                schema = self._target(schema["$ref"])
            elif "anyOf" in schema:
                branches = [branch for branch in schema["anyOf"] if branch.get("type") != "null"]
                schema = branches[0] if len(branches) == 1 else {}
            else:
                return schema
        return {}

    def _target(self, reference: str) -> JsonObject:
        found: Json = self.wire
        for token in jsontext.tokens(reference.removeprefix("#")):
            found = found.get(token, {}) if isinstance(found, dict) else {}
        return found if isinstance(found, dict) else {}


def _types(schema: JsonObject) -> frozenset[str]:
    stated = schema.get("type", ())
    return frozenset({stated} if isinstance(stated, str) else stated) - {"null"}


def _member_like(text: str, members: Iterable[Json]) -> Json:
    """Return the one text of an enum that differs in case and outer white space alone; None where it is not one."""
    texts = [member for member in members if isinstance(member, str)]
    if text in texts:
        return None
    folded = text.strip().casefold()
    alike = [member for member in texts if member.strip().casefold() == folded]
    return alike[0] if len(alike) == 1 else None


def _number(text: str, *, is_whole: bool) -> int | float | None:
    """Return the number that a text spells as JSON does, if a double holds all of it and nobody reads another."""
    if len(text) > jsontext.MAX_DIGITS or not _NUMBER.fullmatch(text) or _THOUSANDS.fullmatch(text):
        return None
    try:
        number: int | float = jsontext.parse(text)
    except jsontext.NotStrictJson:
        return None
    if isinstance(number, float) and Decimal(text) != Decimal(repr(number)):
        return None
    return int(number) if is_whole and isinstance(number, float) and number.is_integer() else number


def _pointer(path: _Path) -> str:
    tokens: list[str | int] = []
    while path is not None:
        path, token = path
        tokens.append(token)
    return jsontext.pointer(*reversed(tokens))

"""What stands around the members of a record, or in their place.

All of it is told by the names of the wire schema's root: a member of that name is the record's, any other is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from extractor import jsontext
from extractor.records import Repair

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from extractor.records import Json, JsonObject

#: Times that an answer is read again because it was the text of JSON.
MAX_DECODED: Final = 2

_SCHEMA_WORDS: Final = frozenset({"$ref", "anyOf", "oneOf", "allOf", "enum", "const"})
_TYPES: Final = frozenset({"string", "number", "integer", "boolean", "object", "array", "null"})
#: Names under which models write down what they think, folded.
_THOUGHTS: Final = frozenset({"thought", "thoughts", "thinking", "think", "reasoning", "analysis", "chain_of_thought"})


def names_of(wire: JsonObject) -> Mapping[str, Json]:
    """Return the members of the record as the wire has them."""
    members: Mapping[str, Json] = wire.get("properties", {})
    return members


def holds_a_name(value: Json, names: Mapping[str, Json]) -> bool:
    """Say whether an answer is an object with a member of the record."""
    return isinstance(value, dict) and not names.keys().isdisjoint(value)


def is_something_else(value: Json, names: Container[str]) -> str:
    """Return the rule that an answer breaks by being no record at all: `schema_echoed` or `thoughts_as_answer`."""
    if not isinstance(value, dict):
        return ""
    if _is_schema(value, names):
        return "schema_echoed"
    if len(value) == 1:
        [(name, member)] = value.items()
        if name not in names and name.casefold() in _THOUGHTS and isinstance(member, str):
            return "thoughts_as_answer"
    return ""


def decoded(value: Json) -> tuple[Json, tuple[Repair, ...]]:
    """Read an answer that is the text of a container as that container; others stay as they are."""
    inner: Json = value
    for _ in range(MAX_DECODED):
        if not isinstance(inner, str):
            break
        try:
            inner, notes = jsontext.read(inner)
        except jsontext.NotStrictJson:
            return value, ()
        if isinstance(inner, dict | list):
            return inner, (Repair(name="double_encoded"), *(Repair(name=note.name, at=note.at) for note in notes))
    return value, ()


def unwrapped(value: Json, names: Mapping[str, Json]) -> tuple[Json, tuple[str | int, ...], str]:
    """Return the record inside a wrapper, the way to it, and the wrapper's name; "" where there is none."""
    if isinstance(value, list) and len(value) == 1 and holds_a_name(value[0], names):
        return value[0], (0,), "list_of_one"
    if isinstance(value, dict) and len(value) == 1:
        [(key, inner)] = value.items()
        if key not in names and holds_a_name(inner, names):
            return inner, (key,), "properties_wrapper" if key == "properties" else "wrapper"
    return value, (), ""


def _is_schema(value: JsonObject, names: Container[str]) -> bool:
    members = value.get("properties")
    if "properties" in names or not isinstance(members, dict) or not members:
        return False
    return all(_is_sub_schema(member) for member in members.values())


def _is_sub_schema(member: Any) -> bool:
    if not isinstance(member, dict):
        return False
    if not _SCHEMA_WORDS.isdisjoint(member):
        return True
    stated = member.get("type")
    types = stated if isinstance(stated, list) else [stated]
    return bool(types) and all(isinstance(kind, str) and kind in _TYPES for kind in types)

"""What a part of a document is asked for: the wire schema without what only the whole can satisfy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extractor.schema.codecs import ENTRIES, KEY, SET, VALUE
from extractor.schema.pieces import NULL, with_null
from extractor.schema.wire_places import forms_of, is_tag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from extractor.records import JsonObject

#: Rules of a list that its parts need not satisfy.
_CARDINALITY: Final = frozenset({"minItems", "maxItems", "uniqueItems"})


def part_schema(wire: JsonObject) -> JsonObject:
    """Return the wire schema under which a part of a document is asked about.

    Every property may be null, because its value may stand in another part, and lists may have any length. What
    states nothing of the document stays as it is: constants, the keys of entries, and the inside of a box, which is
    null as a whole.
    """
    definitions: JsonObject = wire.get("$defs", {})
    part = _parted({keyword: value for keyword, value in wire.items() if keyword != "$defs"}, definitions)
    if definitions:
        part["$defs"] = {name: _parted(node, definitions) for name, node in definitions.items()}
    return part


def _parted(node: JsonObject, definitions: Mapping[str, JsonObject]) -> JsonObject:
    part = {keyword: value for keyword, value in node.items() if keyword not in _CARDINALITY}
    if "properties" in node:
        fixed = _fixed_in(node)
        part["properties"] = {
            name: inner if name in fixed or is_tag(member) or _allows_null(member, definitions) else _or_null(inner)
            for name, member in node["properties"].items()
            for inner in [_parted(member, definitions)]
        }
    if "items" in node:
        part["items"] = _parted(node["items"], definitions)
    if "anyOf" in node:
        part["anyOf"] = [_parted(branch, definitions) for branch in node["anyOf"]]
    return part


def _or_null(wire: JsonObject) -> JsonObject:
    """Return a part of the wire that allows null too, written as lowering writes it."""
    if "anyOf" in wire and wire["anyOf"][-1].keys() == {"type"}:
        return {**wire, "anyOf": [*wire["anyOf"][:-1], with_null(wire["anyOf"][-1])]}
    return with_null(wire)


def _fixed_in(node: JsonObject) -> frozenset[str]:
    """Return the members of an object that may not be null without making it meaningless."""
    names = list(node["properties"])
    if names == [KEY, VALUE]:
        return frozenset((KEY,))
    is_box = len(names) == 1 and (names[0] == SET or names[0].startswith(ENTRIES))
    return frozenset(names if is_box else ())


def _allows_null(node: JsonObject, definitions: Mapping[str, JsonObject]) -> bool:
    return any(
        form == NULL or (isinstance(form.get("type"), list) and "null" in form["type"])
        for form in forms_of(node, definitions)
    )

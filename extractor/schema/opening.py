"""Which places of an answer are asked for again, and under which schema: what failed, and nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Final, Literal

from extractor.jsontext import pointer, tokens
from extractor.records import OpenField, Opening, Shape
from extractor.schema.codecs import ENTRIES, EXTRA, KEY, RESULT, SET, VALUE
from extractor.schema.dialects import DIALECTS
from extractor.schema.hoisting import hoisted
from extractor.schema.pieces import NULL, closed
from extractor.schema.room import size_of
from extractor.schema.sizing import expected_tokens
from extractor.schema.wire_places import Places, either, is_tag, name_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from extractor.records import Json, JsonObject, Violation
    from extractor.schema.wire_places import Stop

#: Tokens that every patch may take.
LEAST: Final = 32
#: Rules told of a patch. As many are told of a whole record.
MAX_TOLD: Final = 400
#: Rule of a list -> what it asks for. A map's rules are those of its list of entries; a class has names of its own.
_ASKED_OF_LISTS: Final[Mapping[str, Literal["add", "remove"]]] = {
    "minItems": "add",
    "minProperties": "add",
    "required": "add",
    "too_short": "add",
    "maxItems": "remove",
    "maxProperties": "remove",
    "too_long": "remove",
}
#: Rules that say nothing of which form of a union was meant, or that another one was.
_OF_FORMS: Final = frozenset({"anyOf", "oneOf", "type", "enum", "const", "not", "not_stated"})
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_-]+")
#: Steps of a path that name a field, and characters of each.
_NAMING_STEPS, _NAMING_CHARACTERS = 3, 24


@dataclass(slots=True)
class _Place:
    """A place that is open, and what is wrong there."""

    way: tuple[Stop, ...]
    kind: Literal["replace", "add", "remove"]
    #: Rules that failed, by their stable words, and in sentences.
    broken: set[str] = field(default_factory=set)
    says: dict[str, None] = field(default_factory=dict)

    @property
    def steps(self) -> tuple[str | int, ...]:
        return self.way[-1].steps


def open_paths(
    wire: JsonObject, value: Json, violations: Sequence[Violation], *, name: str, told: Mapping[str, str]
) -> Opening | None:
    """Return the places of an answer that violations open, and the shape of the patch for them.

    Args:
        wire: The wire schema.
        value: The answer.
        violations: What is wrong with it, at places of the answer.
        name: The name of the shape.
        told: Rules that are not on the wire: JSON Pointer into a record, `*` for any item or key -> sentence.

    Returns:
        None when all of it is open: a rule of the whole failed, or the answer is no object. Then there is nothing to
        keep, and the whole record has to be asked for again.
    """
    if not isinstance(value, dict) or not violations:
        return None
    known = Places(wire, value)
    places = _outermost([_place(violation, known) for violation in violations])
    if not places[0].steps:
        return None
    names = _names(places)
    fields = tuple(
        OpenField(name=named, at=pointer(*place.steps), kind=place.kind, rules=tuple(place.says))
        for named, place in zip(names, places, strict=True)
    )
    schemas = [_schema(place, known) for place in places]
    schema = _patch(dict(zip(names, schemas, strict=True)), known.definitions)
    paths = [(tokens(at), says) for at, says in told.items()]
    rules = (
        (pointer(named) + at, says)
        for named, place in zip(names, places, strict=True)
        if place.kind != "remove"
        for at, says in _told_below(place, paths).items()
    )
    shape = Shape(
        schema=schema,
        name=name,
        told=dict(islice(rules, MAX_TOLD)),
        expected_tokens=expected_tokens(schema, least=LEAST),
    )
    return Opening(shape=shape, fields=fields)


# --- Places ---------------------------------------------------------------------------------------------------------


def _place(violation: Violation, known: Places) -> _Place:
    way = known.way_to(violation.at)
    kind: Literal["replace", "add", "remove"] = "replace"
    if isinstance(way[-1].value, list) and len(way) == len(tokens(violation.at)) + 1:
        kind = _ASKED_OF_LISTS.get(violation.rule, "replace")
    if kind == "add" or (kind == "remove" and way[-1].value):
        return _Place(way, kind, {violation.rule}, {violation.says: None})
    widened = _widened(way, known)
    broken = {violation.rule} if len(widened) == len(way) else {violation.rule, "anyOf"}
    return _Place(widened, "replace", broken, {violation.says: None})


def _widened(way: tuple[Stop, ...], known: Places) -> tuple[Stop, ...]:
    """Return the way to what has to be open as a whole: a box with its content, an object with the tag of its form."""
    if len(way) == 1 or not isinstance(way[-2].value, dict):
        return way
    above, stop = way[-2], way[-1]
    forms = [form for wire in above.wires for form in known.forms_of(wire) if "properties" in form]
    is_tagged = len(forms) > 1 and any(is_tag(form["properties"].get(stop.steps[-1], {})) for form in forms)
    is_below_root = len(way) > 2  # noqa: PLR2004 - the root is no box: a record may well have one member
    is_box = is_below_root and all(len(form["properties"]) == 1 for form in known.forms_meant(above))
    return _widened(way[:-1], known) if is_tagged or is_box else way


def _outermost(places: list[_Place]) -> list[_Place]:
    """Return the places that lie in no other one, in the order of the answer, with all that is wrong inside them."""
    kept: list[_Place] = []
    for place in sorted(places, key=lambda place: [(isinstance(step, str), step) for step in place.steps]):
        holder = kept[-1] if kept else None
        if holder is None or place.steps[: len(holder.steps)] != holder.steps:
            kept.append(place)
            continue
        if place.kind != holder.kind or place.steps != holder.steps:
            holder.kind = "replace"
        inner = pointer(*place.steps[len(holder.steps) :])
        holder.broken |= place.broken
        holder.says |= {f"At {inner}: {says}" if inner else says: None for says in place.says}
    return kept


def _names(places: Sequence[_Place]) -> list[str]:
    """Return a name for each place, from the last steps to it."""
    names: list[str] = []
    for place in places:
        steps = [_UNSAFE.sub("_", str(step))[:_NAMING_CHARACTERS].strip("_-") for step in place.steps[-_NAMING_STEPS:]]
        plain = "_".join(filter(None, steps)) or "part"
        plain += {"replace": "", "add": "_to_add", "remove": "_to_remove"}[place.kind]
        free, number = plain, 1
        while free in names:
            number += 1
            free = f"{plain}_{number}"
        names.append(free)
    return names


# --- Schemas --------------------------------------------------------------------------------------------------------


def _schema(place: _Place, known: Places) -> JsonObject:
    """Return the schema of one member of the patch."""
    stop = place.way[-1]
    if place.kind == "replace":
        return either([_narrowed(wire, place, known) for wire in stop.wires])
    if place.kind == "add":
        items = either([form["items"] for form in known.forms_meant(stop) if "items" in form])
        return {"type": "array", "items": items, "description": "Items to add at the end of the list, and no others."}
    count = len(stop.value)
    position = {"type": "integer", "minimum": 0, "maximum": count - 1}
    words = "Positions of the items to take out of the list. The first item has position 0."
    return {"type": "array", "items": position, "maxItems": count, "description": words}


def _narrowed(wire: JsonObject, place: _Place, known: Places) -> JsonObject:
    """Return a union with the branch that the value is of, and with null; whole where another one may be meant."""
    stop = place.way[-1]
    if "anyOf" not in wire or not isinstance(stop.value, (dict, list)) or not _OF_FORMS.isdisjoint(place.broken):
        return wire
    meant = known.forms_meant(stop)
    branches = [
        branch
        for branch in wire["anyOf"]
        if branch == NULL or any(form is other for form in known.forms_of(branch) for other in meant)
    ]
    return {**wire, "anyOf": branches} if len(meant) == 1 and branches else wire


def _patch(members: Mapping[str, JsonObject], definitions: Mapping[str, JsonObject]) -> JsonObject:
    """Return the schema of a patch, in which what several members have in common is defined once."""
    shared: dict[str, JsonObject] = {}
    listed = list(members.values())
    properties = {
        name: _reference(member, shared, definitions) if listed.count(member) > 1 and not _is_small(member) else member
        for name, member in members.items()
    }
    kept = _needed([*properties.values(), *shared.values()], definitions) | shared
    patch: JsonObject = closed(properties)
    depth = DIALECTS["openai"].depth
    if size_of(patch, kept).depth > depth:
        patch, kept = hoisted(patch, kept, depth=depth)
    return {**patch, "$defs": kept} if kept else patch


def _is_small(wire: JsonObject) -> bool:
    return wire.keys().isdisjoint({"anyOf", "enum", "items", "properties"})


def _reference(wire: JsonObject, shared: dict[str, JsonObject], definitions: Mapping[str, JsonObject]) -> JsonObject:
    """Return a reference to a part that is used more than once, and define it where that is not done yet."""
    for name, definition in shared.items():
        if definition == wire:
            return {"$ref": f"#/$defs/{name}"}
    number = 1
    while (name := f"Open{number}") in definitions or name in shared:
        number += 1
    shared[name] = wire
    return {"$ref": f"#/$defs/{name}"}


def _needed(parts: Sequence[JsonObject], definitions: Mapping[str, JsonObject]) -> dict[str, JsonObject]:
    """Return the definitions that some parts refer to, in the order of the whole schema."""
    needed: set[str] = set()
    ahead = list(parts)
    while ahead:
        for name in _referred_to(ahead.pop()):
            if name in definitions and name not in needed:
                needed.add(name)
                ahead.append(definitions[name])
    return {name: definition for name, definition in definitions.items() if name in needed}


def _referred_to(part: JsonObject) -> Iterator[str]:
    nodes = [part]
    while nodes:
        node = nodes.pop()
        if "$ref" in node:
            yield name_in(node["$ref"])
        nodes += node.get("anyOf", ())
        nodes += node.get("properties", {}).values()
        if "items" in node:
            nodes.append(node["items"])


# --- Rules in words -------------------------------------------------------------------------------------------------


def _told_below(place: _Place, told: Sequence[tuple[tuple[str, ...], str]]) -> dict[str, str]:
    """Return the rules told of a place and of what is below it, by their pointers from there.

    Paths of rules know the record. A step that may be one of the wire alone is taken and passed over.
    """
    found: dict[str, str] = {}
    ahead = [(path, {0}, says) for path, says in told]
    for above, below in zip(place.way, place.way[1:], strict=False):
        step = below.steps[-1]
        ways = ((str(step),), ("*",)) if isinstance(step, int) else ((step,),)
        stays = _is_on_the_wire_only(above, step)
        ahead = [
            (path, moved, says)
            for path, reached, says in ahead
            if (moved := {at + 1 for at in reached if path[at : at + 1] in ways} | (reached if stays else set()))
        ]
    for path, reached, says in ahead:
        for at in reached:
            found.setdefault(pointer(*path[at:]), says)
    return found


def _is_on_the_wire_only(above: Stop, step: str | int) -> bool:
    """Return whether a step may lead into what the record does not have: a box, a pair, a list of other members."""
    if not isinstance(above.value, dict) or isinstance(step, int):
        return False
    names = set(above.value)
    is_box = step in {SET, RESULT} or step.startswith(ENTRIES)
    return step == EXTRA or (step == VALUE and names == {KEY, VALUE}) or (is_box and names == {step})

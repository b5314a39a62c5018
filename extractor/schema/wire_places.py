"""Where a place of an answer lies in the wire schema: which parts of the schema its value may be of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from extractor.jsontext import tokens
from extractor.schema.lifting import ABSENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from extractor.records import Json, JsonObject

#: Type of JSON -> the type of Python that holds it. Numbers and booleans tell no branches apart that matter here.
_HELD: Final[dict[str, type]] = {"object": dict, "array": list, "string": str}


class Stop(NamedTuple):
    """One place on the way into an answer."""

    #: Names and positions from the root.
    steps: tuple[str | int, ...]
    #: The parts of the wire that may stand there, one where no union leaves it open.
    wires: tuple[JsonObject, ...]
    #: What the answer has there; ABSENT for a member that it lacks.
    value: Json


def way_to(at: str, *, wire: JsonObject, value: Json) -> tuple[Stop, ...]:
    """Return the places from the root of an answer down to `at`, as far as answer and schema go there together.

    A member that the schema has and the answer lacks is the last one. The way ends early at what has no parts in the
    schema, such as JSON as text, and at what the answer does not write as the schema says.
    """
    definitions: JsonObject = wire.get("$defs", {})
    stops = [Stop((), (wire,), value)]
    for token in tokens(at):
        below = _below(stops[-1], token, definitions)
        if below is None:
            break
        stops.append(below)
    return tuple(stops)


def _below(stop: Stop, token: str, definitions: Mapping[str, JsonObject]) -> Stop | None:
    meant = forms_meant(stop, definitions)
    if isinstance(stop.value, dict):
        wires = [form["properties"][token] for form in meant if token in form.get("properties", ())]
        return Stop((*stop.steps, token), _distinct(wires), stop.value.get(token, ABSENT)) if wires else None
    wires = [form["items"] for form in meant if "items" in form]
    position = _position(token, stop.value) if isinstance(stop.value, list) else None
    if position is None or not wires:
        return None
    return Stop((*stop.steps, position), _distinct(wires), stop.value[position])


def _position(token: str, items: list[Json]) -> int | None:
    """Return the position that a step names in a list, None when it names none there."""
    if not (token.isascii() and token.isdigit() and len(token) <= len(str(len(items)))):
        return None
    position = int(token)
    return position if position < len(items) else None


def forms_meant(stop: Stop, definitions: Mapping[str, JsonObject]) -> list[JsonObject]:
    """Return the forms that a value may be meant to have: all of its type, of objects those that are closest to it."""
    forms = [form for wire in stop.wires for form in forms_of(wire, definitions) if _is_of_type(stop.value, form)]
    if not isinstance(stop.value, dict) or len(forms) <= 1:
        return forms
    distances = [_distance(stop.value, form) for form in forms]
    return [form for form, distance in zip(forms, distances, strict=True) if distance == min(distances)]


def forms_of(wire: JsonObject, definitions: Mapping[str, JsonObject]) -> list[JsonObject]:
    """Return the parts without union and reference that a part of the wire consists of, in its order."""
    found: list[JsonObject] = []
    ahead, met = [wire], set[str]()
    while ahead:
        part = ahead.pop()
        if "anyOf" in part:
            ahead += reversed(part["anyOf"])
        elif "$ref" not in part:
            found.append(part)
        elif part["$ref"] not in met:
            met.add(part["$ref"])
            ahead.append(definitions[name_in(part["$ref"])])
    return found


def name_in(reference: str) -> str:
    """Return the name of the definition that a reference of the wire leads to."""
    return reference.rsplit("/", 1)[1]


def is_tag(wire: JsonObject) -> bool:
    """Return whether a member has one possible value, so that it tells forms apart."""
    return len(wire.get("enum", ())) == 1 or "const" in wire


def _is_of_type(value: Json, form: JsonObject) -> bool:
    stated = form.get("type", ())
    return any(isinstance(value, _HELD.get(name, ())) for name in ((stated,) if isinstance(stated, str) else stated))


def _distance(value: JsonObject, form: JsonObject) -> tuple[int, int]:
    """Return how many tags of a form an object has otherwise, and how many names one of the two has alone."""
    members = form.get("properties", {})
    wrong = sum(
        1 for name, member in members.items() if is_tag(member) and name in value and value[name] != _tag(member)
    )
    return wrong, len(members.keys() ^ value.keys())


def _tag(wire: JsonObject) -> Json:
    return wire["const"] if "const" in wire else wire["enum"][0]


def _distinct(wires: Iterable[JsonObject]) -> tuple[JsonObject, ...]:
    found: list[JsonObject] = []
    for wire in wires:
        if wire not in found:
            found.append(wire)
    return tuple(found)


def either(wires: Sequence[JsonObject]) -> JsonObject:
    """Return the part of the wire that allows what any of some parts allows."""
    if len(wires) == 1:
        return wires[0]
    branches: list[JsonObject] = []
    for wire in wires:
        for branch in wire.get("anyOf", (wire,)):
            if branch not in branches:
                branches.append(branch)
    return {"anyOf": branches}

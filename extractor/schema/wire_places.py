"""Where a place of an answer lies in the wire schema: which parts of the schema its value may be of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from extractor.jsontext import tokens
from extractor.schema.lifting import ABSENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from extractor.records import Json, JsonObject


#: Type of JSON -> the type of Python that holds it. Only what has parts is walked into.
_HELD: Final[Mapping[str, type]] = {"object": dict, "array": list}


class Stop(NamedTuple):
    """One place on the way into an answer."""

    #: Names and positions from the root.
    steps: tuple[str | int, ...]
    #: The parts of the wire that may stand there; several where a union leaves it open.
    wires: tuple[JsonObject, ...]
    #: What the answer has there; ABSENT for a member that it lacks.
    value: Json


class Places:
    """The places of one answer under one wire schema."""

    def __init__(self, wire: JsonObject, value: Json) -> None:
        self.definitions: Mapping[str, JsonObject] = wire.get("$defs", {})
        self._root = Stop((), (wire,), value)
        #: Identity of a stop, all of which are kept here -> the next one by name or position, and its forms.
        self._below: dict[tuple[int, str], Stop | None] = {}
        self._meant: dict[int, list[JsonObject]] = {}
        #: Identity of a part of the wire, all of which live as long as the schema -> its forms, its tags.
        self._forms: dict[int, list[JsonObject]] = {}
        self._tags: dict[int, list[tuple[str, Json]]] = {}

    def way_to(self, at: str) -> tuple[Stop, ...]:
        """Return the places from the root of the answer down to `at`, as far as answer and schema go there together.

        A member that the schema has and the answer lacks is the last one. The way ends early at what has no parts in
        the schema, such as JSON as text, and at what the answer does not write as the schema says.
        """
        stops = [self._root]
        for token in tokens(at):
            key = id(stops[-1]), token
            if key not in self._below:
                self._below[key] = self._step(stops[-1], token)
            below = self._below[key]
            if below is None:
                break
            stops.append(below)
        return tuple(stops)

    def _step(self, stop: Stop, token: str) -> Stop | None:
        meant = self.forms_meant(stop)
        if isinstance(stop.value, dict):
            wires = [form["properties"][token] for form in meant if token in form.get("properties", ())]
            return Stop((*stop.steps, token), _distinct(wires), stop.value.get(token, ABSENT)) if wires else None
        wires = [form["items"] for form in meant if "items" in form]
        position = _position(token, stop.value) if isinstance(stop.value, list) else None
        if position is None or not wires:
            return None
        return Stop((*stop.steps, position), _distinct(wires), stop.value[position])

    def forms_meant(self, stop: Stop) -> list[JsonObject]:
        """Return the forms that an object or a list may be meant to have, of objects those that are closest to it."""
        if id(stop) not in self._meant:
            self._meant[id(stop)] = self._closest(stop)
        return self._meant[id(stop)]

    def forms_of(self, wire: JsonObject) -> list[JsonObject]:
        """Return the parts without union and reference that a part of the wire consists of, in its order."""
        if id(wire) not in self._forms:
            self._forms[id(wire)] = list(forms_of(wire, self.definitions))
        return self._forms[id(wire)]

    def _closest(self, stop: Stop) -> list[JsonObject]:
        forms = [form for wire in stop.wires for form in self.forms_of(wire) if _is_of_type(stop.value, form)]
        if not isinstance(stop.value, dict) or len(forms) <= 1:
            return forms
        names = stop.value.keys()
        forms = _least(forms, [self._wrong_tags(stop.value, form) for form in forms])
        return _least(forms, [len(form["properties"].keys() ^ names) for form in forms])

    def _wrong_tags(self, value: JsonObject, form: JsonObject) -> int:
        """Return how many tags of a form an object has otherwise."""
        if id(form) not in self._tags:
            members = form["properties"].items()
            self._tags[id(form)] = [(name, _only(member)) for name, member in members if is_tag(member)]
        return sum(1 for name, tag in self._tags[id(form)] if name in value and value[name] != tag)


def forms_of(wire: JsonObject, definitions: Mapping[str, JsonObject]) -> Iterable[JsonObject]:
    """Yield the parts without union and reference that a part of the wire consists of, in its order."""
    ahead, met = [wire], set[str]()
    while ahead:
        part = ahead.pop()
        if "anyOf" in part:
            ahead += reversed(part["anyOf"])
        elif "$ref" not in part:
            yield part
        elif part["$ref"] not in met:
            met.add(part["$ref"])
            ahead.append(definitions[name_in(part["$ref"])])


def name_in(reference: str) -> str:
    """Return the name of the definition that a reference of the wire leads to."""
    return reference.rsplit("/", 1)[1]


def is_tag(wire: JsonObject) -> bool:
    """Return whether a member has one possible value, so that it tells forms apart."""
    return len(wire.get("enum", ())) == 1 or "const" in wire


def either(wires: Sequence[JsonObject]) -> JsonObject:
    """Return the part of the wire that allows what any of some parts allows."""
    if len(wires) == 1:
        return wires[0]
    return {"anyOf": list(_distinct(branch for wire in wires for branch in wire.get("anyOf", (wire,))))}


def _position(token: str, items: list[Json]) -> int | None:
    """Return the position that a step names in a list, None when it names none there."""
    if not (token.isascii() and token.isdigit() and len(token) <= len(str(len(items)))):
        return None
    position = int(token)
    return position if position < len(items) else None


def _is_of_type(value: Json, form: JsonObject) -> bool:
    stated = form.get("type", ())
    return any(isinstance(value, _HELD.get(name, ())) for name in ((stated,) if isinstance(stated, str) else stated))


def _least(forms: list[JsonObject], figures: list[int]) -> list[JsonObject]:
    least = min(figures)
    return [form for form, figure in zip(forms, figures, strict=True) if figure == least]


def _only(wire: JsonObject) -> Json:
    return wire["const"] if "const" in wire else wire["enum"][0]


def _distinct(wires: Iterable[JsonObject]) -> tuple[JsonObject, ...]:
    found: list[JsonObject] = []
    for wire in wires:
        if wire not in found:
            found.append(wire)
    return tuple(found)

"""The forms of a part of the wire: one for each type in which its values are written, references followed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from extractor.schema.codecs import (
    ENTRIES,
    KEY,
    SAME,
    SET,
    VALUE,
    Boxed,
    Elements,
    Maybe,
    MaybeSet,
    Named,
    Nullable,
    Stated,
    Table,
)
from extractor.schema.free_form import AnyJson, JsonText
from extractor.schema.object_codecs import Members, Pairs
from extractor.schema.pieces import NULL
from extractor.schema.unions import Choice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extractor.records import JsonObject
    from extractor.schema.definitions import Definitions
    from extractor.schema.lifting import Codec

#: Codec -> the type that it writes.
_KINDS: Final = {
    Boxed: "object",
    Elements: "array",
    JsonText: "string",
    MaybeSet: "object",
    Members: "object",
    Pairs: "array",
    Table: "string",
}
#: Type -> how free-form JSON is written where it is of that type on the wire.
FREE_FORM: Final[dict[str, Codec]] = {"array": Elements((), AnyJson()), "object": Boxed(Pairs(AnyJson()), ENTRIES)}


class Form(NamedTuple):
    """One type in which values of a part of the wire are written."""

    #: JSON type; integers are numbers.
    kind: str
    wire: JsonObject
    #: How it is read; for null, `Maybe` or `MaybeSet` where that stands for a member that is not there.
    codec: Codec


class Forms:
    """Finds the forms of the parts of one wire schema."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        #: Identities of a part and its codec -> both, so that they live as long, and the forms.
        self._found: dict[tuple[int, int], tuple[JsonObject, Codec, list[Form]]] = {}
        #: Whether a definition was met that is not lowered yet, so that forms are missing.
        self.are_missing = False

    def forget(self) -> None:
        """Start anew: what was asked for may not live any more, and missing definitions may have come."""
        self._found.clear()
        self.are_missing = False

    def of(self, wire: JsonObject, codec: Codec) -> list[Form]:
        """Return every form of a part of the wire that is read by `codec`."""
        key = id(wire), id(codec)
        if key not in self._found:
            self._found[key] = wire, codec, list(self._all(wire, codec, ()))
        return self._found[key][2]

    def _all(self, wire: JsonObject, codec: Codec, inside: tuple[str, ...]) -> Iterator[Form]:
        if codec is SAME:
            yield from self._plain(wire, inside)
        elif isinstance(codec, Choice):
            for branch in codec.branches:
                yield from self._all(branch.wire, branch.codec, inside)
        elif isinstance(codec, Named):
            if self._may_enter(codec.name, inside):
                definition = self._definitions.wires[codec.name]
                yield from self._all(definition, codec.definitions[codec.name], (*inside, codec.name))
        elif isinstance(codec, AnyJson):
            for form in self._plain(self._definitions.json_value(), ()):
                yield form._replace(codec=FREE_FORM.get(form.kind, SAME))
        elif isinstance(codec, (Nullable, Stated, Maybe)):
            if not isinstance(codec, Stated):  # that null is a violation
                yield Form("null", NULL, codec)
            yield from (form for form in self._all(wire, codec.inner, inside) if form.kind != "null")
        else:
            yield from _written(wire, codec)

    def _plain(self, wire: JsonObject, inside: tuple[str, ...]) -> Iterator[Form]:
        for part in _parts(wire):
            if "$ref" in part:
                name = part["$ref"].rsplit("/", 1)[1]
                if self._may_enter(name, inside):
                    yield from self._plain(self._definitions.wires[name], (*inside, name))
                continue
            stated = part["type"]
            for kind in (stated,) if isinstance(stated, str) else stated:
                yield Form("number" if kind == "integer" else kind, part, SAME)

    def _may_enter(self, name: str, inside: tuple[str, ...]) -> bool:
        is_known = name in self._definitions.wires
        self.are_missing = self.are_missing or not is_known
        return is_known and name not in inside


def _parts(wire: JsonObject) -> Iterator[JsonObject]:
    """Yield the parts of a union, or the one part that it is."""
    if "anyOf" in wire:
        for branch in wire["anyOf"]:
            yield from _parts(branch)
    else:
        yield wire


def _written(wire: JsonObject, codec: Codec) -> Iterator[Form]:
    """Yield the forms that a codec writes which holds no definition and no union."""
    if isinstance(codec, MaybeSet):
        yield Form("null", NULL, codec)
    kind = _KINDS[type(codec)]
    yield from (Form(kind, part, codec) for part in _parts(wire) if _is_written_by(codec, kind, part))


def _names(wire: JsonObject) -> set[str]:
    return set(wire.get("properties", ()))


def _is_written_by(codec: Codec, kind: str, wire: JsonObject) -> bool:
    """Return whether a part of the wire may be what a codec writes: a tuple has one wire schema for all positions."""
    stated = wire.get("type", ())
    if kind != stated and (isinstance(stated, str) or kind not in stated):
        return False
    if isinstance(codec, Pairs):
        return _names(wire["items"]) == {KEY, VALUE}
    if isinstance(codec, (Boxed, MaybeSet)):
        return _names(wire) == {codec.name if isinstance(codec, Boxed) else SET}
    if isinstance(codec, Members):
        return _names(wire) == {*codec.declared, *(() if codec.extra is None else (codec.extra,))}
    return True

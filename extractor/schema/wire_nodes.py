"""A part of the wire with its codec, and how what exists on the wire only is taken off."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from extractor.jsontext import pointer
from extractor.schema.codecs import (
    SAME,
    SET,
    Boxed,
    Maybe,
    MaybeSet,
    Nullable,
    Same,
    Stated,
    Table,
)
from extractor.schema.free_form import AnyJson, JsonText
from extractor.schema.object_codecs import Members
from extractor.schema.pieces import NULL

if TYPE_CHECKING:
    from extractor.records import JsonObject
    from extractor.schema.lifting import Codec

#: Codec -> what null on the wire stands for.
_NULL_MEANS: Final = {Stated: "not stated", Nullable: "null", Maybe: "absent"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A part of the wire and its codec."""

    #: The part of the wire.
    wire: JsonObject
    #: The way from there to the record and back.
    codec: Codec
    #: Names and indexes from the root of the record, None for every item of a list and every key of a map.
    path: tuple[str | int | None, ...] = ()
    #: Which alternative of a union it belongs to; "" for none.
    form: str = ""
    #: Whether a valid record always has it.
    is_required: bool = True
    #: What null on the wire stands for; "" where it is not allowed.
    null: str = ""
    #: Whether null is a value that the record may have here.
    allows_null: bool = False
    #: Whether the value is the member `set` of an object on the wire.
    is_set: bool = False
    #: Definitions on the way here.
    inside: tuple[str, ...] = ()
    #: Places above it.
    depth: int = 0

    @property
    def at(self) -> str:
        """JSON Pointer into the record, `*` for every item of a list and every key of a map."""
        return pointer(*("*" if token is None else token for token in self.path))

    @property
    def is_object(self) -> bool:
        """Whether it is an object with named members in the record too."""
        return isinstance(self.codec, Members) or (self.codec is SAME and "properties" in self.wire)

    @property
    def is_free_form(self) -> bool:
        """Whether it is any JSON value."""
        return isinstance(self.codec, AnyJson)

    @property
    def is_text(self) -> bool:
        """Whether it is JSON text on the wire, whatever it is in the record."""
        return isinstance(self.codec, (JsonText, Table))


def inside(node: Node, wire: JsonObject, codec: Codec, *, token: str | int | None) -> Node:
    """Return the node of a value that stands under `token` in `node` in the record, None for every one there."""
    return Node(
        wire=wire,
        codec=codec,
        path=(*node.path, token),
        form=node.form,
        inside=node.inside,
        depth=node.depth + 1,
    )


def unwrapped(node: Node) -> Node | None:
    """Return the node without one layer that is on the wire only, None when there is none."""
    codec = node.codec
    if isinstance(codec, (Stated, Nullable, Maybe)):
        return _stripped(node, means=_NULL_MEANS[type(codec)], codec=codec.inner)
    if isinstance(codec, (MaybeSet, Same)) and _allows_null(node.wire):
        return _stripped(node, means="null" if codec is SAME else "absent", codec=codec)
    if isinstance(codec, MaybeSet):
        return replace(node, wire=node.wire["properties"][SET], codec=codec.inner, is_set=True)
    if isinstance(codec, Boxed):
        return replace(node, wire=node.wire["properties"][codec.name], codec=codec.inner)
    return None


def _stripped(node: Node, *, means: str, codec: Codec) -> Node:
    """Return the node without null. Inside another null it cannot be told from that one, but in a box it can."""
    allows_null = node.allows_null or (means == "null" and (node.is_set or not node.null))
    return replace(node, wire=_without_null(node.wire), codec=codec, null=node.null or means, allows_null=allows_null)


def _allows_null(wire: JsonObject) -> bool:
    """Return whether null stands beside something else on the wire."""
    return NULL in wire.get("anyOf", ()) or (isinstance(wire.get("type"), list) and "null" in wire["type"])


def _without_null(wire: JsonObject) -> JsonObject:
    if "anyOf" in wire:
        return {**wire, "anyOf": [branch for branch in wire["anyOf"] if branch != NULL]}
    if not isinstance(wire.get("type"), list):
        return wire
    types = [name for name in wire["type"] if name != "null"]
    bare = {**wire, "type": types[0] if len(types) == 1 else types}
    return {**bare, "enum": [value for value in wire["enum"] if value is not None]} if "enum" in wire else bare

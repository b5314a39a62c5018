"""The fields of a record, read off the wire and the way back together.

The wire alone would show what exists on it only: lists of key and value, wrappers, boxes. The codec says which of
these the record does not have.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from extractor.jsontext import pointer
from extractor.schema.codecs import (
    KEY,
    SAME,
    VALUE,
    Elements,
    Named,
    Table,
)
from extractor.schema.fitting import kinds
from extractor.schema.free_form import JsonText
from extractor.schema.keywords import escaped
from extractor.schema.object_codecs import Members, Pairs
from extractor.schema.unions import Choice
from extractor.schema.wire_nodes import Node, inside, unwrapped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from extractor.records import JsonObject
    from extractor.schema.lifting import Codec

#: Fields listed of one schema. Definitions that refer to one another have paths without number.
MAX_FIELDS: Final = 1_000
#: Steps of one walk, about 0.1 s. The largest of 635 real schemas takes some thousands.
_MAX_STEPS: Final = 20_000
#: Fields inside one another.
_MAX_DEPTH: Final = 64
#: Keywords of the wire that say what kind of thing is there, not what it must be like.
_STRUCTURE: Final = frozenset({
    "type", "properties", "required", "additionalProperties", "items", "anyOf", "$ref", "$defs", "description",
})  # fmt: skip
#: Keyword of a list of entries -> that of the map which the list stands for.
_OF_MAPS: Final = {"minItems": "minProperties", "maxItems": "maxProperties"}
_REFERENCE: Final = "#/$defs/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field; see `reporting.ReportRow`, which has the same members and what others know of it."""

    path: tuple[str | int | None, ...]
    form: str
    type: str
    is_required: bool
    null: str
    on_wire: JsonObject
    #: Whether it travels as `{"set": value}`.
    is_set: bool = False
    #: Whether it travels as JSON text.
    is_text: bool = False
    #: Whether it holds what a field above it holds, so that its members are not listed again.
    is_repeated: bool = False
    #: Whether it is an item of a list or a value of a map, of which the line above says the type.
    is_item: bool = False
    #: Whether it is any JSON value.
    is_free_form: bool = False

    @property
    def at(self) -> str:
        """JSON Pointer into the record, `*` for every item of a list and every key of a map."""
        return pointer(*("*" if token is None else token for token in self.path))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """The fields of one record."""

    #: In the order of the wire, `MAX_FIELDS` at most.
    listed: tuple[Field, ...]
    #: Whether there are more.
    is_cut: bool
    #: Pointers of objects that may have members which are not asked for.
    closed: tuple[str, ...]
    #: Pointer of each object with named members -> tokens of those that are asked for.
    members: Mapping[str, set[str]]


def fields_of(wire: JsonObject, codec: Codec) -> Fields:
    """Return the fields of the records that a wire schema and its codec stand for."""
    walk = _Walk(wire.get("$defs", {}))
    found: list[Field] = []
    is_cut = False
    try:
        for field in walk.fields(Node(wire=wire, codec=codec)):
            found.append(field)
            if len(found) >= MAX_FIELDS:
                raise _TooMany  # noqa: TRY301 - the walk itself ends in the same way
    except _TooMany:
        is_cut = True
    return Fields(listed=tuple(found), is_cut=is_cut, closed=tuple(walk.closed), members=walk.members)


class _TooMany(Exception):
    """The walk has taken as many steps as it may."""


class _Walk:
    """Goes through one wire schema."""

    def __init__(self, definitions: JsonObject) -> None:
        self._definitions = definitions
        self._left = _MAX_STEPS
        #: Pointers of objects that may have members which are not asked for.
        self.closed: list[str] = []
        #: Pointers of objects with named members, and the tokens of those.
        self.members: dict[str, set[str]] = {}

    def fields(self, node: Node) -> Iterator[Field]:
        """Yield the field of a node and those below it."""
        node, is_repeated = self._bare(node)
        yield _field(node, self._type(node), is_repeated=is_repeated)
        if not is_repeated and node.depth < _MAX_DEPTH:
            yield from self._below(node)

    def _below(self, node: Node) -> Iterator[Field]:
        if node.is_free_form or node.is_text or "$ref" in node.wire:
            return
        if branches := self._branches(node):
            for branch in branches:
                if (field := _field(branch, self._type(branch), is_repeated=False)).on_wire:
                    yield field
                yield from self._below(branch)
        elif isinstance(node.codec, Pairs):
            yield from self._inner(self._entry(node, node.wire, node.codec))
        elif node.is_object:
            yield from self._members(node)
        elif "items" in node.wire:
            for item in self._items(node):
                yield from self._inner(item)

    def _inner(self, node: Node) -> Iterator[Field]:
        fields = self.fields(node)
        yield replace(next(fields), is_item=True)
        yield from fields

    def _members(self, node: Node) -> Iterator[Field]:
        codecs = node.codec.declared if isinstance(node.codec, Members) else {}
        optional = node.codec.optional if isinstance(node.codec, Members) else frozenset()
        extra = node.codec.extra if isinstance(node.codec, Members) else None
        if isinstance(node.codec, Members) and not node.codec.keeps_unknown and extra is None:
            self.closed.append(node.at)
        named = {name: wire for name, wire in node.wire["properties"].items() if name != extra}
        self.members.setdefault(node.at, set()).update(map(escaped, named))
        for name, wire in named.items():
            member = inside(node, wire, codecs.get(name, SAME), token=name)
            yield from self.fields(replace(member, is_required=name not in optional))
        if extra is not None and isinstance(node.codec, Members):
            others = self._entry(node, node.wire["properties"][extra], node.codec.others)
            yield from self.fields(replace(others, is_required=False))

    def _entry(self, node: Node, wire: JsonObject, codec: Pairs) -> Node:
        """Return the values of a list of key and value."""
        bare, _ = self._bare(replace(node, wire=wire, codec=SAME))
        return inside(node, bare.wire["items"]["properties"][VALUE], codec.value, token=None)

    def _items(self, node: Node) -> Iterator[Node]:
        wire = node.wire["items"]
        if not isinstance(node.codec, Elements) or not node.codec.first:
            yield inside(node, wire, node.codec.rest if isinstance(node.codec, Elements) else SAME, token=None)
            return
        options = wire["anyOf"] if wire.keys() == {"anyOf"} else [wire]
        for index, codec in enumerate(node.codec.first):
            yield inside(node, self._wire_for(codec, options), codec, token=index)
        if node.codec.rest is not SAME:
            yield inside(node, self._wire_for(node.codec.rest, options[::-1]), node.codec.rest, token=None)

    def _wire_for(self, codec: Codec, options: list[JsonObject]) -> JsonObject:
        """Return the alternative that a position of a tuple is written by. The wire does not say which it is."""
        for wire in options:
            bare, _ = self._bare(Node(wire=wire, codec=codec))
            properties = bare.wire.get("properties", {})
            if isinstance(bare.codec, Members) and properties.keys() >= bare.codec.declared.keys():
                return wire
            if (
                (isinstance(bare.codec, (Pairs, Elements)) and "items" in bare.wire)
                or bare.is_free_form
                or bare.is_text
            ):
                return wire
        return options[0]

    def _branches(self, node: Node) -> list[Node]:
        """Return the alternatives of a union, numbered where there are several; none for anything else."""
        if isinstance(node.codec, Choice):
            found = [replace(node, wire=branch.wire, codec=branch.codec) for branch in node.codec.branches]
        else:
            found = [replace(node, wire=wire) for wire in node.wire.get("anyOf", ())]
        above = f"{node.form}." if node.form else ""
        numbered = [replace(branch, form=f"{above}{number}") for number, branch in enumerate(found, 1)]
        return [self._bare(branch)[0] for branch in numbered]

    def _bare(self, node: Node) -> tuple[Node, bool]:
        """Take off references, wrappers and null. Return also whether a definition has come back to itself."""
        while True:
            self._left -= 1
            if self._left < 0:
                raise _TooMany
            if node.is_free_form or isinstance(node.codec, JsonText):
                return node, False
            if isinstance(node.codec, Named):
                node = replace(node, codec=node.codec.definitions[node.codec.name])
            elif "$ref" in node.wire:
                name = node.wire["$ref"].removeprefix(_REFERENCE)
                if name in node.inside:
                    return node, True
                node = replace(node, wire=self._definitions[name], inside=(*node.inside, name))
            elif len(node.wire.get("anyOf", ())) == 1:
                node = replace(node, wire=node.wire["anyOf"][0])
            elif (bare := unwrapped(node)) is not None:
                node = bare
            else:
                return node, False

    def _type(self, node: Node) -> str:
        return _any_of((self._kind(node), "null")) if node.allows_null else self._kind(node)

    def _kind(self, node: Node) -> str:
        if kind := _kind_without_parts(node):
            return kind
        if branches := self._branches(node):
            return _any_of(self._type(branch) for branch in branches)
        if isinstance(node.codec, Pairs):
            return f"map of {self._type_of(self._entry(node, node.wire, node.codec))}"
        if "items" in node.wire:
            return f"list of {_any_of(self._type_of(item) for item in self._items(node))}"
        stated = node.wire.get("type", "any JSON")
        return stated if isinstance(stated, str) else _any_of(stated)

    def _type_of(self, node: Node) -> str:
        return self._type(self._bare(node)[0])


def _kind_without_parts(node: Node) -> str:
    """Return what a value is whose parts are not looked at, "" for any other."""
    if node.is_free_form:
        return "any JSON"
    if isinstance(node.codec, JsonText):  # that for which the wire has no room
        return "object"
    if isinstance(node.codec, Table):
        return _any_of(kinds(value)[0] for value in node.codec.values.values())
    return f"{node.wire['$ref'].removeprefix(_REFERENCE)}, as above" if "$ref" in node.wire else ""


def _any_of(types: Iterable[str]) -> str:
    return " or ".join(dict.fromkeys(types))


def _field(node: Node, kind: str, *, is_repeated: bool) -> Field:
    on_wire = {keyword: value for keyword, value in node.wire.items() if keyword not in _STRUCTURE}
    if isinstance(node.codec, Table) and "enum" in on_wire:
        on_wire["enum"] = list(node.codec.values.values())
    if isinstance(node.codec, Pairs) and "items" in node.wire:
        key = node.wire["items"]["properties"][KEY]
        on_wire = {_OF_MAPS.get(keyword, keyword): value for keyword, value in on_wire.items()}
        on_wire |= {f"key {keyword}": value for keyword, value in key.items() if keyword not in _STRUCTURE}
    return Field(
        path=node.path,
        form=node.form,
        type=kind,
        is_required=node.is_required,
        null=node.null,
        on_wire=on_wire,
        is_set=node.is_set,
        is_text=node.is_text,
        is_repeated=is_repeated,
        is_free_form=node.is_free_form,
    )

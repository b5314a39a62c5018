"""From a target schema to the wire schema and back: the public face of this stage.

The wire schema may allow more than the target, never less. So a keyword may be left off it (then it is told in
words and checked by `validation`), and every valid record has a wire form.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal, get_args

from extractor.errors import InvalidRequest, UnsupportedSchema
from extractor.schema.admission import admit
from extractor.schema.codecs import RESULT, Boxed, Named
from extractor.schema.definitions import Definitions
from extractor.schema.dialects import dialect_named
from extractor.schema.free_form import AnyJson, JsonText
from extractor.schema.hoisting import hoisted, size_of
from extractor.schema.keywords import ANNOTATIONS, SCALARS, known
from extractor.schema.lifting import Lift, lift, trace
from extractor.schema.merging import Merger
from extractor.schema.nodes import lower_plain
from extractor.schema.objects import stated_or_null
from extractor.schema.pieces import NULL, Choices, Piece, Told, closed, described
from extractor.schema.references import SIBLINGS_SINCE
from extractor.schema.rules import Rules
from extractor.schema.scopes import on_the_wire

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from extractor.records import Json, JsonObject
    from extractor.schema.lifting import Codec
    from extractor.schema.pointers import Pointers
    from extractor.schema.predicates import Fits, Place

#: Nodes lowered for one schema. A schema of 20,000 values lowers fewer unless its merges multiply.
MAX_LOWERED: Final = 50_000
#: Nodes inside one another while lowering, definitions not counted: they start anew.
MAX_NESTED: Final = 64
#: Keywords by which a node can do nothing but point.
_POINTING: Final = frozenset({"$ref", "allOf"})
#: Keywords by which a node says more than it seems to.
_COMBINING: Final = frozenset({"allOf", "anyOf", "oneOf", "$ref"})
#: Values of an enum that is repeated in place instead of becoming a definition.
_SMALL_ENUM: Final = 50

_OPEN = Literal["drop", "keep"]
_NULLS = Literal["absent", "exact"]
_ABSENCE = Literal["forbid", "say"]


@dataclass(frozen=True)
class Lowered:
    """A target schema on the wire."""

    #: The wire schema: an object whose every property is required and that allows nothing else.
    wire: JsonObject
    codec: Codec = field(repr=False)
    _told: tuple[Told, ...] = field(repr=False)
    _definitions: Definitions = field(repr=False)

    @cached_property
    def local(self) -> dict[str, str]:
        """Rules that are no keyword on the wire: JSON Pointer into a record, `*` for any item or key -> sentences."""
        return self._definitions.expand(self._told)

    @cached_property
    def untold(self) -> dict[str, str]:
        """Those of them that no description on the wire says, because they are long or many."""
        return self._definitions.expand(self._told, untold=True)

    def lift(self, value: Json) -> Lift:
        """Turn an answer into a record. Never raises; what cannot be read stays as it is for the validator."""
        return lift(value, self.codec)

    def embed(self, value: Json) -> Json:
        """Turn a record into its wire form, as examples and error feedback show it to a model."""
        return self.codec.embed(value)

    def pointers(self, answer: Json) -> Pointers:
        """Return the ways between the places of an answer and those of the record that it is read into."""
        return trace(answer, self.codec)

    def fits(self, value: Json) -> bool:
        """Return whether an answer as received is valid under the wire schema. Formats are not checked."""
        try:
            return self._fits(value)
        except RecursionError:
            return False

    @cached_property
    def _fits(self) -> Fits:
        return on_the_wire(self.wire.get("$defs", {})).table(self.wire).fits


def lower(
    schema: JsonObject,
    *,
    dialect: str = "openai",
    open_objects: _OPEN = "drop",
    nulls: _NULLS = "absent",
    absence: _ABSENCE = "forbid",
) -> Lowered:
    """Lower a target schema to a strict subset. Pure and deterministic; `schema` is not modified.

    Args:
        schema: A JSON Schema of draft 4, 6, 7, 2019-09 or 2020-12, the last where it does not say.
        dialect: The subset: `openai`, or `portable` for what every provider takes.
        open_objects: `drop` = members that an open object does not name are not asked for, and a node without
            `type` is what its keywords suggest; `keep` = they travel in a list `_extra`, and such a node may be
            of any type. Members with a schema (maps, patterns) are asked for either way.
        nulls: `absent` = null for an optional member means that it is not there (where its default is another
            value than null, it stays null); `exact` = a member that may be absent or null travels as
            `{"set": value}`, so the two stay apart.
        absence: `say` = a required scalar or enum, unless it is a constant, may be answered null, which `lift`
            turns into the violation `not_stated`; `forbid` = the model must fill it.

    Raises:
        UnsupportedSchema: the schema is over a limit, needs what cannot be kept, or allows nothing at all.
        InvalidSchema: it is not a JSON Schema.
        InvalidRequest: an option has a value that we do not know.
    """
    for name, value, kind in (
        ("open_objects", open_objects, _OPEN),
        ("nulls", nulls, _NULLS),
        ("absence", absence, _ABSENCE),
    ):
        if value not in get_args(kind):
            raise InvalidRequest(f"{name} must be one of {', '.join(get_args(kind))}.")
    choices = Choices(open_objects=open_objects, nulls=nulls, absence=absence)
    return _Lowering(schema, choices, dialect).run()


class _Lowering:
    """The state of one `lower`: what has been defined, and how much room is left."""

    def __init__(self, schema: JsonObject, choices: Choices, dialect: str) -> None:
        self.choices = choices
        self.dialect = dialect_named(dialect)
        self.references = admit(schema)
        self._merger = Merger(self.references)
        self._definitions = Definitions()
        self._grammar: list[Place] = []
        self._null_at: dict[str, bool] = {}
        self._enum_room = self.dialect.enum_values
        #: Identity of a node -> the node, so that it lives as long, its piece, and the enum values in that.
        self._known: dict[int, tuple[Json, Piece | None, int]] = {}
        self._left = MAX_LOWERED
        self._nested = 0
        #: Location of the definition that is being lowered.
        self._at = ""

    def run(self) -> Lowered:
        root = self._expanded(self.references.root)
        if root is None:
            raise UnsupportedSchema("schema", at="", because="no value at all satisfies it")
        if root.wire.get("type") != "object":
            inner = stated_or_null(self, root)
            root = Piece(closed({RESULT: inner.wire}), Boxed(inner.codec, RESULT), inner.told)
        for name, location in self._definitions.waiting():
            self._at = location
            piece = self._expanded(self.references.at(location))
            self._definitions.enter(name, piece or Piece(NULL))
        wire, definitions = root.wire, self._definitions.wires
        size = size_of([wire, *definitions.values()])
        if size.depth > self.dialect.depth:
            wire, definitions = hoisted(wire, definitions, depth=self.dialect.depth)
        if size.properties > self.dialect.properties:
            because = f"its wire form has more than {self.dialect.properties:,}"
            raise UnsupportedSchema("properties", at="", because=because)
        self._grammar.append(on_the_wire(definitions))
        return Lowered(
            {**wire, "$defs": definitions} if definitions else wire, root.codec, root.told, self._definitions
        )

    @property
    def definitions(self) -> Mapping[str, JsonObject]:
        """The wire's definitions so far."""
        return self._definitions.wires

    def piece(self, schema: Json) -> Piece | None:
        """Lower one node, or take it as it was lowered before if its enums have room once more."""
        _, piece, taken = self._known.get(id(schema), (None, None, MAX_LOWERED))
        if taken <= self._enum_room:
            self._enum_room -= taken
            return piece
        room = self._enum_room
        piece = self._piece(schema)
        self._known[id(schema)] = schema, piece, room - self._enum_room
        return piece

    def _piece(self, schema: Json) -> Piece | None:
        """Lower one node; a reference to a container becomes a definition."""
        location, description = self._reference(schema)
        if location is None or self._is_small(location):
            return self._expanded(schema)
        if not self.dialect.recursion and self.references.is_recursive(location):
            return self._text(description)
        name = self._definitions.name_of(location, title=str(self.references.root.get("title") or "Root"))
        wire = described({"$ref": f"#/$defs/{name}"}, description)
        codec = Named(self._definitions.codecs, name)
        return Piece(wire, codec, (Told("", definition=name),), allows_null=self._takes_null(location))

    def anything(self) -> Piece:
        """Return the piece for free-form JSON."""
        if not self.dialect.recursion:
            return self._text("")
        return Piece(self._definitions.json_value(), AnyJson(), allows_null=True)

    def takes_enum(self, values: list[Json]) -> bool:
        """Return whether the dialect has room for an enum, and take that room."""
        count, characters = self.dialect.large_enum
        is_large = len(values) > count and sum(len(value) for value in values if isinstance(value, str)) > characters
        if is_large or len(values) > self._enum_room:
            return False
        self._enum_room -= len(values)
        return True

    def fits_wire(self, wire: JsonObject) -> Fits:
        """Return a predicate for a part of the wire, compiled when it is first used: definitions come later."""
        compiled: list[Fits] = []

        def fits(value: Json) -> bool:
            if not compiled:
                compiled.append(self._grammar[0].table(wire).fits)
            return compiled[0](value)

        return fits

    def fits_target(self, schema: Json) -> Callable[[Json], bool]:
        """Return a predicate for a part of the target."""
        return lambda value: self._whole_target.holds(schema, value)

    @cached_property
    def _whole_target(self) -> Rules:
        return Rules(self.references.root)

    def _text(self, description: str) -> Piece:
        words = f"{description} Written as JSON text.".strip()
        return Piece({"type": "string", "description": words}, JsonText(), allows_null=True)

    def _expanded(self, schema: Json) -> Piece | None:
        self._left -= 1
        if self._left < 0:
            because = "the schema is too large when its references are followed"
            raise UnsupportedSchema("$ref", at=self._at, because=because)
        if self._nested >= MAX_NESTED:
            because = f"it nests more than {MAX_NESTED} levels when merged"
            raise UnsupportedSchema("allOf", at=self._at, because=because)
        self._nested += 1
        plain = self._merger.plain(schema, self._at)
        piece = None if plain is None else lower_plain(self, plain)
        self._nested -= 1
        return piece

    def _reference(self, schema: Json) -> tuple[str | None, str]:
        """Return where a node points that does nothing but point, and the first description on the way."""
        if not _may_point(schema):
            return None, ""
        location, description = None, ""
        node = schema
        while isinstance(node, dict) and node.get("nullable") is not True:
            node = known(node, self.references.draft)
            rules = node.keys() - ANNOTATIONS
            if "$ref" not in rules and not (rules == {"allOf"} and len(node["allOf"]) == 1):
                break
            if len(rules) > 1 and self.references.draft >= SIBLINGS_SINCE:
                break
            description = description or str(node.get("description") or "")
            if "$ref" in rules:
                location = self.references.locate(node["$ref"])
                node = self.references.at(location)
            else:
                node = node["allOf"][0]
        return (None, "") if isinstance(node, bool) else (location, description)

    def _is_small(self, location: str) -> bool:
        """Return whether a definition is a scalar or a short enum, better repeated than referred to."""
        node = self.references.at(location)
        if not isinstance(node, dict):
            return True
        types = node.get("type")
        if "enum" in node or "const" in node:
            return len(node.get("enum", ())) <= _SMALL_ENUM
        return isinstance(types, str) and types in SCALARS and _COMBINING.isdisjoint(node)

    def _takes_null(self, location: str) -> bool:
        """Return whether null satisfies the definition at `location`. What is not sure counts as yes."""
        if location not in self._null_at:
            self._null_at[location] = True  # while it is being found out
            self._null_at[location] = self._allows_null(self.references.at(location), location)
        return self._null_at[location]

    def _allows_null(self, schema: Json, at: str) -> bool:
        location, _ = self._reference(schema)
        if location is not None and location != at:
            return self._takes_null(location)
        plain = self._merger.plain(schema, at)
        if plain is None or "null" not in plain.keywords.get("type", ("null",)):
            return False
        if None not in plain.keywords.get("enum", (None,)):
            return False
        return all(any(self._allows_null(branch, at) for branch in union) for union in plain.unions)


def _may_point(schema: Json) -> bool:
    return isinstance(schema, dict) and not _POINTING.isdisjoint(schema)

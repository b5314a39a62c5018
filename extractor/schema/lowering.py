"""From a target schema to the wire schema and back: the public face of this stage.

The wire schema may allow more than the target, never less. So a keyword may be left off it (then it is told in
words and checked by `validation`), and every valid record has a wire form.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final, Literal, get_args

from extractor.errors import InvalidRequest, UnsupportedSchema
from extractor.schema.admission import admit
from extractor.schema.boxing import Boxes
from extractor.schema.codecs import RESULT, Boxed, Named
from extractor.schema.collecting import collector_paused
from extractor.schema.definitions import Definitions
from extractor.schema.dialects import dialect_named
from extractor.schema.free_form import AnyJson, as_text
from extractor.schema.hoisting import hoisted
from extractor.schema.lifting import Lift, lift, trace
from extractor.schema.merging import Merger
from extractor.schema.nodes import lower_leaf, lower_plain
from extractor.schema.objects import lower_object, stated_or_null
from extractor.schema.pieces import NULL, Choices, Piece, Told, closed, described, with_words
from extractor.schema.pointing import Pointing
from extractor.schema.room import EnumRoom, size_of
from extractor.schema.rules import Rules
from extractor.schema.scopes import on_the_wire
from extractor.schema.unsatisfiable import is_endless, part_to_blame

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from extractor.records import Json, JsonObject
    from extractor.schema.dialects import Dialect
    from extractor.schema.lifting import Codec
    from extractor.schema.pointers import Pointers
    from extractor.schema.predicates import Fits, Place
    from extractor.schema.references import References

#: Nodes lowered for one schema. A schema of 20,000 values lowers fewer unless its merges multiply.
MAX_LOWERED: Final = 50_000
#: Nodes inside one another while lowering, definitions not counted: they start anew.
MAX_NESTED: Final = 64

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


@collector_paused()
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
    return _within_limits(admit(schema), choices, dialect_named(dialect))


def _within_limits(references: References, choices: Choices, dialect: Dialect) -> Lowered:
    """Lower as deep as the dialect's limits let; objects that lie deeper travel as JSON text."""
    lowering = partial(_Lowering, references, choices, dialect, characters=dialect.characters)
    lowered = (attempt := lowering(levels=MAX_LOWERED)).run()
    best = None if attempt.excess else attempt.with_enums(lowered)
    least, most = 1, attempt.deepest if best is None else 0
    while least < most:
        lowered = (attempt := lowering(levels=(least + most) // 2)).run()
        if attempt.excess:
            most = attempt.levels
        else:
            best, least = attempt.with_enums(lowered), attempt.levels + 1
    if best is None:
        raise UnsupportedSchema("schema", at="", because=attempt.excess)
    return best


class _Lowering:
    """The state of one `lower`: what has been defined, and how much room is left."""

    def __init__(
        self, references: References, choices: Choices, dialect: Dialect, *, levels: int, characters: int
    ) -> None:
        """`levels` of objects are spelled out, and enums take `characters`."""
        self.choices = choices
        self.dialect = dialect
        self.references = references
        self.levels = levels
        self._characters = characters
        #: Objects inside one another that have been lowered.
        self.deepest = 0
        self._merger = Merger(self.references)
        self._pointing = Pointing(self.references, self._merger)
        self._boxes = Boxes()
        self.boxed = self._boxes.put

    def _begin(self) -> None:
        self._definitions = Definitions()
        self._boxes.begin(self._definitions, is_null_exact=self.choices.nulls == "exact")
        self._grammar: list[Place] = []
        self._compiled: dict[int, Fits] = {}
        self.room = EnumRoom(self.dialect, self._characters)
        #: Identity and level of a node -> the node, so that it lives as long, its piece, and the room that it takes.
        self._known: dict[tuple[int, int], tuple[Json, Piece | None, tuple[int, int]]] = {}
        self._left, self._level, self._nested = MAX_LOWERED, 0, 0
        #: Location of the definition that is being lowered.
        self._at = ""

    def run(self) -> Lowered:
        self._begin()
        root = self._expanded(self.references.root)
        if root is None:
            part = part_to_blame(self.references, lambda part: self.piece(part) is None)
            raise UnsupportedSchema("schema", at=part, because="no value at all satisfies it")
        if root.wire.get("type") != "object":
            inner = stated_or_null(self, root)
            root = Piece(closed({RESULT: inner.wire}), Boxed(inner.codec, RESULT), inner.told)
        for name, location, level in self._definitions.waiting():
            self._at, self._level = location, level
            self._definitions.enter(name, self._expanded(self.references.at(location)) or Piece(NULL))
        wire, definitions = root.wire, self._definitions.wires
        if is_endless(wire, definitions):
            raise UnsupportedSchema("$ref", at="", because="every value of it would contain another one, without end")
        self._size = size_of(wire, definitions)
        if self._size.depth > self.dialect.depth:
            wire, definitions = hoisted(wire, definitions, depth=self.dialect.depth)
            self._size = size_of(wire, definitions)
        if not self.excess and not self._boxes.are_enough():
            return self.run()
        self._grammar.append(on_the_wire(definitions))
        self._known.clear()  # unions keep this object, for their ways to the wire and the target
        self._merger.clear()
        wire = {**wire, "$defs": definitions} if definitions else wire
        return Lowered(wire, root.codec, root.told, self._definitions)

    @property
    def excess(self) -> str:
        """What is more than the dialect takes, in words; "" when nothing is."""
        return self._size.excess(self.dialect)

    def with_enums(self, lowered: Lowered) -> Lowered:
        """Return what was lowered, or the same with as many enums as there is room for beside the names."""
        room = self.dialect.characters - self._size.names
        if self._size.values <= room:
            return lowered
        return _Lowering(self.references, self.choices, self.dialect, levels=self.levels, characters=room).run()

    @property
    def definitions(self) -> Mapping[str, JsonObject]:
        """The wire's definitions so far."""
        return self._definitions.wires

    def piece(self, schema: Json) -> Piece | None:
        """Lower one node, or take it as it was lowered before if its enums have room once more."""
        if (leaf := lower_leaf(schema)) is not None:
            self._left -= 1
            return leaf
        key = id(schema), self._level
        if key in self._known and self.room.takes_again(self._known[key][2]):
            return self._known[key][1]
        values, characters = self.room.left
        piece = self._piece(schema)
        self._known[key] = schema, piece, (values - self.room.left[0], characters - self.room.left[1])
        return piece

    def _piece(self, schema: Json) -> Piece | None:
        """Lower one node; a reference to a container becomes a definition."""
        location, description = self._pointing.end_of(schema)
        if location is None or self._pointing.is_small(location):
            return self._expanded(schema)
        if not self.dialect.recursion and self.references.is_recursive(location):
            return with_words(as_text(self.references.at(location)), description, ())
        title = str(self.references.root.get("title") or "Root")
        name = self._definitions.name_of(location, title=title, level=self._level)
        wire = described({"$ref": f"#/$defs/{name}"}, description)
        codec = Named(self._definitions.codecs, name)
        allows_null, is_leaf = self._pointing.takes_null(location), self._pointing.is_leaf(location)
        return Piece(wire, codec, (Told("", definition=name),), allows_null=allows_null, is_leaf=is_leaf)

    def object(self, keywords: JsonObject) -> Piece | None:
        """Lower a node that allows objects, or return it as text where it lies too deep for the dialect's limits."""
        if self._level >= self.levels:
            return replace(as_text(keywords), allows_null=False)
        self._level += 1
        self.deepest = max(self.deepest, self._level)
        piece = lower_object(self, keywords)
        self._level -= 1
        return piece

    def anything(self) -> Piece:
        """Return the piece for free-form JSON."""
        if not self.dialect.recursion:
            return as_text(schema=True)
        return Piece(self._definitions.json_value(), AnyJson(), allows_null=True)

    def fits_wire(self, wire: JsonObject) -> Fits:
        """Return a predicate for a part of the wire, compiled when it is first used: definitions come later."""
        return partial(self._fits, wire)

    def _fits(self, wire: JsonObject, value: Json) -> bool:
        if id(wire) not in self._compiled:
            self._compiled[id(wire)] = self._grammar[0].table(wire).fits
        return self._compiled[id(wire)](value)

    def fits_target(self, schema: Json) -> Callable[[Json], bool]:
        """Return a predicate for a part of the target."""
        return lambda value: self._rules.holds(schema, value)

    @cached_property
    def _rules(self) -> Rules:
        return Rules(self.references.root)

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

"""What lowering one node gives, and how pieces are put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, Protocol

from extractor.jsontext import pointer
from extractor.schema.codecs import SAME

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from extractor.records import Json, JsonObject
    from extractor.schema.dialects import Dialect
    from extractor.schema.lifting import Codec
    from extractor.schema.predicates import Fits
    from extractor.schema.references import References
    from extractor.schema.room import EnumRoom

NULL: Final = {"type": "null"}
#: Characters of one description on the wire.
MAX_DESCRIPTION: Final = 1_000
#: Characters of the rules that a description ends with. A longer list is told in the prompt alone.
MAX_RULES: Final = 400


@dataclass(frozen=True, slots=True)
class Told:
    """A rule in words, or the place where a definition with rules of its own is used."""

    #: JSON Pointer into the record, relative to the piece; `*` for every item or key.
    at: str
    #: One sentence; "" for the use of a definition.
    says: str = ""
    #: Name of the definition that is used here; "" for a sentence.
    definition: str = ""
    #: Whether a description on the wire says it.
    is_described: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """One lowered node."""

    #: Its wire schema.
    wire: JsonObject
    #: The way there and back.
    codec: Codec = SAME
    #: Rules that are not on the wire.
    told: tuple[Told, ...] = ()
    #: What its description ends with: rules of its own place that are not on the wire otherwise.
    rules: str = ""
    #: Whether the target allows null here.
    allows_null: bool = False
    #: Whether it is a scalar or an enum.
    is_leaf: bool = False
    #: A target schema that holds for exactly the values that this piece is for, among its neighbours in a union.
    source: Json = True

    def rewritten(self, wire: JsonObject, codec: Codec) -> Piece:
        """Return the same node by another wire schema. Every optional member takes this way, hence no `replace`."""
        return Piece(wire, codec, self.told, self.rules, self.allows_null, self.is_leaf, self.source)

    @property
    def is_constant(self) -> bool:
        """Whether only one value is possible, so that there is nothing to leave unstated."""
        return len(self.wire.get("enum", (0, 1))) == 1 or self.wire == NULL


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """The caller's options of `lower`, as its docstring explains them."""

    open_objects: Literal["drop", "keep"]
    nulls: Literal["absent", "exact"]
    absence: Literal["forbid", "say"]


class Lowerer(Protocol):
    """What the modules of each construct need from `lowering`."""

    @property
    def choices(self) -> Choices: ...
    @property
    def dialect(self) -> Dialect: ...
    @property
    def references(self) -> References: ...
    @property
    def room(self) -> EnumRoom: ...
    @property
    def definitions(self) -> Mapping[str, JsonObject]: ...

    def piece(self, schema: Json) -> Piece | None:
        """Lower a part of the target; None where it allows nothing."""

    def object(self, keywords: JsonObject) -> Piece | None:
        """Lower a node that allows objects, or return it as text where it lies too deep for the dialect's limits."""

    def boxed(self, pieces: list[Piece]) -> list[Piece]:
        """Return the branches of a union, those in a box that could be mistaken for another one."""

    def anything(self) -> Piece:
        """Return the piece for free-form JSON."""

    def fits_wire(self, wire: JsonObject) -> Fits:
        """Return a predicate for a part of the wire; it may be called once lowering is done."""

    def fits_target(self, schema: Json) -> Callable[[Json], bool]:
        """Return a predicate for a part of the target."""


def with_null(wire: JsonObject) -> JsonObject:
    """Return a wire schema that allows null besides what `wire` allows."""
    if "anyOf" in wire:
        if NULL in wire["anyOf"]:
            return wire
        return {**wire, "anyOf": [*wire["anyOf"], NULL]}
    types = [wire["type"]] if isinstance(wire.get("type"), str) else wire.get("type", [])
    if "null" in types:
        return wire
    if not types or "object" in types or "array" in types:
        return described({"anyOf": [undescribed(wire), NULL]}, wire.get("description", ""))
    widened = {**wire, "type": [*types, "null"]}
    if "enum" in wire:
        widened["enum"] = [*wire["enum"], None]
    return widened


def described(wire: JsonObject, description: str) -> JsonObject:
    """Return `wire` with a description. A reference may have nothing beside it, so it moves into a union of one."""
    if not description:
        return wire
    text = description if len(description) <= MAX_DESCRIPTION else description[: MAX_DESCRIPTION - 1] + "…"
    return {"anyOf": [wire], "description": text} if "$ref" in wire else {**wire, "description": text}


def with_words(piece: Piece, description: str, told: tuple[Told, ...]) -> Piece:
    """Return `piece` with the author's description and, behind it, its own rules in words, as far as there is room.

    Args:
        piece: What was lowered. What it says itself stays: its words where there are no others, its rules always.
        description: The author's words; "" when there are none.
        told: Every rule of the piece, those further down included.
    """
    if not told and not piece.rules:
        return piece.rewritten(described(piece.wire, description), piece.codec) if description else piece
    if piece.rules:
        description = description or piece.wire.get("description", "").removesuffix(piece.rules)
    said = [piece.rules] if piece.rules else []
    room = min(MAX_RULES, MAX_DESCRIPTION - len(description) - 2) - len(piece.rules)
    kept: list[Told] = []
    for rule in told:
        if rule.at or not rule.says or rule.is_described:
            kept.append(rule)
            continue
        fits = rule.says in said or len(rule.says) < room
        if fits and rule.says not in said:
            said.append(rule.says)
            room -= len(rule.says) + 1
        kept.append(Told("", rule.says, is_described=fits))
    rules = " ".join(said)
    wire = described(piece.wire, joined(description, rules))
    return Piece(wire, piece.codec, tuple(kept), rules, piece.allows_null, piece.is_leaf, piece.source)


def joined(text: str, rules: str) -> str:
    """Return an author's text and the rules after it, with a full stop between them where the author wrote none."""
    text = text.rstrip()
    if not text or not rules:
        return text or rules
    return f"{text}{'' if text[-1] in '.!?:;…' else '.'} {rules}"


def undescribed(wire: JsonObject) -> JsonObject:
    """Return `wire` without its description."""
    return {keyword: value for keyword, value in wire.items() if keyword != "description"}


def closed(properties: JsonObject, description: str = "") -> JsonObject:
    """Return the wire form of an object: every property required, nothing else allowed."""
    wire = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    return described(wire, description)


def below(token: str | int, told: Sequence[Told]) -> list[Told]:
    """Return rules of a piece as rules of the piece that holds it under `token`."""
    if not told:
        return []
    above = pointer(token)
    return [Told(above + rule.at, rule.says, rule.definition, rule.is_described) for rule in told]

"""Unions: of schemas, and of the types that one schema allows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import TYPE_CHECKING, Final

from extractor.jsontext import pointer
from extractor.schema.codecs import SAME, Nullable
from extractor.schema.fitting import kinds
from extractor.schema.keywords import ANNOTATIONS, SCALARS, TYPES
from extractor.schema.lifting import ABSENT, Codec, Place
from extractor.schema.mentions import mentioning
from extractor.schema.merging import MAX_BRANCHES, alternatives
from extractor.schema.pieces import NULL, Piece, Told, with_null
from extractor.schema.sentences import listed, sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from extractor.records import Json, JsonObject
    from extractor.schema.merging import Plain, Union
    from extractor.schema.pieces import Lowerer
    from extractor.schema.predicates import Fits


#: What a union says whose branches exclude one another, unless they cannot hold at once anyway.
EXCLUSIVE: Final = Told("", sentence("oneOf", None))


@dataclass(slots=True)
class Branch:
    """One alternative of a union."""

    codec: Codec
    #: Whether a wire value is of this branch.
    fits: Fits
    #: Whether a record's value is of this branch.
    holds: Callable[[Json], bool]
    #: Its wire schema.
    wire: JsonObject


@dataclass(slots=True)
class Choice:
    """A value of one of several branches whose ways to the wire differ."""

    branches: list[Branch]
    #: The wire's definitions, complete once lowering is done.
    definitions: Mapping[str, JsonObject] = field(repr=False, compare=False)

    def embed(self, value: Json) -> Json:
        """Write by the first branch that the value satisfies and from which it comes back as it was."""
        forms = [branch.codec.embed(value) for branch in self.branches if branch.holds(value)]
        for form in forms:
            if self.lift(form, Place()) == value:
                return form
        return forms[0] if forms else self._nearest(value).codec.embed(value)

    def lift(self, value: Json, place: Place) -> Json:
        """Read by the only branch that the wire value fits, or the first whose reading satisfies the target."""
        fitting = [branch for branch in self.branches if branch.fits(value)]
        if len(fitting) > 1:
            return self._lift_by_trial(value, place, fitting)
        if fitting:
            return fitting[0].codec.lift(value, place)
        nearest = self._nearest(value)
        lifted = nearest.codec.lift(value, place)
        if not nearest.holds(lifted):  # an open branch would take it, as one that has none of its members
            place.report("anyOf", sentence("anyOf", None))
        return lifted

    @staticmethod
    def _lift_by_trial(value: Json, place: Place, fitting: list[Branch]) -> Json:
        """Read by the first branch whose reading satisfies the target, or as the first one did.

        That one is not read again: unions inside unions would double the work with every level.
        """
        tried: list[tuple[Json, Place]] = []
        for branch in fitting:
            trial = place.trial()
            lifted = branch.codec.lift(value, trial)
            if not trial.found and lifted is not ABSENT and branch.holds(lifted):
                place.keep(trial)
                return lifted
            tried.append((lifted, trial))
        lifted, trial = tried[0]
        place.keep(trial)
        return lifted

    def _nearest(self, value: Json) -> Branch:
        return max(self.branches, key=lambda branch: _likeness(branch.wire, value, self.definitions))


def _likeness(wire: JsonObject, value: Json, definitions: Mapping[str, JsonObject], *, depth: int = 4) -> int:
    """Return how much `value` looks like `wire` that it does not fit: its type, its tag, its members."""
    if "$ref" in wire:
        wire = definitions.get(wire["$ref"].rsplit("/", 1)[1], {})
    if "anyOf" in wire:
        branches = wire["anyOf"] if depth else ()
        return max((_likeness(branch, value, definitions, depth=depth - 1) for branch in branches), default=0)
    stated = wire.get("type", ())
    if set(kinds(value)).isdisjoint([stated] if isinstance(stated, str) else stated):
        return 0
    if not isinstance(value, dict):
        return 1
    score = 1
    for name, member in wire.get("properties", {}).items():
        if name in value:
            allowed = member.get("enum")
            score += 1 if allowed is None else 20 if value[name] in allowed else -20
    return score


def lower_union(lowerer: Lowerer, plain: Plain) -> Piece | None:
    """Lower a node with `anyOf` or `oneOf`: what stands beside the union is moved into every branch."""
    union, local = alternatives(plain)
    base = {keyword: value for keyword, value in plain.keywords.items() if keyword not in ANNOTATIONS}
    base = mentioning(base, [branch for other in local for branch in other], lowerer.references)
    beside = _as_schema(base)
    pieces: list[Piece] = []
    for branch in union:
        schema = {"allOf": [branch, beside, *plain.conditions]} if base or plain.conditions else branch
        piece = lowerer.piece(schema)
        if piece is not None:
            pieces.append(replace(piece, source=schema))
    told = [*_told_tag(plain), *(Told("", sentence("anyOf", other)) for other in local)]
    if plain.is_exclusive and not _are_disjoint(pieces, lowerer.definitions):
        told.append(EXCLUSIVE)
    joined = join(lowerer, pieces)
    return joined and replace(joined, told=(*joined.told, *told))


def _are_disjoint(pieces: list[Piece], definitions: Mapping[str, JsonObject]) -> bool:
    """Return whether no value fits two of `pieces`, as far as their types and tags show."""
    return len(pieces) <= MAX_BRANCHES and all(
        _differ(one, other, definitions) for one, other in combinations(pieces, 2)
    )


def _differ(one: Piece, other: Piece, definitions: Mapping[str, JsonObject]) -> bool:
    if NULL in (one.wire, other.wire):
        return not (one.allows_null and other.allows_null)
    wires = [
        definitions.get(wire["$ref"].rsplit("/", 1)[1], {}) if "$ref" in wire else wire
        for wire in (one.wire, other.wire)
    ]
    if _types(wires[0]).isdisjoint(_types(wires[1])):
        return True
    tags, others = (wire.get("properties", {}) for wire in wires)
    return any(_allow_nothing_in_common(tag, others[name]) for name, tag in tags.items() if name in others)


def _types(wire: JsonObject) -> set[str]:
    stated = wire.get("type", TYPES)
    types = {stated} if isinstance(stated, str) else set(stated)
    return types | {"integer"} if "number" in types else types


def _allow_nothing_in_common(one: JsonObject, other: JsonObject) -> bool:
    return "enum" in one and "enum" in other and not any(value in other["enum"] for value in one["enum"])


def _told_tag(plain: Plain) -> list[Told]:
    """Return that the tag of a discriminated union must be given: classes demand it even where it has a default."""
    discriminator = plain.keywords.get("discriminator")
    name = discriminator.get("propertyName") if isinstance(discriminator, dict) else None
    return [Told(pointer(name), "Must be given; it says which form is meant.")] if isinstance(name, str) else []


def _as_schema(keywords: JsonObject) -> JsonObject:
    """Return merged keywords as a schema again."""
    return {**keywords, "type": list(keywords["type"])} if "type" in keywords else keywords


def presence_words(union: Union) -> str | None:
    """Return the rule in words when a union only says which members must be given; None when it says more."""
    groups = []
    for branch in union:
        if not isinstance(branch, dict) or branch.keys() - ANNOTATIONS != {"required"}:
            return None
        groups.append(listed(branch["required"]) or "none")
    return f"Of these groups of members, one must be given: {'; '.join(groups)}."[:1_000]


def join(lowerer: Lowerer, pieces: list[Piece]) -> Piece | None:
    """Return the piece that allows what any of `pieces` allows."""
    pieces = _unique(pieces)
    if not pieces:
        return None
    if len(pieces) == 1:
        return pieces[0]
    if len(pieces) == 2 and NULL in (pieces[0].wire, pieces[1].wire):  # noqa: PLR2004 - one of them and null
        other = pieces[1] if pieces[0].wire == NULL else pieces[0]
        codec = SAME if other.codec is SAME else Nullable(other.codec)
        return replace(other.rewritten(with_null(other.wire), codec), allows_null=True)
    return _several(lowerer, lowerer.boxed(pieces))


def _several(lowerer: Lowerer, pieces: list[Piece]) -> Piece:
    codec: Codec = SAME
    if any(piece.codec is not SAME for piece in pieces):
        codec = Choice(
            [
                Branch(piece.codec, lowerer.fits_wire(piece.wire), lowerer.fits_target(piece.source), piece.wire)
                for piece in pieces
            ],
            lowerer.definitions,
        )
    return Piece(
        _wire(pieces),
        codec,
        tuple(rule for piece in pieces for rule in piece.told),
        allows_null=any(piece.allows_null for piece in pieces),
        is_leaf=all(piece.is_leaf for piece in pieces),
    )


def _unique(pieces: list[Piece]) -> list[Piece]:
    kept: list[Piece] = []
    for piece in pieces:
        if not any(piece.wire == other.wire and piece.codec == other.codec for other in kept):
            kept.append(piece)
    return kept


def _wire(pieces: list[Piece]) -> JsonObject:
    """Return the union of wires; types without further rules become one list of types."""
    bare: set[str] = set()
    branches: list[JsonObject] = []
    for piece in pieces:
        for wire in _flat(piece):
            stated = wire.get("type")
            types = [stated] if isinstance(stated, str) else stated or []
            if wire.keys() == {"type"} and set(types) <= set(SCALARS):
                bare.update(types)
            else:
                branches.append(wire)
    if "number" in bare:
        bare.discard("integer")
    names = [name for name in SCALARS if name in bare and name != "null"]
    if names:
        branches.append({"type": names[0] if len(names) == 1 and "null" not in bare else names})
    if "null" in bare:
        if names:
            branches[-1] = {"type": [*names, "null"]}
        else:
            branches.append(dict(NULL))
    return branches[0] if len(branches) == 1 else {"anyOf": branches}


def _flat(piece: Piece) -> list[JsonObject]:
    return piece.wire["anyOf"] if piece.wire.keys() == {"anyOf"} else [piece.wire]

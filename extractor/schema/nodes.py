"""Which construct a node is, and the module that lowers it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from extractor.schema.arrays import local_words, lower_array
from extractor.schema.keywords import ANNOTATIONS, ARRAY, NUMBER, OBJECT, SCALARS, STRING, TYPES
from extractor.schema.mentions import mentioning
from extractor.schema.pieces import Piece, Told, described, with_words
from extractor.schema.scalars import lower_enum, lower_scalar
from extractor.schema.sentences import condition
from extractor.schema.unions import EXCLUSIVE, join, lower_union, presence_words

if TYPE_CHECKING:
    from extractor.records import Json
    from extractor.schema.merging import Plain, Union
    from extractor.schema.pieces import Lowerer
    from extractor.schema.references import References

#: Keywords of a node that says nothing but its type.
_LEAF: Final = ANNOTATIONS | {"type"}
#: Type -> keywords that suggest it where none is stated.
_HINTS: Final = {"object": OBJECT, "array": ARRAY, "string": STRING, "number": NUMBER}


def lower_leaf(schema: Json) -> Piece | None:
    """Lower a node that names a scalar type and nothing else but words; None for any other.

    Half of all nodes are such, and on this short way they take a fifth of the time.
    """
    if not isinstance(schema, dict) or not schema.keys() <= _LEAF:
        return None
    stated = schema.get("type")
    if not isinstance(stated, str) or stated not in SCALARS:
        return None
    wire = described({"type": stated}, str(schema.get("description") or ""))
    return Piece(wire, allows_null=stated == "null", is_leaf=True)


def lower_plain(lowerer: Lowerer, plain: Plain) -> Piece | None:
    """Lower a node without indirection; None where it allows nothing."""
    told: list[Told] = []
    if plain.unions:
        plain, told = _without_presence_unions(plain, lowerer.references)
    piece = lower_union(lowerer, plain) if plain.unions else _lower_node(lowerer, plain)
    if piece is None:
        return None
    told += [Told("", says) for says in plain.told]
    told += local_words(plain.keywords, ("not",))
    told += [Told("", says) for rules in plain.conditions if (says := condition(rules))]
    return with_words(piece, plain.description, (*told, *piece.told))


def _without_presence_unions(plain: Plain, references: References) -> tuple[Plain, list[Told]]:
    """Take unions off that only say which members must be given. They would repeat the object in every branch."""
    told: list[Told] = []
    unions: list[Union] = []
    keywords = plain.keywords
    for union in plain.unions:
        words = presence_words(union)
        if words is None:
            unions.append(union)
        else:
            told.append(Told("", words))
            keywords = mentioning(keywords, union, references)
    if told and plain.is_exclusive:
        told.append(EXCLUSIVE)
    return replace(plain, keywords=keywords, unions=tuple(unions)) if told else plain, told


def _lower_node(lowerer: Lowerer, plain: Plain) -> Piece | None:
    if "enum" in plain.keywords:
        return lower_enum(lowerer, plain.keywords)
    keywords = mentioning(plain.keywords, plain.conditions, lowerer.references)
    types = _types(lowerer, plain)
    if types is None:
        return lowerer.anything()
    scalars = tuple(name for name in types if name in SCALARS)
    if scalars == types:
        return lower_scalar(lowerer, keywords, scalars)
    pieces: list[tuple[Piece | None, list[str]]] = []
    if "object" in types:
        pieces.append((lowerer.object(keywords), ["object"]))
    if "array" in types:
        pieces.append((lower_array(lowerer, keywords), ["array"]))
    if len(types) == 1:
        return pieces[0][0]
    if scalars:
        pieces.append((lower_scalar(lowerer, keywords, scalars), list(scalars)))
    return join(lowerer, [replace(piece, source={"type": names}) for piece, names in pieces if piece])


def _types(lowerer: Lowerer, plain: Plain) -> tuple[str, ...] | None:
    """Return the types of a node; None for a node that says nothing about its values.

    A node without `type` allows every type, and its keywords constrain only theirs. People who write `properties`
    without `type` mean an object all the same, so that is how it is read unless every instance is to be kept.
    """
    if "type" in plain.keywords:
        stated: tuple[str, ...] = plain.keywords["type"]
        return stated
    hinted = tuple(name for name, hints in _HINTS.items() if not plain.keywords.keys().isdisjoint(hints))
    if not hinted or plain.keywords.keys() <= ANNOTATIONS:
        return None
    if lowerer.choices.open_objects == "drop":
        return hinted
    return tuple(name for name in TYPES if name != "integer")

"""Strings, numbers, booleans, null, and lists of allowed values."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from extractor.schema.codecs import Table
from extractor.schema.fitting import kinds, text_of
from extractor.schema.formats import FORMATS
from extractor.schema.keywords import NUMBER, SCALARS, STRING
from extractor.schema.patterns import compile_pattern
from extractor.schema.pieces import Piece, Told
from extractor.schema.sentences import sentence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from extractor.records import Json, JsonObject
    from extractor.schema.dialects import Dialect
    from extractor.schema.pieces import Lowerer

#: Types -> the constraint keywords that mean something for them.
_CONSTRAINTS: Final = {"string": STRING, "number": NUMBER, "integer": NUMBER}


def lower_scalar(lowerer: Lowerer, keywords: JsonObject, types: tuple[str, ...]) -> Piece:
    """Lower a node that allows only scalars."""
    wire: JsonObject = {"type": types[0] if len(types) == 1 else list(types)}
    told: list[Told] = []
    for keyword in _relevant(types):
        if keyword not in keywords:
            continue
        value = keywords[keyword]
        if _is_on_wire(keyword, value, lowerer.dialect):
            wire[keyword] = value
        elif keyword != "format" or value in FORMATS:  # what is not checked is not asked for
            told.append(Told("", sentence(keyword, value)))
    return Piece(wire, told=tuple(told), allows_null="null" in types, is_leaf=True)


@cache
def _relevant(types: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(keyword for name in types for keyword in _CONSTRAINTS.get(name, ())))


def _is_on_wire(keyword: str, value: Json, dialect: Dialect) -> bool:
    if keyword not in dialect.constraints:
        return False
    if keyword == "format":
        return value in dialect.formats
    return keyword != "pattern" or compile_pattern(value).is_plain


def lower_enum(lowerer: Lowerer, values: list[Json], types: tuple[str, ...] | None) -> Piece | None:
    """Lower a list of allowed values; None where the node's types leave none of them."""
    allowed = [value for value in values if types is None or not set(kinds(value)).isdisjoint(types)]
    if not allowed:
        return None
    allows_null = None in allowed
    if any(isinstance(value, (list, dict)) for value in allowed):
        table = {text_of(value).decode("utf-8", "surrogatepass"): value for value in allowed}
        return _enum(lowerer, list(table), Piece({}, Table(table), allows_null=allows_null, is_leaf=True))
    unique = list({(type(value), value): value for value in allowed}.values())
    return _enum(lowerer, unique, Piece({}, allows_null=allows_null, is_leaf=True))


def _enum(lowerer: Lowerer, values: list[Json], piece: Piece) -> Piece:
    types = _narrowest_types(values)
    wire: JsonObject = {"type": types[0] if len(types) == 1 else list(types)}
    told: tuple[Told, ...] = ()
    if types == ("null",):
        pass
    elif lowerer.room.takes(values):
        wire["enum"] = values
    else:
        told = (Told("", sentence("enum", values)),)
    return Piece(wire, piece.codec, told, allows_null=piece.allows_null, is_leaf=True)


def _narrowest_types(values: Iterable[Json]) -> tuple[str, ...]:
    found = {kinds(value)[0] for value in values}
    if "number" in found:
        found.discard("integer")
    return tuple(name for name in SCALARS if name in found)

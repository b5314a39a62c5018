"""Strings, numbers, booleans, null, and lists of allowed values."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Final

from extractor.schema.codecs import Table
from extractor.schema.fitting import kinds, text_of
from extractor.schema.formats import FORMATS
from extractor.schema.keywords import NUMBER, SCALARS, STRING, TYPES
from extractor.schema.patterns import compile_pattern
from extractor.schema.pieces import Piece, Told
from extractor.schema.scopes import on_the_wire
from extractor.schema.sentences import sentence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from extractor.records import Json, JsonObject
    from extractor.schema.dialects import Dialect
    from extractor.schema.pieces import Lowerer

#: Keywords of bounds, which may leave nothing between them.
_BOUNDS: Final = frozenset({
    "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
})  # fmt: skip
#: Keywords that may refuse values of an enum beside them.
_OF_VALUES: Final = frozenset({"pattern", "minLength", "maxLength", *NUMBER})
#: Types -> the constraint keywords that mean something for them.
_CONSTRAINTS: Final = {"string": STRING, "number": NUMBER, "integer": NUMBER}


def lower_scalar(lowerer: Lowerer, keywords: JsonObject, types: tuple[str, ...]) -> Piece | None:
    """Lower a node that allows only scalars; None where its bounds leave none of them."""
    if not _BOUNDS.isdisjoint(keywords):
        types = tuple(name for name in types if not _is_empty(name, keywords))
    if not types:
        return None
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
    return keyword != "pattern" or compile_pattern(value).is_common


def _is_empty(name: str, keywords: JsonObject) -> bool:
    """Return whether the bounds of a type leave none of its values."""
    if name == "string":
        return bool(keywords.get("minLength", 0) > keywords.get("maxLength", math.inf))
    if name not in {"number", "integer"}:
        return False
    least = max(keywords.get("minimum", -math.inf), keywords.get("exclusiveMinimum", -math.inf))
    most = min(keywords.get("maximum", math.inf), keywords.get("exclusiveMaximum", math.inf))
    is_open = least == keywords.get("exclusiveMinimum") or most == keywords.get("exclusiveMaximum")
    if name == "integer" and math.inf not in {-least, most}:
        first = math.floor(least) + 1 if least == keywords.get("exclusiveMinimum") else math.ceil(least)
        return bool(first > most or (first == most and most == keywords.get("exclusiveMaximum")))
    return bool(least > most or (least == most and is_open))


def lower_enum(lowerer: Lowerer, keywords: JsonObject) -> Piece | None:
    """Lower a list of allowed values; None where the node's types and bounds leave none of them."""
    allowed = keywords["enum"]
    if "type" in keywords:
        allowed = [value for value in allowed if not set(kinds(value)).isdisjoint(keywords["type"])]
    if not _OF_VALUES.isdisjoint(keywords):
        rules = {keyword: keywords[keyword] for keyword in _OF_VALUES if keyword in keywords}
        fits = on_the_wire({}).table({"type": list(TYPES), **rules}).fits
        allowed = [value for value in allowed if fits(value)]
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

"""Lists and tuples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extractor.schema.codecs import SAME, Elements
from extractor.schema.keywords import ARRAY_BOUNDS
from extractor.schema.pieces import Piece, Told, below, undescribed
from extractor.schema.sentences import quoted, sentence

if TYPE_CHECKING:
    from extractor.records import Json, JsonObject
    from extractor.schema.lifting import Codec
    from extractor.schema.pieces import Lowerer

#: Keywords that no wire takes.
_LOCAL: Final = ("uniqueItems", "contains", "minContains", "maxContains", "unevaluatedItems")


def lower_array(lowerer: Lowerer, keywords: JsonObject) -> Piece | None:
    """Lower a node that allows lists.

    A tuple becomes a list whose items fit any of its positions, with its length as bounds; the validator checks
    the positions.
    """
    first, rest_schema = _positions(keywords)
    prefix: list[Piece] = []
    longest = keywords.get("maxItems")
    for schema in first:
        piece = lowerer.piece(schema)
        if piece is None:
            rest_schema = False
            break
        prefix.append(piece)
    is_full = longest is not None and longest <= len(prefix)
    rest = None if is_full else lowerer.piece(rest_schema)
    if rest is None:
        longest = len(prefix) if longest is None else min(longest, len(prefix))
    if keywords.get("minItems", 0) > (longest if longest is not None else keywords.get("minItems", 0)):
        return None
    bounds = {"minItems": keywords.get("minItems") or None, "maxItems": longest}
    pieces = [*prefix, rest] if rest else prefix
    wire: JsonObject = {"type": "array", "items": _item_wire(pieces)}
    told = [*_told_items(prefix, rest, first), *_bound(wire, bounds, lowerer), *local_words(keywords, _LOCAL)]
    return Piece(wire, _codec(prefix, rest), tuple(told))


def _positions(keywords: JsonObject) -> tuple[list[Json], Json]:
    """Return the schemas of the first items and the schema of all others, in any draft's spelling."""
    if "prefixItems" in keywords:
        return keywords["prefixItems"], keywords.get("items", True)
    items = keywords.get("items", True)
    if isinstance(items, list):
        return items, keywords.get("additionalItems", True)
    return [], items


def _item_wire(pieces: list[Piece]) -> JsonObject:
    wires: list[JsonObject] = []
    for piece in pieces:
        if piece.wire not in wires:
            wires.append(piece.wire)
    if not wires:
        return {"type": "null"}
    return wires[0] if len(wires) == 1 else {"anyOf": wires}


def _bound(wire: JsonObject, bounds: dict[str, int | None], lowerer: Lowerer) -> list[Told]:
    told: list[Told] = []
    for keyword in ARRAY_BOUNDS:
        value = bounds[keyword]
        if value is None:
            continue
        if keyword in lowerer.dialect.constraints:
            wire[keyword] = value
        else:
            told.append(Told("", sentence(keyword, value)))
    return told


def _told_items(prefix: list[Piece], rest: Piece | None, schemas: list[Json]) -> list[Told]:
    told = [rule for index, piece in enumerate(prefix) for rule in below(index, piece.told)]
    if rest is not None:
        told += below("*", rest.told)
    kinds = [str(undescribed(piece.wire).get("type", "value")) for piece in prefix]
    if len(set(kinds)) > 1:
        told.insert(0, Told("", f"The items come in this order: {', '.join(kinds)}."))
    elif prefix and any(piece.wire != prefix[0].wire for piece in (*prefix, rest) if piece):
        told.insert(0, Told("", f"The first items must fit, in this order: {quoted(schemas)}."))
    return told


def _codec(prefix: list[Piece], rest: Piece | None) -> Codec:
    codecs = [piece.codec for piece in prefix]
    last = rest.codec if rest else SAME
    return SAME if all(codec is SAME for codec in (*codecs, last)) else Elements(tuple(codecs), last)


def local_words(keywords: JsonObject, local: tuple[str, ...]) -> list[Told]:
    """Return sentences for keywords that no wire takes. A keyword set to its default says nothing."""
    return [
        Told("", sentence(keyword, keywords[keyword]))
        for keyword in local
        if keyword in keywords and not (keyword == "uniqueItems" and keywords[keyword] is False)
    ]

"""Objects with named members, maps, and the rest of open objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from extractor.schema.arrays import local_words
from extractor.schema.codecs import (
    EXTRA,
    KEY,
    SAME,
    SET,
    VALUE,
    Maybe,
    MaybeSet,
    Nullable,
    Stated,
)
from extractor.schema.merging import both
from extractor.schema.object_codecs import Members, Pairs
from extractor.schema.patterns import matching
from extractor.schema.pieces import Piece, Told, below, closed, described, joined, undescribed, with_null
from extractor.schema.sentences import quoted

if TYPE_CHECKING:
    from collections.abc import Callable

    from extractor.records import Json, JsonObject
    from extractor.schema.lifting import Codec
    from extractor.schema.pieces import Lowerer

#: Keywords that no wire takes.
_LOCAL: Final = (
    "minProperties", "maxProperties", "propertyNames", "dependentRequired", "dependentSchemas", "dependencies",
    "unevaluatedProperties",
)  # fmt: skip
#: Of these, what a map can say on the wire, where its entries are counted and its keys are strings.
_ON_MAPS: Final = {"minProperties": "minItems", "maxProperties": "maxItems"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rest:
    """The members of an object that its schema does not name."""

    #: Whether there may be any.
    is_allowed: bool
    #: Whether the schema says what they look like.
    is_described: bool
    #: What they look like.
    schema: Json
    #: What their names look like.
    key_schema: Json
    #: Whether a name belongs to them; None for every name.
    takes: Callable[[str], bool] | None = None


def lower_object(lowerer: Lowerer, keywords: JsonObject) -> Piece | None:
    """Lower a node that allows objects."""
    rest = _rest(lowerer, keywords)
    members = {name: schema for name, schema in keywords.get("properties", {}).items() if schema is not False}
    if not members and rest.is_allowed and not keywords.get("required"):
        return _map(lowerer, keywords, rest=rest)
    return _object(lowerer, keywords, members, rest=rest)


def _rest(lowerer: Lowerer, keywords: JsonObject) -> _Rest:
    additional = keywords.get("additionalProperties", True)
    patterns = keywords.get("patternProperties", {})
    names = keywords.get("propertyNames", True)
    is_open = additional is True or additional == {}
    if not patterns:
        is_described = not is_open and additional is not False
        return _Rest(is_allowed=additional is not False, is_described=is_described, schema=additional, key_schema=names)
    if is_open and lowerer.choices.open_objects == "keep":
        return _Rest(is_allowed=True, is_described=True, schema=True, key_schema=names)
    schemas = [*patterns.values(), *([] if is_open or additional is False else [additional])]
    return _Rest(
        is_allowed=True,
        is_described=True,
        schema=schemas[0] if len(schemas) == 1 else {"anyOf": schemas},
        takes=(lambda name: matching(patterns, name) != []) if is_open else None,
        key_schema=both(names, {"pattern": next(iter(patterns))}) if len(schemas) == 1 else names,
    )


def _map(lowerer: Lowerer, keywords: JsonObject, *, rest: _Rest) -> Piece | None:
    """Lower an object without named members to a list of key and value."""
    value = lowerer.piece(rest.schema)
    if value is None:
        return Piece(closed({}))
    key = lowerer.piece(both({"type": "string"}, rest.key_schema))
    is_plain_key = key is not None and key.codec is SAME and key.is_leaf and key.wire.get("type") == "string"
    told = below("*", value.told)
    if not (key and "pattern" in key.wire and len(keywords.get("patternProperties", ())) == 1 and rest.takes is None):
        told += _told_patterns(keywords)
    wire = _pairs(value, undescribed(key.wire) if key and is_plain_key else {"type": "string"})
    local = set(_LOCAL)
    if key and is_plain_key and not key.told and rest.takes is None:
        local.discard("propertyNames")
    for keyword, bound in _ON_MAPS.items():
        if keyword in keywords and rest.takes is None and bound in lowerer.dialect.constraints:
            wire[bound] = keywords[keyword]
            local.discard(keyword)
    told += local_words(keywords, tuple(keyword for keyword in _LOCAL if keyword in local))
    return Piece(wire, Pairs(value.codec, rest.takes), tuple(told))


def _told_patterns(keywords: JsonObject) -> list[Told]:
    """Return what the names of members say about them, where no wire can say it."""
    patterns = keywords.get("patternProperties")
    if not patterns:
        return []
    says = f"Members whose names match a pattern must fit what stands beside it: {quoted(patterns)}."
    if keywords.get("additionalProperties", True) is False:
        says += " Other names are not allowed unless they have a place of their own."
    return [Told("", says)]


def _pairs(value: Piece, key: JsonObject) -> JsonObject:
    return {"type": "array", "items": closed({KEY: key, VALUE: value.wire})}


def _object(lowerer: Lowerer, keywords: JsonObject, members: JsonObject, *, rest: _Rest) -> Piece | None:
    required = set(keywords.get("required", ()))
    properties: JsonObject = {}
    codecs: dict[str, Codec] = {}
    told = [*_told_patterns(keywords), *local_words(keywords, _LOCAL)]
    for name, schema in members.items():
        piece = _member(lowerer, schema, is_required=name in required)
        if piece is None and name in required:
            return None
        if piece is None:
            continue
        properties[name] = _titled(piece, schema, name)
        codecs[name] = piece.codec
        told += below(name, piece.told)
    if required - properties.keys():
        return None  # a required member that nothing can be
    optional = frozenset(codecs) - required
    codec = Members(codecs, optional, keeps_unknown=not rest.is_allowed)
    if rest.is_allowed and (rest.is_described or lowerer.choices.open_objects == "keep"):
        told += _add_rest(lowerer, rest, codec=codec, properties=properties)
    is_same = not optional and codec.extra is None and codec.keeps_unknown and all(c is SAME for c in codecs.values())
    return Piece(closed(properties), SAME if is_same else codec, tuple(told))


def _add_rest(lowerer: Lowerer, rest: _Rest, *, codec: Members, properties: JsonObject) -> list[Told]:
    """Add the list of members that have no name of their own."""
    value = lowerer.piece(rest.schema)
    if value is None:
        return []
    name = EXTRA
    while name in properties:
        name = f"_{name}"
    codec.extra = name
    codec.others = Pairs(value.codec, rest.takes)
    words = "Further members that have no place of their own; an empty list when there are none."
    properties[name] = described(_pairs(value, {"type": "string"}), words)
    return below("*", value.told)


def _member(lowerer: Lowerer, schema: Json, *, is_required: bool) -> Piece | None:
    piece = lowerer.piece(schema)
    if piece is None:
        return None
    if is_required:
        return stated_or_null(lowerer, piece)
    if not piece.allows_null:
        return piece.rewritten(with_null(piece.wire), Maybe(piece.codec))
    if lowerer.choices.nulls == "exact":
        box = described(closed({SET: undescribed(piece.wire)}), str(piece.wire.get("description", "")))
        return piece.rewritten(with_null(box), MaybeSet(piece.codec))
    is_absent = not isinstance(schema, dict) or schema.get("default") is None
    return piece.rewritten(with_null(piece.wire), Maybe(piece.codec) if is_absent else Nullable(piece.codec))


def stated_or_null(lowerer: Lowerer, piece: Piece) -> Piece:
    """Return the piece of a required place, where a leaf may be left unstated if the caller wants that."""
    if lowerer.choices.absence == "forbid" or not piece.is_leaf or piece.allows_null or piece.is_constant:
        return piece
    return piece.rewritten(with_null(piece.wire), Stated(piece.codec))


def _titled(piece: Piece, schema: Json, name: str) -> JsonObject:
    """Describe a member by its title where its author has not described it and the title says more than the name."""
    wire = piece.wire
    title = schema.get("title") if isinstance(schema, dict) else None
    if not isinstance(title, str) or "$ref" in wire or wire.get("description", "") != piece.rules:
        return wire
    if _squashed(title) == _squashed(name):
        return wire
    return described(undescribed(wire), joined(title, piece.rules))


def _squashed(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()

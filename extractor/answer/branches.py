"""Which part of a wire schema a value is of, seen without its nulls: they say that nothing is stated."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from extractor.answer.parts import Piece
    from extractor.records import Json, JsonObject

#: A schema that says nothing. One object, because schemas are told apart by identity.
ANYTHING: Final[JsonObject] = {}
_KINDS: Final = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number"}

#: Levels of a value that are compared with a schema. Alternatives differ near the top; below all is taken to fit.
MAX_LEVELS: Final = 40


@dataclass(slots=True)
class Group:
    """Pieces of one place that may be put together."""

    #: `object`, `array` or `scalar`.
    kind: str
    #: Parts of the schema that every piece is of, in the schema's order; the first one counts.
    schemas: list[JsonObject]
    #: The pieces, each with its place in the order of the document.
    pieces: list[tuple[int, Piece]] = field(default_factory=list)

    @property
    def schema(self) -> JsonObject:
        """The schema by which they are put together; empty, which says nothing, where none fits."""
        return self.schemas[0] if self.schemas else ANYTHING


class Branches:
    """Tells the alternatives of one wire schema apart."""

    def __init__(self, wire: JsonObject) -> None:
        self._definitions: JsonObject = wire.get("$defs", {})
        #: Identities of a schema and a value -> whether they fit. Both live as long as the merge.
        self._fits: dict[tuple[int, int], bool] = {}
        #: Identity of a schema -> its alternatives. Every schema is a part of the wire.
        self._alternatives: dict[int, list[JsonObject]] = {}

    def one(self, value: Json, schema: JsonObject) -> JsonObject:
        """Return the alternative that an object or a list is of; empty, which says nothing, where there is none."""
        return next(iter(self._fitting(value, self._parts(schema), _kind(value))), ANYTHING)

    def admits_null(self, schema: JsonObject) -> bool:
        """Return whether null is a value that the schema allows."""
        return any(_kind_fits("null", part) for part in self._parts(schema))

    def takes_nulls(self, value: Json, schema: JsonObject) -> bool:
        """Return whether an object of nothing but null is valid as it is."""
        if value is None:
            return self.admits_null(schema)
        members = [part["properties"] for part in self._parts(schema) if "properties" in part]
        return any(
            value.keys() == names.keys() and all(self.takes_nulls(value[name], names[name]) for name in value)
            for names in members
        )

    def is_list(self, schema: JsonObject) -> bool:
        """Return whether the schema allows lists and nothing else."""
        parts = self._parts(schema)
        return bool(parts) and all(part.get("type") == "array" for part in parts)

    def groups(self, pieces: Sequence[Piece], schema: JsonObject) -> list[Group]:
        """Part the pieces, none of them null, into such as one alternative of the schema takes."""
        groups: list[Group] = []
        parts = self._parts(schema)
        for order, piece in enumerate(pieces):
            kind = _kind(piece.value)
            fitting = self._fitting(piece.value, parts, kind)
            group = next((group for group in groups if _belongs(group, kind, fitting)), None)
            if group is None:
                groups.append(group := Group(kind, fitting))
            group.schemas = [part for part in group.schemas if _is_among(part, fitting)]
            group.pieces.append((order, piece))
        return groups

    def _fitting(self, value: Json, parts: list[JsonObject], kind: str) -> list[JsonObject]:
        """Return the parts that take the value, else those of its kind: what is wrong in it is told later."""
        if kind == "scalar":
            return []
        alike = [part for part in parts if _kind_fits(_KINDS[type(value)], part)]
        return [part for part in alike if len(alike) == 1 or self.fits(value, part)] or alike

    def fits(self, value: Json, schema: JsonObject, levels: int = MAX_LEVELS) -> bool:
        """Return whether a value may be of a schema: types, names of members, closed lists. Null fits all."""
        if value is None or not levels:
            return True
        key = id(schema), id(value)
        if key not in self._fits:
            self._fits[key] = any(self._fits_part(value, part, levels - 1) for part in self._parts(schema))
        return self._fits[key]

    def _fits_part(self, value: Json, part: JsonObject, levels: int) -> bool:
        is_whole = isinstance(value, float) and value.is_integer()
        if not _kind_fits("integer" if is_whole else _KINDS.get(type(value), ""), part):
            return False
        if isinstance(value, dict):
            members = part.get("properties", ANYTHING)
            return all(name in members and self.fits(member, members[name], levels) for name, member in value.items())
        if isinstance(value, list):
            items = part.get("items", ANYTHING)
            return all(self.fits(item, items, levels) for item in value)
        if "const" in part:
            return _is_same(value, part["const"])
        return "enum" not in part or any(_is_same(value, allowed) for allowed in part["enum"])

    def _parts(self, schema: JsonObject) -> list[JsonObject]:
        """Return the alternatives of a schema, references followed, each definition once."""
        if id(schema) not in self._alternatives:
            self._alternatives[id(schema)] = list(self._resolved(schema))
        return self._alternatives[id(schema)]

    def _resolved(self, schema: JsonObject) -> Iterator[JsonObject]:
        waiting, met = [schema], set[str]()
        while waiting:
            part = waiting.pop()
            if "$ref" in part:
                name = part["$ref"].rsplit("/", 1)[-1]
                waiting += [] if name in met else [self._definitions.get(name, ANYTHING)]
                met.add(name)
            elif "anyOf" in part:
                waiting += reversed(part["anyOf"])
            else:
                yield part


def _kind(value: Json) -> str:
    return _KINDS[type(value)] if isinstance(value, (dict, list)) else "scalar"


def _kind_fits(kind: str, part: JsonObject) -> bool:
    """Return whether a part allows a JSON type. One that names no type is judged by its closed list."""
    stated = part.get("type")
    if stated is None:
        return kind != "null" or None in part.get("enum", (part.get("const", ""),))
    kinds = (stated,) if isinstance(stated, str) else stated
    return kind in kinds or (kind == "integer" and "number" in kinds)


def _is_same(value: Json, allowed: Json) -> bool:
    return bool(value == allowed) and isinstance(value, bool) == isinstance(allowed, bool)


def _belongs(group: Group, kind: str, fitting: list[JsonObject]) -> bool:
    if kind != group.kind:
        return False
    return not group.schemas or not fitting or any(_is_among(part, fitting) for part in group.schemas)


def _is_among(part: JsonObject, parts: list[JsonObject]) -> bool:
    return any(part is other for other in parts)

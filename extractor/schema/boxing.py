"""Boxes: which branches of a union travel as the one member of an object, because others would be taken for them."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Final

from extractor.schema.alike import Likeness
from extractor.schema.codecs import ENTRIES, SAME, Boxed, Elements, Table
from extractor.schema.free_form import JsonText
from extractor.schema.object_codecs import Pairs
from extractor.schema.pieces import closed
from extractor.schema.wire_forms import FREE_FORM, Forms

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from extractor.records import JsonObject
    from extractor.schema.definitions import Definitions
    from extractor.schema.pieces import Piece
    from extractor.schema.wire_forms import Form

#: Times that a schema is lowered until its unions have all the boxes that they need; two do for nearly all.
MAX_ROUNDS: Final = 4

#: Types in which the wire writes values of others, too.
_DISGUISES: Final = ("array", "object", "string")

#: Index of a branch -> number of its box. The first one's member is `entries`, that of others has the number added.
Numbers = dict[int, int]


class Boxes:
    """The boxes of all unions of a schema.

    What can be seen when a union is lowered is boxed at once. What stands behind a definition that is not lowered by
    then is looked at when all are, and boxed when the schema is lowered once more.
    """

    def __init__(self) -> None:
        #: Ordinal of a union -> the boxes that an earlier round found it to need.
        self._needed: dict[int, Numbers] = {}
        self._rounds = 0

    def begin(self, definitions: Definitions, *, is_null_exact: bool) -> None:
        """Begin to lower the schema, with the boxes that are known to be needed."""
        self._forms = Forms(definitions)
        self._likeness = Likeness(self._forms, is_null_exact=is_null_exact)
        self._unions = 0
        #: Unions that were not seen whole: their ordinal, their branches without boxes, and the boxes that they got.
        self._open: list[tuple[int, list[Piece], Numbers]] = []
        self._rounds += 1

    def put(self, pieces: list[Piece]) -> list[Piece]:
        """Return the branches of a union, those in a box that could be mistaken for another one."""
        ordinal, self._unions = self._unions, self._unions + 1
        if all(piece.codec is SAME for piece in pieces) or _have_types_of_their_own(pieces):
            return pieces
        numbers = self._numbered(pieces, self._needed.get(ordinal, {}))
        if self._forms.are_missing:
            self._open.append((ordinal, pieces, numbers))
        return [_in_a_box(piece, numbers.get(index, 0)) for index, piece in enumerate(pieces)]

    def are_enough(self) -> bool:
        """Return whether no union needs another box, now that every definition is known."""
        is_last = self._rounds >= MAX_ROUNDS
        found = {} if is_last else {union: self._numbered(pieces, known) for union, pieces, known in self._open}
        lacking = [union for union, _, numbers in self._open if found.get(union, numbers) != numbers]
        self._needed |= found
        self._open.clear()
        self._likeness.forget()
        return not lacking

    def _numbered(self, pieces: list[Piece], known: Numbers) -> Numbers:
        """Return the boxes that the branches of a union need besides some that are known."""
        self._likeness.forget()
        numbers = dict(known)
        ways = [_in_a_box(piece, numbers.get(index, 0)) for index, piece in enumerate(pieces)]
        pairs = self._pairs(ways)
        for one, other in pairs:  # it grows
            if not self._likeness.are_confusable(*((ways[index].wire, ways[index].codec) for index in (one, other))):
                continue
            index = other
            if (one in numbers) != (other in numbers):
                index = one if one in numbers else other
            elif one not in numbers and self._disguise(pieces[one]) > self._disguise(pieces[other]):
                index = one
            numbers[index] = max(numbers.values()) + 1 if index in numbers else 1
            ways[index] = _in_a_box(pieces[index], numbers[index])
            pairs += [(min(index, another), max(index, another)) for another in range(len(ways)) if another != index]
        return numbers

    def _pairs(self, pieces: list[Piece]) -> list[tuple[int, int]]:
        """Return the pairs of branches that may be confusable, as far as types, names of members and tags show."""
        written: dict[Hashable, list[tuple[int, Form]]] = {}
        for index, piece in enumerate(pieces):
            for form in self._forms.of(piece.wire, piece.codec):
                if form.kind in _DISGUISES:
                    key = form.kind, frozenset(form.wire.get("properties", ()))
                    written.setdefault(key, []).append((index, form))
        return sorted(
            {
                (one, other)
                for forms in written.values()
                if len(forms) > 1
                for group in _by_tags(forms)
                for (one, form), (other, another) in combinations(group, 2)
                if one != other and not (form.codec is SAME is another.codec)
            }
        )

    def _disguise(self, piece: Piece) -> int:
        """Return how far the wire form of a branch is from the record: of another type, with such items, or less."""
        codecs = [form.codec for form in self._forms.of(piece.wire, piece.codec)]
        if any(isinstance(codec, (JsonText, Pairs, Table)) for codec in codecs):
            return 2
        return int(any(isinstance(codec, Elements) and codec is not FREE_FORM["array"] for codec in codecs))


def _have_types_of_their_own(pieces: list[Piece]) -> bool:
    """Return whether no type is written by two branches, as most unions show at the first look."""
    met: set[str] = set()
    for piece in pieces:
        stated = piece.wire.get("type", ())
        types = {stated} if isinstance(stated, str) else set(stated)
        if not types or not met.isdisjoint(types):
            return False
        met |= types
    return True


def _by_tags(forms: list[tuple[int, Form]]) -> Iterable[list[tuple[int, Form]]]:
    """Return forms of one type, and objects with the same members, by the values of members that are constants."""
    tags = [
        {name: repr(member["enum"]) for name, member in form.wire.get("properties", {}).items() if _is_tag(member)}
        for _, form in forms
    ]
    shared = [name for name in tags[0] if all(name in tag for tag in tags)]
    groups: dict[Hashable, list[tuple[int, Form]]] = {}
    for form, tag in zip(forms, tags, strict=True):
        groups.setdefault(tuple(tag[name] for name in shared), []).append(form)
    return groups.values()


def _is_tag(wire: JsonObject) -> bool:
    return len(wire.get("enum", ())) == 1 and wire["type"] == "string"


def _in_a_box(piece: Piece, number: int) -> Piece:
    if not number:
        return piece
    name = ENTRIES if number == 1 else f"{ENTRIES}_{number}"
    return replace(piece, wire=closed({name: piece.wire}), codec=Boxed(piece.codec, name))

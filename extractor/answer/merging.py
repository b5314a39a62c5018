"""The answers about the windows of a long document as one answer, on the wire.

Nothing is left out in silence: of values that exclude each other one is chosen and all are listed as a conflict, and
an item of a list is left out only where two windows overlap and both have to have read it there.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from extractor import jsontext
from extractor.answer.branches import ANYTHING, Branches
from extractor.answer.choosing import Candidate, choose
from extractor.answer.entries import by_key, is_map
from extractor.answer.parts import Merged, Origin, Part, Piece, same, states_nothing
from extractor.answer.repeats import Repeats
from extractor.records import Conflict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.answer.branches import Group
    from extractor.answer.choosing import Policy
    from extractor.records import Evidence, Json, JsonObject

__all__: Final = ["Merged", "Part", "merge"]

#: Levels below which values are not put together but chosen as they are. The deepest of 11,305 real schemas has 63.
MAX_LEVELS: Final = 64


def merge(parts: Sequence[Part], wire: JsonObject, *, on_conflict: Policy) -> Merged:
    """Return the answers about several windows as one. Pure; takes the parts in any order; never raises for a value.

    Objects are put together member by member, lists one behind the other in the order of the windows, and the entries
    of a map by their keys. Null counts only where no part states anything; there a list that may not be null is empty.
    An item of a list comes from one part, as it is: two items are never put together.

    Args:
        parts: The answers, each about one window, as the wire writes them.
        wire: The wire schema of the whole record.
        on_conflict: Which value counts where scalars differ, or values of different alternatives of a union. For
            `error` none does, and the place is null; `ask` takes the same as `evidence` for the time being.
    """
    if not parts:
        return Merged(value=None)
    ordered = sorted(parts, key=lambda part: (part.window.start, -part.window.end, part.window.number))
    merger = _Merger(Branches(wire), Repeats(), on_conflict)
    value = merger.merged([Piece(part, "", part.value) for part in ordered], wire, "")
    notes = merger.notes
    return Merged(value=value, conflicts=tuple(notes.conflicts), sources=notes.sources, evidence=notes.evidence)


@dataclass(slots=True)
class _Notes:
    """What is noted on the way; pointers are into the merged value."""

    conflicts: list[Conflict] = field(default_factory=list)
    sources: dict[str, Origin] = field(default_factory=dict)
    evidence: dict[str, Evidence] = field(default_factory=dict)

    def add(self, other: _Notes) -> None:
        self.conflicts += other.conflicts
        self.sources |= other.sources
        self.evidence |= other.evidence


@dataclass(slots=True)
class _Merger:
    """Puts the pieces of one place together, and of all places below it."""

    branches: Branches
    repeats: Repeats
    policy: Policy
    notes: _Notes = field(default_factory=_Notes)

    def merged(self, pieces: Sequence[Piece], schema: JsonObject, at: str) -> Json:
        """Return the one value of pieces, which are in the order of the document."""
        if len(pieces) == 1:
            return self._alone(pieces[0], pieces[0].value, schema, below="", at=at)
        is_empty = all(states_nothing(piece.value) for piece in pieces)
        stating = self._empty(pieces, schema) if is_empty else [piece for piece in pieces if piece.value is not None]
        if not stating:
            return [] if self.branches.is_list(schema) else None
        if at.count("/") >= MAX_LEVELS:
            return self._one(list(enumerate(stating)), at)
        groups = self.branches.groups(stating, schema)
        telling = [group for group in groups if not all(states_nothing(piece.value) for _, piece in group.pieces)]
        groups = telling or groups[:1]
        return self.of_group(groups[0], at) if len(groups) == 1 else self._of_groups(groups, at)

    def _empty(self, pieces: Sequence[Piece], schema: JsonObject) -> list[Piece]:
        """Return the objects among pieces that state nothing; none of them where null says as much and is allowed."""
        objects = [piece for piece in pieces if piece.value is not None]
        if len(objects) < len(pieces) and self.branches.admits_null(schema):
            return [piece for piece in objects if self.branches.takes_nulls(piece.value, schema)]
        return objects

    def of_group(self, group: Group, at: str) -> Json:
        pieces = [piece for _, piece in group.pieces]
        if group.kind == "object":
            return self._object(pieces, group.schema, at)
        if group.kind == "array":
            return self._list(pieces, group.schema, at)
        return self._one(group.pieces, at)

    def _of_groups(self, groups: Sequence[Group], at: str) -> Json:
        """Put each group together by itself and choose one."""
        mergers = [replace(self, notes=_Notes()) for _ in groups]
        candidates = [
            Candidate(merger.of_group(group, at), tuple(group.pieces))
            for merger, group in zip(mergers, groups, strict=True)
        ]
        chosen = self._settled(candidates, at)
        if chosen is None:
            return None
        self.notes.add(next(merger.notes for merger, one in zip(mergers, candidates, strict=True) if one is chosen))
        return chosen.value

    def _settled(
        self, candidates: Sequence[Candidate], at: str, *, among: Sequence[Candidate] | None = None
    ) -> Candidate | None:
        """Return the candidate that counts, all or `among` some, and note a conflict where there is more than one."""
        if len(candidates) == 1:
            return candidates[0]
        chosen = choose(candidates if among is None else among, self.policy)
        stated = tuple(candidate.stated for candidate in candidates)
        self.notes.conflicts.append(Conflict(at=at, chosen=None if chosen is None else chosen.value, stated=stated))
        return chosen

    def _object(self, pieces: Sequence[Piece], schema: JsonObject, at: str) -> JsonObject:
        members = schema.get("properties", ANYTHING)
        stated = dict.fromkeys(name for piece in pieces for name in piece.value)
        names = [*(name for name in members if name in stated), *(name for name in stated if name not in members)]
        return {
            name: self.merged(
                [piece.below(name) for piece in pieces if name in piece.value],
                members.get(name, ANYTHING),
                at + jsontext.pointer(name),
            )
            for name in names
        }

    def _list(self, pieces: Sequence[Piece], schema: JsonObject, at: str) -> list[Json] | None:
        groups = by_key(pieces) if is_map(pieces) else [[item] for item in self.repeats.joined(pieces)]
        length = schema.get("maxItems")
        if length == schema.get("minItems", -1) and len(groups) > length:
            lists = _by_value(list(enumerate(pieces)))
            whole = [one for one in lists if len(one.value) == length]
            if whole:  # coordinates, for instance: each list is one value, and complete
                chosen = self._settled(lists, at, among=whole)
                return None if chosen is None else self._list([chosen.pieces[0][1]], schema, at)
        items = schema.get("items", ANYTHING)
        return [self.merged(group, items, f"{at}/{index}") for index, group in enumerate(groups)]

    def _one(self, pieces: Sequence[tuple[int, Piece]], at: str) -> Json:
        """Choose one of several values as it is."""
        chosen = self._settled(_by_value(pieces), at)
        if chosen is None:
            return None
        piece = next((piece for _, piece in chosen.pieces if any(piece.passages())), chosen.pieces[0][1])
        return self._alone(piece, piece.value, ANYTHING, below="", at=at)

    def _alone(self, piece: Piece, value: Json, schema: JsonObject, *, below: str, at: str) -> Json:
        """Return what stands `below` a piece, which alone states it, and note where it comes from."""
        if value is None:
            return [] if self.branches.is_list(schema) else None
        self.notes.sources[at] = Origin(piece.part.window.number, piece.at + below)
        if isinstance(value, list):
            items = self.branches.one(value, schema).get("items", ANYTHING)
            return [
                self._alone(piece, item, items, below=f"{below}/{index}", at=f"{at}/{index}")
                for index, item in enumerate(value)
            ]
        if isinstance(value, dict):
            members = self.branches.one(value, schema).get("properties", ANYTHING)
            return {
                name: self._alone(piece, member, members.get(name, ANYTHING), below=below + step, at=at + step)
                for name, member in value.items()
                for step in (f"/{name}" if name.isidentifier() else jsontext.pointer(name),)
            }
        if piece.at + below in piece.part.evidence:
            self.notes.evidence[at] = piece.part.evidence[piece.at + below]
        return value


def _by_value(pieces: Sequence[tuple[int, Piece]]) -> list[Candidate]:
    """Return the different values of pieces, each once, in the order of the document."""
    equal: dict[bytes, list[tuple[int, Piece]]] = defaultdict(list)
    for order, piece in pieces:
        equal[same(piece.value)].append((order, piece))
    return [Candidate(stated[0][1].value, tuple(stated)) for stated in equal.values()]

"""Reading an answer back into a record: the walk that every codec takes part in."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, Protocol

from extractor.records import Repair, Violation
from extractor.schema.pointers import Pointers, short

if TYPE_CHECKING:
    from extractor.records import Json
    from extractor.schema.pointers import Form

#: Stands for a member that is not there. Never part of a record or of a wire value.
ABSENT: Final[Any] = object()
#: Violations and repairs of one answer that are kept.
MAX_NOTED: Final = 200


@dataclass(frozen=True, slots=True)
class Lift:
    """An answer read back into the target's own form."""

    #: The record.
    value: Json
    #: What was wrong and can no longer be seen in the record.
    violations: tuple[Violation, ...] = ()
    #: Changes made on the way: members left out that nobody asked for, strings settled inside JSON text.
    repairs: tuple[Repair, ...] = ()


@dataclass(slots=True)
class Place:
    """Where a lift has arrived, in the record and in the answer, and what was found wrong on the way."""

    #: The place above, None at the root.
    above: Place | None = None
    #: Steps from there in the record: a member's name or an index, or nothing.
    tokens: tuple[str | int, ...] = ()
    #: Steps from there in the answer.
    wire: tuple[str | int, ...] = ()
    #: Collects violations; shared by all places of one lift.
    found: list[Violation] = field(default_factory=list)
    #: Collects changes made; shared likewise.
    repairs: list[Repair] = field(default_factory=list)
    #: Collects where everything stands; None when nobody wants to know.
    pointers: Pointers | None = None
    #: The number of this place among those.
    number: int = 0

    def below(self, token: str | int, *wire: str | int) -> Place:
        """Return the place of a member or item, which stands at `wire` in the answer, or under the same name."""
        return self._at((token,), wire or (token,))

    def inside(self, *wire: str | int) -> Place:
        """Return the place of the same value where it stands deeper in the answer than in the record."""
        return self._at((), wire)

    def _at(self, tokens: tuple[str | int, ...], wire: tuple[str | int, ...]) -> Place:
        number = 0 if self.pointers is None else self.pointers.enter(self.number, tokens, wire)
        return Place(self, tokens, wire, self.found, self.repairs, self.pointers, number)

    def trial(self) -> Place:
        """Return this place for an attempt whose findings count only when it is kept."""
        return Place(self.above, self.tokens, self.wire, pointers=None if self.pointers is None else Pointers())

    def keep(self, trial: Place) -> None:
        """Take over what an attempt at this place has found."""
        self.found += trial.found
        self.repairs += trial.repairs
        if self.pointers is not None and trial.pointers is not None:
            self.pointers.add(trial.pointers, self.number)

    def is_written_as(self, form: Form) -> None:
        """Note how the answer writes the value of this place."""
        if self.pointers is not None:
            self.pointers.forms[self.number] = form

    def report(self, rule: str, says: str) -> None:
        """Note a violation at this place. More than enough to ask again are not kept."""
        if len(self.found) < MAX_NOTED:
            self.found.append(Violation(at=self.pointer(), rule=rule, says=says))

    def repair(self, name: str, *, below: str = "") -> None:
        """Note a change made at this place, or at a pointer below it. More than anybody reads are not kept."""
        if len(self.repairs) < MAX_NOTED:
            self.repairs.append(Repair(name=name, at=self.pointer() + below))

    def pointer(self) -> str:
        """Return the JSON Pointer of this place in the record, of bounded size."""
        place: Place | None = self
        path = []
        while place is not None:
            path.append(place.tokens)
            place = place.above
        return short([*chain.from_iterable(reversed(path))])


class Codec(Protocol):
    """One construct's way to the wire and back."""

    def embed(self, value: Json) -> Json:
        """Return the wire form of a record's value."""

    def lift(self, value: Json, place: Place) -> Json:
        """Return the record's value of a wire form; ABSENT when it stands for a member that is not there."""


def lift(value: Json, codec: Codec) -> Lift:
    """Turn an answer into a record. Never raises; what cannot be read stays as it is for the validator."""
    root = Place()
    try:
        lifted = codec.lift(value, root)
    except RecursionError:
        return Lift(value, (Violation(at="", rule="too_deep", says="Must not be nested this deeply."),))
    return Lift(lifted, tuple(root.found), tuple(root.repairs))


def trace(value: Json, codec: Codec) -> Pointers:
    """Return where the parts of an answer stand, in the record and on the wire. Never raises."""
    found = Pointers()
    try:
        codec.lift(value, Place(pointers=found))
    except RecursionError:
        return Pointers()
    return found

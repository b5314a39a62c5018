"""Reading an answer back into a record: the walk that every codec takes part in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from extractor.jsontext import pointer
from extractor.records import Violation

if TYPE_CHECKING:
    from extractor.records import Json

#: Stands for a member that is not there. Never part of a record or of a wire value.
ABSENT: Final[Any] = object()


@dataclass(frozen=True, slots=True)
class Lift:
    """An answer read back into the target's own form."""

    #: The record.
    value: Json
    #: What was wrong and can no longer be seen in the record.
    violations: tuple[Violation, ...] = ()
    #: Pointers of members that nobody asked for and that were left out.
    dropped: tuple[str, ...] = ()


@dataclass(slots=True)
class Place:
    """Where in the record a lift has arrived, and what was found wrong on the way."""

    #: The place above, None at the root.
    above: Place | None = None
    #: Member name or index below `above`.
    token: str | int = ""
    #: Collects violations; shared by all places of one lift.
    found: list[Violation] = field(default_factory=list)
    #: Collects pointers of members left out; shared likewise.
    dropped: list[str] = field(default_factory=list)

    def below(self, token: str | int) -> Place:
        """Return the place of a member or item."""
        return Place(self, token, self.found, self.dropped)

    def report(self, rule: str, says: str) -> None:
        """Note a violation at this place."""
        self.found.append(Violation(at=self.pointer(), rule=rule, says=says))

    def drop(self) -> None:
        """Note that the member at this place was left out."""
        self.dropped.append(self.pointer())

    def pointer(self) -> str:
        """Return the JSON Pointer of this place."""
        path: list[str | int] = []
        place = self
        while place.above is not None:
            path.append(place.token)
            place = place.above
        return pointer(*reversed(path))


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
    return Lift(lifted, tuple(root.found), tuple(root.dropped))

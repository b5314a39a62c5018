"""What the parts of a long document state, and what came of putting it together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from extractor import jsontext

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from extractor.records import Conflict, Evidence, Json, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The answer about one window."""

    #: What was read.
    window: Window
    #: The answer as it is on the wire; null stands where the window states nothing.
    value: Json = field(repr=False)
    #: JSON Pointer into `value` -> where that scalar stands in the document.
    evidence: Mapping[str, Evidence] = field(default_factory=dict, repr=False)
    #: JSON Pointers of the lists in `value` that write the entries of a map. None = not known: then a list of keys
    #: and values counts as one as long as no part gives a key twice.
    maps: frozenset[str] | None = None


class Origin(NamedTuple):
    """A place of the answer about one window."""

    #: Number of the window.
    window: int
    #: JSON Pointer into its answer.
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """The answers about all windows as one, on the wire. All pointers are into `value`."""

    #: The answer; None when there was no part.
    value: Json = field(repr=False)
    #: Places for which the parts state different values.
    conflicts: tuple[Conflict, ...] = ()
    #: Every scalar, and every list or object that comes from one part alone -> where that part has it.
    sources: dict[str, Origin] = field(default_factory=dict, repr=False)
    #: Every scalar with evidence -> where it stands in the document.
    evidence: dict[str, Evidence] = field(default_factory=dict, repr=False)


class Piece(NamedTuple):
    """What one part states at one place."""

    part: Part
    #: JSON Pointer into the part's value.
    at: str
    #: The value there.
    value: Json

    def below(self, token: str | int) -> Piece:
        """Return the piece of a member or an item."""
        return Piece(self.part, self.at + jsontext.pointer(token), self.value[token])

    def items(self) -> list[Piece]:
        """Return the pieces of a list's items."""
        return [Piece(self.part, f"{self.at}/{index}", item) for index, item in enumerate(self.value)]

    def passages(self) -> Iterator[Evidence]:
        """Yield the evidence of its scalars that stands in the window that was read, in their order."""
        for below, _ in jsontext.leaves(self.value):
            evidence = self.part.evidence.get(self.at + below)
            if evidence is not None and any(self.reads(*span) for span in spans_of(evidence)):
                yield evidence

    def reads(self, start: int, end: int) -> bool:
        """Return whether a range of the document lies in the window that was read."""
        return self.part.window.start <= start and end <= self.part.window.end


def spans_of(evidence: Evidence) -> tuple[tuple[int, int], ...]:
    """Return every place that evidence names."""
    if evidence.start is None or evidence.end is None:
        return ()
    return ((evidence.start, evidence.end), *evidence.alternatives)


def same(value: Json) -> bytes:
    """Return a key that is equal for equal JSON values: 5 and 5.0 are one number, 1 and true are not one value."""
    return jsontext.canonical(_plain(value))


def _plain(value: Json) -> Json:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in value.items()}
    return value


def states_nothing(value: Json) -> bool:
    """Return whether a value is null, or an object of nothing but null."""
    return value is None or (isinstance(value, dict) and all(map(states_nothing, value.values())))


def stated_only(value: Json) -> Json:
    """Return a value without the members that state nothing: null, empty lists, objects of such members alone."""
    if isinstance(value, list):
        return [stated_only(item) for item in value]
    if not isinstance(value, dict):
        return value
    members = {name: stated_only(member) for name, member in value.items()}
    return {name: member for name, member in members.items() if member not in (None, [], {})}

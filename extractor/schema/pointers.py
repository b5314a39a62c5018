"""Where one value stands in the record and in the answer that it was read from, and how the answer writes it.

A rule is broken in the record, which has the caller's form; the model that is asked again knows only the form on the
wire. Both are told in pointers, so pointers have to be translated, and that takes an answer: the place of a map's
entry in its list is not known from the schema.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from extractor.jsontext import pointer, tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from extractor.records import JsonObject

#: How the wire writes what the record has otherwise: `entries` = an object as a list of `{key, value}`, `text` = a
#: value as JSON text, `choice of texts` = one of some values, each as its JSON text.
Form: TypeAlias = Literal["entries", "text", "choice of texts"]

#: Characters of a name that a pointer repeats.
MAX_NAME: Final = 200


class Step(NamedTuple):
    """The way from one place to the next. All of them together take room that grows with the answer alone."""

    #: Number of the place where it begins.
    above: int
    #: The way in the record: a name or an index, or nothing.
    record: tuple[str | int, ...]
    #: The way in the answer.
    wire: tuple[str | int, ...]


@dataclass
class Pointers:
    """Translates JSON Pointers between one answer and the record that was read from it.

    What stands below the last known place stands there under the same names on both sides.
    """

    #: Place -> the step that leads there. Place 0 is the root.
    steps: list[Step] = field(default_factory=lambda: [Step(-1, (), ())])
    #: Place -> how the answer writes its value, where that is not as it is.
    forms: dict[int, Form] = field(default_factory=dict)

    def as_json(self) -> JsonObject:
        """Return them as JSON."""
        return {"steps": self.steps, "forms": list(self.forms.items())}

    @classmethod
    def from_json(cls, members: JsonObject) -> Pointers:
        """Return what `as_json` wrote."""
        steps = [Step(above, tuple(record), tuple(wire)) for above, record, wire in members["steps"]]
        return cls(steps, dict(members["forms"]))

    def enter(self, above: int, record: tuple[str | int, ...], wire: tuple[str | int, ...]) -> int:
        """Note a step that a lift takes, and return the number of the place where it ends."""
        self.steps.append(Step(above, record, wire))
        return len(self.steps) - 1

    def add(self, other: Pointers, at: int) -> None:
        """Take over what a lift of the value at a place noted by itself."""
        moved = len(self.steps) - 1
        for step in other.steps[1:]:
            self.steps.append(step._replace(above=step.above + moved if step.above else at))
        self.forms |= {place + moved if place else at: form for place, form in other.forms.items()}

    def wire(self, at: str) -> str:
        """Return where the answer holds what the record has at `at`; where it would, for a member that is missing.

        Inside JSON text there are no places, nor in the list of a map for a key that is not in it: then it is the
        text or the list itself.
        """
        places, rest = self._reached(at)
        return self._wire_pointer(places[-1]) + ("" if self._form(places) else pointer(*rest))

    def form(self, at: str) -> tuple[Form | None, str]:
        """Return how the answer writes the value at `at`, or the value that holds it, and the steps from there.

        None when it is written as the record has it.
        """
        places, rest = self._reached(at)
        form = self._form(places)
        return form, pointer(*rest) if form else ""

    def record(self, wire: str) -> str:
        """Return where the record has what the answer holds at `wire`.

        What only the wire has, such as the key of a pair, is told by the value that it belongs to.
        """
        place, steps = 0, tokens(wire)
        while steps:
            ahead = [(place, tuple(steps[:length])) for length in range(len(steps), 0, -1)]
            known = next((way for way in ahead if way in self._by_wire), None)
            if known is None:
                scaffold = next((way for way in ahead if way in self._scaffold), None)
                return self._record_pointer(place) + pointer(*steps) if scaffold is None else self._told(*scaffold)
            place, steps = self._by_wire[known], steps[len(known[1]) :]
        return self._record_pointer(place)

    @property
    def maps(self) -> frozenset[str]:
        """Where the answer writes entries of maps: pointers to those lists of keys and values that have any."""
        entries = (step for step in self.steps if len(step.wire) > 1 and isinstance(step.wire[-2], int))
        return frozenset(self._wire_pointer(step.above) + pointer(*step.wire[:-2]) for step in entries)

    def _told(self, above: int, steps: tuple[str, ...]) -> str:
        """Return the place in the record to which a part of a step in the answer belongs."""
        place = self._scaffold[above, steps]
        in_an_entry = any(isinstance(step, int) for step in self.steps[place].wire[: len(steps)])
        return self._record_pointer(place if in_an_entry else above)

    def _reached(self, at: str) -> tuple[list[int], Sequence[str]]:
        """Return the last known places on the way to `at`, all of one value of the record, and the steps from there."""
        places: list[int] = [0]
        steps: Sequence[str] = tokens(at)
        while True:
            inside = self._by_name.get((places[-1], None))
            if inside is not None:
                places.append(inside)
                continue
            below = self._by_name.get((places[-1], steps[0])) if steps else None
            if below is None:
                return places, steps
            places, steps = [below], steps[1:]

    def _form(self, places: list[int]) -> Form | None:
        return next((self.forms[place] for place in reversed(places) if place in self.forms), None)

    def _record_pointer(self, place: int) -> str:
        return pointer(*(token for step in self._way(place) for token in step.record))

    def _wire_pointer(self, place: int) -> str:
        return pointer(*(token for step in self._way(place) for token in step.wire))

    def _way(self, place: int) -> list[Step]:
        way = []
        while place > 0:
            way.append(self.steps[place])
            place = self.steps[place].above
        return way[::-1]

    @cached_property
    def _by_name(self) -> dict[tuple[int, str | None], int]:
        """Place and the next step in the record -> place; None for a step that the answer alone takes."""
        return {
            (step.above, str(step.record[0]) if step.record else None): place for place, step in enumerate(self.steps)
        }

    @cached_property
    def _by_wire(self) -> dict[tuple[int, tuple[str, ...]], int]:
        return {(step.above, tuple(map(str, step.wire))): place for place, step in enumerate(self.steps)}

    @cached_property
    def _scaffold(self) -> dict[tuple[int, tuple[str, ...]], int]:
        """Place and a part of the step that the answer takes from there -> the place where that step ends."""
        return {
            (above, wire[:length]): place
            for (above, wire), place in self._by_wire.items()
            for length in range(1, len(wire))
        }


def short(steps: Iterable[str | int]) -> str:
    """Return a pointer of bounded size: where a name is too long to be repeated, that of what holds it."""
    told: list[str | int] = []
    for step in steps:
        if isinstance(step, str) and len(step) > MAX_NAME:
            break
        told.append(step)
    return pointer(*told)

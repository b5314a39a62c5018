"""Where one value stands in the record and in the answer that it was read from, and how the answer writes it.

A rule is broken in the record, which has the caller's form; the model that is asked again knows only the form on the
wire. Both are told in pointers, so pointers have to be translated, and that takes an answer: the place of a map's
entry in its list is not known from the schema.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from extractor.jsontext import pointer, tokens

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: How the wire writes what the record has otherwise: `entries` = an object as a list of `{key, value}`, `text` = a
#: value as JSON text, `choice of texts` = one of some values, each as its JSON text.
Form: TypeAlias = Literal["entries", "text", "choice of texts"]


@dataclass(slots=True)
class Pointers:
    """Translates JSON Pointers between one answer and the record that was read from it.

    Only steps that differ are kept: what stands below a known place stands there under the same names on both sides.
    """

    #: Pointer into the record -> pointer into the answer.
    wire_of: dict[str, str] = field(default_factory=dict)
    #: Pointer into the answer -> pointer into the record.
    record_of: dict[str, str] = field(default_factory=dict)
    #: Pointer into the answer of what only the wire has, such as a pair -> pointer of the value that it belongs to.
    scaffold: dict[str, str] = field(default_factory=dict)
    #: Pointer into the record -> how the answer writes the value, where that is not as it is.
    forms: dict[str, Form] = field(default_factory=dict)

    def wire(self, at: str) -> str:
        """Return where the answer holds what the record has at `at`; where it would, for a member that is missing.

        Inside JSON text there are no places, nor in the list of a map for a key that is not in it: then it is the
        text or the list itself.
        """
        known, rest = _longest(self.wire_of, at)
        closed = self._closed(at)
        if closed is not None and len(closed) >= len(known):
            return self.wire(closed)
        return self.wire_of.get(known, "") + rest

    def record(self, wire: str) -> str:
        """Return where the record has what the answer holds at `wire`.

        What only the wire has, such as the key of a pair, is told by the value that it belongs to.
        """
        known, rest = _longest(self.record_of, wire)
        scaffold, _ = _longest(self.scaffold, wire)
        if len(scaffold) > len(known):
            return self.scaffold[scaffold]
        return self.record_of.get(known, "") + rest

    def form(self, at: str) -> tuple[Form | None, str]:
        """Return how the answer writes the value at `at`, or the value that holds it, and the steps from there.

        None when it is written as the record has it.
        """
        if at in self.forms:
            return self.forms[at], ""
        known, _ = _longest(self.wire_of, at)
        closed = self._closed(at)
        if closed is None or len(closed) < len(known):
            return None, ""
        return self.forms[closed], at[len(closed) :]

    def _closed(self, at: str) -> str | None:
        """Return the nearest place above `at` that the answer writes in a form of its own."""
        above, _ = _longest(self.forms, at.rpartition("/")[0])
        return above if at and above in self.forms else None

    def enter(self, at: str, steps: Sequence[str | int], *, above: str, above_wire: str) -> None:
        """Note a place that a lift reaches from another by steps that are not the same on both sides.

        Args:
            at: Pointer into the record.
            steps: The way in the answer.
            above: Pointer into the record of where the way begins.
            above_wire: The same in the answer.
        """
        wire = above_wire + pointer(*steps)
        self.wire_of[at] = wire
        self.record_of[wire] = at
        for length in range(1, len(steps)):
            in_an_entry = any(isinstance(step, int) for step in steps[:length])
            self.scaffold[above_wire + pointer(*steps[:length])] = at if in_an_entry else above

    def add(self, other: Pointers) -> None:
        """Take over what another lift of a part noted."""
        self.wire_of |= other.wire_of
        self.record_of |= other.record_of
        self.scaffold |= other.scaffold
        self.forms |= other.forms


def _longest(known: Mapping[str, str], at: str) -> tuple[str, str]:
    """Return the longest beginning of `at` that is known, "" when none is, and the rest."""
    steps = tokens(at)
    for length in range(len(steps), 0, -1):
        start = pointer(*steps[:length])
        if start in known:
            return start, pointer(*steps[length:])
    return "", at

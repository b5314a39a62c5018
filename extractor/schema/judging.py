"""What an answer is worth under a schema: lifted, validated, and everything that is wrong with it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

from extractor.records import Repair, Violation
from extractor.schema.admission import admit
from extractor.schema.cost import GUARDED, Cost, cost_of
from extractor.schema.lowering import Lowered, lower
from extractor.schema.pointers import Pointers
from extractor.schema.references import References
from extractor.schema.rules import Rules
from extractor.schema.validation import MAX_VIOLATIONS, violations_of
from extractor.schema.wire_words import in_wire_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from extractor.records import Json, JsonObject

#: The options `open_objects`, `nulls` and `absence` of `lower`.
Choices: TypeAlias = tuple[Literal["drop", "keep"], Literal["absent", "exact"], Literal["forbid", "say"]]
#: Rules of a union, which repeat what is wrong with a value below it.
_UNIONS = frozenset({"anyOf", "oneOf"})


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an answer is worth."""

    #: The record, in the target's own form, whether or not it is valid.
    record: Json
    #: What is wrong with it; empty when it is valid under the unmodified schema and the class.
    violations: tuple[Violation, ...]
    #: Changes made to read it.
    repairs: tuple[Repair, ...]
    #: Whether the answer as received was valid under the wire schema, so that a grammar may have held it.
    fits_wire: bool
    #: The ways between record and answer; None where nothing is wrong and nobody looked for them.
    pointers: Pointers | None = field(default=None, repr=False, compare=False)

    @property
    def wire_violations(self) -> tuple[Violation, ...]:
        """The violations in places and words of the wire, as the model has to hear them."""
        return self.violations if self.pointers is None else in_wire_words(self.violations, self.pointers)

    def as_json(self) -> JsonObject:
        """Return it as JSON."""
        return {
            "record": self.record,
            "violations": [asdict(violation) for violation in self.violations],
            "repairs": [asdict(repair) for repair in self.repairs],
            "fits_wire": self.fits_wire,
            "pointers": self.pointers and self.pointers.as_json(),
        }

    @classmethod
    def from_json(cls, members: JsonObject) -> Judgement:
        """Return what `as_json` wrote."""
        return cls(
            members["record"],
            tuple(Violation(**violation) for violation in members["violations"]),
            tuple(Repair(**repair) for repair in members["repairs"]),
            members["fits_wire"],
            members["pointers"] and Pointers.from_json(members["pointers"]),
        )

    def refused_by(self, others: Sequence[Violation], pointers: Pointers) -> Judgement:
        """Return the judgement with what a class refuses besides, as far as that does not follow from the rest."""
        found = (*self.violations, *_unless_implied(others, self.violations))
        return replace(self, violations=found[:MAX_VIOLATIONS], pointers=pointers)


class Judge:
    """Judges answers under one schema and one set of options, here and at once.

    Raises:
        UnsupportedSchema: the schema cannot be lowered.
        InvalidSchema: it is not a JSON Schema.
    """

    def __init__(self, schema: JsonObject, choices: Choices) -> None:
        open_objects, nulls, absence = choices
        self.lowered: Lowered = lower(schema, open_objects=open_objects, nulls=nulls, absence=absence)
        self._references = admit(schema)  # its root says the same in references that the library can follow
        self._rules = Rules(self._references.root)

    @cached_property
    def cost(self) -> Cost:
        """What judging costs: validating the record, and reading it from the wire."""
        record, wire = cost_of(self._references), cost_of(References(self.lowered.wire))
        if "guarded" in {record.kind, wire.kind}:
            return GUARDED
        return replace(record, wire_per_node=wire.per_node, unions=wire.unions)

    def judge(self, value: Json, repairs: Sequence[Repair] = ()) -> Judgement:
        """Lift an answer and list everything that is wrong with the record.

        Args:
            value: The answer.
            repairs: What was settled to read it, at places of the answer; the judgement has them at the record's.
        """
        lift = self.lowered.lift(value)
        refused = violations_of(lift.value, self._rules)
        lifted = _unless_told_below(lift.violations, refused)
        found = (*lifted, *_unless_known(refused, lifted))
        settled = [repair for repair in repairs if repair.at]
        pointers = self.lowered.pointers(value) if found or settled else None
        if pointers is not None:
            repairs = [replace(repair, at=pointers.record(repair.at)) if repair.at else repair for repair in repairs]
        return Judgement(
            record=lift.value,
            violations=found[:MAX_VIOLATIONS],
            repairs=(*repairs, *lift.repairs),
            fits_wire=self.lowered.fits(value),
            pointers=pointers,
        )


def _unless_told_below(violations: Iterable[Violation], others: Sequence[Violation]) -> list[Violation]:
    """Return the violations without those of a union that others tell more closely."""
    return [
        violation
        for violation in violations
        if not (violation.rule in _UNIONS and any(other.at.startswith(f"{violation.at}/") for other in others))
    ]


def _unless_known(violations: Iterable[Violation], known: Iterable[Violation]) -> list[Violation]:
    """Return the violations at places where nothing is known to be wrong yet."""
    places = {violation.at for violation in known}
    return [
        violation
        for violation in violations
        if violation.at not in places
        and not (violation.rule in _UNIONS and any(at.startswith(f"{violation.at}/") for at in places))
    ]


def _unless_implied(violations: Iterable[Violation], known: Iterable[Violation]) -> list[Violation]:
    """Return what a class refuses that does not follow from a violation already known at that place or below it."""
    places = {violation.at for violation in known}
    return [
        violation
        for violation in violations
        if not any(f"{at}/".startswith(f"{violation.at}/") for at in places)
        and not (violation.rule == "extra_forbidden" and violation.at.rpartition("/")[0] in places)
    ]

"""The contract of one target: what a model is asked for, and how its answers are judged."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, TypeAlias

from extractor.jsontext import dumps, parse
from extractor.records import Repair, Shape, Violation
from extractor.schema.class_rules import class_violations
from extractor.schema.lowering import Lowered, lower
from extractor.schema.rules import Rules
from extractor.schema.sizing import expected_tokens
from extractor.schema.validation import MAX_VIOLATIONS, violations_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pydantic import BaseModel

    from extractor.records import Json, Target

    _Options: TypeAlias = tuple[Literal["drop", "keep"], Literal["absent", "exact"], Literal["forbid", "say"]]

#: Contracts kept. One takes some 50 kB.
_KEPT = 256
#: Rules of a union, which repeat what is wrong with a value below it.
_UNIONS = frozenset({"anyOf", "oneOf"})


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an answer is worth."""

    #: The record, in the target's own form, whether or not it is valid.
    record: Json
    #: What is wrong with it; empty when it is valid under the unmodified schema and the class.
    violations: tuple[Violation, ...]
    #: Members that nobody asked for and that are not in the record.
    repairs: tuple[Repair, ...]
    #: Whether the answer as received was valid under the wire schema, so that a grammar may have held it.
    fits_wire: bool


@dataclass(frozen=True, slots=True)
class Contract:
    """One target under one set of options. Shared between jobs, so it holds nothing that changes."""

    #: The schema as the model sees it.
    shape: Shape
    #: By what records are validated: `json_schema`, and `pydantic:NAME` where the class is known.
    validated_by: tuple[str, ...]
    #: The way to the wire and back.
    lowered: Lowered = field(repr=False)
    _rules: Rules = field(repr=False)
    _model_class: type[BaseModel] | None = field(repr=False, default=None)

    def judge(self, value: Json) -> Judgement:
        """Lift an answer and list everything that is wrong with the record."""
        lift = self.lowered.lift(value)
        refused = violations_of(lift.value, self._rules)
        lifted = _unless_told_below(lift.violations, refused)
        found = [*lifted, *_unless_known(refused, lifted)]
        if self._model_class is not None:
            found += _unless_implied(class_violations(lift.value, self._model_class), found)
        repairs = tuple(Repair(name="dropped_member", at=at) for at in lift.dropped)
        return Judgement(lift.value, tuple(found)[:MAX_VIOLATIONS], repairs, self.lowered.fits(value))


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


def contract_for(
    target: Target,
    *,
    open_objects: Literal["drop", "keep"] = "drop",
    nulls: Literal["absent", "exact"] = "absent",
    absence: Literal["forbid", "say"] = "say",
) -> Contract:
    """Return the contract of `target`, made once per schema, class and options.

    The schema's text is part of the key, not its digest alone: the digest does not see the order of properties,
    and the order is what a model writes in.

    Raises:
        UnsupportedSchema: the schema cannot be lowered.
        InvalidSchema: it is not a JSON Schema.
    """
    options: _Options = (open_objects, nulls, absence)
    return _contract(dumps(target.schema), target.name, model_class=target.model_class, options=options)


@lru_cache(maxsize=_KEPT)
def _contract(
    schema_text: str,
    name: str,
    *,
    model_class: type[BaseModel] | None,
    options: _Options,
) -> Contract:
    schema = parse(schema_text)
    open_objects, nulls, absence = options
    lowered = lower(schema, open_objects=open_objects, nulls=nulls, absence=absence)
    shape = Shape(schema=lowered.wire, name=name, told=lowered.untold, expected_tokens=expected_tokens(lowered.wire))
    by_class = () if model_class is None else (f"pydantic:{model_class.__name__}",)
    return Contract(shape, ("json_schema", *by_class), lowered, Rules(schema), model_class)

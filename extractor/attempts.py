"""The record of one question put to the model, and what all of them say of how the shape was asked for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal

from extractor.errors import NotStated, Unsatisfied
from extractor.records import Attempt, Violation

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from extractor.errors import ExtractionError
    from extractor.freezing import Patch
    from extractor.judging import Judged
    from extractor.records import Completion, Enforcement, Evidence, Json, Question, Repair, Rung
    from extractor.schema import Contract
    from extractor.schema.pointers import Pointers


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One question, and what its answer is held to."""

    question: Question
    standard: Contract | Patch
    #: JSON Pointers of the record that it opens, "" for the whole; None in a first question.
    opened: tuple[str, ...] | None = None
    #: Whether it shows passages of the document only, so that what they do not state may stand elsewhere.
    is_excerpt: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of asking."""

    #: The record that satisfies the contract; with an error, the last one that could be read, or None.
    record: Json
    #: The answer that it was read from, in wire form.
    value: Json = None
    #: What is wrong with the record; empty when it satisfies the contract.
    failing: tuple[Violation, ...] = ()
    #: The same, in the same order, at places of the answer.
    wire_failing: tuple[Violation, ...] = ()
    #: JSON Pointers of the record that the last question opened; None when it opened none.
    opened: tuple[str, ...] | None = None
    #: Changes made to read it, without asking again.
    repairs: tuple[Repair, ...] = ()
    #: JSON Pointers of its values that stand in neither the document nor the reasoning.
    unsupported: tuple[str, ...] = ()
    #: Every question put to the model.
    attempts: tuple[Attempt, ...]
    #: How the shape was asked for.
    enforcement: Enforcement
    #: What the model thought on the way to the record.
    thoughts: str = field(default="", repr=False)
    #: Where the record's values stand in the document.
    evidence: dict[str, Evidence] = field(default_factory=dict)
    #: Wall seconds that looking for them took.
    ground_s: float = 0.0
    #: Why there is no record that satisfies the contract; None when there is.
    error: ExtractionError | None = None


#: Rule of a value for which parts of the document state different ones.
DISPUTED: Final = "disputed"
_UNSUPPORTED: Final = "Stands in neither the document nor your reasoning; give what the document states."
_NOT_SHOWN: Final = "The passages shown before did not hold it; look for it in the whole document."
#: Rungs on which the provider promises a shape.
ENFORCED: Final = frozenset({"json_schema", "tool"})


def judged_attempt(
    step: Step, completion: Completion, judged: Judged, *, unsupported: tuple[str, ...], is_accepted: bool
) -> Attempt:
    """Return the attempt of an answer that was judged."""
    question = step.question
    return Attempt(
        number=question.round,
        window=question.window,
        outcome="accepted" if is_accepted else "rejected",
        rung=completion.rung,
        model=completion.model,
        opened=step.opened,
        violations=judged.violations,
        repairs=judged.repairs,
        unsupported=unsupported,
        text=completion.text,
        usage=completion.usage,
        seconds=completion.seconds,
    )


def unjudged_attempt(step: Step, completion: Completion, error: ExtractionError) -> Attempt:
    """Return the attempt of a reply that came, and was paid, but could not be checked."""
    question = step.question
    return Attempt(
        number=question.round,
        window=question.window,
        outcome="failed",
        rung=completion.rung,
        model=completion.model,
        opened=step.opened,
        text=completion.text,
        usage=completion.usage,
        seconds=completion.seconds,
        error=error.as_failure(),
    )


def failed_attempt(step: Step, error: ExtractionError) -> Attempt:
    """Return the attempt of a question to which no answer came."""
    question = step.question
    return Attempt(
        number=question.round,
        window=question.window,
        outcome="failed",
        rung=error.rungs_sent[-1] if error.rungs_sent else None,
        opened=step.opened,
        usage=error.usage,
        seconds=error.seconds,
        error=error.as_failure(),
    )


def enforcement_after(so_far: Enforcement, completion: Completion, judged: Judged) -> Enforcement:
    """Return how the shape was asked for, with one more answer."""
    held: Literal["yes", "no"] = "yes" if judged.fits_wire else "no"
    return replace(
        with_rungs(so_far, completion.rungs_sent),
        held=held if completion.rung in ENFORCED else "unknown",
        rung=completion.rung,
        why=completion.why or so_far.why,
    )


def with_rungs(so_far: Enforcement, sent: tuple[Rung, ...]) -> Enforcement:
    """Return how the shape was asked for, with the rungs of one more question."""
    return replace(so_far, sent=so_far.sent + tuple(rung for rung in sent if rung not in so_far.sent))


def paths_not_stated_twice(attempts: Sequence[Attempt]) -> tuple[str, ...]:
    """Return the paths that the last attempt and an earlier one call "not stated", and none gave a value for."""
    *earlier, last = [_paths_by_rule(attempt) for attempt in attempts]
    absent_before = {at for paths in earlier for at, rule in paths if rule == "not_stated"}
    given_before = {at for paths in earlier for at, rule in paths if rule != "not_stated"}
    return tuple(sorted({at for at, rule in last if rule == "not_stated"} & absent_before - given_before))


def _paths_by_rule(attempt: Attempt) -> set[tuple[str, str]]:
    return {(violation.at, violation.rule) for violation in attempt.violations}


def attempts_of(answers: Iterable[Answer]) -> tuple[Attempt, ...]:
    """Return the attempts of several answers, one after the other."""
    return tuple(attempt for answer in answers for attempt in answer.attempts)


def not_in_excerpt(paths: Sequence[str]) -> list[Violation]:
    """Return a violation for each value that passages of the document did not hold."""
    return [Violation(at=at, rule="not_stated", says=_NOT_SHOWN) for at in paths]


def from_nowhere(paths: Sequence[str]) -> list[Violation]:
    """Return a violation for each value that stands nowhere."""
    return [Violation(at=at, rule="unsupported_value", says=_UNSUPPORTED) for at in paths]


def doubted(judged: Judged, disputed: Sequence[str], *, pointers: Pointers | None) -> Judged:
    """Return a judged answer with a violation for each place of it that parts of the document state differently."""
    told = tuple(map(dispute, disputed))
    here = (replace(each, at=pointers.record(each.at)) if pointers else each for each in told)
    return replace(judged, violations=(*judged.violations, *here), wire_violations=(*judged.wire_violations, *told))


def dispute(at: str) -> Violation:
    """Return the violation of a place for which parts of the document state different values."""
    return Violation(
        at=at, rule=DISPUTED, says="Parts of the document state different values; give the one that holds."
    )


def hopeless(violations: Sequence[Violation]) -> Unsatisfied:
    """Return the error of what asking once more cannot mend."""
    absent = tuple(dict.fromkeys(each.at for each in violations if each.rule == "not_stated"))
    return not_stated(absent) if len(absent) == len(violations) else unsatisfied(violations, asked=0)


def not_stated(paths: tuple[str, ...]) -> NotStated:
    """Return the error of required values that the document does not have."""
    return NotStated(
        f"The document does not state a required value, the model says twice: {', '.join(paths)}. "
        "Make the field optional if documents may lack it.",
        paths=paths,
    )


def unsatisfied(violations: Sequence[Violation], *, asked: int) -> Unsatisfied:
    """Return the error of answers that stayed wrong."""
    paths = tuple(dict.fromkeys(violation.at for violation in violations))
    rules = ", ".join(f"{violation.at or 'the record'} → {violation.rule}" for violation in violations[:5])
    answers = f"No answer in {asked}" if asked else "No answer"
    return Unsatisfied(
        f"{answers} satisfied the schema; still wrong: {rules}. Loosen the rule, raise max_attempts, or keep the rest "
        "with on_invalid.",
        paths=paths,
    )

"""The content loop: ask, judge the answer, and ask again for what broke, until it satisfies the contract.

Transport has its own loop in `model/`, delivery its own in the queue; this one knows only answers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from extractor.errors import (
    BudgetExceeded,
    Cancelled,
    DocumentTooLarge,
    GuardFailed,
    ModelError,
    NotStated,
    Unsatisfied,
    ValidationTimeout,
)
from extractor.judging import judge
from extractor.prompt import reask
from extractor.records import Attempt, Enforcement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.errors import ExtractionError
    from extractor.judging import Judged
    from extractor.ports import Ports
    from extractor.records import Completion, Json, Question, Rung
    from extractor.schema import Contract

#: Rungs on which the provider promises a shape.
ENFORCED = frozenset({"json_schema", "tool"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of asking."""

    #: The record that satisfies the contract; with an error, the last one that could be read, or None.
    record: Json
    #: Every question put to the model.
    attempts: tuple[Attempt, ...]
    #: How the shape was asked for.
    enforcement: Enforcement
    #: Why there is no record that satisfies the contract; None when there is.
    error: ExtractionError | None = None


async def ask_until_valid(question: Question, *, contract: Contract, ports: Ports) -> Answer:
    """Ask `question`, and re-ask the failing paths, `max_attempts` times at most.

    A required value that the model calls "not stated" twice ends the loop: a third question would buy an invention.
    Errors of the model and of the purse end it too, and an answer that cannot be checked within the limits; they are
    returned as data, so that no attempt is lost.
    """
    attempts: list[Attempt] = []
    enforcement = Enforcement(asked=question.options.enforcement)
    record: Json = None
    for _ in range(question.options.max_attempts):
        try:
            completion = await ports.model.complete(question, ports=ports)
        except (ModelError, DocumentTooLarge, BudgetExceeded, Cancelled) as error:
            attempts.append(_failed_attempt(question, error))
            enforcement = _with_rungs(enforcement, error.rungs_sent)
            return Answer(record=record, attempts=tuple(attempts), enforcement=enforcement, error=error)
        try:
            judged = await judge(completion.text, contract=contract)
        except (ValidationTimeout, GuardFailed) as error:
            attempts.append(_unjudged_attempt(question, completion, error))
            enforcement = _with_rungs(enforcement, completion.rungs_sent)
            return Answer(record=record, attempts=tuple(attempts), enforcement=enforcement, error=error)
        attempts.append(_attempt(question, completion, judged))
        enforcement = _enforcement(enforcement, completion, judged)
        record = judged.record if judged.record is not None else record
        if not judged.violations:
            return Answer(record=record, attempts=tuple(attempts), enforcement=enforcement)
        if absent := paths_not_stated_twice(attempts):
            return Answer(record=record, attempts=tuple(attempts), enforcement=enforcement, error=_not_stated(absent))
        question = reask(question, answer=completion.text, violations=judged.wire_violations)
    return Answer(record=record, attempts=tuple(attempts), enforcement=enforcement, error=_unsatisfied(attempts))


def paths_not_stated_twice(attempts: Sequence[Attempt]) -> tuple[str, ...]:
    """Return the paths that the last attempt and an earlier one call "not stated", and none gave a value for."""
    *earlier, last = [_paths_by_rule(attempt) for attempt in attempts]
    absent_before = {at for paths in earlier for at, rule in paths if rule == "not_stated"}
    given_before = {at for paths in earlier for at, rule in paths if rule != "not_stated"}
    return tuple(sorted({at for at, rule in last if rule == "not_stated"} & absent_before - given_before))


def _paths_by_rule(attempt: Attempt) -> set[tuple[str, str]]:
    return {(violation.at, violation.rule) for violation in attempt.violations}


def _not_stated(paths: tuple[str, ...]) -> NotStated:
    return NotStated(
        f"The document does not state a required value, the model says twice: {', '.join(paths)}. "
        "Make the field optional if documents may lack it.",
        paths=paths,
    )


def _unsatisfied(attempts: Sequence[Attempt]) -> Unsatisfied:
    paths = tuple(dict.fromkeys(violation.at for violation in attempts[-1].violations))
    rules = ", ".join(f"{violation.at or 'the record'} → {violation.rule}" for violation in attempts[-1].violations[:5])
    return Unsatisfied(f"No answer in {len(attempts)} satisfied the schema; still wrong: {rules}.", paths=paths)


def _attempt(question: Question, completion: Completion, judged: Judged) -> Attempt:
    return Attempt(
        number=question.round,
        window=question.window,
        outcome="rejected" if judged.violations else "accepted",
        rung=completion.rung,
        model=completion.model,
        violations=judged.violations,
        repairs=judged.repairs,
        text=completion.text,
        usage=completion.usage,
        seconds=completion.seconds,
    )


def _unjudged_attempt(question: Question, completion: Completion, error: ExtractionError) -> Attempt:
    """Return the attempt of a reply that came, and was paid, but could not be checked."""
    return Attempt(
        number=question.round,
        window=question.window,
        outcome="failed",
        rung=completion.rung,
        model=completion.model,
        text=completion.text,
        usage=completion.usage,
        seconds=completion.seconds,
        error=error.as_failure(),
    )


def _failed_attempt(question: Question, error: ExtractionError) -> Attempt:
    return Attempt(
        number=question.round,
        window=question.window,
        outcome="failed",
        rung=error.rungs_sent[-1] if error.rungs_sent else None,
        usage=error.usage,
        seconds=error.seconds,
        error=error.as_failure(),
    )


def _enforcement(so_far: Enforcement, completion: Completion, judged: Judged) -> Enforcement:
    held: Literal["yes", "no"] = "yes" if judged.fits_wire else "no"
    return replace(
        _with_rungs(so_far, completion.rungs_sent),
        held=held if completion.rung in ENFORCED else "unknown",
        rung=completion.rung,
        why=completion.why or so_far.why,
    )


def _with_rungs(so_far: Enforcement, sent: tuple[Rung, ...]) -> Enforcement:
    return replace(so_far, sent=so_far.sent + tuple(rung for rung in sent if rung not in so_far.sent))

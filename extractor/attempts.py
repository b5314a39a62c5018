"""The record of one question put to the model, and what all of them say of how the shape was asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal

from extractor.records import Attempt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.errors import ExtractionError
    from extractor.judging import Judged
    from extractor.records import Completion, Enforcement, Question, Rung

#: Rungs on which the provider promises a shape.
ENFORCED: Final = frozenset({"json_schema", "tool"})


def judged_attempt(
    question: Question, completion: Completion, judged: Judged, *, unsupported: tuple[str, ...], is_accepted: bool
) -> Attempt:
    """Return the attempt of an answer that was judged."""
    return Attempt(
        number=question.round,
        window=question.window,
        outcome="accepted" if is_accepted else "rejected",
        rung=completion.rung,
        model=completion.model,
        violations=judged.violations,
        repairs=judged.repairs,
        unsupported=unsupported,
        text=completion.text,
        usage=completion.usage,
        seconds=completion.seconds,
    )


def unjudged_attempt(question: Question, completion: Completion, error: ExtractionError) -> Attempt:
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


def failed_attempt(question: Question, error: ExtractionError) -> Attempt:
    """Return the attempt of a question to which no answer came."""
    return Attempt(
        number=question.round,
        window=question.window,
        outcome="failed",
        rung=error.rungs_sent[-1] if error.rungs_sent else None,
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

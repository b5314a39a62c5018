"""What a re-run keeps of what was bought before, so that only what is missing is asked for.

Kept are the replies that led somewhere: those of parts that were read, and those that were cut off, so that a document
is divided as it was without buying that again. Not kept are those by which a part, or the whole, stayed without a
record. A reply that is kept is taken for the very same question only, so one too many does no harm.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from extractor.document import numbers_below
from extractor.document.windows import MOST_WINDOWS
from extractor.errors import InvalidRequest, Truncated
from extractor.records import Result, Usage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.records import Attempt, CallKey, Completion, Job, Options


def again(job: Job, before: Result[Any]) -> tuple[Job, tuple[tuple[CallKey, Completion], ...]]:
    """Return a job as a re-run of one that has ended in this process, and the replies that it starts from.

    Raises:
        InvalidRequest: the other has succeeded, had another schema or other options, or ran elsewhere.
    """
    if not isinstance(before, Result):
        raise InvalidRequest("`retry_of` takes the result of `extract`, not its id. By id: `Queue.retry(id)`.")
    bought = before.bought
    if bought is None:
        raise InvalidRequest(
            "`retry_of` takes a result that `extract` gave in this process. What ran in a queue is run again there: "
            "`Queue.retry(id)`, `extractor retry ID`."
        )
    if before.status == "succeeded":
        raise InvalidRequest(f"The extraction {before.id} has succeeded, so there is nothing to ask again.")
    for what, is_same in (
        ("schema", bought.schema_digest == job.target.digest),
        ("options", _asking(bought.options) == _asking(job.options)),
    ):
        if not is_same:
            raise InvalidRequest(f"The extraction {before.id} was made with another {what}; a re-run has the same.")
    spoilt = asked_again(before.attempts)
    kept = (each for each in bought.replies if (each[0].window, each[0].round) not in spoilt)
    free = tuple((key, replace(reply, usage=Usage(), seconds=0.0)) for key, reply in kept)
    return replace(job, retry_of=before.id, document_sha256=before.document_sha256), free


def _asking(options: Options) -> Options:
    """Return options without the limits, which a re-run may have others of."""
    return replace(options, max_attempts=1, max_cost_usd=None, deadline_s=None, priority=None)


def asked_again(attempts: Sequence[Attempt]) -> frozenset[tuple[int, int]]:
    """Return window and round of the questions whose answers led nowhere, though they came."""
    in_order = sorted(attempts, key=lambda attempt: attempt.window)  # stable: in a window they stay in their order
    by_window = {window: list(asked) for window, asked in groupby(in_order, key=lambda attempt: attempt.window)}
    spoilt: list[Attempt] = []
    for window, asked in by_window.items():
        if not any(part in by_window for part in _parts_of(window)):
            spoilt += _spoilt(asked)
        elif window == 0:  # the whole was divided, put together, and repaired as a whole
            repairs = [attempt for attempt in asked if attempt.opened is not None]
            spoilt += repairs if repairs and _led_nowhere(repairs[-1]) else []
    return frozenset((attempt.window, attempt.number) for attempt in spoilt)


def _parts_of(window: int) -> Sequence[int]:
    return numbers_below(window) if window else range(1, MOST_WINDOWS)


def _spoilt(asked: list[Attempt]) -> list[Attempt]:
    """Return those of one window whose answers are not kept."""
    first, last = asked[0], asked[-1]
    if not _led_nowhere(last):
        return []
    if last.window and last.outcome == "rejected" and any(map(_is_readable, asked)):
        return []  # the part was read; what is wrong with it is mended in the whole
    return asked[1:] if _is_readable(first) else asked


def _led_nowhere(last: Attempt) -> bool:
    """Whether a question has ended with an answer that does not do. One that got none may get one now."""
    is_cut = last.error is not None and last.error.code == Truncated.code
    return last.outcome in {"rejected", "failed"} and (is_cut or bool(last.text))


def _is_readable(attempt: Attempt) -> bool:
    return attempt.outcome == "accepted" or (
        attempt.outcome == "rejected" and not any(violation.at == "" for violation in attempt.violations)
    )

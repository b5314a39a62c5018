"""The next model, where the caller has named others: for errors of the model's side, and for answers that stay wrong.

The models that are left travel in the question's own options, so a question that has been moved on has its own
profile and ladder, and nothing to remember beside it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from extractor.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    DocumentTooLarge,
    ModelError,
    OutOfCredit,
    Truncated,
)
from extractor.model.profiles import THINKING_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extractor.records import Completion, Question

#: Failures that are not the model's: every other one at the same address meets them too.
NOT_THE_MODELS: tuple[type[ModelError], ...] = (AuthenticationFailed, ConnectionFailed, OutOfCredit)


def moved_on(question: Question) -> Question | None:
    """Return `question` for the next of the caller's models, None where there is none left.

    Rungs that were left for this question were another model's, and are open again.
    """
    if not question.options.models:
        return None
    model, *others = question.options.models
    return replace(question, options=replace(question.options, model=model, models=tuple(others)), left=frozenset())


def settled(question: Question, completion: Completion) -> Question:
    """Return `question` for the model that gave `completion`, so that one which failed is not asked again.

    The reply may name the model without its variant. A name that is none of the caller's changes nothing.
    """
    for candidate in chain(question):
        if completion.model in {candidate.options.model, candidate.options.model.removesuffix(THINKING_SUFFIX)}:
            return candidate
    return question


def chain(question: Question) -> Iterator[Question]:
    """Yield `question`, then the same for each model that is left."""
    candidate: Question | None = question
    while candidate is not None:
        yield candidate
        candidate = moved_on(candidate)


def is_the_models(error: ModelError | DocumentTooLarge) -> bool:
    """Whether another model may do better after this error. An answer cut off asks for room, not for another model."""
    return not isinstance(error, (*NOT_THE_MODELS, Truncated))

"""What is changed about a question whose answer was cut off. The same request is never sent again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from extractor.records import Cut, Question

#: How much a model may think -> how much after its thoughts left no room for an answer.
_LESS: Final[dict[str, Literal["little", "none"]]] = {"usual": "little", "little": "none"}
#: What is sent after an answer that repeated itself up to its ceiling, so that it goes another way.
PRESENCE_PENALTY: Final = 0.5
TEMPERATURE: Final = 0.4


def with_more_room(question: Question, cut: Cut) -> Question | None:
    """Return the question that may get a whole answer; None where only a smaller question can.

    Thoughts that left no room get less of it, first some, then none. A ceiling is raised once. An answer that repeated
    itself is drawn in another way, once.
    """
    following = replace(question, round=question.round + 1)
    if cut.repeats:
        return _drawn_otherwise(following)
    if not cut.has_begun and question.thinking in _LESS:
        return replace(following, thinking=_LESS[question.thinking] if cut.is_bounded else "none")
    if not cut.is_at_limit and not question.is_stretched:
        return replace(following, is_stretched=True)
    return None


def _drawn_otherwise(question: Question) -> Question | None:
    options = question.options
    if options.presence_penalty is not None:
        return None
    temperature = TEMPERATURE if options.temperature is None else options.temperature
    return replace(question, options=replace(options, presence_penalty=PRESENCE_PENALTY, temperature=temperature))

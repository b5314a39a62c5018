"""The question that follows a wrong answer: for the wrong places, or for the whole where nothing can be kept."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from extractor.answer import passages_for
from extractor.attempts import Step
from extractor.freezing import patch_for
from extractor.prompt import kept_beside, reask, repair
from extractor.stretching import TEMPERATURE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from extractor.freezing import Patch
    from extractor.judging import Judged
    from extractor.records import Document, Evidence, Passage, Question
    from extractor.schema import Contract

#: Identical failures in a row after which asking this model again, in whatever way, is of no use.
HOPELESS: Final = 3


def next_step(  # noqa: PLR0913 - everything that the next question is made of
    base: Question,
    judged: Judged,
    *,
    contract: Contract,
    text: str,
    repeats: int,
    evidence: Mapping[str, Evidence],
    document: Document,
) -> Step:
    """Return the next question.

    Args:
        base: The question about the whole document, with the number of the last round.
        judged: The best reading so far, and what is wrong with it.
        contract: What the whole is held to.
        text: The last answer as it was received, "" where it was put together.
        repeats: Identical failures in a row. Each changes something: first what is shown, then how the model thinks.
        evidence: Where the values of the record stand.
        document: The document.
    """
    patch = None
    if judged.record is not None:
        patch = patch_for(
            contract, judged.value, judged.record, violations=judged.violations, wire=judged.wire_violations
        )
    if patch is not None:
        passages = None if repeats else _passages(patch, judged, evidence=evidence, document=document)
        question = repair(
            _for_repairs(base),
            opening=patch.opening,
            passages=passages,
            kept=kept_beside(judged.value, patch.opening),
            level=repeats,
        )
        return Step(question=question, standard=patch, opened=patch.opened)
    if repeats and base.options.temperature is None:
        base = replace(base, options=replace(base.options, temperature=TEMPERATURE))
    question = reask(base, answer=text, violations=judged.wire_violations)
    return Step(question=question, standard=contract, opened=("",))


def _for_repairs(base: Question) -> Question:
    """Return the base for the model that the caller wants repairs of; one that is named has no others behind it."""
    chosen = base.options.repair_model
    if chosen is None or chosen in {"same", "sibling"}:
        return base
    return replace(base, options=replace(base.options, model=chosen, models=()))


def _passages(
    patch: Patch, judged: Judged, *, evidence: Mapping[str, Evidence], document: Document
) -> tuple[Passage, ...] | None:
    """Return what the document says about the open places; None where all of it has to be read again."""
    if any(violation.rule == "not_stated" for violation in judged.violations):
        return None
    return passages_for(patch.opened, patch.record, evidence=evidence, document=document)

"""The question that follows a wrong answer: for the wrong places, or for the whole where nothing can be kept."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from extractor import jsontext
from extractor.answer import passages_for
from extractor.attempts import Step
from extractor.freezing import patch_for
from extractor.prompt import kept_beside, reask, repair
from extractor.stretching import TEMPERATURE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from extractor.freezing import Patch
    from extractor.grounds import Grounds
    from extractor.judging import Judged
    from extractor.records import Evidence, Passage, Question
    from extractor.schema import Contract

#: Identical failures in a row after which asking this model again, in whatever way, is of no use.
HOPELESS: Final = 3
#: Rules of values that the model calls absent. Looking again means reading all of the document again.
ABSENT: Final = frozenset({"not_stated"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A wrong answer."""

    #: The best reading so far, and what is wrong with it.
    judged: Judged
    #: The last answer as it was received, "" where it was put together.
    text: str = field(default="", repr=False)
    #: Identical failures in a row.
    repeats: int = 0
    #: Where the values of the record stand.
    evidence: Mapping[str, Evidence] = field(default_factory=dict, repr=False)


def next_step(base: Question, failure: Failure, *, contract: Contract, grounds: Grounds) -> Step | None:
    """Return the next question, None where none can help: what is wrong has to be read again in a document too long.

    Each identical failure in a row changes something: what is shown and said, how much the model thinks, and in the
    end how its answer is drawn.

    Args:
        base: The question about the whole document, with the number of the last round.
        failure: What it follows.
        contract: What the whole is held to.
        grounds: What the record rests on.
    """
    judged = failure.judged if grounds.is_shown_whole else _without_absent(failure.judged)
    patch = _patch(judged, contract)
    if patch is not None:
        passages = _passages(patch, replace(failure, judged=judged), grounds)
        if passages is None and not grounds.is_shown_whole:
            return None
        question = repair(
            _for_repairs(_redrawn(base, failure.repeats - 1)),
            opening=patch.opening,
            passages=passages,
            kept=kept_beside(judged.value, patch.opening),
            level=failure.repeats,
        )
        shown = len(grounds.document.text) if passages is None else sum(len(each.text) for each in passages)
        is_excerpt = shown < len(grounds.document.text)
        return Step(question=_unthinking(question), standard=patch, opened=patch.opened, is_excerpt=is_excerpt)
    if not grounds.is_shown_whole:
        return None
    base = _redrawn(base, failure.repeats)
    question = reask(base, answer=failure.text, violations=judged.wire_violations, level=failure.repeats)
    return Step(question=question, standard=contract, opened=("",))


def _without_absent(judged: Judged) -> Judged:
    """Return a judged answer without the violations of values that no part of the document states."""
    pairs = zip(judged.violations, judged.wire_violations, strict=True)
    left = [pair for pair in pairs if pair[0].rule not in ABSENT]
    return replace(
        judged, violations=tuple(here for here, _ in left), wire_violations=tuple(there for _, there in left)
    )


def _patch(judged: Judged, contract: Contract) -> Patch | None:
    if judged.record is None or not judged.violations:
        return None
    return patch_for(contract, judged.value, judged.record, violations=judged.violations, wire=judged.wire_violations)


def _redrawn(base: Question, times: int) -> Question:
    """Return the base for an answer that is drawn in another way each time, as far as the caller leaves that open."""
    options = base.options
    if times <= 0:
        return base
    if options.temperature is None:
        return replace(base, options=replace(options, temperature=TEMPERATURE * times))
    return base if options.seed is not None else replace(base, options=replace(options, seed=times))


def _unthinking(question: Question) -> Question:
    """Return a repair for the variant that does not think, however often it fails, where the caller wants that one."""
    return replace(question, thinking="none") if question.options.repair_model == "sibling" else question


def _for_repairs(base: Question) -> Question:
    """Return the base for the model that the caller wants repairs of; one that is named has no others behind it."""
    chosen = base.options.repair_model
    if chosen is None or chosen in {"same", "sibling"}:
        return base
    return replace(base, options=replace(base.options, model=chosen, models=()))


def _is_in_an_item(at: str) -> bool:
    """Whether a place is inside an item of a list, whose other values tell where its value would stand."""
    *above, _ = jsontext.tokens(at) or ("",)
    return any(token.isdecimal() for token in above)


def _passages(patch: Patch, failure: Failure, grounds: Grounds) -> tuple[Passage, ...] | None:
    """Return what the document says about the open places; None where all of it has to be read again."""
    looks_again = (
        failure.repeats
        or any(each.rule in ABSENT and not _is_in_an_item(each.at) for each in failure.judged.violations)
        or any(each.kind == "add" for each in patch.opening.fields)  # what a list lacks may stand anywhere
    )
    if looks_again and grounds.is_shown_whole:
        return None
    return passages_for(patch.opened, patch.record, evidence=failure.evidence, document=grounds.document)

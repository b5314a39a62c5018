"""The content loop: ask, judge the answer, and ask again for what broke, until it satisfies the contract.

Transport has its own loop in `model/`, delivery its own in the queue; this one knows only answers.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from extractor.attempts import (
    ENFORCED,
    enforcement_after,
    failed_attempt,
    judged_attempt,
    paths_not_stated_twice,
    unjudged_attempt,
    with_rungs,
)
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
from extractor.model import moved_on, settled
from extractor.prompt import reask
from extractor.records import Enforcement, Violation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.errors import ExtractionError
    from extractor.grounds import Grounds
    from extractor.judging import Judged
    from extractor.ports import Ports
    from extractor.records import Attempt, Completion, Evidence, Json, Question
    from extractor.schema import Contract

_NOT_HELD: Final = (Violation(at="", rule="not_enforced", says="Must fit the schema as it was asked for."),)
_UNSUPPORTED: Final = "Stands in neither the document nor your reasoning; give what the document states."


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of asking."""

    #: The record that satisfies the contract; with an error, the last one that could be read, or None.
    record: Json
    #: Every question put to the model.
    attempts: tuple[Attempt, ...]
    #: How the shape was asked for.
    enforcement: Enforcement
    #: Where the record's values stand in the document.
    evidence: dict[str, Evidence] = field(default_factory=dict)
    #: Wall seconds that looking for them took.
    ground_s: float = 0.0
    #: Why there is no record that satisfies the contract; None when there is.
    error: ExtractionError | None = None


async def ask_until_valid(question: Question, *, contract: Contract, ports: Ports, grounds: Grounds) -> Answer:
    """Ask `question`, and re-ask the failing paths, `max_attempts` times at most; then the caller's other models.

    A required value that the model calls "not stated" twice ends the loop: a third question would buy an invention.
    Errors of the model and of the purse end it too, and an answer that cannot be checked within the limits; they are
    returned as data, so that no attempt is lost.
    """
    asking = _Asking(contract=contract, ports=ports, grounds=grounds, policy=question.options.enforcement)
    following: Question | None = question
    while following is not None:
        for left in reversed(range(question.options.max_attempts)):
            following = await asking.put(following, is_last=not left)
            if following is None:
                return await asking.answer()
        following = moved_on(following)
    asking.error = _unsatisfied(asking.attempts)
    return await asking.answer()


class _Asking:
    """What has been asked so far, and what came of it."""

    def __init__(self, *, contract: Contract, ports: Ports, grounds: Grounds, policy: str) -> None:
        self._contract = contract
        self._ports = ports
        self._grounds = grounds
        self.attempts: list[Attempt] = []
        self.error: ExtractionError | None = None
        self._enforcement = Enforcement(asked=policy)
        self._record: Json = None
        #: Evidence of that record; None until it has been looked for.
        self._evidence: dict[str, Evidence] | None = None
        self._ground_s = 0.0
        #: Places of values from nowhere that have been asked for again.
        self._asked_again: set[str] = set()

    async def answer(self) -> Answer:
        """Return what came of asking."""
        evidence = await self._look_up(self._record) if self._evidence is None else self._evidence
        return Answer(
            record=self._record,
            attempts=tuple(self.attempts),
            enforcement=self._enforcement,
            evidence=evidence,
            ground_s=self._ground_s,
            error=self.error,
        )

    async def put(self, question: Question, *, is_last: bool) -> Question | None:
        """Put one question, and return the next one, None when there is nothing left to ask.

        Args:
            question: What is asked.
            is_last: Whether this model is not asked again, so that what is not wrong has to do.
        """
        try:
            completion = await self._ports.model.complete(question, ports=self._ports)
        except (ModelError, DocumentTooLarge, BudgetExceeded, Cancelled) as error:
            self.attempts.append(failed_attempt(question, error))
            self._enforcement = with_rungs(self._enforcement, error.rungs_sent)
            self.error = error
            return None
        question = settled(question, completion)
        try:
            judged = await self._judge(question, completion)
        except (ValidationTimeout, GuardFailed) as error:
            self.attempts.append(unjudged_attempt(question, completion, error))
            self._enforcement = with_rungs(self._enforcement, completion.rungs_sent)
            self.error = error
            return None
        return await self._next(question, completion, judged, is_last=is_last)

    async def _judge(self, question: Question, completion: Completion) -> Judged:
        options = question.options
        is_required = options.enforcement == "required"
        judged = await judge(
            completion.text,
            contract=self._contract,
            reasoning="" if is_required else completion.reasoning,
            repairs=options.repairs == "on" and not is_required,
        )
        if is_required and not judged.violations and not judged.fits_wire:
            return replace(judged, violations=_NOT_HELD, wire_violations=_NOT_HELD)
        return judged

    async def _next(
        self, question: Question, completion: Completion, judged: Judged, *, is_last: bool
    ) -> Question | None:
        self._enforcement = enforcement_after(self._enforcement, completion, judged)
        if judged.record is not None:
            self._record, self._evidence = judged.record, None
        made_up = () if judged.violations else await self._made_up(judged.record, completion)
        again = [] if is_last or question.options.unsupported == "flag" else self._once_more(made_up)
        is_accepted = not judged.violations and not again
        self.attempts.append(judged_attempt(question, completion, judged, unsupported=made_up, is_accepted=is_accepted))
        question = self._without_harm(question, completion, judged.harm or ("values from nowhere" if made_up else ""))
        if is_accepted:
            return None
        if absent := paths_not_stated_twice(self.attempts):
            self.error = _not_stated(absent)
            return None
        violations = judged.wire_violations or self._contract.in_wire_words(again, judged.record)
        return reask(question, answer=completion.text, violations=violations)

    async def _look_up(self, record: Json) -> dict[str, Evidence]:
        started = time.monotonic()
        evidence = await self._grounds.evidence(record)
        self._ground_s += time.monotonic() - started
        return evidence

    async def _made_up(self, record: Json, completion: Completion) -> tuple[str, ...]:
        self._evidence = await self._look_up(record)
        return await self._grounds.unsupported(record, completion, self._evidence)

    def _once_more(self, made_up: Sequence[str]) -> list[Violation]:
        """Return a violation for each value from nowhere whose place has not been asked for again yet."""
        fresh = [at for at in made_up if at not in self._asked_again]
        self._asked_again.update(fresh)
        return [Violation(at=at, rule="unsupported_value", says=_UNSUPPORTED) for at in fresh]

    def _without_harm(self, question: Question, completion: Completion, harm: str) -> Question:
        """Tell the model of harm that its rung has done, and return the question for another rung."""
        if not harm or completion.rung not in ENFORCED:
            return question
        self._ports.model.note_harm(completion, why=harm)
        return replace(question, left=question.left | {completion.rung})


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

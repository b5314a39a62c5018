"""The content loop: ask, judge the answer, and ask again for what broke, until it satisfies the contract.

What is right in an answer is frozen: a re-ask opens the places that broke a rule and no others, shows what the document
says about them, and its answer is merged where it touches nothing else. The whole record is asked for again only where
there is none to keep, or where the record as a whole is wrong.

Transport has its own loop in `model/`, delivery its own in the queue; this one knows only answers.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from extractor.attempts import (
    ENFORCED,
    Answer,
    Step,
    doubted,
    enforcement_after,
    failed_attempt,
    from_nowhere,
    hopeless,
    judged_attempt,
    not_in_excerpt,
    not_stated,
    paths_not_stated_twice,
    unjudged_attempt,
    unsatisfied,
    with_rungs,
)
from extractor.beside import beside
from extractor.errors import (
    BudgetExceeded,
    Cancelled,
    DocumentTooLarge,
    GuardFailed,
    ModelError,
    PriceUnknown,
    Truncated,
    ValidationTimeout,
)
from extractor.following import HOPELESS, Failure, next_step
from extractor.jsontext import value_at
from extractor.judging import judge_completion, judged_from
from extractor.known import Known
from extractor.model import moved_on, settled
from extractor.records import Enforcement, Violation
from extractor.stretching import with_more_room

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.errors import ExtractionError
    from extractor.grounds import Grounds
    from extractor.judging import Judged
    from extractor.ports import Ports
    from extractor.records import Attempt, Completion, Json, Question
    from extractor.schema import Contract

#: What ends a question without an answer.
_ENDING: Final = (ModelError, DocumentTooLarge, BudgetExceeded, Cancelled, PriceUnknown)


async def ask_until_valid(question: Question, *, contract: Contract, ports: Ports, grounds: Grounds) -> Answer:
    """Ask `question`, and again for the failing places, `max_attempts` times at most; then the caller's other models.

    A required value that the model calls "not stated" twice ends the loop: a third question would buy an invention.
    Errors of the model and of the money end it too, and an answer that cannot be checked within the limits; they are
    returned as data, so that no attempt is lost. An answer that was cut off is asked for with more room.
    """
    asking = _Asking(question, contract=contract, ports=ports, grounds=grounds)
    await asking.go_on(Step(question=question, standard=contract))
    return await asking.answer()


async def repair_until_valid(
    question: Question,
    known: Answer,
    *,
    contract: Contract,
    ports: Ports,
    grounds: Grounds,
    disputed: Sequence[str] | None = (),
) -> Answer:
    """Judge an answer that was put together from several, and ask again for the places that are wrong.

    Args:
        question: About the whole document, for the caller's options and as the origin of repairs. It is not put.
        known: The answer: its value, its attempts and its enforcement so far.
        contract: What the whole is held to.
        ports: Whom it answers to.
        grounds: What its values rest on.
        disputed: JSON Pointers into the answer for which its parts state different values, to be asked for again.
            None = nothing is asked, because the document has failed in any case.
    """
    asking = _Asking(question, contract=contract, ports=ports, grounds=grounds, known=known)
    await asking.go_on(await asking.take(known.value, disputed=disputed))
    return await asking.answer()


class _Asking:
    """What has been asked so far, and what came of it."""

    def __init__(
        self, question: Question, *, contract: Contract, ports: Ports, grounds: Grounds, known: Answer | None = None
    ) -> None:
        #: The whole document's question: the origin of every other.
        self._base = question
        self._contract = contract
        self._ports = ports
        self._grounds = grounds
        self._attempts: list[Attempt] = list(known.attempts) if known else []
        self._error: ExtractionError | None = None
        self._enforcement = known.enforcement if known else Enforcement(asked=question.options.enforcement)
        self._known = Known(grounds, known)
        self._opened: tuple[str, ...] | None = None
        #: What was put, so that the same is not put again.
        self._put_already: set[str] = set()
        #: Places of values from nowhere that have been asked for again.
        self._asked_again: set[str] = set()

    async def answer(self) -> Answer:
        """Return what came of asking. A valid record that was only doubted is not given up for a failed question."""
        known = self._known
        is_final = self._error is None or self._error.stops_run or isinstance(self._error, Cancelled)
        if not is_final and known.settle_doubts():
            self._error = None
        judged = known.judged
        evidence = await known.evidence()
        return Answer(
            record=judged.record if judged else None,
            value=judged.value if judged else None,
            failing=judged.violations if judged else (),
            wire_failing=judged.wire_violations if judged else (),
            opened=self._opened,
            repairs=known.repairs,
            unsupported=known.unsupported,
            attempts=tuple(self._attempts),
            enforcement=self._enforcement,
            thoughts=known.thoughts,
            evidence=evidence,
            ground_s=known.ground_s,
            error=self._error,
        )

    async def go_on(self, step: Step | None) -> None:
        """Put `step` and what follows from it, until there is nothing left to ask."""
        while step is not None:
            for left in reversed(range(self._base.options.max_attempts)):
                following = await self._put(step, is_last=not left)
                if following is None:
                    return
                step = following
                if self._known.repeats >= HOPELESS:
                    break
            step = self._of_next_model(step)
        wrong = self._known.judged.violations if self._known.judged else ()
        if wrong:
            self._error = self._error or unsatisfied(wrong, asked=len(self._attempts))

    async def take(self, value: Json, *, disputed: Sequence[str] | None) -> Step | None:
        """Judge an answer that nobody has to be asked for, and return the question that follows from it."""
        try:
            judged = judged_from(await self._contract.ajudge(value), value)
        except (ValidationTimeout, GuardFailed) as error:
            self._error = error
            return None
        self._known.put_together(judged)
        if disputed is None:
            return None
        if disputed:
            judged = self._known.doubt(doubted(judged, disputed, pointers=self._contract.pointers(value)))
        if judged.violations:
            return await self._again(judged, "")
        await self._known.made_up()
        return None

    async def _put(self, step: Step, *, is_last: bool) -> Step | None:
        """Put one question, and return the next one, None when there is nothing left to ask.

        Args:
            step: What is asked.
            is_last: Whether this model is not asked again, so that what is not wrong has to do.
        """
        self._opened = step.opened
        self._put_already.add(step.question.digest)
        try:
            step, completion = await self._completed(step)
        except _ENDING as error:
            if not self._attempts:
                raise
            self._error = error.after_calls() if isinstance(error, PriceUnknown) else error
            return None
        if step.opened is None:
            self._base = settled(step.question, completion)
        try:
            judged = await judge_completion(completion, standard=step.standard, options=self._base.options)
        except (ValidationTimeout, GuardFailed) as error:
            self._attempts.append(unjudged_attempt(step, completion, error))
            self._enforcement = with_rungs(self._enforcement, completion.rungs_sent)
            self._error = error
            return None
        return await self._next(step, completion, judged, is_last=is_last)

    async def _completed(self, step: Step) -> tuple[Step, Completion]:
        """Return the answer, and the question that got it: with more room than `step` where that was cut off."""
        while True:
            try:
                return step, await self._ports.model.complete(step.question, ports=self._ports)
            except _ENDING as error:
                if isinstance(error, PriceUnknown) and not self._attempts:
                    raise  # nothing was sent, and no document fares better
                self._attempts.append(failed_attempt(step, error))
                self._enforcement = with_rungs(self._enforcement, error.rungs_sent)
                wider = with_more_room(step.question, error.cut) if isinstance(error, Truncated) else None
                if wider is None:
                    raise
                step = replace(step, question=wider)

    async def _next(self, step: Step, completion: Completion, judged: Judged, *, is_last: bool) -> Step | None:
        self._enforcement = enforcement_after(self._enforcement, completion, judged)
        before = self._known.judged.record if self._known.judged else None
        known = self._known.take_in(step, completion, judged)
        # What a model gave without thinking aloud it may have computed, unless it only gave it again.
        opened = () if completion.reasoning else step.opened or ()
        silent = [at for at in opened if value_at(before, at) != value_at(known.record, at)]
        made_up = () if judged.violations else await self._known.made_up(apart_from=silent)
        again = (
            []
            if is_last or judged.violations
            else self._once_more(step, before=before, record=known.record, made_up=made_up)
        )
        is_accepted = not judged.violations and not again
        self._attempts.append(judged_attempt(step, completion, judged, unsupported=made_up, is_accepted=is_accepted))
        self._leave_harm(completion, judged.harm or ("values from nowhere" if made_up else ""))
        if is_accepted:
            return None
        if absent := paths_not_stated_twice(self._attempts):
            self._error = not_stated(absent)
            return None
        if again:
            told = self._contract.in_wire_words(again, judged.record)
            known = self._known.doubt(replace(known, violations=tuple(again), wire_violations=told))
        return await self._again(known, completion.text)

    async def _again(self, judged: Judged, text: str) -> Step | None:
        """Return the question that follows a wrong answer, None where none can help.

        Args:
            judged: The best reading so far.
            text: The last answer as it was received.
        """
        rounds = [attempt.number for attempt in self._attempts if attempt.window == self._base.window]
        self._base = replace(self._base, round=max(rounds, default=0))
        evidence = await self._known.evidence()
        for _ in range(HOPELESS):
            failure = Failure(judged=judged, text=text, repeats=self._known.repeats, evidence=evidence)
            follow = partial(next_step, self._base, failure, contract=self._contract, grounds=self._grounds)
            step = await beside(follow, is_long=self._grounds.is_long)
            if step is None or step.question.digest not in self._put_already:
                break
            self._known.repeats += 1  # the same question would be put again, though the answer to it was another
        if step is None:
            self._error = hopeless(judged.violations)
        return step

    def _of_next_model(self, step: Step) -> Step | None:
        """Return the same for the next of the caller's models; None where there is none left."""
        self._known.repeats = 0
        question, base = moved_on(step.question), moved_on(self._base)
        if base is None:
            return None
        self._base = base
        return replace(step, question=question or replace(step.question, options=base.options))

    def _once_more(self, step: Step, *, before: Json, record: Json, made_up: Sequence[str]) -> list[Violation]:
        """Return violations for places of a valid record that are worth one more question, each once.

        Values from nowhere, where the caller wants that; and values that were there, and are null because the
        passages that were shown did not hold them.
        """
        lost = [
            at
            for at in (step.opened or () if step.is_excerpt else ())
            if value_at(before, at) is not None and value_at(record, at) is None
        ]
        wanted = made_up if self._base.options.unsupported == "reask" else ()
        fresh = {at for at in (*lost, *wanted) if at not in self._asked_again}
        self._asked_again |= fresh
        return not_in_excerpt([at for at in lost if at in fresh]) + from_nowhere([at for at in wanted if at in fresh])

    def _leave_harm(self, completion: Completion, harm: str) -> None:
        """Tell the model of harm that its rung has done, and ask on another rung from now on."""
        if harm and completion.rung in ENFORCED:
            self._ports.model.note_harm(completion, why=harm)
            self._base = replace(self._base, left=self._base.left | {completion.rung})

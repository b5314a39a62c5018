"""A whole document, however long: asked about in as many questions as it takes, and every range of it accounted for.

An answer that does not fit is asked for in smaller portions, never cut short; a portion that stays without an answer is
a gap that the result names. Portions share nothing but the journal, so that a further run asks the gaps alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

import anyio

from extractor.answer import Merged, merge
from extractor.ask import ask_until_valid, repair_until_valid
from extractor.attempts import Answer, attempts_of
from extractor.beside import beside
from extractor.document import around
from extractor.errors import Cancelled, GuardFailed, Unsatisfied, ValidationTimeout
from extractor.gaps import filled, gaps_in, may_have_gaps
from extractor.joining import (
    conflicts_of,
    coverage_of,
    enforcement_of,
    evidence_of,
    notes_on,
    placed,
    ranges_unread,
    repairs_of,
    with_unread,
)
from extractor.planning import Portion, is_shown_whole, plan
from extractor.portions import Portions
from extractor.records import Usage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from extractor.errors import ExtractionError
    from extractor.gaps import Run
    from extractor.grounds import Grounds
    from extractor.ports import Ports
    from extractor.records import Conflict, Coverage, Job, Options, Question, ReadingNote
    from extractor.schema import Contract

#: Portions of one document that are asked about at once.
AT_ONCE: Final = 8
#: Number of the first window of rows that are looked at once more.
FIRST_GAP: Final = 9_001


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """What came of asking about a whole document."""

    #: The answer about all of it.
    answer: Answer
    #: Every range of it, in order, and whether it was read.
    coverage: tuple[Coverage, ...]
    #: Places of the record for which its parts state different values.
    conflicts: tuple[Conflict, ...] = ()
    #: Why the first range that was not read was not; None when all were.
    gap: ExtractionError | None = None
    #: What the caller should know of how its parts were put together.
    notes: tuple[ReadingNote, ...] = ()


async def cover(job: Job, *, contract: Contract, ports: Ports, grounds: Grounds) -> Covered:
    """Ask about all of a document, in one question where that is enough.

    Raises:
        ExtractionError: with `stops_run`: no other question can fare better. Its `usage` is that of all attempts.
    """
    portions = Portions(job, contract=contract, grounds=grounds)
    planned = await beside(
        partial(plan, grounds.document, wire=portions.wire, model=ports.model, most_output=job.options.max_tokens),
        is_long=grounds.is_long,
    )
    covering = _Covering(portions, contract=contract, ports=ports, grounds=grounds)
    whole = planned[0] if len(planned) == 1 else portions.whole()
    question = await beside(
        partial(portions.whole_question, expected_tokens=whole.expected_tokens), is_long=grounds.is_long
    )
    if len(planned) > 1 and not await _was_put(question, ports):
        return await covering.of_parts(planned, before=None)
    answer = await ask_until_valid(question, contract=contract, ports=ports, grounds=grounds)
    smaller = await beside(portions.divided, whole, answer, is_long=grounds.is_long)
    if smaller:
        return await covering.of_parts(smaller, before=answer)
    _raise_if_stopped(answer.error, [answer])
    covered = Covered(answer=answer, coverage=coverage_of([(whole, answer)]))
    return covered if answer.error else await covering.without_gaps(covered)


async def _was_put(question: Question, ports: Ports) -> bool:
    """Whether a question was answered in an earlier run, when less was known of the model's limits.

    The parts are those that followed from its answer then, so that what was bought for them is not bought again.
    """
    return await ports.journal.replay(window=question.window, round=question.round, asked=question.digest) is not None


class _Covering:
    """The portions of one document, and what came of each."""

    def __init__(self, portions: Portions, *, contract: Contract, ports: Ports, grounds: Grounds) -> None:
        self._portions = portions
        self._contract = contract
        self._ports = ports
        self._grounds = grounds
        self._limiter = anyio.CapacityLimiter(AT_ONCE)
        #: What no further portion can fare better than.
        self._stopped: ExtractionError | None = None
        #: Portions that were not divided, with their answers.
        self._asked: list[tuple[Portion, Answer]] = []
        #: Answers of those that were.
        self._given_up: list[Answer] = []

    async def of_parts(self, portions: Sequence[Portion], *, before: Answer | None) -> Covered:
        """Ask about each portion and put the answers together.

        Args:
            portions: They make up the whole document.
            before: The answer about all of it that did not fit; None where it was not asked for.
        """
        if before is not None:
            self._given_up.append(before)
        await self._ask_all(portions)
        self._asked.sort(key=lambda asked: (asked[0].window.start, asked[0].window.number))
        answers = [*self._given_up, *(answer for _, answer in self._asked)]
        _raise_if_stopped(self._stopped, answers)
        unread = [answer.error for _, answer in self._asked if not _is_read(answer) and answer.error is not None]
        covered = Covered(
            answer=_unanswered(answers, unread[0] if unread else None, asked=self._portions.options.enforcement),
            coverage=coverage_of(self._asked, is_read=_is_read),
            gap=unread[0] if unread else None,
        )
        return await self._joined(covered) if len(unread) < len(self._asked) else covered

    async def _ask_all(self, portions: Sequence[Portion]) -> None:
        async with anyio.create_task_group() as tasks:
            for portion in portions:
                tasks.start_soon(self._ask, portion)

    async def _ask(self, portion: Portion) -> None:
        async with self._limiter:
            answer = await self._answer(portion)
        smaller = await beside(self._portions.divided, portion, answer, is_long=self._grounds.is_long)
        if smaller:
            self._given_up.append(answer)
            await self._ask_all(smaller)
        else:
            self._asked.append((portion, answer))

    async def _answer(self, portion: Portion) -> Answer:
        if self._stopped is not None:
            return _unanswered([], self._stopped, asked=self._portions.options.enforcement)
        contract = await self._portions.contract(portion)
        answer = await ask_until_valid(
            self._portions.question(portion, contract),
            contract=contract,
            ports=self._ports,
            grounds=self._portions.grounds(portion, contract),
        )
        if answer.error is not None and (answer.error.stops_run or isinstance(answer.error, Cancelled)):
            self._stopped = answer.error
        return answer

    async def _joined(self, covered: Covered) -> Covered:
        """Put the answers together, judge the whole under the contract, and mend what is wrong with it."""
        read = [(portion, answer) for portion, answer in self._asked if _is_read(answer)]
        before = await beside(self._merged, read, is_long=self._grounds.is_long)
        merged, looked = await self._filled(before, unread=ranges_unread(covered.coverage))
        answers = [*(answer for _, answer in read), *looked.values()]
        covered = replace(_with_gaps(covered, looked), notes=notes_on(read, merged))
        known = replace(
            covered.answer,
            value=merged.value,
            attempts=covered.answer.attempts + attempts_of(looked.values()),
            error=None,
            thoughts="\n".join(filter(None, (answer.thoughts for answer in answers))),
            repairs=repairs_of(read, merged),
        )
        return await self._judged(covered, known, merged)

    def _merged(self, read: Sequence[tuple[Portion, Answer]]) -> Merged:
        parts = [self._portions.part(portion, answer) for portion, answer in read]
        return merge(parts, self._portions.wire, on_conflict=self._portions.options.on_conflict)

    async def without_gaps(self, covered: Covered) -> Covered:
        """Look once more at what a long list seems to have left out, in an answer about the whole document."""
        answer = covered.answer
        is_suspect = may_have_gaps(answer.value, self._grounds.document.text)
        pointers = self._contract.pointers(answer.value) if is_suspect else None
        if pointers is None:
            return covered
        evidence = {pointers.wire(at): found for at, found in answer.evidence.items()}
        before = Merged(value=answer.value, evidence=evidence)
        merged, looked = await self._filled(before)
        known = replace(answer, value=merged.value, attempts=answer.attempts + attempts_of(looked.values()))
        covered = replace(_with_gaps(covered, looked), answer=known)
        return covered if merged is before else await self._judged(covered, known, merged)

    async def _filled(
        self, merged: Merged, *, unread: Sequence[tuple[int, int]] = ()
    ) -> tuple[Merged, dict[Run, Answer]]:
        """Ask about rows that no item was read from; return the answer with what they hold, and what was asked.

        Ranges that are named as unread are not asked about once more.
        """
        document = self._grounds.document
        gaps = await beside(partial(gaps_in, merged, document, apart_from=unread), is_long=self._grounds.is_long)
        if gaps is None:
            return merged, {}
        numbered = enumerate(gaps.runs, start=FIRST_GAP)
        portions = {run: Portion(window=around(document, *run, number=number)) for number, run in numbered}
        found: dict[Run, Answer] = {}

        async def look(run: Run) -> None:
            found[run] = await self._answer(portions[run])

        async with anyio.create_task_group() as tasks:
            for run in portions:
                tasks.start_soon(look, run)
        looked = {run: found[run] for run in portions}
        parts = [self._portions.part(portions[run], answer) for run, answer in looked.items() if _is_read(answer)]
        after = filled(merged, gaps, parts=parts, document=document)
        return after if await self._is_no_worse(after, merged) else merged, looked

    async def _is_no_worse(self, after: Merged, before: Merged) -> bool:
        """Whether what rows were found to hold breaks no rule that was kept without them: they may be no items."""
        if after is before:
            return True
        try:
            wrong = (await self._contract.ajudge(after.value)).violations
            return not wrong or len(wrong) <= len((await self._contract.ajudge(before.value)).violations)
        except (ValidationTimeout, GuardFailed):
            return False

    async def _judged(self, covered: Covered, known: Answer, merged: Merged) -> Covered:
        """Judge what was put together under the contract, and mend what is wrong with it."""
        document, options = self._grounds.document, self._portions.options
        has_whole = covered.gap is None and is_shown_whole(document, model=self._ports.model)
        stated = await beside(partial(placed, merged, contract=self._contract), is_long=self._grounds.is_long)
        answer = await repair_until_valid(
            self._portions.whole_question(),
            replace(known, evidence=stated),
            contract=self._contract,
            ports=self._ports,
            grounds=replace(self._grounds, is_shown_whole=has_whole),
            disputed=_disputed(merged, options),
        )
        _raise_if_stopped(answer.error, [answer])
        evidence = await beside(evidence_of, stated, answer, is_long=self._grounds.is_long)
        conflicts = conflicts_of(merged, answer, contract=self._contract)
        return replace(covered, answer=replace(answer, evidence=evidence), conflicts=conflicts)


def _disputed(merged: Merged, options: Options) -> list[str] | None:
    """Return the places that are asked for again because parts of the document differ; None where that ends it."""
    places = [conflict.at for conflict in merged.conflicts]
    if options.on_conflict == "error" and places:
        return None
    return places if options.on_conflict == "ask" else []


def _with_gaps(covered: Covered, looked: Mapping[Run, Answer]) -> Covered:
    """Return what is covered without the rows that were left out and could not be asked about once more."""
    for run, answer in looked.items():
        if not _is_read(answer) and answer.error is not None:
            coverage = with_unread(covered.coverage, *run, code=answer.error.code)
            covered = replace(covered, coverage=coverage, gap=covered.gap or answer.error)
    return covered


def _is_read(answer: Answer) -> bool:
    """Whether there is an answer to put into the whole. One that breaks a rule is: the whole is judged, and mended."""
    return answer.value is not None and (answer.error is None or isinstance(answer.error, Unsatisfied))


def _unanswered(answers: Sequence[Answer], error: ExtractionError | None, *, asked: str) -> Answer:
    """Return what is known of the whole before anything is put together."""
    return Answer(
        record=None,
        attempts=attempts_of(answers),
        enforcement=enforcement_of(answers, asked=asked),
        ground_s=sum(answer.ground_s for answer in answers),
        error=error,
    )


def _raise_if_stopped(error: ExtractionError | None, answers: Sequence[Answer]) -> None:
    if error is not None and error.stops_run:
        error.usage = sum((attempt.usage for answer in answers for attempt in answer.attempts), Usage())
        raise error

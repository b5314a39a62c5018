"""One document from bytes to result. Open this file first: it is the flow, in order, and nothing else."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from extractor.ask import ask_until_valid
from extractor.document import aread, whole
from extractor.errors import DocumentTooLarge, GuardFailed, UnreadableDocument
from extractor.grounds import Grounds
from extractor.prompt import ask
from extractor.records import CallKey, Coverage, Enforcement, Result, Timings, Usage
from extractor.schema import acontract_for, asked_for, contract_for

if TYPE_CHECKING:
    from extractor.attempts import Answer
    from extractor.document import ReadingLimits
    from extractor.errors import ExtractionError
    from extractor.ports import Ports
    from extractor.records import Document, Job, Json, Status, Window
    from extractor.schema import Contract


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A document that has been read, and the window of it that is asked about."""

    document: Document
    window: Window
    #: Wall seconds that reading took.
    seconds: float


async def run(job: Job, *, ports: Ports, limits: ReadingLimits) -> Result[Json]:
    """Read, ask until valid, look every value up, and say how it went.

    Returns:
        A result for whatever the document or the model did.

    Raises:
        ExtractionError: with `stops_run`: the schema, the settings, the key or the account are at fault, so that
            no other document can fare better.
    """
    try:
        contract = await acontract_of(job)
        opened = await open_document(job, ports=ports, limits=limits)
    except (UnreadableDocument, DocumentTooLarge, GuardFailed) as error:
        return not_asked(job, error, engine=ports.model.engine)
    question = ask(opened.window, contract.shape, job_id=job.id, options=job.options)
    started = time.monotonic()
    is_looked_up = job.options.evidence == "post"
    grounds = Grounds(
        document=opened.document, target=asked_for(job.target, job.options.records), is_looked_up=is_looked_up
    )
    answer = await ask_until_valid(question, contract=contract, ports=ports, grounds=grounds)
    if answer.error is not None and answer.error.stops_run:
        answer.error.usage = sum((attempt.usage for attempt in answer.attempts), Usage())
        raise answer.error
    asked_s = time.monotonic() - started
    return conclude(job, opened, answer, contract=contract, engine=ports.model.engine, ask_s=asked_s)


def contract_of(job: Job) -> Contract:
    """Lower the job's target, and wait for it. The same target with the same options is lowered once."""
    options = job.options
    target = asked_for(job.target, options.records)
    return contract_for(target, open_objects=options.open_objects, nulls=options.nulls, absence=options.absence)


async def acontract_of(job: Job) -> Contract:
    """Do as `contract_of` does, without holding up the event loop."""
    options = job.options
    target = asked_for(job.target, options.records)
    return await acontract_for(target, open_objects=options.open_objects, nulls=options.nulls, absence=options.absence)


async def open_document(job: Job, *, ports: Ports, limits: ReadingLimits) -> Opened:
    """Read the job's source and see that it fits into one window."""
    started = time.monotonic()
    document = await aread(job.source, limits=limits)
    window = whole(document, input_limit=ports.model.input_limit)
    return Opened(document=document, window=window, seconds=time.monotonic() - started)


def not_asked(job: Job, error: ExtractionError, *, engine: str) -> Result[Json]:
    """Conclude a job whose document never reached a model."""
    return Result(
        id=job.id,
        source=job.source.name,
        status="failed",
        record=None,
        enforcement=Enforcement(asked=job.options.enforcement),
        error=error.as_failure(),
        engine=engine,
    )


def conclude(
    job: Job, opened: Opened, answer: Answer, *, contract: Contract, engine: str, ask_s: float
) -> Result[Json]:
    """Put the result together."""
    return Result(
        id=job.id,
        source=job.source.name,
        status=_status(answer),
        record=answer.record,
        json_record=answer.record,
        evidence=answer.evidence,
        coverage=(_coverage(opened.window, answer),),
        attempts=answer.attempts,
        enforcement=answer.enforcement,
        validated_by=contract.validated_by if answer.error is None else (),
        error=answer.error.as_failure() if answer.error else None,
        engine=engine,
        warnings=opened.document.warnings,
        timings=Timings(read_s=opened.seconds, ask_s=ask_s - answer.ground_s, ground_s=answer.ground_s),
    )


def _status(answer: Answer) -> Status:
    if answer.error is None:
        return "succeeded"
    return "cancelled" if answer.error.code == "cancelled" else "failed"


def _coverage(window: Window, answer: Answer) -> Coverage:
    reader = next((attempt for attempt in reversed(answer.attempts) if attempt.outcome != "failed"), None)
    call = str(CallKey(window=window.number, round=reader.number)) if reader else ""
    return Coverage(start=window.start, end=window.end, call=call, outcome="read" if reader else "unread")

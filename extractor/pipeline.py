"""One document from bytes to result. Open this file first: it is the flow, in order, and nothing else."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from extractor.covering import cover
from extractor.document import aread
from extractor.errors import GuardFailed, InvalidRequest, UnreadableDocument
from extractor.grounds import Grounds
from extractor.jsontext import value_at
from extractor.records import Enforcement, Result, Timings
from extractor.schema import acontract_for, asked_for, contract_for
from extractor.settling import settle

if TYPE_CHECKING:
    from extractor.covering import Covered
    from extractor.document import ReadingLimits
    from extractor.errors import ExtractionError
    from extractor.ports import Ports
    from extractor.records import Document, Evidence, Job, Json
    from extractor.schema import Contract
    from extractor.settling import Settled


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A document that has been read."""

    document: Document
    #: Wall seconds that reading took.
    seconds: float
    #: Monotonic seconds when it was read.
    at_s: float


async def run(job: Job, *, ports: Ports, limits: ReadingLimits) -> Result[Json]:
    """Read, ask until all of it is covered and valid, look every value up, and say how it went.

    Returns:
        A result for whatever the document or the model did.

    Raises:
        ExtractionError: with `stops_run`: the schema, the settings, the key or the account are at fault, so that
            no other document can fare better. Or `invalid_request`: a re-run is of another document.
    """
    try:
        contract = await acontract_of(job)
        opened = await open_document(job, limits=limits)
    except (UnreadableDocument, GuardFailed) as error:
        return not_asked(job, error, engine=ports.model.engine)
    _check_document(job, opened.document)
    target = asked_for(job.target, job.options.records)
    grounds = Grounds(document=opened.document, target=target, is_looked_up=job.options.evidence == "post")
    covered = await cover(job, contract=contract, ports=ports, grounds=grounds)
    settled = await settle(covered, contract=contract, options=job.options)
    return conclude(job, covered, settled, opened=opened, contract=contract, engine=ports.model.engine)


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


async def open_document(job: Job, *, limits: ReadingLimits) -> Opened:
    """Read the job's source."""
    started = time.monotonic()
    document = await aread(job.source, limits=limits)
    now = time.monotonic()
    return Opened(document=document, seconds=now - started, at_s=now)


def _check_document(job: Job, document: Document) -> None:
    if job.document_sha256 not in {"", document.sha256}:
        raise InvalidRequest(
            f"This is not the document that {job.retry_of} was made of, so nothing of that can be kept. Extract it "
            "without `retry_of`."
        )


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
        retry_of=job.retry_of,
    )


def conclude(
    job: Job, covered: Covered, settled: Settled, *, opened: Opened, contract: Contract, engine: str
) -> Result[Json]:
    """Put the result together."""
    answer, error = covered.answer, settled.error
    is_kept = settled.status in {"succeeded", "partial"}
    ask_s = time.monotonic() - opened.at_s - answer.ground_s
    return Result(
        id=job.id,
        source=job.source.name,
        status=settled.status,
        record=settled.record,
        json_record=settled.record,
        evidence=_evidence_of(settled, answer.evidence),
        coverage=covered.coverage,
        states=settled.states,
        conflicts=covered.conflicts,
        attempts=answer.attempts,
        repairs=answer.repairs if is_kept else (),
        unsupported=answer.unsupported if is_kept else (),
        enforcement=answer.enforcement,
        validated_by=contract.validated_by if settled.status == "succeeded" else (),
        error=error.as_failure() if error else None,
        engine=engine,
        warnings=(*opened.document.warnings, *covered.notes),
        timings=Timings(read_s=opened.seconds, ask_s=ask_s, ground_s=answer.ground_s),
        retry_of=job.retry_of,
        document_sha256=opened.document.sha256,
    )


def _evidence_of(settled: Settled, evidence: dict[str, Evidence]) -> dict[str, Evidence]:
    """Return the evidence of what is in the record in the end; what is wrong may have been left out of it."""
    if not settled.states:
        return evidence
    return {at: found for at, found in evidence.items() if value_at(settled.record, at) is not None}

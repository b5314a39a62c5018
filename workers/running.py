"""One lease from document to outcome."""

from __future__ import annotations

from dataclasses import replace
from random import random
from typing import TYPE_CHECKING, Final

from extractor import log
from extractor.errors import AuthenticationFailed, ExtractionError, InvalidRequest, OutOfCredit
from extractor.options import models_named
from extractor.records import Enforcement, Job, Result, Target
from extractor.store import open_body, pack_result

if TYPE_CHECKING:
    import asyncio

    from extractor.ports import Cancel
    from extractor.records import Json, Lease, Options
    from extractor.store import Leases, Opened, RedisJournal, SharedPace
    from extractor.submit import Door
    from extractor.wiring import Engine

#: Times that an extraction is put off after a failure that may pass; the next such failure is its end.
MAX_DEFERRALS: Final = 5
#: Seconds before the first further try, doubled for each, and at most; unless the provider names a time.
FIRST_DELAY_S, LONGEST_DELAY_S = 30.0, 900.0
#: Schemas that one process keeps.
KEPT: Final = 256


class Runner:
    """Runs leases in this event loop.

    Args:
        engine: What runs documents.
        leases: Where outcomes go.
        door: What this worker allows, whatever the door allowed that took the extraction.
        pace: When requests may go out, for every tenant.
        untold: Set when an outcome was written that Celery has to be told of.
    """

    def __init__(self, engine: Engine, leases: Leases, *, door: Door, pace: SharedPace, untold: asyncio.Event) -> None:
        self._engine = engine
        self._leases = leases
        self._door = door
        self._pace = pace
        self._untold = untold
        self._targets: dict[tuple[str, str, str], Target] = {}

    async def run(self, lease: Lease, *, cancel: Cancel, is_probe: bool = False) -> None:
        """Run a lease to its end, or put it off, or give it back.

        Args:
            lease: What to run.
            cancel: Whether its result is still wanted.
            is_probe: Whether it was let through a circuit to see if the provider takes requests again.
        """
        journal = self._leases.journal(lease)
        try:
            result = await self._extract(lease, journal, cancel)
        except (AuthenticationFailed, OutOfCredit) as error:
            log.logger().error("the queue pauses: the provider refuses us", code=error.code)
            await self._leases.trip(code=error.code, message=error.message)
            await self._leases.release([lease])
            return
        if is_probe and result.usage.calls and await self._leases.mend():
            log.logger().warning("the queue goes on: the provider takes requests again")
        # A result without attempts may have asked before it was stopped; the journal knows.
        attempts = journal.unreported() + result.attempts if result.attempts else journal.attempts()
        await self._conclude(lease, replace(result, attempts=attempts))

    async def _extract(self, lease: Lease, journal: RedisJournal, cancel: Cancel) -> Result[Json]:
        """Return the result of whatever happened but a refusal that concerns every extraction."""
        name = None
        try:
            opened = open_body(lease.body)
            name = opened.source.name
            job = await self._job(lease, opened)
            pace = self._pace.of(lease.tenant)
            return await self._engine.run(job, journal=journal, cancel=cancel, pace=pace)
        except (AuthenticationFailed, OutOfCredit):
            raise
        except ExtractionError as error:
            return _not_run(lease, error, name=name)

    async def _job(self, lease: Lease, opened: Opened) -> Job:
        _check_models(opened.options, self._door)
        # The deadline counts from the submission, so the store keeps it; ours would begin anew with each claim.
        options = replace(opened.options, deadline_s=None)
        target = await self._target(lease, opened)
        return Job(id=lease.id, source=opened.source, target=target, options=options, retry_of=lease.retry_of)

    async def _target(self, lease: Lease, opened: Opened) -> Target:
        """Return the schema that was handed in; with its class, where it is registered here under the same name."""
        key = (lease.schema_digest, opened.target_name, opened.schema_name)
        if key not in self._targets:
            if len(self._targets) >= KEPT:
                self._targets.clear()
            self._targets[key] = await self._found_target(lease, opened)
        return self._targets[key]

    async def _found_target(self, lease: Lease, opened: Opened) -> Target:
        if opened.schema_name in self._door.registry.names:
            registered = self._door.registry.target(opened.schema_name)
            if registered.digest == lease.schema_digest:
                return registered
        schema = await self._leases.schema(lease.schema_digest)
        return Target(schema=schema, name=opened.target_name, digest=lease.schema_digest)

    async def _conclude(self, lease: Lease, result: Result[Json]) -> None:
        error = result.error
        if error is not None and error.retryable and lease.deferrals < MAX_DEFERRALS:
            await self._leases.defer(lease, delay_s=error.retry_after_s or delay_after(lease.deferrals))
            return
        code = error.code if error else ""
        verdict = await self._leases.commit(lease, status=result.status, code=code, result=pack_result(result))
        if verdict == "untold":
            self._untold.set()
        elif verdict == "lost":
            log.logger().warning("an outcome came too late: the lease was lost", id=lease.id)


def _check_models(options: Options, door: Door) -> None:
    """Refuse a model that the door has let through, and that is not allowed here."""
    for option, named in models_named(options).items():
        for model in named:
            if model not in door.models:
                flag = f"--{option.replace('_', '-')}"
                raise InvalidRequest(
                    f"The workers ask only {', '.join(sorted(door.models))}, not {model}. Choose one of theirs with "
                    f"the option `{option}` ({flag}, {option}=…), or let the operator add {model} to EXTRACTOR_MODELS "
                    "of the workers."
                )


def _not_run(lease: Lease, error: ExtractionError, *, name: str | None) -> Result[Json]:
    return Result(
        id=lease.id,
        source=name,
        status="failed",
        record=None,
        enforcement=Enforcement(asked=""),
        error=error.as_failure(),
        engine="",
        retry_of=lease.retry_of,
    )


def delay_after(deferrals: int) -> float:
    """Return the seconds before the next try, spread so that not all come back at once."""
    seconds: float = min(FIRST_DELAY_S * 2**deferrals, LONGEST_DELAY_S)
    return seconds * (0.75 + random() / 2)  # noqa: S311 - not a secret

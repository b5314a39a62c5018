"""Many documents in one process: a bounded number in flight, results as they finish."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator

    from extractor.records import Job, Json, Result

    Run: TypeAlias = Callable[[Job], Awaitable[Result[Json]]]


async def run_all(jobs: Iterable[Job], *, run: Run, concurrency: int) -> AsyncIterator[Result[Json]]:
    """Yield the result of each job as soon as it is there, in the order they finish.

    `jobs` is drawn from only when a slot is free, so it may be long and lazy. Leaving the iteration early, or an
    error that `run` raises, cancels what is in flight; results that had finished by then are yielded first.
    """
    remaining = iter(jobs)
    finished: asyncio.Queue[Result[Json] | BaseException | None] = asyncio.Queue()
    slots = [asyncio.create_task(_fill_slot(remaining, run=run, finished=finished)) for _ in range(concurrency)]
    open_slots = len(slots)
    try:
        while open_slots:
            outcome = await finished.get()
            if isinstance(outcome, BaseException):
                for result in _drain(finished):
                    yield result
                raise outcome
            if outcome is None:
                open_slots -= 1
            else:
                yield outcome
    finally:
        for slot in slots:
            slot.cancel()
        await asyncio.gather(*slots, return_exceptions=True)


async def _fill_slot(
    remaining: Iterator[Job], *, run: Run, finished: asyncio.Queue[Result[Json] | BaseException | None]
) -> None:
    try:
        for job in remaining:
            finished.put_nowait(await run(job))
    except Exception as error:  # noqa: BLE001 - handed over to whoever iterates
        finished.put_nowait(error)
    else:
        finished.put_nowait(None)


def _drain(finished: asyncio.Queue[Result[Json] | BaseException | None]) -> Iterator[Result[Json]]:
    while not finished.empty():
        outcome = finished.get_nowait()
        if outcome is not None and not isinstance(outcome, BaseException):
            yield outcome

"""Many jobs: bounded, in the order they finish, none lost when one stops the run."""

from __future__ import annotations

import anyio
import pytest

from extractor.bulk import run_all

pytestmark = pytest.mark.anyio


async def collect(results):
    return [result async for result in results]


async def test_results_come_in_the_order_they_finish():
    waits = {"slow": 0.05, "quick": 0.0}

    async def run(job):
        await anyio.sleep(waits[job])
        return job

    assert await collect(run_all(["slow", "quick"], run=run, concurrency=2)) == ["quick", "slow"]


async def test_no_more_than_the_allowed_number_is_in_flight():
    in_flight, most = 0, 0

    async def run(job):
        nonlocal in_flight, most
        in_flight += 1
        most = max(most, in_flight)
        await anyio.lowlevel.checkpoint()
        in_flight -= 1
        return job

    results = await collect(run_all(range(50), run=run, concurrency=7))

    assert sorted(results) == list(range(50))
    assert most == 7


async def test_jobs_are_drawn_only_when_a_slot_is_free():
    drawn = []

    def jobs():
        for number in range(100):
            drawn.append(number)
            yield number

    async def run(job):
        await anyio.lowlevel.checkpoint()
        return job

    results = run_all(jobs(), run=run, concurrency=3)
    await anext(results)
    await results.aclose()

    assert len(drawn) < 20


async def test_an_error_that_stops_the_run_is_raised_once_after_what_had_finished():
    class StopHereError(Exception):
        pass

    async def run(job):
        if job >= 3:
            raise StopHereError
        return job

    seen = []

    async def watch():
        async for result in run_all(range(10), run=run, concurrency=5):
            seen.append(result)  # noqa: PERF401 - what was seen before the error is the point

    with pytest.raises(StopHereError):
        await watch()

    assert sorted(seen) == [0, 1, 2]


async def test_leaving_early_cancels_what_is_in_flight():
    cancelled = []

    async def run(job):
        if job == 0:
            return job
        try:
            await anyio.sleep(60)
        except BaseException:
            cancelled.append(job)
            raise
        return job

    results = run_all(range(4), run=run, concurrency=4)
    async for _ in results:
        break
    await results.aclose()

    assert sorted(cancelled) == [1, 2, 3]

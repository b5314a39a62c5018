"""Three worker processes under one agreed rate, and a provider that refuses everything for a while."""

from __future__ import annotations

import re
import time
from collections import Counter
from contextlib import ExitStack, asynccontextmanager

import anyio
import pytest

from extractor.simulator import RateLimit, Simulator
from extractor.testing.fleet import Fleet, until, wait_until, worker_environment

_NUMBERS = re.compile(r"Document (\d+)")


def answer(messages, _shape):
    return f'{{"number":{_NUMBERS.findall(messages[-1].content)[-1]}}}'


class Traffic:
    """What came to the turnstile, as a rate of requests per second."""

    def __init__(self, simulator, *, rate):
        self.turnstile = simulator.turnstile
        self.per_s = rate / 60

    def taken(self, start, end):
        """Return how many requests were let through between two moments."""
        return sum(start <= arrival.at < end and arrival.is_taken for arrival in tuple(self.turnstile.arrivals))

    def has_its_rate_within(self, start, *, window_s):
        """Return the seconds from `start` to the first while in which nine tenths of the rate came through, or None."""
        moments = [arrival.at for arrival in tuple(self.turnstile.arrivals) if arrival.is_taken]
        wanted = 0.9 * self.per_s * window_s
        later = [at for at in moments if at >= start]
        return next((at - start for at in later if self.taken(at, at + window_s) >= wanted), None)

    def refused(self, *, start, end):
        """Return how many requests were refused before and after a while."""
        refusals = [arrival.at for arrival in self.turnstile.arrivals if not arrival.is_taken]
        return sum(at < start or at >= end for at in refusals)

    def most_beyond_the_rate(self):
        """Return by how many requests any while was above the rate, refused ones included."""
        moments = [arrival.at for arrival in self.turnstile.arrivals]
        lowest = most = 0.0
        for number, at in enumerate(moments):
            lowest = min(lowest, number - self.per_s * (at - moments[0]))
            most = max(most, number + 1 - self.per_s * (at - moments[0]) - lowest)
        return most


@pytest.fixture
def simulator_at():
    """Start simulators that keep five hundredths more than a rate: `simulator_at(1200)`."""
    with ExitStack() as simulators:

        def started(rate):
            limit = RateLimit(requests=round(1.05 * rate))
            return simulators.enter_context(Simulator(answer=answer, latency_ms=(50, 250), rate=limit))

        yield started


@asynccontextmanager
async def storm(simulator, ledger, environment, folder, *, rate, documents, calm_s, storm_s):
    """Let a storm of refusals pass over three workers that go at their rate.

    Returns what came to the simulator, the ids of the documents, and when the storm began and ended.
    """
    ids = await ledger.submit((f"Document {number}." for number in range(documents)), priority="bulk")
    traffic = Traffic(simulator, rate=rate)
    with Fleet(3, environment=environment, folder=folder) as fleet:
        wait_until(lambda: traffic.turnstile.arrivals, within_s=60, why="the first request has come", tend=fleet.tend)
        await anyio.sleep(calm_s)
        began = time.monotonic()
        traffic.turnstile.close(storm_s, retry_after_s=max(0.5, storm_s / 10))
        yield traffic, ids, began, time.monotonic() + storm_s


@pytest.mark.full
async def test_workers_share_a_rate_and_return_to_it_after_a_storm(
    redis_url, simulator_at, open_ledger, tmp_path, record_testsuite_property
):
    rate = 3600
    simulator, ledger = simulator_at(rate), await open_ledger(redis_url)
    environment = worker_environment(redis_url, simulator, rates=f"*={rate}", slots=64)
    raging = storm(simulator, ledger, environment, tmp_path, rate=rate, documents=1200, calm_s=1.5, storm_s=1.5)
    async with raging as (traffic, _, began, ended):
        wait_until(lambda: traffic.has_its_rate_within(ended, window_s=1.0), within_s=14, why="the rate has come back")

    back = traffic.has_its_rate_within(ended, window_s=1.0)
    record_testsuite_property("seconds until the rate was back", back)
    record_testsuite_property("requests above the rate", traffic.most_beyond_the_rate())
    assert back <= 10
    assert traffic.taken(began - 1.0, began) > 30
    assert traffic.most_beyond_the_rate() <= 0.05 * rate / 3
    assert traffic.refused(start=began, end=ended) == 0


@pytest.mark.full
async def test_workers_share_a_rate_over_minutes(
    redis_server, simulator_at, open_ledger, tmp_path, record_testsuite_property
):
    rate, documents = 1200, 2400
    simulator, ledger = simulator_at(rate), await open_ledger(redis_server.url)
    environment = worker_environment(redis_server.url, simulator, rates=f"*={rate}", slots=64)
    raging = storm(simulator, ledger, environment, tmp_path, rate=rate, documents=documents, calm_s=65, storm_s=20)

    async def all_have_ended():
        return await ledger.ended() == documents

    async with raging as (traffic, ids, began, ended):
        await until(all_have_ended, within_s=240, why="every document has ended")

    back = traffic.has_its_rate_within(ended, window_s=10.0)
    record_testsuite_property("requests in the fullest minute", traffic.turnstile.most_within(60.0))
    record_testsuite_property("requests above the rate", traffic.most_beyond_the_rate())
    record_testsuite_property("seconds until the rate was back", back)
    record_testsuite_property("refused in the storm", sum(not each.is_taken for each in traffic.turnstile.arrivals))
    assert back <= 10
    assert traffic.taken(began - 60, began) >= 0.9 * rate
    assert traffic.turnstile.most_within(60.0) <= 1.05 * rate
    assert traffic.refused(start=began, end=ended) == 0
    assert Counter(each.status for each in await ledger.read(ids)) == {"succeeded": documents}

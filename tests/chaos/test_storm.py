"""Workers and Redis are killed at random moments; nothing acknowledged is lost, no reply is bought twice.

What is asserted is read from Redis and from the tally of the model, never from the processes that were killed.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from dataclasses import dataclass, field
from random import Random

import anyio
import pytest

from extractor.testing.fleet import until

#: Seconds within which the child of a killed worker has ended too; it may begin calls until then.
ORPHAN_S = 0.2
#: Suspects that one child runs at once, beside the slots of its worker.
COMPANY = 16


@dataclass
class Storm:
    """A run under fire, and what was seen meanwhile."""

    ledger: object
    model: object
    fleet: object
    redis: object
    ids: list[str]
    random: Random
    #: Calls that were open in the journals right after each kill, and how many the model saw of the killed process.
    open_at_kills: set[tuple[str, str, str]] = field(default_factory=set)
    in_flight: list[int] = field(default_factory=list)
    #: Ends as they were first seen.
    ends: dict[str, tuple] = field(default_factory=dict)

    async def rage(self, *, kills, redis_kill_after):
        """Kill a worker whenever so many documents have ended, and Redis once."""
        moments = sorted(self.random.sample(range(1, int(len(self.ids) * 0.8)), kills))
        for number, moment in enumerate(moments):
            await self.until_ended(moment)
            await anyio.sleep(self.random.uniform(0.0, 0.05))
            await self.kill_worker()
            if number == redis_kill_after:
                self.redis.kill()
                await anyio.sleep(self.random.uniform(0.0, 0.3))
                self.redis.start()
            await self.note_ends()

    async def until_ended(self, count):
        async def so_many():
            return await self.ledger.ended() >= count

        await until(so_many, within_s=240, why=f"{count} documents have ended", tend=self.fleet.tend)

    async def kill_worker(self):
        """Kill one that has calls in flight. It is stopped first, so that its calls can be counted."""
        self.fleet.tend()
        await until(self.is_busy, within_s=60, why="a worker has calls in flight", tend=self.fleet.tend)
        number, pid = self.random.choice(self.busy_workers() or list(enumerate(self.fleet.pids)))
        os.kill(pid, signal.SIGSTOP)
        self.in_flight.append(self.model.callers().get(pid, 0))
        held = await self.ledger.running()
        self.fleet.kill(number)
        await anyio.sleep(ORPHAN_S)
        self.open_at_kills |= await self.open_calls(held)

    async def is_busy(self):
        return self.busy_workers()

    def busy_workers(self):
        callers = self.model.callers()
        return [(number, pid) for number, pid in enumerate(self.fleet.pids) if callers.get(pid)]

    async def open_calls(self, ids):
        return {
            (name, str(call.key), call.token)
            for name, calls in (await self.ledger.calls(ids)).items()
            for call in calls
            if call.usage is None
        }

    async def note_ends(self):
        for stored in await self.ledger.read(self.ids):
            if stored.ended_at is not None:
                self.ends.setdefault(stored.id, (stored.status, stored.ended_at, stored.result))


async def storm(ledger, model, fleet, redis, *, documents, kills):
    numbers = range(1, documents + 1)
    half = documents // 2
    ids = await ledger.submit((f"Document {number}." for number in numbers[:half]), priority="bulk")
    ids += await ledger.submit(f"Document {number}." for number in numbers[half:])
    raging = Storm(ledger, model, fleet, redis, ids, Random(7))
    await raging.rage(kills=kills, redis_kill_after=kills // 2)
    await raging.until_ended(documents)
    return raging


async def assert_nothing_lost_and_nothing_doubled(storm, commits):
    stored = await storm.ledger.read(storm.ids)
    seen_again = {each.id: (each.status, each.ended_at, each.result) for each in stored}

    assert Counter(each.status for each in stored) == {"succeeded": len(storm.ids)}
    assert [
        each.id
        for number, each in enumerate(stored, 1)
        if f'"record":{{"number":{number}}}' not in each.result.decode()
    ] == []
    assert {name: end for name, end in storm.ends.items() if seen_again[name] != end} == {}
    assert commits == dict.fromkeys(storm.ids, 1)
    assert await storm.ledger.running() == []
    status = await storm.ledger.store.status()
    assert (status.running, status.deferred, status.suspects, sum(status.ready.values())) == (0, 0, 0, 0)


async def assert_every_reply_is_on_the_books(storm, slots):
    calls = await storm.ledger.calls(storm.ids)
    journalled = Counter(
        {number: sum(call.completion is not None for call in calls[name]) for number, name in enumerate(storm.ids, 1)}
    )
    abandoned = Counter(
        {number: sum(call.completion is None for call in calls[name]) for number, name in enumerate(storm.ids, 1)}
    )
    tally = storm.model.tally()
    received, replied = Counter(tally["received"]), Counter(tally["replied"])
    unsent = journalled + abandoned - received

    assert tally["waiting"] == []
    assert {number for number in received if received[number] > journalled[number] + abandoned[number]} == set()
    assert {number for number in journalled if journalled[number] > replied[number]} == set()
    assert {number for number in unsent if unsent[number] > abandoned[number]} == set()
    assert replied.total() <= journalled.total() + abandoned.total()
    assert await storm.open_calls(storm.ids) <= storm.open_at_kills
    assert abandoned.total() <= len(storm.in_flight) * (slots + COMPANY)


@pytest.mark.parametrize(
    ("documents", "kills", "slots", "latency_ms"),
    [
        pytest.param(200, 4, 4, (50, 250), id="200-documents-4-kills"),
        pytest.param(5000, 20, 32, (50, 1000), id="5000-documents-20-kills", marks=pytest.mark.full),
    ],
)
async def test_a_storm_loses_nothing_and_buys_nothing_twice(
    documents,
    kills,
    slots,
    latency_ms,
    redis_server,
    model,
    start_workers,
    open_ledger,
    commits,
    record_testsuite_property,
):
    model.behave(latency_ms=latency_ms)
    ledger = await open_ledger(redis_server.url, lease_s=2)
    fleet = start_workers(redis_server.url, size=3, lease_s=2, slots=slots)

    raged = await storm(ledger, model, fleet, redis_server, documents=documents, kills=kills)

    record_testsuite_property("in flight at the kills", raged.in_flight)
    assert len(raged.in_flight) == kills
    assert sum(raged.in_flight) > 0
    await assert_nothing_lost_and_nothing_doubled(raged, commits(redis_server))
    await assert_every_reply_is_on_the_books(raged, slots)

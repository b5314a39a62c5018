"""Many small writes as few, and what becomes of them when somebody or something fails."""

from __future__ import annotations

import anyio
import pytest

from extractor.errors import StoreUnavailable
from extractor.records import CallKey, Usage
from extractor.store.packing import pack
from extractor.store.writer import Writer
from extractor.testing.stores import open_bench
from extractor.testing.submissions import submission

pytestmark = pytest.mark.anyio


@pytest.fixture
async def bench(redis_url):
    async with open_bench(redis_url) as bench:
        yield bench


async def calls_of_scripts(bench):
    statistics = await bench.client.info("commandstats")
    return sum(statistics.get(f"cmdstat_{name}", {"calls": 0})["calls"] for name in ("eval", "evalsha"))


async def lease_many(bench, count):
    await bench.store.submit_many([submission(f"letter {n}") for n in range(count)])
    return (await bench.leases.claim(free=count, free_bulk=0)).leases


async def test_what_ends_together_is_written_together(bench):
    leases = await lease_many(bench, 300)
    bench.leases.expect(len(leases))
    before = await calls_of_scripts(bench)

    said = []

    async def commit(lease):
        said.append(await bench.leases.commit(lease, status="succeeded", code="", result=pack(b"{}")))

    async with anyio.create_task_group() as tasks:
        for lease in leases:
            tasks.start_soon(commit, lease)

    assert said == ["stands"] * 300
    assert await calls_of_scripts(bench) - before <= 5


async def test_what_was_handed_over_is_written_also_when_nobody_waits_any_more(bench):
    (lease,) = await lease_many(bench, 1)
    bench.leases.expect(200)
    journal = bench.leases.journal(lease)

    with anyio.move_on_after(0):
        await journal.identify_call(CallKey(window=0, round=1), generation_id="gen-1")
    with anyio.move_on_after(0):
        await journal.close_call(CallKey(window=0, round=1), usage=Usage(calls=1), completion=None)
    await bench.leases.flush()

    fields = await bench.fields_of(lease.id)
    assert {name.partition(":")[0] for name in fields if ":" in name} == {"gen", "end"}


async def test_a_write_that_redis_refuses_fails_whoever_handed_it_over_and_nobody_after_it(bench):
    (lease,) = await lease_many(bench, 1)
    await bench.client.set("extractor:e:broken", "not a hash")
    writer = Writer(bench.client, "note", "")
    first = writer.put("gen", "broken", "0.1.1@t", "0", bytes(5_000_000))
    second = writer.put("gen", lease.id, "0.1.1@t", "0", "gen-1")

    with anyio.fail_after(5):
        with pytest.raises(StoreUnavailable):
            await first
        await second
    await writer.flush()

    assert (await bench.fields_of(lease.id))["gen:0.1.1@t"] == "gen-1"

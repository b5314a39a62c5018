"""A Redis that is killed, restarted, or comes back without its last words."""

from __future__ import annotations

import re

import anyio
import pytest
from anyio import to_thread

from extractor.errors import StoreUnavailable
from extractor.records import CallKey
from extractor.store import StoreLimits
from extractor.store.packing import pack
from extractor.testing.models import completion
from extractor.testing.stores import open_bench
from extractor.testing.submissions import submission

pytestmark = pytest.mark.anyio

FIRST = CallKey(window=0, round=1)
RESULT = pack(b'{"status":"succeeded"}')


@pytest.fixture
async def bench(redis_server):
    async with open_bench(redis_server.url, StoreLimits(lease_s=60.0)) as bench:
        yield bench


async def test_what_was_acknowledged_survives_a_killed_server(redis_server, bench):
    waiting, running, ended = (submission(f"letter {n}", priority="bulk") for n in range(3))
    await bench.store.submit_many([ended, running, waiting])
    first, second = (await bench.leases.claim(free=2, free_bulk=2)).leases
    await bench.leases.commit(first, status="succeeded", code="", result=RESULT)
    journal = bench.leases.journal(second)
    await journal.open_call(FIRST, reserve_usd=0.01)
    await journal.close_call(FIRST, usage=completion("1").usage, completion=completion("1"))

    await to_thread.run_sync(redis_server.restart)

    read = {each.id: await bench.store.read(each.id, tenant="default") for each in (waiting, running, ended)}
    assert [stored.status for stored in read.values()] == ["queued", "running", "succeeded"]
    assert await bench.leases.renew([(second.id, second.token)]) == ["held"]
    assert await bench.leases.commit(second, status="succeeded", code="", result=RESULT) == "stands"
    assert [lease.id for lease in (await bench.leases.claim(free=9, free_bulk=9)).leases] == [waiting.id]


async def test_after_a_restart_sweeps_let_live_workers_come_first(redis_server, bench):
    await bench.store.submit_many([submission()])
    (lease,) = (await bench.leases.claim(free=1, free_bulk=0)).leases
    await bench.leases.sweep()
    await bench.let_leases_run_out()

    await to_thread.run_sync(redis_server.restart)

    assert (await bench.leases.sweep()).is_quiet
    assert await bench.leases.commit(lease, status="succeeded", code="", result=RESULT) == "stands"


async def test_what_a_worker_has_to_write_waits_for_the_server(redis_server, bench):
    await bench.store.submit_many([submission(f"letter {n}") for n in range(40)])
    leases = (await bench.leases.claim(free=40, free_bulk=0)).leases
    said = []

    async def finish(lease):
        journal = bench.leases.journal(lease)
        await journal.open_call(FIRST, reserve_usd=0.01)
        await journal.close_call(FIRST, usage=completion("1").usage, completion=completion("1"))
        said.append(await bench.leases.commit(lease, status="succeeded", code="", result=RESULT))

    await to_thread.run_sync(redis_server.kill)
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            for lease in leases[:36]:
                tasks.start_soon(finish, lease)
            tasks.start_soon(bench.leases.release, leases[36:38])
            tasks.start_soon(lambda: bench.leases.defer(leases[38], delay_s=60))
            tasks.start_soon(lambda: bench.leases.defer(leases[39], delay_s=60))
            await anyio.sleep(0.3)
            await to_thread.run_sync(redis_server.start)

    status = await bench.store.status()
    assert said == ["stands"] * 36
    assert (status.running, status.ready["interactive"], status.deferred) == (0, 2, 2)
    assert len(await bench.store.list_ids(tenant="default", state="succeeded")) == 36


async def test_a_door_says_at_once_that_the_store_is_away_and_works_again_afterwards(redis_server, bench):
    (known,) = (await bench.store.submit_many([submission(idempotency_key="k")])).receipts
    await to_thread.run_sync(redis_server.kill)

    with anyio.fail_after(5):
        for asked in (
            bench.store.submit_many([submission()]),
            bench.store.read(known.id, tenant="default"),
            bench.store.cancel(known.id, tenant="default"),
            bench.store.status(),
            bench.leases.claim(free=1, free_bulk=1),
            bench.leases.renew([]),
            bench.leases.sweep(),
        ):
            with pytest.raises(StoreUnavailable):
                await asked
    await to_thread.run_sync(redis_server.start)

    again = await bench.store.submit_many([submission(idempotency_key="k")])
    assert [(receipt.id, receipt.is_new) for receipt in again.receipts] == [(known.id, False)]


async def test_whoever_waits_for_an_end_is_told_although_the_server_was_restarted_meanwhile(redis_server, bench):
    (receipt,) = (await bench.store.submit_many([submission()])).receipts
    (lease,) = (await bench.leases.claim(free=1, free_bulk=0)).leases
    ends = []

    async def wait():
        while True:
            try:
                ends.append(await bench.store.wait(receipt.id, tenant="default", timeout_s=20))
            except StoreUnavailable:
                await anyio.sleep(0.02)
            else:
                return

    with anyio.fail_after(15):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait)
            await anyio.sleep(0.1)
            await to_thread.run_sync(redis_server.restart)
            await bench.leases.commit(lease, status="succeeded", code="", result=RESULT)

    assert ends[0].status == "succeeded"


# --- a server that has forgotten its last words ---


def log_of(server):
    """The append-only file that the server writes."""
    (log,) = (server.folder / "appendonlydir").glob("*.incr.aof")
    return log


def commands_in(text):
    """Offsets at which a command of the log begins, its end included; a transaction is one command."""
    at, offsets, depth = 0, [0], 0
    while at < len(text):
        count = re.compile(rb"\*(\d+)\r\n").match(text, at)
        at, words = count.end(), []
        for _ in range(int(count[1])):
            size = re.compile(rb"\$(\d+)\r\n").match(text, at)
            words.append(text[size.end() : size.end() + int(size[1])])
            at = size.end() + int(size[1]) + 2
        depth += {b"MULTI": 1, b"EXEC": -1}.get(words[0].upper(), 0)
        if not depth:
            offsets.append(at)
    return offsets


@pytest.mark.parametrize("lost_bytes", [0, 1, 7], ids=["between commands", "one byte more", "seven bytes more"])
async def test_never_two_owners_commit_when_the_end_of_the_log_is_lost(redis_server, bench, lost_bytes):
    """
    The old worker lives and knows of no loss. However much was forgotten, one of it and a new worker has the say.
    """
    known = submission()
    await bench.store.submit_many([known])
    begun = log_of(redis_server).stat().st_size
    (old,) = (await bench.leases.claim(free=1, free_bulk=0)).leases
    journal = bench.leases.journal(old)
    await journal.open_call(FIRST, reserve_usd=0.01)
    await bench.leases.renew([(old.id, old.token)])
    await journal.close_call(FIRST, usage=completion("1").usage, completion=completion("1"))
    await to_thread.run_sync(redis_server.kill)
    whole = log_of(redis_server).read_bytes()
    cuts = [cut for cut in commands_in(whole) if cut >= begun + lost_bytes]
    assert len(cuts) >= 4

    for number, cut in enumerate(reversed(cuts)):
        await to_thread.run_sync(redis_server.kill)
        log_of(redis_server).write_bytes(whole[: cut - lost_bytes])
        await to_thread.run_sync(redis_server.start)
        new = (await bench.leases.claim(free=1, free_bulk=0)).leases
        order = [old, *new] if number % 2 else [*new, old]
        stood = [
            await bench.leases.commit(lease, status="succeeded", code="", result=pack(lease.token.encode()))
            for lease in order
        ]

        stored = await bench.store.read(known.id, tenant="default")
        winner = order[stood.index("stands")]
        assert stood.count("stands") == 1
        assert stored.result == winner.token.encode()
        assert await bench.places_of(known.id) == []


async def test_a_commit_that_was_forgotten_is_made_again_by_one_owner_only(redis_server, bench):
    known = submission()
    await bench.store.submit_many([known])
    (old,) = (await bench.leases.claim(free=1, free_bulk=0)).leases
    claimed = log_of(redis_server).stat().st_size
    await bench.leases.commit(old, status="succeeded", code="", result=RESULT)
    await to_thread.run_sync(redis_server.kill)
    log_of(redis_server).write_bytes(log_of(redis_server).read_bytes()[:claimed])
    await to_thread.run_sync(redis_server.start)
    await bench.let_leases_run_out()
    await bench.leases.sweep()

    (new,) = (await bench.leases.claim_suspects()).leases
    stood = [
        await bench.leases.commit(lease, status="failed", code="", result=pack(b"{}")) for lease in (old, new, old)
    ]

    assert stood == ["lost", "stands", "lost"]

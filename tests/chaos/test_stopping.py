"""A worker is told to stop, and the queue is resumed by hand."""

from __future__ import annotations

from collections import Counter

from extractor.testing.fleet import until, wait_until

SLOTS = 8


async def end_of(ledger, ids):
    async def all_have_ended():
        return all(each.ended_at for each in await ledger.read(ids))

    await until(all_have_ended, within_s=60, why="all have ended")
    return await ledger.read(ids)


async def test_a_refused_account_is_resumed_by_command_at_once(redis_server, model, start_workers, open_ledger):
    start_workers(redis_server.url, lease_s=600, slots=SLOTS)
    ledger = await open_ledger(redis_server.url, lease_s=600)
    model.behave(status=402)
    ids = await ledger.submit(f"Document {number} takes 1 ms." for number in range(1, 6))

    async def is_paused():
        status = await ledger.store.status()
        return status.pause and not status.running

    await until(is_paused, within_s=30, why="the queue is paused")
    model.behave()
    await ledger.store.resume()

    assert Counter(each.status for each in await end_of(ledger, ids)) == {"succeeded": 5}


async def test_a_worker_told_to_stop_ends_what_it_can_and_gives_the_rest_back(
    redis_server, model, start_workers, open_ledger
):
    fleet = start_workers(redis_server.url, lease_s=60, slots=8, drain_s=1.5)
    ledger = await open_ledger(redis_server.url)
    await end_of(ledger, await ledger.submit(["Document 0 takes 1 ms."]))
    quick = await ledger.submit(f"Document {number} takes 400 ms." for number in range(1, 5))
    slow = await ledger.submit(f"Document {number} takes 60000 ms." for number in range(5, 9))
    waiting = await ledger.submit(f"Document {number} takes 1 ms." for number in range(9, 19))
    wait_until(lambda: len(model.tally()["waiting"]) == 8, within_s=30, why="all slots are busy")

    exit_code = fleet.stop(0)

    assert exit_code == 0
    assert Counter(each.status for each in await ledger.read(quick)) == {"succeeded": 4}
    assert Counter(each.status for each in await ledger.read(slow + waiting)) == {"queued": 14}
    assert await ledger.running() == []
    assert await ledger.store.suspects() == []
    assert [number for number, count in model.tally()["received"].items() if count > 1 or number > 8] == []

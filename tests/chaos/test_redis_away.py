"""Redis stops answering, loses the end of what it wrote, or is full, while workers have calls in flight."""

from __future__ import annotations

from collections import Counter

import anyio
import pytest

from extractor.errors import StoreFull
from extractor.testing.fleet import until, wait_until


def in_flight(model, count):
    return lambda: len(model.tally()["waiting"]) == count


async def end_of(ledger, ids, *, within_s=60):
    async def all_have_ended():
        return await ledger.ended() == len(ids)

    await until(all_have_ended, within_s=within_s, why="all have ended")
    return await ledger.read(ids)


async def warm(ledger, *, workers=1, count=1):
    """Let the workers learn what the model takes: until one answer is there, the others wait for it."""

    async def are_all_there():
        return len((await ledger.store.status()).workers) == workers

    await until(are_all_there, within_s=60, why="the workers have started")
    ids = await ledger.submit(f"Document {number} takes 1 ms." for number in range(1000, 1000 + count))
    await end_of(ledger, ids)
    return ids


@pytest.mark.parametrize(
    ("away_s", "lease_s", "count", "takes_ms"),
    [
        pytest.param(7, 5, 60, 3000, id="7-s"),
        pytest.param(90, 60, 500, 20000, id="90-s", marks=pytest.mark.full),
    ],
)
async def test_while_redis_stands_still_what_is_in_flight_is_kept_and_nothing_is_asked_again(
    away_s, lease_s, count, takes_ms, redis_server, model, start_workers, open_ledger, record_testsuite_property
):
    ledger = await open_ledger(redis_server.url, lease_s=lease_s)
    start_workers(redis_server.url, size=2, lease_s=lease_s, slots=count // 2)
    ids = await warm(ledger, workers=2, count=count)
    ids += await ledger.submit(f"Document {number} takes {takes_ms} ms." for number in range(count))

    async def all_are_held():
        return len(await ledger.running()) == count and len(model.tally()["waiting"]) > count // 2

    await until(all_are_held, within_s=60, why="all are held, and most are asked for")
    record_testsuite_property("calls in flight", len(model.tally()["waiting"]))
    redis_server.stop()
    await anyio.sleep(away_s)
    redis_server.cont()

    stored = await end_of(ledger, ids, within_s=60 + 3 * lease_s)
    assert Counter(each.status for each in stored) == {"succeeded": 2 * count}
    assert {each.claims for each in stored} == {1}
    assert set(model.tally()["received"].values()) == {1}


@pytest.mark.parametrize(
    "share", [pytest.param(0.2, marks=pytest.mark.full), 0.5, pytest.param(0.9, marks=pytest.mark.full)]
)
async def test_after_a_lost_tail_of_the_file_one_owner_commits(
    share, redis_server, model, start_workers, open_ledger, appended_file, commits
):
    """Redis comes back without the last claims that it granted; the workers that hold them live, and go on."""
    ledger = await open_ledger(redis_server.url, lease_s=2)
    ids = await ledger.submit(f"Document {number} takes 1500 ms." for number in range(8))
    accepted = appended_file(redis_server).stat().st_size
    start_workers(redis_server.url, size=2, lease_s=2, slots=4)

    async def all_are_claimed():
        return len(await ledger.running()) == 8 and model.tally()["waiting"]

    await until(all_are_claimed, within_s=60, why="all are claimed, and some are asked for")
    redis_server.kill()
    cut_tail(appended_file(redis_server), keep=accepted, share=share)
    redis_server.start()

    stored = await end_of(ledger, ids)
    assert Counter(each.status for each in stored) == {"succeeded": 8}
    assert commits(redis_server) == dict.fromkeys(ids, 1)


def cut_tail(path, *, keep, share):
    """Shorten the file: `keep` bytes stay, and this share of the rest."""
    with path.open("r+b") as file:
        file.truncate(keep + int(share * (path.stat().st_size - keep)))


async def test_a_full_redis_refuses_what_is_new_and_lets_what_is_in_flight_commit(
    start_redis, model, start_workers, open_ledger
):
    server = start_redis("--maxmemory", "64mb", "--maxmemory-policy", "noeviction")
    ledger = await open_ledger(server.url, lease_s=4)
    start_workers(server.url, lease_s=4, slots=40)
    ids = await warm(ledger)
    ids += await ledger.submit(f"Document {number} takes 3000 ms." for number in range(1, 41))
    wait_until(in_flight(model, 40), within_s=60, why="all calls are in flight")

    while not server.ask("APPEND", "filler", "x" * 500_000).startswith("-OOM"):
        pass
    with pytest.raises(StoreFull):
        await ledger.submit(["Document 99."])
    stored = await end_of(ledger, ids)
    assert server.ask("SET", "other", "x").startswith("-OOM")
    assert Counter(each.status for each in stored) == {"succeeded": 41}
    assert {each.claims for each in stored} == {1}

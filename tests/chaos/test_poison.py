"""One document that kills whatever runs it, among many that do no harm."""

from __future__ import annotations

from collections import Counter

from extractor.testing.fleet import until

POISONED = 100


async def test_one_poison_among_255_innocents_is_the_only_one_that_is_condemned(
    redis_server, model, start_workers, open_ledger
):
    ledger = await open_ledger(redis_server.url, lease_s=1.5)
    fleet = start_workers(redis_server.url, size=2, lease_s=1.5, slots=8)
    words = {POISONED: " POISON"}

    ids = await ledger.submit(f"Document {number}.{words.get(number, '')}" for number in range(256))

    async def all_have_ended():
        return await ledger.ended() == len(ids)

    await until(all_have_ended, within_s=120, why="all have ended", tend=fleet.tend)
    stored = await ledger.read(ids)
    killed = stored.pop(POISONED)
    assert Counter(each.status for each in stored) == {"succeeded": 255}
    assert killed.status == "failed"
    assert '"code":"worker_killer"' in killed.result.decode()
    # Once among others, once among other suspects, and three times alone.
    assert model.tally()["killed"] >= 5

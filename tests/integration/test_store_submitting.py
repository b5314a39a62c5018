"""What doors see of the store: idempotency, conflicts, batches, lists, erasure and a full server."""

from __future__ import annotations

import json

import anyio
import pytest

from extractor.errors import IdempotencyConflict, QueueDraining, StoreFull, UnknownExtraction
from extractor.records import CallKey, Options, Usage
from extractor.store import StoreLimits, open_body
from extractor.store.keys import schema
from extractor.store.packing import pack
from extractor.testing.models import completion
from extractor.testing.stores import open_bench
from extractor.testing.submissions import submission

pytestmark = pytest.mark.anyio

FIRST = CallKey(window=0, round=1)


@pytest.fixture
async def bench(redis_url):
    async with open_bench(redis_url) as bench:
        yield bench


async def finish(bench, ids=(), status="succeeded"):
    """Let a worker claim everything and commit it."""
    claimed = await bench.leases.claim(free=100, free_bulk=100)
    for lease in claimed.leases:
        if not ids or lease.id in ids:
            await bench.leases.commit(lease, status=status, code="", result=pack(b'{"status":"succeeded"}'))
    return claimed.leases


async def test_the_same_key_fifty_times_at_once_is_one_extraction(redis_url, bench):
    ids = set()
    new = []

    async def hand_in():
        async with open_bench(redis_url) as own:
            taken = await own.store.submit_many([submission(idempotency_key="once")])
            ids.add(taken.receipts[0].id)
            new.append(taken.receipts[0].is_new)

    async with anyio.create_task_group() as clients:
        for _ in range(50):
            clients.start_soon(hand_in)

    assert len(ids) == 1
    assert sorted(new) == [False] * 49 + [True]
    assert len(await bench.ready("interactive")) == 1


async def test_a_key_that_stands_for_another_body_is_a_conflict_and_nothing_is_written(bench):
    await bench.store.submit_many([submission("one", idempotency_key="k")])
    before = (await bench.dump()).keys()

    with pytest.raises(IdempotencyConflict, match="'k'"):
        await bench.store.submit_many([submission("new"), submission("two", idempotency_key="k")])

    assert {key for key in (await bench.dump()).keys() - before if "rung" not in key} == set()
    assert len(await bench.ready("interactive")) == 1


async def test_one_key_for_two_bodies_in_one_call_is_a_conflict_too(bench):
    with pytest.raises(IdempotencyConflict):
        await bench.store.submit_many([submission("one", idempotency_key="k"), submission("two", idempotency_key="k")])

    assert await bench.ready("interactive") == []


async def test_a_repeated_batch_adds_only_what_is_missing(bench):
    def letters(numbers):
        return [submission(f"letter {n}", idempotency_key=f"k{n}", batch="b", priority="bulk") for n in numbers]

    first = await bench.store.submit_many(letters(range(3)))
    await finish(bench)
    second = await bench.store.submit_many(letters(range(5)))

    assert [receipt.is_new for receipt in second.receipts] == [False, False, False, True, True]
    assert [receipt.status for receipt in second.receipts] == ["succeeded"] * 3 + ["queued"] * 2
    assert [receipt.id for receipt in second.receipts[:3]] == [receipt.id for receipt in first.receipts]
    counts = await bench.store.batch("b", tenant="default")
    assert {state: count for state, count in counts.items() if count} == {"total": 5, "succeeded": 3, "ended": 3}


async def test_keys_belong_to_their_tenant(bench):
    mine = await bench.store.submit_many([submission("mine", tenant="a", idempotency_key="k")])
    theirs = await bench.store.submit_many([submission("theirs", tenant="b", idempotency_key="k")])

    assert (mine.receipts[0].is_new, theirs.receipts[0].is_new) == (True, True)


async def test_an_id_handed_in_twice_is_one_extraction(bench):
    same = submission(id="x-same", batch="b")

    once = await bench.store.submit_many([same, same])
    again = await bench.store.submit_many([same])

    assert [receipt.is_new for receipt in (*once.receipts, *again.receipts)] == [True, False, False]
    assert (await bench.store.batch("b", tenant="default"))["total"] == 1


async def test_a_batch_of_one_tenant_takes_no_members_of_another(bench):
    await bench.store.submit_many([submission(tenant="a", batch="b")])
    await bench.store.submit_many([submission(tenant="b", batch="b")])

    assert (await bench.store.batch("b", tenant="a"))["total"] == 1
    assert (await bench.store.batch("b", tenant="b"))["total"] == 1


async def test_one_tenant_sees_nothing_of_another(bench):
    (receipt,) = (await bench.store.submit_many([submission(tenant="a", batch="b")])).receipts

    for ask in (bench.store.read, bench.store.cancel, bench.store.erase):
        with pytest.raises(UnknownExtraction):
            await ask(receipt.id, tenant="b")
    with pytest.raises(UnknownExtraction):
        await bench.store.wait(receipt.id, tenant="b", timeout_s=0)
    with pytest.raises(UnknownExtraction):
        await bench.store.batch("b", tenant="b")
    assert await bench.store.read_many([receipt.id], tenant="b") == [None]
    assert await bench.store.list_ids(tenant="b", state="queued") == []


async def test_a_draining_queue_takes_nothing_new_until_it_is_resumed(bench):
    await bench.store.submit_many([submission()])
    await bench.store.drain()

    with pytest.raises(QueueDraining):
        await bench.store.submit_many([submission()])
    assert (await bench.store.status()).is_draining
    assert len(await finish(bench)) == 1

    await bench.store.resume()
    await bench.store.submit_many([submission()])


async def test_many_submissions_go_in_chunks_and_keep_their_order(bench):
    many = [submission(f"letter {n}", priority="bulk") for n in range(1203)]

    taken = await bench.store.submit_many(many)

    assert [receipt.id for receipt in taken.receipts] == [each.id for each in many]
    assert await bench.ready("bulk") == [each.id for each in many]
    assert taken.ring == frozenset({"bulk"})


async def test_a_schema_is_sent_once_and_again_when_the_server_has_lost_it(bench):
    one, two = submission("one"), submission("two")
    await bench.store.submit_many([one])
    key = schema(one.target.digest)
    await bench.client.set(key, "kept")

    await bench.store.submit_many([two])
    assert await bench.client.get(key) == b"kept"

    await bench.client.delete(key)
    await bench.store.submit_many([submission("three")])
    assert await bench.leases.schema(one.target.digest) == one.target.schema


async def test_one_ticket_per_class_and_second_is_asked_for(bench):
    assert (await bench.store.submit_many([submission()])).ring == frozenset({"interactive"})
    assert (await bench.store.submit_many([submission()])).ring == frozenset()
    assert (await bench.store.submit_many([submission(priority="bulk")])).ring == frozenset({"bulk"})
    assert 0 < await bench.client.pttl("extractor:rung:bulk") <= 1000

    await bench.client.delete("extractor:rung:interactive")

    assert (await bench.store.submit_many([submission()])).ring == frozenset({"interactive"})


async def test_what_was_handed_in_is_what_the_worker_gets(bench):
    given = submission("Dear 😀 reader ", options=Options(max_attempts=2, temperature=0.5))
    await bench.store.submit_many([given])

    (lease,) = (await bench.leases.claim(free=1, free_bulk=0)).leases
    opened = open_body(lease.body)

    assert await bench.leases.schema(lease.schema_digest) == given.target.schema
    assert (lease.id, opened.source, opened.options) == (given.id, given.source, given.options)


# --- lists ---


async def test_pages_of_a_list_hold_every_extraction_once_newest_first(bench):
    taken = await bench.store.submit_many([submission(f"letter {n}") for n in range(250)])

    found, before = [], None
    while page := await bench.store.list_ids(tenant="default", state="queued", limit=100, before=before):
        found += [id_ for id_, _ in page]
        before = page[-1][1]
        assert len(found) <= 250

    assert sorted(found) == sorted(receipt.id for receipt in taken.receipts)


async def test_a_list_says_since_when_and_follows_the_state(bench):
    (receipt,) = (await bench.store.submit_many([submission()])).receipts
    ((_, queued_at),) = await bench.store.list_ids(tenant="default", state="queued")
    await finish(bench)

    ((id_, ended_at),) = await bench.store.list_ids(tenant="default", state="succeeded")

    stored = await bench.store.read(receipt.id, tenant="default")
    assert await bench.store.list_ids(tenant="default", state="queued") == []
    assert id_ == receipt.id
    assert stored.created_at == pytest.approx(queued_at, abs=0.002)
    assert stored.ended_at == pytest.approx(ended_at, abs=0.002)


async def test_expired_extractions_leave_the_lists(redis_url):
    async with open_bench(redis_url, StoreLimits(result_ttl_s=0.05)) as bench:
        (receipt,) = (await bench.store.submit_many([submission()])).receipts
        await finish(bench)
        with anyio.fail_after(5):
            while await bench.keys_of(receipt.id):
                await anyio.sleep(0.02)
                await bench.leases.sweep()


# --- batches ---


async def test_members_expire_from_the_end_of_their_batch_on(redis_url):
    async with open_bench(redis_url, StoreLimits(result_ttl_s=100)) as bench:
        both = [submission(batch="b", deadline_s=500), submission(batch="b", deadline_s=500)]
        await bench.store.submit_many(both)
        await finish(bench, ids={both[0].id})
        early = await bench.client.pttl(f"extractor:e:{both[0].id}")
        await bench.store.cancel(both[1].id, tenant="default")
        await bench.let_leases_run_out()
        await bench.leases.sweep()
        await bench.leases.sweep()

        left = [await bench.client.pttl(key) for key in await bench.keys_of(both[0].id) if both[0].id in key]
        batch = await bench.client.pttl("extractor:b:default:b")

        assert early == pytest.approx(600_000, abs=5000)
        assert left == [pytest.approx(100_000, abs=5000)] * len(left)
        assert batch == pytest.approx(100_000, abs=5000)


async def test_many_batches_that_end_together_are_all_given_their_expiry(redis_url):
    async with open_bench(redis_url, StoreLimits(result_ttl_s=100)) as bench:
        await bench.store.submit_many([submission(batch=f"b{n}", deadline_s=500) for n in range(20)])
        await finish(bench)
        for _ in range(3):
            await bench.leases.sweep()

        left = {n: await bench.client.pttl(f"extractor:b:default:b{n}") for n in range(20)}

        assert {n: ttl for n, ttl in left.items() if ttl > 100_000} == {}


# --- erasing ---


async def test_after_erasing_nothing_is_left_of_an_extraction(bench):
    waiting, running, ended, told = (
        submission(f"letter {n}", idempotency_key=f"k{n}", batch="b", task_id=f"t{n}") for n in range(4)
    )
    await bench.store.submit_many([running, ended, told, waiting])
    for lease in (await bench.leases.claim(free=3, free_bulk=0)).leases:
        journal = bench.leases.journal(lease)
        await journal.open_call(FIRST, reserve_usd=0.01)
        await journal.close_call(FIRST, usage=Usage(), completion=completion("secret"))
        if lease.id != running.id:
            await bench.leases.commit(lease, status="succeeded", code="", result=pack(b"{}"))
    await bench.leases.told([(told.task_id, told.id, True)])

    for each in (waiting, running, ended, told):
        await bench.store.erase(each.id, tenant="default")
    waiting_for_word = await bench.leases.untold()
    await bench.leases.told([(*pair, False) for pair in waiting_for_word])

    assert sorted(id_ for _, id_ in waiting_for_word) == sorted([waiting.id, running.id, ended.id])
    left = {each.id: await bench.keys_of(each.id) for each in (waiting, running, ended, told)}
    assert left == {waiting.id: [], running.id: [], ended.id: [], told.id: []}
    assert [key for key in await bench.dump() if ":key:" in key] == []


async def test_what_is_erased_while_it_is_told_is_erased_at_celery_too(bench):
    told, kept = submission(task_id="t-1"), submission(task_id="t-2")
    await bench.store.submit_many([told, kept])
    await finish(bench)
    entries = await bench.leases.untold()
    await bench.store.erase(told.id, tenant="default")
    for task, _ in entries:
        await bench.client.set(f"celery-task-meta-{task}", "the whole record")

    await bench.leases.told([(task, id_, True) for task, id_ in entries])

    assert await bench.client.exists("celery-task-meta-t-1") == 0
    assert await bench.client.exists("celery-task-meta-t-2") == 1
    assert await bench.leases.untold() == []


async def test_a_reply_that_arrives_after_erasing_is_kept_nowhere(bench):
    (receipt,) = (await bench.store.submit_many([submission()])).receipts
    (lease,) = (await bench.leases.claim(free=1, free_bulk=0)).leases
    journal = bench.leases.journal(lease)
    await journal.open_call(FIRST, reserve_usd=0.01)
    await bench.store.erase(receipt.id, tenant="default")

    await journal.close_call(FIRST, usage=Usage(), completion=completion("secret"))

    assert await bench.leases.commit(lease, status="succeeded", code="", result=pack(b"{}")) == "lost"
    assert await bench.keys_of(receipt.id) == []


async def test_a_reply_that_arrives_after_the_end_expires_with_the_rest(bench):
    (receipt,) = (await bench.store.submit_many([submission()])).receipts
    (lease,) = (await bench.leases.claim(free=1, free_bulk=0)).leases
    journal = bench.leases.journal(lease)
    await journal.open_call(FIRST, reserve_usd=0.01)
    await bench.let_deadlines_pass(receipt.id)
    await bench.leases.sweep()

    await journal.close_call(FIRST, usage=Usage(), completion=completion("late"))

    stored = await bench.store.read(receipt.id, tenant="default")
    dump = await bench.dump()
    assert stored.status == "failed"
    assert [key for key in dump if receipt.id in key and dump[key].ttl_ms is None] == []


# --- waiting ---


async def test_whoever_waits_is_woken_by_the_end(bench):
    (receipt,) = (await bench.store.submit_many([submission()])).receipts
    ends = []

    async def wait():
        ends.append(await bench.store.wait(receipt.id, tenant="default", timeout_s=30))

    with anyio.fail_after(1.5):  # sooner than the next look: only the announcement can be this early
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait)
            await anyio.sleep(0.2)
            await finish(bench)

    assert ends[0].status == "succeeded"


async def test_who_has_waited_long_enough_is_told_how_it_stands(bench):
    (receipt,) = (await bench.store.submit_many([submission()])).receipts

    stored = await bench.store.wait(receipt.id, tenant="default", timeout_s=0.05)

    assert stored.status == "queued"
    assert json.loads(stored.result)["record"] is None


# --- a full server ---

#: Bytes.
LIMIT = 64 * 1024 * 1024


@pytest.fixture
async def filled(start_redis):
    """A server with `maxmemory 64mb`, and a way to fill it."""
    server = start_redis("--maxmemory", "64mb", "--maxmemory-policy", "noeviction")
    async with open_bench(server.url) as bench:

        async def fill(share):
            n = 0
            await bench.client.config_set("maxmemory", 0)
            while (await bench.client.info("memory"))["used_memory"] < share * LIMIT:
                n += 1
                await bench.client.set(f"filler:{share}:{n}", bytes(250_000))
            await bench.client.config_set("maxmemory", LIMIT)
            bench.connection._seen.until = 0.0  # a look at the memory serves for a while

        yield bench, fill


async def test_a_server_that_is_nearly_full_takes_nothing_new_but_finishes_what_it_took(filled):
    bench, fill = filled
    many = [submission(f"letter {n}", batch="b", task_id=f"t{n}") for n in range(8)]
    await bench.store.submit_many(many)
    await fill(0.85)

    with pytest.raises(StoreFull):
        await bench.store.submit_many([submission()])
    await fill(1.1)
    with pytest.raises(StoreFull):
        await bench.store.submit_many([submission()])

    leases = (await bench.leases.claim(free=7, free_bulk=0)).leases
    assert len(leases) == 7
    for lease in leases:
        journal = bench.leases.journal(lease)
        await journal.open_call(FIRST, reserve_usd=0.01)
        await journal.close_call(FIRST, usage=Usage(), completion=completion("y" * 20_000))
    assert await bench.leases.renew([(lease.id, lease.token) for lease in leases]) == ["held"] * 7
    await bench.leases.trip(code="out_of_credit", message="The account is empty.")
    await bench.leases.mend()
    for lease in leases[:3]:
        stands = await bench.leases.commit(lease, status="succeeded", code="", result=pack(b"z" * 20_000))
        assert stands == "untold"
    assert await bench.leases.defer(leases[3], delay_s=0)
    assert await bench.leases.release(leases[4:5]) == 1
    await bench.client.config_set("maxmemory", 0)
    await bench.let_leases_run_out(leases[5].id)
    await bench.client.config_set("maxmemory", LIMIT)
    assert (await bench.leases.sweep()).suspects == 1
    (suspect,) = (await bench.leases.claim_suspects()).leases
    assert await bench.leases.crash([suspect], is_alone=False) == []
    assert await bench.store.cancel(many[7].id, tenant="default") == "cancelled"
    await bench.store.erase(many[0].id, tenant="default")
    assert (await bench.store.read(many[1].id, tenant="default")).status == "succeeded"


async def test_a_server_turned_full_between_look_and_script_refuses_in_our_words(filled):
    bench, fill = filled
    await bench.store.submit_many([submission()])
    await fill(1.5)
    bench.connection._seen.fullness, bench.connection._seen.until = 0.0, float("inf")

    with pytest.raises(StoreFull):
        await bench.store.submit_many([submission()])

"""Re-runs in the store: what is copied, what counts where, and that two callers make one."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from extractor.errors import InvalidRequest, QueueDraining, UnknownExtraction
from extractor.records import CallKey, Enforcement, Failure, Options, Result, Usage
from extractor.rerunning import retry
from extractor.store import Rerun, keys, pack_result
from extractor.submit import new_id
from extractor.testing.models import completion
from extractor.testing.stores import open_bench
from extractor.testing.submissions import submission

pytestmark = pytest.mark.anyio

FIRST, SECOND = CallKey(window=1, round=1), CallKey(window=2, round=1)
PAID = Usage(calls=1, cost_usd=0.25)


@pytest.fixture
async def bench(redis_url):
    async with open_bench(redis_url) as bench:
        yield bench


def rerun_of(id_, **stated):
    return Rerun(**({"id": new_id(), "of": id_, "tenant": "default"} | stated))


async def run_again(bench, id_, **stated):
    """Hand in a re-run, ring for nobody, and return its receipt."""
    return await retry(rerun_of(id_, **stated), store=bench.store, ring=lambda _classes: None)


async def claimed(bench):
    (lease,) = (await bench.leases.claim(free=1, free_bulk=1)).leases
    return lease


async def end(bench, lease, status="failed"):
    error = None if status == "succeeded" else Failure(code="refused", message="Refused.", retryable=False)
    result = Result(
        id=lease.id, source=None, status=status, record=None, error=error, enforcement=Enforcement(asked=""), engine="m"
    )
    await bench.leases.commit(lease, status=status, code=error.code if error else "", result=pack_result(result))


async def failed(bench, **stated):
    """Return the id of an extraction that bought two replies and failed."""
    handed_in = submission(**stated)
    await bench.store.submit_many([handed_in])
    lease = await claimed(bench)
    journal = bench.leases.journal(lease)
    for key in (FIRST, SECOND):
        await journal.open_call(key, reserve_usd=0.5)
        await journal.close_call(key, usage=PAID, completion=replace(completion("{}"), usage=PAID, asked=str(key)))
    await journal.open_call(CallKey(window=3, round=1), reserve_usd=0.5)
    await journal.close_call(CallKey(window=3, round=1), usage=PAID, completion=None)
    await end(bench, lease)
    return handed_in.id


async def test_a_rerun_starts_with_the_replies_and_with_no_bill(bench):
    id_ = await failed(bench, options=Options(max_cost_usd=1.0))

    receipt = await run_again(bench, id_)
    lease = await claimed(bench)
    journal = bench.leases.journal(lease)

    assert (receipt.is_new, receipt.status, lease.id, lease.retry_of) == (True, "queued", receipt.id, id_)
    assert [(call.key, call.usage, call.is_kept) for call in lease.calls] == [
        (FIRST, Usage(), True),
        (SECOND, Usage(), True),
    ]
    assert (await journal.replay(window=1, round=1, asked=str(FIRST))).usage == Usage()
    assert journal.attempts() == journal.unreported() == ()
    fields = await bench.fields_of(lease.id)
    assert (fields["cap"], fields.get("spent"), fields["retry_of"]) == ("1000000000", None, id_)
    assert (await bench.store.read(id_, tenant="default")).retried_as == lease.id
    await journal.open_call(SECOND, reserve_usd=1.0)  # all of the cap is there


async def test_what_led_nowhere_is_not_copied(bench):
    id_ = await failed(bench)

    await bench.store.retry(rerun_of(id_, asked_again=frozenset({(1, 1)})))

    assert [call.key for call in (await claimed(bench)).calls] == [SECOND]


async def test_a_rerun_of_a_rerun_has_the_replies_of_both(bench):
    second = await run_again(bench, await failed(bench))
    lease = await claimed(bench)
    third_window = CallKey(window=3, round=1)
    await bench.leases.journal(lease).open_call(third_window, reserve_usd=0.5)
    await bench.leases.journal(lease).close_call(third_window, usage=PAID, completion=completion("{}"))
    await end(bench, lease)

    await run_again(bench, second.id)

    assert [call.key for call in (await claimed(bench)).calls] == [FIRST, SECOND, third_window]


async def test_twenty_callers_at_once_make_one_rerun(bench):
    id_ = await failed(bench)

    receipts = await asyncio.gather(*(run_again(bench, id_) for _ in range(20)))

    assert len({receipt.id for receipt in receipts}) == 1
    assert sum(receipt.is_new for receipt in receipts) == 1
    assert (await bench.store.status()).ready["interactive"] == 1


async def test_a_call_that_is_sent_again_finds_what_the_first_one_made(bench):
    rerun = rerun_of(await failed(bench))

    first, second = [await bench.store.retry(rerun) for _ in range(2)]

    assert [each.receipts[0].is_new for each in (first, second)] == [True, False]
    assert {each.receipts[0].id for each in (first, second)} == {rerun.id}


async def test_in_its_batch_a_rerun_counts_in_the_place_of_the_other(bench):
    """Also in a batch that had ended: it is open again, and what was to expire with it stays."""
    ids = [await failed(bench, batch="b"), await failed(bench, batch="b")]
    for _ in range(2):
        await bench.leases.sweep()
    assert (await bench.dump())[keys.batch("default", "b")].ttl_ms <= 1000 * 7 * 86_400
    ended = await bench.store.batch("b", tenant="default")

    receipt = await run_again(bench, ids[0])
    open_ = await bench.store.batch("b", tenant="default")
    kept = (await bench.dump())[keys.batch("default", "b")]
    await end(bench, await claimed(bench), "succeeded")
    ended_again = await bench.store.batch("b", tenant="default")

    assert ended == {"total": 2, "ended": 2, "failed": 2}
    assert open_ == {"total": 2, "ended": 1, "failed": 1}
    assert ended_again == {"total": 2, "ended": 2, "failed": 1, "succeeded": 1}
    assert kept.ttl_ms > 1000 * 7 * 86_400
    members = (await bench.dump())[f"{keys.batch('default', 'b')}:members"].value
    assert members == [receipt.id, ids[1]]
    spent = await bench.store.money(tenant="default", batch="b")
    assert spent.spent_usd == pytest.approx(6 * PAID.cost_usd)


async def test_an_erased_rerun_leaves_no_trace_and_another_may_be_made(bench):
    id_ = await failed(bench, batch="b")
    first = await run_again(bench, id_)

    await bench.store.erase(first.id, tenant="default")

    assert await bench.keys_of(first.id) == []
    assert (await run_again(bench, id_)).is_new


async def test_a_rerun_outlives_the_one_that_it_is_of(bench):
    id_ = await failed(bench)
    receipt = await run_again(bench, id_)

    await bench.store.erase(id_, tenant="default")

    lease = await claimed(bench)
    assert (lease.id, len(lease.calls), bool(lease.body)) == (receipt.id, 2, True)
    await end(bench, lease)
    assert (await run_again(bench, receipt.id)).is_new


async def test_what_cannot_be_run_again_is_refused(bench):
    waiting = submission("still waiting")
    id_ = await failed(bench)
    await bench.store.submit_many([waiting])

    for rerun, error in (
        (rerun_of(waiting.id), InvalidRequest),
        (rerun_of("x_none"), UnknownExtraction),
        (rerun_of(id_, tenant="other"), UnknownExtraction),
    ):
        with pytest.raises(error):
            await bench.store.retry(rerun)
    await bench.store.drain()
    with pytest.raises(QueueDraining):
        await run_again(bench, id_)
    await bench.store.resume()
    await bench.client.delete(keys.schema(waiting.target.digest))
    with pytest.raises(InvalidRequest, match="schema"):
        await run_again(bench, id_)

    assert "retried" not in await bench.fields_of(id_)


async def test_what_was_cancelled_while_it_waited_is_run_from_the_start(bench):
    handed_in = submission()
    await bench.store.submit_many([handed_in])
    await bench.store.cancel(handed_in.id, tenant="default")

    receipt = await run_again(bench, handed_in.id)

    lease = await claimed(bench)
    assert (lease.id, lease.calls) == (receipt.id, ())

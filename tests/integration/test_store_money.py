"""Money over processes: what a script sets aside, charges and corrects, and what is refused at the door."""

from __future__ import annotations

from functools import partial

import anyio
import pytest

from extractor.errors import BudgetExceeded, Cancelled
from extractor.records import OFFLINE_MODEL, CallKey, Options, Usage
from extractor.store import StoreLimits
from extractor.store.keys import PREFIX, batch, daily_money, extraction
from extractor.testing.models import completion
from extractor.testing.stores import open_bench
from extractor.testing.submissions import submission

pytestmark = pytest.mark.anyio

FIRST = CallKey(window=0, round=1)
LIMITS = StoreLimits(tenant_budget_usd=1.0)


@pytest.fixture
async def bench(redis_url):
    async with open_bench(redis_url, LIMITS) as bench:
        yield bench


async def leases_of(bench, count=1, **members):
    await bench.store.submit_many([submission(f"letter {n}", **members) for n in range(count)])
    return list((await bench.leases.claim(free=count, free_bulk=0)).leases)


async def money(bench, **of):
    found = await bench.store.money(**({"tenant": "default"} | of))
    return round(found.spent_usd, 9), round(found.reserved_usd, 9)


async def end(journal, usd, key=FIRST, text=None):
    reply = None if text is None else completion(text)
    await journal.close_call(key, usage=Usage(cost_usd=usd, calls=1), completion=reply)


# --- leases that are lost ---


async def run_out(bench, lease):
    await bench.let_leases_run_out(lease.id)
    await bench.leases.sweep()


async def give_back(bench, lease):
    await bench.leases.release([lease])


async def put_off(bench, lease):
    await bench.leases.defer(lease, delay_s=60)


async def crash(bench, lease):
    await bench.leases.crash([lease], is_alone=True)


async def finish(bench, lease):
    await bench.leases.commit(lease, status="cancelled", code="cancelled")


async def pass_deadline(bench, lease):
    await bench.let_deadlines_pass(lease.id)
    await bench.leases.sweep()


async def erase(bench, lease):
    await bench.store.erase(lease.id, tenant="default")


LOSSES = [run_out, give_back, put_off, crash, finish, pass_deadline]


@pytest.mark.parametrize("lose", [*LOSSES, erase], ids=lambda each: each.__name__)
async def test_what_a_lost_lease_had_open_is_charged_as_reserved(bench, lose):
    (lease,) = await leases_of(bench, batch="b", batch_budget_usd=1.0)
    await bench.leases.journal(lease).open_call(FIRST, reserve_usd=0.02)
    assert await money(bench) == await money(bench, batch="b") == (0, 0.02)

    await lose(bench, lease)

    assert await money(bench) == await money(bench, batch="b") == (0.02, 0)


@pytest.mark.parametrize("lose", LOSSES, ids=lambda each: each.__name__)
async def test_a_reply_that_comes_late_corrects_the_charge_once(bench, lose):
    (lease,) = await leases_of(bench, batch="b")
    journal = bench.leases.journal(lease)
    await journal.open_call(FIRST, reserve_usd=0.02)
    await lose(bench, lease)

    await end(journal, 0.005, text="late")
    await end(journal, 0.005, text="late")

    assert await money(bench) == await money(bench, batch="b") == (0.005, 0)


async def test_a_takeover_finds_its_documents_cap_used_by_the_lease_before(bench):
    (old,) = await leases_of(bench, options=Options(max_cost_usd=0.03))
    await bench.leases.journal(old).open_call(FIRST, reserve_usd=0.02)
    await run_out(bench, old)
    (new,) = (await bench.leases.claim_suspects()).leases

    with pytest.raises(BudgetExceeded, match=r"0\.020000 of \$0\.030000 is spent") as refused:
        await bench.leases.journal(new).open_call(FIRST, reserve_usd=0.02)

    assert refused.value.cap == "document"
    assert new.is_capped


async def test_a_call_that_is_opened_again_under_the_same_key_is_charged_again(bench):
    """
    An answer that was cut off is asked for again as the same question; both are on the bill.
    """
    (lease,) = await leases_of(bench)
    journal = bench.leases.journal(lease)
    for text in ("first", "second"):
        await journal.open_call(FIRST, reserve_usd=0.02)
        await end(journal, 0.01, text=text)
    await bench.leases.release([lease])
    (again,) = (await bench.leases.claim(free=1, free_bulk=0)).leases

    assert await money(bench) == (0.02, 0)
    assert [call.completion.text for call in again.calls] == ["first", "second"]
    assert sum(each.usage.cost_usd for each in bench.leases.journal(again).unreported()) == pytest.approx(0.02)


async def test_a_script_that_is_sent_again_books_nothing_twice(bench):
    """
    Redis may have done what was asked and lost the answer on its way; then the same entries are sent again.
    """
    (lease,) = await leases_of(bench)
    for _ in range(2):
        await bench.leases._notes.put("open", lease.id, "0.1.1@t", "0.02", "")
    for _ in range(2):
        await bench.leases._notes.put("end", lease.id, "0.1.1@t", "0.01", b"\0{}")

    assert await money(bench) == (0.01, 0)


async def test_an_end_whose_opening_was_lost_is_booked_all_the_same(bench):
    (lease,) = await leases_of(bench)

    await end(bench.leases.journal(lease), 0.01)

    assert await money(bench) == (0.01, 0)


@pytest.mark.parametrize("lose", [finish, erase], ids=lambda each: each.__name__)
async def test_nothing_more_is_asked_for_an_extraction_that_has_ended(bench, lose):
    (lease,) = await leases_of(bench)
    await lose(bench, lease)

    with pytest.raises(Cancelled):
        await bench.leases.journal(lease).open_call(FIRST, reserve_usd=0.02)

    assert await money(bench) == (0, 0)


# --- waiting ---


async def test_a_call_waits_for_one_that_another_process_settles(bench, redis_url):
    first, second = await leases_of(bench, 2)
    journal = bench.leases.journal(first)
    async with open_bench(redis_url, LIMITS) as other:
        await journal.open_call(FIRST, reserve_usd=0.9)

        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(partial(other.leases.journal(second).open_call, FIRST, reserve_usd=0.8))
                await anyio.sleep(0.05)
                assert await money(other) == (0, 0.9)
                await end(journal, 0.1)

    assert await money(bench) == (0.1, 0.8)


async def test_of_many_that_wait_only_the_first_asks_again(bench):
    leases = await leases_of(bench, 101)
    journals = [bench.leases.journal(lease) for lease in leases]
    await journals[0].open_call(FIRST, reserve_usd=1.0)
    entries = []
    put = bench.leases._notes.put
    bench.leases._notes.put = lambda *entry: entries.append(entry[0]) or put(*entry)

    async def spend(journal):
        await journal.open_call(FIRST, reserve_usd=0.5)
        await end(journal, 0.001)

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            for journal in journals[1:]:
                tasks.start_soon(spend, journal)
            await anyio.wait_all_tasks_blocked()
            await end(journals[0], 0.001)

    assert await money(bench) == (0.101, 0)
    assert entries.count("open") <= 100 * 4  # each once at first; then the first of the line, when it may have its turn


async def test_a_call_that_is_cancelled_while_it_is_opened_leaves_nothing_reserved(bench):
    (lease,) = await leases_of(bench)
    bench.leases.expect(200)  # so that the entry waits for others
    journal = bench.leases.journal(lease)

    with anyio.move_on_after(0):
        await journal.open_call(FIRST, reserve_usd=0.02)
    await bench.leases.flush()

    assert await money(bench) == (0, 0)
    assert journal.attempts() == ()


async def test_a_call_that_is_cancelled_while_it_waits_for_room_leaves_the_line(bench):
    first, second, third = await leases_of(bench, 3)
    journal = bench.leases.journal(first)
    await journal.open_call(FIRST, reserve_usd=1.0)

    with anyio.move_on_after(0.1):
        await bench.leases.journal(second).open_call(FIRST, reserve_usd=0.5)
    await end(journal, 0.0)
    with anyio.fail_after(5):
        await bench.leases.journal(third).open_call(FIRST, reserve_usd=1.0)

    assert await money(bench) == (0, 1.0)
    assert bench.leases._purse._lines == {}


# --- days, tenants, batches ---


async def test_a_call_is_settled_on_the_day_on_which_it_was_opened(bench):
    """
    Yesterday's money is moved to where midnight would have left it.
    """
    (lease,) = await leases_of(bench)
    journal = bench.leases.journal(lease)
    await journal.open_call(FIRST, reserve_usd=0.02)
    name = next(name for name in await bench.fields_of(lease.id) if name.startswith("open:"))
    dollars, day = (await bench.fields_of(lease.id))[name].split()
    await bench.client.hset(extraction(lease.id), name, f"{dollars} {int(day) - 1}")
    await bench.client.rename(daily_money("default", int(day)), daily_money("default", int(day) - 1))

    await end(journal, 0.01)

    assert await money(bench) == (0, 0)
    kept = (await bench.dump())[daily_money("default", int(day) - 1)]
    assert kept.value == {"reserved": "0", "spent": "10000000"}
    assert kept.ttl_ms is not None


async def test_a_tenant_is_not_held_up_by_what_another_has_spent(bench):
    (rich,), (poor,) = await leases_of(bench, tenant="rich"), await leases_of(bench, tenant="poor")
    journal = bench.leases.journal(poor)
    await journal.open_call(FIRST, reserve_usd=1.0)
    await end(journal, 1.0)

    await bench.leases.journal(rich).open_call(FIRST, reserve_usd=1.0)

    assert await money(bench, tenant="poor") == (1.0, 0)
    with pytest.raises(BudgetExceeded, match="tenant may spend on one UTC day") as refused:
        await journal.open_call(CallKey(window=0, round=2), reserve_usd=0.01)
    assert refused.value.cap == "tenant"


async def test_the_budget_of_a_batch_stated_last_holds_also_for_members_before_it(bench):
    first = submission("letter 1", batch="b", batch_budget_usd=0.01, idempotency_key="k")
    await bench.store.submit_many([first])
    (lease,) = (await bench.leases.claim(free=1, free_bulk=0)).leases
    journal = bench.leases.journal(lease)
    with pytest.raises(BudgetExceeded, match="budget of its batch"):
        await journal.open_call(FIRST, reserve_usd=0.02)

    again = submission("letter 1", batch="b", batch_budget_usd=0.05, idempotency_key="k")
    (receipt,) = (await bench.store.submit_many([again])).receipts
    await journal.open_call(FIRST, reserve_usd=0.02)

    assert (receipt.id, receipt.is_new) == (first.id, False)
    assert (await bench.store.money(tenant="default", batch="b")).cap_usd == pytest.approx(0.05)
    assert await bench.store.batch("b", tenant="default") == {"total": 1}


async def test_a_late_reply_brings_no_batch_back_that_has_expired(bench):
    (lease,) = await leases_of(bench, batch="b")
    journal = bench.leases.journal(lease)
    await journal.open_call(FIRST, reserve_usd=0.02)
    await bench.client.delete(batch("default", "b"))

    await end(journal, 0.01)

    assert not await bench.client.exists(batch("default", "b"))
    assert await money(bench) == (0.01, 0)


# --- at the door ---


async def use_up(bench, usd=1.0, **members):
    (lease,) = await leases_of(bench, **members)
    await end(bench.leases.journal(lease), usd)


@pytest.mark.parametrize(
    ("members", "cap"),
    [({}, "tenant"), ({"batch": "b", "batch_budget_usd": 0.5, "tenant": "other"}, "batch")],
    ids=str,
)
async def test_nothing_is_taken_in_under_a_budget_that_is_used_up(bench, members, cap):
    await use_up(bench, 1.0 if cap == "tenant" else 0.5, **members)
    before = await bench.client.dbsize()

    with pytest.raises(BudgetExceeded, match="Any call could pass") as refused:
        await bench.store.submit_many([submission(f"further letter {n}", **members) for n in range(3)])

    assert refused.value.cap == cap
    assert await bench.client.dbsize() == before


async def test_under_a_used_up_budget_what_is_known_is_answered_and_what_costs_nothing_is_taken(bench):
    known = submission("letter", idempotency_key="k")
    await bench.store.submit_many([known])
    await use_up(bench)

    again = submission("letter", idempotency_key="k")
    free = submission("further letter", options=Options(model=OFFLINE_MODEL))
    receipts = (await bench.store.submit_many([again, free])).receipts

    assert [receipt.is_new for receipt in receipts] == [False, True]
    assert receipts[0].id == known.id


async def test_money_has_no_key_that_stays_for_ever(bench):
    await use_up(bench, batch="b")

    dump = await bench.dump()

    assert [name for name, kept in dump.items() if name.startswith(f"{PREFIX}money:") and kept.ttl_ms is None] == []

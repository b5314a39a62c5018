"""What workers see of the store: fair order, fencing, sweeps, suspects, and a queue that stands still."""

from __future__ import annotations

import json
import random
import time
from dataclasses import replace

import pytest

from extractor.records import CallKey, Source, Usage
from extractor.store import StoreLimits
from extractor.store.keys import PREFIX, extraction
from extractor.store.packing import pack
from extractor.testing.models import completion
from extractor.testing.stores import open_bench
from extractor.testing.submissions import submission

pytestmark = pytest.mark.anyio

FIRST = CallKey(window=0, round=1)
LEASE_S = 60.0


@pytest.fixture
async def bench(redis_url):
    async with open_bench(redis_url, StoreLimits(lease_s=LEASE_S)) as bench:
        yield bench


async def hand_in(bench, count=1, **members):
    taken = await bench.store.submit_many([submission(f"letter {n}", **members) for n in range(count)])
    return [receipt.id for receipt in taken.receipts]


async def claim(bench, free=1, free_bulk=100):
    return list((await bench.leases.claim(free=free, free_bulk=free_bulk)).leases)


async def commit(bench, lease, status="succeeded"):
    return await bench.leases.commit(lease, status=status, code="", result=pack(f'"{lease.token}"'.encode()))


async def read(bench, id_):
    return await bench.store.read(id_, tenant="default")


async def renew(bench, *leases):
    return await bench.leases.renew([(lease.id, lease.token) for lease in leases])


def ids_of(leases):
    return [lease.id for lease in leases]


# --- fair order ---


async def test_interactive_is_claimed_before_bulk_however_late_it_came(bench):
    bulk = await hand_in(bench, 3, priority="bulk")
    interactive = await hand_in(bench, 2)

    assert ids_of(await claim(bench, free=4)) == [*interactive, *bulk[:2]]


async def test_without_a_free_bulk_slot_no_bulk_is_claimed(bench):
    bulk = await hand_in(bench, 3, priority="bulk")
    assert await claim(bench, free=5, free_bulk=0) == []

    interactive = await hand_in(bench)

    assert ids_of(await claim(bench, free=5, free_bulk=1)) == [*interactive, bulk[0]]


@pytest.mark.parametrize("priority", ["interactive", "bulk"])
async def test_tenants_take_turns_and_each_keeps_its_order(bench, priority):
    of = {
        tenant: await hand_in(bench, count, tenant=tenant, priority=priority)
        for tenant, count in (("a", 6), ("b", 3), ("c", 1))
    }

    leases = await claim(bench, free=10)

    assert [lease.tenant for lease in leases] == ["a", "b", "c", "a", "b", "a", "b", "a", "a", "a"]
    assert {tenant: [lease.id for lease in leases if lease.tenant == tenant] for tenant in of} == of


async def test_turns_go_on_from_one_claim_to_the_next(bench):
    await hand_in(bench, 4, tenant="a")
    await hand_in(bench, 4, tenant="b")

    tenants = [(await claim(bench))[0].tenant for _ in range(8)]

    assert tenants == ["a", "b"] * 4


async def test_a_tenant_who_comes_late_shares_at_once_and_does_not_catch_up(bench):
    await hand_in(bench, 20, tenant="a")
    await claim(bench, free=10)
    await hand_in(bench, 5, tenant="b")

    tenants = [(await claim(bench))[0].tenant for _ in range(10)]

    assert sorted(tenants[:2]) == ["a", "b"]
    assert tenants.count("b") == 5
    assert all(sorted(tenants[n : n + 2]) == ["a", "b"] for n in range(0, 10, 2))


async def test_a_tenant_who_left_and_came_back_has_no_turns_saved(bench):
    await hand_in(bench, 1, tenant="b")
    await claim(bench)
    await hand_in(bench, 20, tenant="a")
    await claim(bench, free=10)
    await hand_in(bench, 5, tenant="b")

    tenants = [lease.tenant for lease in await claim(bench, free=6)]

    assert tenants.count("b") == 3


async def test_one_claim_takes_a_bounded_number_of_bytes_but_always_one_document(bench):
    large = random.Random(1).randbytes(3_500_000)
    ids = [
        (await bench.store.submit_many([submission(source=Source(content=large + tail))])).receipts[0].id
        for tail in (b"a", b"b", b"c")
    ]

    first = await claim(bench, free=10)
    second = await claim(bench, free=10)

    assert ids_of([*first, *second]) == ids[: len(first) + len(second)]
    assert (len(first), len(second)) == (2, 1)


async def test_returned_work_goes_to_the_head(bench):
    ids = await hand_in(bench, 4)
    leases = await claim(bench, free=2)

    assert await bench.leases.release(leases) == 2

    assert await bench.ready("interactive") == ids
    assert ids_of(await claim(bench, free=4)) == ids


async def test_a_ticket_is_asked_for_while_more_is_ready(bench):
    await hand_in(bench, 3)
    await hand_in(bench, 3, priority="bulk")

    await bench.client.delete("extractor:rung:interactive", "extractor:rung:bulk")

    first = await bench.leases.claim(free=2, free_bulk=2)
    second = await bench.leases.claim(free=2, free_bulk=2)
    await bench.client.delete("extractor:rung:interactive", "extractor:rung:bulk")
    last = await bench.leases.claim(free=10, free_bulk=10)

    assert first.ring == frozenset({"interactive", "bulk"})
    assert second.ring == frozenset()
    assert last.ring == frozenset()


# --- fencing ---


async def test_only_the_latest_holder_may_commit(bench):
    (id_,) = await hand_in(bench)
    (old,) = await claim(bench)
    await bench.let_leases_run_out(id_)
    await bench.leases.sweep()
    (new,) = (await bench.leases.claim_suspects()).leases

    assert old.token != new.token
    assert await renew(bench, old) == ["lost"]
    assert await commit(bench, old) == "lost"
    assert not await bench.leases.defer(old, delay_s=1)
    assert await bench.leases.release([old]) == 0
    assert await bench.leases.crash([old], is_alone=True) == []
    assert (await read(bench, id_)).status == "running"
    assert await commit(bench, new) == "stands"
    assert await commit(bench, old) == "lost"
    assert (await read(bench, id_)).result == f'"{new.token}"'.encode()


async def test_a_lease_that_ran_out_and_was_not_taken_may_still_be_committed(bench):
    first, second = await hand_in(bench, 2)
    old = {lease.id: lease for lease in await claim(bench, free=2)}
    await bench.let_leases_run_out()
    await bench.leases.sweep()

    assert await renew(bench, old[first]) == ["held"]
    assert await bench.places_of(first) == ["extractor:running"]
    assert await commit(bench, old[first]) == "stands"
    assert await commit(bench, old[second]) == "stands"
    assert await bench.store.suspects() == []


async def test_committing_again_with_the_same_token_changes_nothing(bench):
    (id_,) = await hand_in(bench)
    (lease,) = await claim(bench)
    await commit(bench, lease)

    again = await bench.leases.commit(lease, status="failed", code="", result=pack(b"other"))

    stored = await read(bench, id_)
    assert again == "stands"
    assert (stored.status, stored.result) == ("succeeded", f'"{lease.token}"'.encode())


async def test_renewing_tells_who_was_cancelled_and_who_was_lost(bench):
    kept, cancelled, erased, ended = await hand_in(bench, 4)
    leases = {lease.id: lease for lease in await claim(bench, free=4)}
    assert await bench.store.cancel(cancelled, tenant="default") == "running"
    await bench.store.erase(erased, tenant="default")
    await commit(bench, leases[ended])

    said = await renew(bench, *(leases[id_] for id_ in (kept, cancelled, erased, ended)))

    assert said == ["held", "cancelled", "lost", "lost"]
    assert (await read(bench, cancelled)).is_cancelling
    assert await commit(bench, leases[cancelled], status="cancelled") == "stands"
    assert await bench.store.cancel(cancelled, tenant="default") == "cancelled"


async def test_renewing_makes_a_lease_last_one_length_from_now(bench):
    (id_,) = await hand_in(bench)
    (lease,) = await claim(bench)
    await bench.let_leases_run_out(id_)

    await renew(bench, lease)

    assert await bench.client.zscore("extractor:running", id_) == pytest.approx(1000 * (time.time() + LEASE_S), abs=5e3)
    assert (await bench.leases.sweep()).suspects == 0


@pytest.mark.parametrize("how", ["release", "defer", "sweep", "crash"])
async def test_what_somebody_wants_cancelled_is_not_tried_again(bench, how):
    (id_,) = await hand_in(bench)
    (lease,) = await claim(bench)
    await bench.store.cancel(id_, tenant="default")

    if how == "sweep":
        await bench.let_leases_run_out(id_)
        await bench.leases.sweep()
    else:
        act = {
            "release": lambda: bench.leases.release([lease]),
            "defer": lambda: bench.leases.defer(lease, delay_s=1),
            "crash": lambda: bench.leases.crash([lease], is_alone=False),
        }[how]
        await act()

    assert (await read(bench, id_)).status == "cancelled"
    assert await bench.places_of(id_) == []


async def test_what_is_late_is_not_claimed_but_ended(bench):
    """
    While sweeps are quiet, or no worker was there, nobody else has ended it.
    """
    late, suspect, punctual = await hand_in(bench, 3)
    await claim(bench, free=2)
    await bench.let_leases_run_out()
    await bench.leases.sweep()
    await bench.store.requeue([late])
    for id_ in (late, suspect):
        await bench.client.hset(extraction(id_), "deadline", 1)

    assert ids_of(await claim(bench, free=5)) == [punctual]
    assert (await bench.leases.claim_suspects()).leases == ()

    for id_ in (late, suspect):
        assert json.loads((await read(bench, id_)).result)["error"]["code"] == "deadline_exceeded"
        assert await bench.places_of(id_) == []


async def test_deadlines_are_kept_while_sweeps_are_quiet(bench):
    running, waiting = await hand_in(bench, 2)
    assert ids_of(await claim(bench, free=1)) == [running]
    await bench.let_deadlines_pass(running, waiting)
    await bench.note_in_meta(swept=1)

    assert (await bench.leases.sweep()).is_quiet

    assert [(await read(bench, id_)).status for id_ in (running, waiting)] == ["running", "failed"]


async def test_a_circuit_is_probed_by_suspects_only_when_nothing_else_waits(bench):
    (suspect,) = await become_suspects(bench, 1)
    (other,) = await hand_in(bench)
    await bench.leases.trip(code="out_of_credit", message="no money")
    await bench.client.hset(f"{PREFIX}pause", "probe", 1)

    assert (await bench.leases.claim_suspects()).leases == ()
    (probe,) = await claim(bench, free=5)
    assert probe.id == other
    await bench.client.hset(f"{PREFIX}pause", "probe", 1)
    await bench.leases.claim(free=1, free_bulk=1)

    found = await bench.leases.claim_suspects()
    assert (ids_of(found.leases), found.is_probe) == ([suspect], True)


# --- the journal of a takeover ---


async def test_a_takeover_replays_what_was_bought_and_sees_what_was_abandoned(bench):
    await hand_in(bench)
    (old,) = await claim(bench)
    journal = bench.leases.journal(old)
    await journal.open_call(FIRST, reserve_usd=0.02)
    await journal.identify_call(FIRST, generation_id="gen-1")
    await journal.close_call(FIRST, usage=completion("1").usage, completion=completion("1"))
    open_call = CallKey(window=0, round=2)
    await journal.open_call(open_call, reserve_usd=0.07)
    await journal.identify_call(open_call, generation_id="gen-2")
    await bench.let_leases_run_out()
    await bench.leases.sweep()

    (new,) = (await bench.leases.claim_suspects()).leases
    takeover = bench.leases.journal(new)

    assert [(call.key, call.token, call.generation_id) for call in new.calls] == [
        (FIRST, old.token, "gen-1"),
        (open_call, old.token, "gen-2"),
    ]
    money = await bench.store.money(tenant="default")
    assert (money.spent_usd, money.reserved_usd) == (pytest.approx(completion("1").usage.cost_usd + 0.07), 0)
    assert await takeover.replay(window=0, round=1) == completion("1")
    assert await takeover.replay(window=0, round=2) is None
    (abandoned,) = takeover.unreported()
    assert abandoned.outcome == "abandoned"
    assert abandoned.usage.cost_usd == 0.07
    assert abandoned.usage.estimated_calls == 1


async def test_a_reply_whose_opening_was_lost_is_replayed_all_the_same(bench):
    """
    A server that forgets the last second may keep the end of a call and not its beginning.
    """
    await hand_in(bench)
    (old,) = await claim(bench)
    await bench.leases.journal(old).close_call(FIRST, usage=completion("1").usage, completion=completion("1"))
    await bench.let_leases_run_out()
    await bench.leases.sweep()

    (new,) = (await bench.leases.claim_suspects()).leases
    takeover = bench.leases.journal(new)

    assert await takeover.replay(window=0, round=1) == completion("1")
    assert (await bench.store.money(tenant="default")).spent_usd == pytest.approx(completion("1").usage.cost_usd)


async def test_a_journal_of_any_length_is_read(bench):
    """
    A script that takes a long one apart at once runs out of stack, and nobody's extraction is claimed any more.
    """
    (id_,) = await hand_in(bench)
    await claim(bench)
    calls = {f"open:0.1.{number}@1-0": "0.0" for number in range(9000)}
    await bench.client.hset(extraction(id_), mapping=calls)
    await bench.let_leases_run_out()
    await bench.leases.sweep()
    await bench.store.requeue([id_])

    (lease,) = await claim(bench)

    assert len(lease.calls) == 9000


async def test_a_reply_that_reaches_a_lost_lease_serves_the_next_one(bench):
    await hand_in(bench)
    (old,) = await claim(bench)
    late = bench.leases.journal(old)
    await late.open_call(FIRST, reserve_usd=0.02)
    await bench.let_leases_run_out()
    await bench.leases.sweep()
    (second,) = (await bench.leases.claim_suspects()).leases

    await late.close_call(FIRST, usage=Usage(calls=1), completion=completion("late"))
    await bench.leases.crash([second], is_alone=True)
    (third,) = (await bench.leases.claim_suspects()).leases

    assert (await bench.leases.journal(third).replay(window=0, round=1)).text == "late"


async def test_two_holders_never_write_over_one_another(bench):
    await hand_in(bench)
    (old,) = await claim(bench)
    await bench.let_leases_run_out()
    await bench.leases.sweep()
    (new,) = (await bench.leases.claim_suspects()).leases
    for lease, text in ((old, "old"), (new, "new")):
        journal = bench.leases.journal(lease)
        await journal.open_call(FIRST, reserve_usd=0.02)
        await journal.close_call(FIRST, usage=Usage(calls=1), completion=completion(text))
    await bench.leases.release([new])

    (third,) = (await bench.leases.claim_suspects()).leases

    assert sorted(call.completion.text for call in third.calls) == ["new", "old"]


async def test_an_outcome_without_a_result_is_read_from_the_journal(bench):
    (id_,) = await hand_in(bench)
    (lease,) = await claim(bench)
    journal = bench.leases.journal(lease)
    await journal.open_call(FIRST, reserve_usd=0.07)
    await journal.close_call(FIRST, usage=Usage(calls=1, cost_usd=0.03), completion=completion("1"))

    assert await bench.leases.commit(lease, status="cancelled", code="cancelled") == "stands"

    result = json.loads((await read(bench, id_)).result)
    assert (result["status"], result["record"], result["error"]["code"]) == ("cancelled", None, "cancelled")
    assert result["usage"]["cost_usd"] == 0.03


async def test_a_lease_passed_on_to_a_child_brings_document_and_journal_along(bench):
    await hand_in(bench)
    (lease,) = await claim(bench)
    journal = bench.leases.journal(lease)
    await journal.open_call(FIRST, reserve_usd=0.07)
    await journal.close_call(FIRST, usage=Usage(calls=1), completion=completion("1"))

    loaded = await bench.leases.load(replace(lease, body=b"", calls=()))

    assert loaded.body == lease.body
    assert [(call.key, call.completion) for call in loaded.calls] == [(FIRST, completion("1"))]


async def test_an_end_that_no_worker_wrote_has_what_was_spent_on_its_bill(bench):
    (id_,) = await hand_in(bench)
    (lease,) = await claim(bench)
    await bench.leases.journal(lease).open_call(FIRST, reserve_usd=0.07)
    await bench.let_deadlines_pass(id_)
    await bench.leases.sweep()

    result = (await read(bench, id_)).result

    assert b'"code":"deadline_exceeded"' in result
    assert b"0.07" in result


# --- sweeps ---


async def test_a_sweep_moves_what_time_has_moved_and_nothing_else(bench):
    expired, held, deferred, put_off, late = await hand_in(bench, 5)
    leases = {lease.id: lease for lease in await claim(bench, free=5)}
    for id_ in (deferred, put_off):
        await bench.leases.defer(leases[id_], delay_s=600)
    await bench.let_leases_run_out(expired)
    await bench.let_deferrals_be_due(deferred)
    await bench.let_deadlines_pass(late)

    swept = await bench.leases.sweep()

    assert (swept.suspects, swept.due, swept.late, swept.is_quiet) == (1, 1, 1, False)
    assert {id_: await bench.places_of(id_) for id_ in (expired, held, deferred, put_off, late)} == {
        expired: ["extractor:suspects"],
        held: ["extractor:running"],
        deferred: ["extractor:ready:interactive:default"],
        put_off: ["extractor:due"],
        late: [],
    }
    assert (await read(bench, late)).status == "failed"
    assert await commit(bench, leases[late]) == "lost"
    assert await renew(bench, leases[late]) == ["lost"]


@pytest.mark.parametrize("state", ["queued", "running", "deferred", "suspect", "alone"])
async def test_everything_open_ends_by_its_deadline(bench, state):
    (id_,) = await hand_in(bench)
    if state != "queued":
        (lease,) = await claim(bench)
    if state == "deferred":
        await bench.leases.defer(lease, delay_s=600)
    if state in {"suspect", "alone"}:
        await bench.let_leases_run_out(id_)
        await bench.leases.sweep()
    if state == "alone":
        suspects = await bench.leases.claim_suspects()
        await bench.leases.crash(suspects.leases, is_alone=False)
    await bench.let_deadlines_pass(id_)

    await bench.leases.sweep()

    stored = await read(bench, id_)
    assert stored.status == "failed"
    assert b"deadline_exceeded" in stored.result
    assert await bench.places_of(id_) == []


@pytest.mark.parametrize(
    "meta",
    [
        pytest.param({"swept": lambda now: now - LEASE_S * 1000 / 4 - 100}, id="a gap"),
        pytest.param({"swept": lambda now: now + 5000}, id="a clock that stepped back"),
        pytest.param({"run_id": lambda _: "another"}, id="another server"),
    ],
)
async def test_live_workers_come_first_after(bench, meta):
    (id_,) = await hand_in(bench)
    (lease,) = await claim(bench)
    await bench.leases.sweep()
    await bench.let_leases_run_out(id_)
    now = round(1000 * time.time())
    await bench.note_in_meta(**{name: str(value(now)) for name, value in meta.items()})

    swept = [await bench.leases.sweep() for _ in range(3)]

    assert [each.is_quiet for each in swept] == [True] * 3
    assert await bench.places_of(id_) == ["extractor:running"]
    assert await commit(bench, lease) == "stands"


async def test_the_quiet_lasts_one_lease_length(bench):
    (id_,) = await hand_in(bench)
    await claim(bench)
    await bench.leases.sweep()
    await bench.let_leases_run_out(id_)
    now = round(1000 * time.time())

    await bench.note_in_meta(run_id="another")
    assert (await bench.leases.sweep()).is_quiet
    quiet_until = float(await bench.client.hget("extractor:meta", "quiet"))
    await bench.note_in_meta(quiet=str(now - 1))
    swept = await bench.leases.sweep()

    assert quiet_until == pytest.approx(now + 1000 * LEASE_S, abs=5e3)
    assert (swept.is_quiet, swept.suspects) == (False, 1)


async def test_a_clock_that_was_far_ahead_and_came_back_does_not_keep_sweeps_quiet(bench):
    (id_,) = await hand_in(bench)
    await claim(bench)
    await bench.leases.sweep()
    await bench.let_leases_run_out(id_)

    await bench.note_in_meta(quiet=str(round(1000 * time.time()) + 10**9))

    assert (await bench.leases.sweep()).suspects == 1


# --- suspects ---


async def become_suspects(bench, count):
    ids = await hand_in(bench, count)
    await claim(bench, free=count)
    await bench.let_leases_run_out()
    await bench.leases.sweep()
    assert await bench.store.suspects() == ids
    return ids


async def test_suspects_are_not_claimed_with_the_others(bench):
    await become_suspects(bench, 2)

    assert await claim(bench, free=10) == []
    assert len((await bench.leases.claim_suspects()).leases) == 2


async def test_three_deaths_alone_condemn(bench):
    (id_,) = await become_suspects(bench, 1)
    company = await bench.leases.claim_suspects()
    await bench.leases.crash(company.leases, is_alone=company.is_alone)

    condemned = []
    for _ in range(3):
        alone = await bench.leases.claim_suspects()
        assert (ids_of(alone.leases), alone.is_alone) == ([id_], True)
        condemned.append(await bench.leases.crash(alone.leases, is_alone=True))

    stored = await read(bench, id_)
    assert condemned == [[], [], [id_]]
    assert stored.status == "failed"
    assert b"worker_killer" in stored.result
    assert (await bench.leases.claim_suspects()).leases == ()


async def test_a_suspect_that_takes_its_worker_along_is_condemned_too(bench):
    """
    A container that runs out of memory is killed whole, so nobody is left to tell of the child's death.
    """
    (id_,) = await become_suspects(bench, 1)
    seen = []
    for _ in range(4):
        suspects = await bench.leases.claim_suspects()
        seen.append(suspects.is_alone)
        await bench.let_leases_run_out()
        await bench.leases.sweep()

    assert seen == [False, True, True, True]
    assert json.loads((await read(bench, id_)).result)["error"]["code"] == "worker_killer"


async def test_a_worker_that_comes_back_has_not_died(bench):
    (id_,) = await become_suspects(bench, 1)
    await bench.leases.claim_suspects()
    await bench.let_leases_run_out()
    await bench.leases.sweep()
    (lease,) = (await bench.leases.claim_suspects()).leases

    for _ in range(5):
        await bench.let_leases_run_out()
        await bench.leases.sweep()
        assert await bench.leases.renew([(lease.id, lease.token)]) == ["held"]

    assert (await read(bench, id_)).status == "running"


async def test_deaths_in_company_condemn_nobody(bench):
    ids = await become_suspects(bench, 5)
    for _ in range(10):
        await bench.let_leases_run_out()
        await bench.leases.sweep()
        suspects = await bench.leases.claim_suspects()
        await bench.leases.crash(suspects.leases, is_alone=False)

    assert {(await read(bench, id_)).status for id_ in ids} == {"queued"}
    assert sorted(await bench.store.suspects()) == sorted(ids)


async def test_after_a_death_in_company_each_is_run_alone_and_the_innocent_go_free(bench):
    ids = await become_suspects(bench, 4)
    guilty = ids[2]
    company = await bench.leases.claim_suspects()
    await bench.leases.crash(company.leases, is_alone=False)

    runs = 0
    while (suspects := await bench.leases.claim_suspects()).leases:
        runs += 1
        assert suspects.is_alone
        (lease,) = suspects.leases
        if lease.id == guilty:
            await bench.leases.crash(suspects.leases, is_alone=True)
        else:
            await commit(bench, lease)

    assert runs == 3 + 3
    assert {id_: (await read(bench, id_)).status for id_ in ids} == {
        id_: "failed" if id_ == guilty else "succeeded" for id_ in ids
    }


async def test_requeued_suspects_and_deferred_wait_like_others_again(bench):
    suspect, alone = await become_suspects(bench, 2)
    leases = (await bench.leases.claim_suspects()).leases
    await bench.leases.crash([lease for lease in leases if lease.id == alone], is_alone=False)
    await bench.let_leases_run_out()
    await bench.leases.sweep()
    (deferred,) = await hand_in(bench)
    await bench.leases.defer((await claim(bench))[0], delay_s=600)
    (ended,) = await hand_in(bench)
    await commit(bench, (await claim(bench))[0])
    (queued,) = await hand_in(bench)

    requeued = await bench.store.requeue([suspect, alone, deferred, ended, queued, "unknown"])

    assert requeued == [suspect, alone, deferred]
    assert await bench.ready("interactive") == [suspect, alone, deferred, queued]
    assert not (await read(bench, alone)).is_suspect
    assert await bench.store.suspects() == []


# --- a queue that stands still ---


async def test_nothing_is_claimed_while_the_operator_has_paused(bench):
    await hand_in(bench)
    await bench.store.pause(message="maintenance")

    claimed = await bench.leases.claim(free=1, free_bulk=1)
    await bench.leases.mend()

    assert claimed.leases == ()
    assert (claimed.pause.by, claimed.pause.message, claimed.pause.probe_at) == ("operator", "maintenance", None)
    assert await claim(bench) == []
    await bench.store.resume()
    assert len(await claim(bench)) == 1


async def test_a_circuit_lets_one_through_at_each_probe_and_closes_when_it_went_well(bench):
    await hand_in(bench, 5)
    await bench.leases.trip(code="out_of_credit", message="The account is empty.")
    assert await claim(bench, free=5) == []
    pause = (await bench.store.status()).pause
    assert (pause.by, pause.code, pause.message) == ("circuit", "out_of_credit", "The account is empty.")

    await bench.client.hset("extractor:pause", "probe", 1)
    probes = [len(await claim(bench, free=5)) for _ in range(3)]
    await bench.leases.mend()

    assert probes == [1, 0, 0]
    assert len(await claim(bench, free=5)) == 4


async def test_a_probe_for_which_nothing_waited_is_still_to_come(bench):
    await bench.leases.trip(code="out_of_credit", message="The account is empty.")
    await bench.client.hset("extractor:pause", "probe", 1)
    assert await claim(bench, free=5) == []

    await hand_in(bench, 2)

    assert len(await claim(bench, free=5)) == 1
    assert await claim(bench, free=5) == []


async def test_a_circuit_never_takes_the_place_of_an_operators_pause(bench):
    await bench.store.pause(message="maintenance")
    await bench.leases.trip(code="out_of_credit", message="The account is empty.")

    assert (await bench.store.status()).pause.by == "operator"


async def test_the_status_counts_everything(bench):
    await hand_in(bench, 2)
    await hand_in(bench, 3, priority="bulk", tenant="b")
    leases = await claim(bench, free=3)
    await bench.leases.defer(leases[0], delay_s=600)
    await renew(bench, *leases[1:])

    status = await bench.store.status()

    assert status.ready == {"interactive": 0, "bulk": 2}
    assert (status.running, status.deferred, status.suspects) == (2, 1, 0)
    assert [(name, sign.running) for name, sign in status.workers.items()] == [("test", 2)]
    assert 0 <= status.workers["test"].silent_s < 60
    assert 0 <= status.oldest_s < 60
    await bench.leases.leave()
    assert (await bench.store.status()).workers == {}


async def test_an_outcome_is_told_to_celery_until_somebody_has(bench):
    (id_,) = await hand_in(bench, task_id="task-1")
    (lease,) = await claim(bench)

    assert await commit(bench, lease) == "untold"

    assert await bench.leases.untold() == [("task-1", id_)]
    assert await bench.leases.untold() == []
    assert (await bench.store.status()).untold == 1
    await bench.client.zadd("extractor:outbox", {f"task-1 {id_}": 1})
    assert await bench.leases.untold() == [("task-1", id_)]
    await bench.leases.told([("task-1", id_, True)])
    assert (await bench.store.status()).untold == 0

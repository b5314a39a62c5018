"""How often the model is asked, when, and what stops it: one worker, real calls, nothing killed."""

from __future__ import annotations

import asyncio
from collections import Counter
from time import monotonic
from types import SimpleNamespace

import pytest

from extractor.testing import RedisServer
from extractor.testing.fleet import Fleet, LoopbackModel, until, wait_until, worker_environment

LEASE_S = 2
SLOTS = 8
BULK_SLOTS = 7


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """One worker for all tests of this module."""
    settings = {"lease_s": LEASE_S, "slots": SLOTS, "visibility_timeout_s": 1}
    with RedisServer() as server, LoopbackModel() as model:
        environment = worker_environment(server.url, model, **settings)
        with Fleet(1, environment=environment, folder=tmp_path_factory.mktemp("fleet")):
            yield SimpleNamespace(url=server.url, model=model)


@pytest.fixture
def model(place):
    place.model.forget()
    return place.model


@pytest.fixture
async def ledger(place, model, open_ledger):
    """The store of a worker that has learnt what the model takes: until one answer is there, the others wait for it."""
    opened = await open_ledger(place.url, lease_s=LEASE_S)
    await end_of(opened, await opened.submit(["Document 0 takes 1 ms."]))
    yield opened
    await cancel_all(opened, model)


async def cancel_all(ledger, model):
    for tenant in ("default", "a", "b"):
        for name, _ in await ledger.store.list_ids(tenant=tenant, state="open", limit=20_000):
            await ledger.store.cancel(name, tenant=tenant)

    async def none_is_open():
        return not model.tally()["waiting"] and not await ledger.running()

    await until(none_is_open, within_s=30, why="nothing is open")


async def end_of(ledger, ids, *, within_s=60, tenant=""):
    async def all_have_ended():
        return all(each.ended_at for each in await ledger.read(ids, tenant=tenant))

    await until(all_have_ended, within_s=within_s, why="all have ended")
    return await ledger.read(ids, tenant=tenant)


def wait_for_call(model, number):
    return wait_until(lambda: number in model.tally()["waiting"], within_s=30, why=f"document {number} is asked for")


async def test_the_same_idempotency_key_fifty_times_at_once_is_one_extraction_and_one_call(ledger, model):
    found = await asyncio.gather(*[ledger.submit(["Document 1 takes 300 ms."], key="one") for _ in range(50)])

    ids = {name for names in found for name in names}
    assert len(ids) == 1
    assert [each.status for each in await end_of(ledger, [*ids])] == ["succeeded"]
    assert model.tally()["received"][1] == 1


async def test_work_whose_ticket_was_lost_is_found(ledger, record_testsuite_property):
    """A ticket is on its way as far as Redis knows, so no other is sent either; the worker looks by itself."""
    started = monotonic()
    ids = await ledger.submit(["Document 1 takes 1 ms."], is_rung=False)
    ids += await ledger.submit(["Document 2 takes 1 ms."])

    await end_of(ledger, ids)

    record_testsuite_property("seconds until it was recovered", round(monotonic() - started, 3))
    assert monotonic() - started < 10


async def test_a_call_longer_than_the_lease_and_every_timeout_of_the_broker_runs_once(ledger, model):
    ids = await ledger.submit(["Document 1 takes 5000 ms."])

    stored = await end_of(ledger, ids)

    assert [(each.status, each.claims) for each in stored] == [("succeeded", 1)]
    assert model.tally()["received"][1] == 1


async def test_cancelling_a_running_call_closes_its_connection_within_two_seconds(ledger, model):
    ids = await ledger.submit(["Document 1 takes 60000 ms."])
    wait_for_call(model, 1)

    await ledger.store.cancel(ids[0], tenant="default")
    seconds = wait_until(lambda: model.tally()["left"] == {1: 1}, within_s=30, why="the call is given up")

    assert seconds < 2
    assert [each.status for each in await end_of(ledger, ids)] == ["cancelled"]


@pytest.mark.parametrize(("status", "code"), [(401, "authentication_failed"), (402, "out_of_credit")])
async def test_a_refused_account_pauses_the_queue_burns_nothing_and_the_queue_resumes_by_itself(
    status, code, ledger, model
):
    async def is_paused():
        return (await ledger.store.status()).pause

    model.behave(status=status)
    ids = await ledger.submit(f"Document {number} takes 1 ms." for number in range(1, 21))
    await until(is_paused, within_s=30, why="the queue is paused")

    pause = await is_paused()
    asked = model.tally()["refused"]
    assert (pause.by, pause.code) == ("circuit", code)
    assert pause.message
    assert sum(asked.values()) < len(ids)
    model.behave()
    assert Counter(each.status for each in await end_of(ledger, ids)) == {"succeeded": 20}
    assert await is_paused() is None


@pytest.mark.parametrize(
    "queued", [pytest.param(200, id="200"), pytest.param(10_000, id="10000", marks=pytest.mark.full)]
)
async def test_an_interactive_document_is_claimed_within_a_second_while_bulk_fills_its_slots(ledger, model, queued):
    bulk = await ledger.submit((f"Document {number} takes 60000 ms." for number in range(1, queued)), priority="bulk")
    wait_until(lambda: len(model.tally()["waiting"]) == BULK_SLOTS, within_s=60, why="bulk fills all that it may")

    seconds = []
    for number in range(queued, queued + 3):
        ids = await ledger.submit([f"Document {number} takes 1 ms."])
        seconds.append(wait_until(lambda n=number: n in model.tally()["order"], within_s=30, why="it is asked for"))
        await end_of(ledger, ids)

    assert min(seconds) < 1
    assert len(model.tally()["waiting"]) == BULK_SLOTS
    assert sum(each.status == "running" for each in await ledger.read(bulk)) == BULK_SLOTS


@pytest.mark.parametrize(
    "queued", [pytest.param(200, id="200"), pytest.param(10_000, id="10000", marks=pytest.mark.full)]
)
async def test_ten_documents_behind_another_tenants_thousands_take_turns_with_them(ledger, model, queued):
    model.behave(latency_ms=[100, 500])
    await ledger.submit((f"Document {number}." for number in range(100, 100 + queued)), priority="bulk", tenant="a")
    wait_until(lambda: len(model.tally()["waiting"]) == BULK_SLOTS, within_s=60, why="the first tenant fills the slots")

    ids = await ledger.submit((f"Document {number}." for number in range(1, 11)), priority="bulk", tenant="b")
    await end_of(ledger, ids, tenant="b")

    order = model.tally()["order"]
    places = [order.index(number) for number in range(1, 11)]
    others = sum(number >= 100 for number in order[min(places) : max(places)])
    assert others <= 12

"""The parts of a worker, each alone: slots, one run, the child of the suspects, the control channel."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import anyio
import pytest

from extractor.errors import PermissionDenied, RateLimited, UnsupportedSchema
from extractor.local import MemoryPace
from extractor.records import OFFLINE_MODEL, CallKey, Lane, Options, Usage
from extractor.settings import Settings
from extractor.store import SharedPace
from extractor.testing.models import completion
from extractor.testing.stores import open_bench
from extractor.testing.submissions import SCHEMA, submission
from extractor.wiring import door_from
from workers.running import Runner
from workers.slots import Slots
from workers.suspects import Child
from workers.upkeep import hearing

pytestmark = pytest.mark.anyio

FIRST = CallKey(window=0, round=1)
RULES = Options(model=OFFLINE_MODEL)


@pytest.fixture
async def bench(redis_url):
    async with open_bench(redis_url) as bench:
        yield bench


async def one_lease(bench, **members):
    await bench.store.submit_many([submission(options=RULES, **members)])
    (lease,) = (await bench.leases.claim(free=1, free_bulk=1)).leases
    return lease


async def result_of(bench, lease):
    return json.loads((await bench.store.read(lease.id, tenant="default")).result)


class Engine:
    """Buys one reply and then fails, as a re-ask does that the provider refuses."""

    def __init__(self, error):
        self.error = error

    async def run(self, job, *, journal, cancel, pace):
        await journal.open_call(FIRST, reserve_usd=0.01)
        await journal.close_call(FIRST, usage=completion("1").usage, completion=completion("1"))
        raise self.error


@pytest.mark.parametrize("error", [PermissionDenied("no"), UnsupportedSchema("not", at="")], ids=lambda each: each.code)
async def test_what_was_bought_before_a_refusal_is_on_the_bill(bench, error):
    lease = await one_lease(bench)
    door, pace = door_from(Settings(model=OFFLINE_MODEL)), SharedPace(MemoryPace(), bench.client)
    runner = Runner(Engine(error), bench.leases, door=door, pace=pace, untold=asyncio.Event())

    await runner.run(lease, cancel=None)

    result = await result_of(bench, lease)
    assert (result["status"], result["error"]["code"]) == ("failed", error.code)
    assert result["cost_usd"] == pytest.approx(completion("1").usage.cost_usd)
    assert [attempt["outcome"] for attempt in result["attempts"]] == ["abandoned"]


class Spender:
    """Buys one reply of 0.01 dollars each time it runs a document, and is then killed."""

    async def run(self, job, *, journal, cancel, pace):
        assert journal.is_capped
        await journal.open_call(FIRST, reserve_usd=0.01)
        raise asyncio.CancelledError


async def test_the_cap_of_a_document_holds_over_the_workers_that_take_it_over(bench):
    capped = replace(RULES, max_cost_usd=0.025)
    await bench.store.submit_many([submission(options=capped)])
    pace, door = SharedPace(MemoryPace(), bench.client), door_from(Settings(model=OFFLINE_MODEL))
    runner = Runner(Spender(), bench.leases, door=door, pace=pace, untold=asyncio.Event())

    for _ in range(2):
        (lease,) = (await bench.leases.claim(free=1, free_bulk=0)).leases
        with pytest.raises(asyncio.CancelledError):
            await runner.run(lease, cancel=None)
        await bench.leases.release([lease])
    (lease,) = (await bench.leases.claim(free=1, free_bulk=0)).leases
    await runner.run(lease, cancel=None)

    result = await result_of(bench, lease)
    assert (result["status"], result["error"]["code"]) == ("failed", "budget_exceeded")
    assert "$0.020000 of $0.025000 is spent. Raise `max_cost_usd`" in result["error"]["message"]
    assert result["cost_usd"] == pytest.approx(0.02)


async def test_a_run_that_is_stopped_before_its_first_step_leaves_no_slot_behind(bench):
    lease = await one_lease(bench)
    slots = Slots(4, leases=bench.leases, on_free=lambda: None)

    async def run(lease, cancel):
        raise AssertionError("it was stopped before")

    slots.start(lease, run)
    slots.stop(lease.id, "cancelled")
    with anyio.fail_after(5):
        await slots.empty()

    assert (slots.in_flight, slots.free) == (0, 4)
    assert (await result_of(bench, lease))["status"] == "cancelled"


async def test_a_defect_ends_its_extraction_and_frees_its_slot(bench):
    lease = await one_lease(bench)
    freed = []
    slots = Slots(1, leases=bench.leases, on_free=lambda: freed.append(1))

    async def run(lease, cancel):
        raise ZeroDivisionError

    slots.start(lease, run)
    await slots.empty()

    assert (await result_of(bench, lease))["error"]["code"] == "unexpected_error"
    assert freed == [1]


async def test_only_the_lease_that_was_lost_is_stopped(bench):
    """
    A lease may be given back and claimed again here while a renewal of the first is under way.
    """
    lease = await one_lease(bench)
    slots = Slots(4, leases=bench.leases, on_free=lambda: None)
    stopped = asyncio.Event()

    async def run(lease, cancel):
        await stopped.wait()

    slots.start(lease, run)
    slots.stop(lease.id, "lost", token="7-of-another-claim")
    assert not cancelling(slots)

    slots.stop(lease.id, "lost", token=lease.token)
    assert cancelling(slots)
    await slots.empty()


def cancelling(slots):
    return any(slot.task.cancelling() for slot in slots._slots.values())


def test_one_slot_in_eight_is_never_given_to_bulk():
    for count, bulk in {1: 1, 2: 1, 8: 7, 9: 7, 256: 224}.items():
        assert Slots(count, leases=None, on_free=lambda: None).free_bulk == bulk


@pytest.mark.parametrize("message", ["cool now", "cool", "", "cool -1 a", "nonsense", "cool \N{SUPERSCRIPT TWO} a"])
async def test_a_message_that_nobody_understands_harms_nobody(bench, capsys, message):
    hear = hearing(None, pace=SharedPace(MemoryPace(), bench.client), stop=None)

    hear(message)

    assert "not understood" in capsys.readouterr().err


async def test_a_worker_hears_of_cool_downs_and_of_their_end(bench):
    lane = Lane(endpoint="http://there", model="a/b")
    pace = SharedPace(MemoryPace(), bench.client)
    hear = hearing(None, pace=pace, stop=None)
    hear(f"cool 3600000 {lane}")
    await anyio.wait_all_tasks_blocked()
    with pytest.raises(RateLimited):
        await pace.enter(lane, tokens=1)

    hear("open")

    with anyio.fail_after(5):
        await pace.enter(lane, tokens=1)


NOISY = """
from pydantic import BaseModel, field_validator

print("imported")

class Letter(BaseModel):
    a: str

    @field_validator("a")
    @classmethod
    def speak(cls, value):
        print("done")
        return value
"""


async def a_suspect(bench, **members):
    await one_lease(bench, **members)
    await bench.let_leases_run_out()
    await bench.leases.sweep()
    return (await bench.leases.claim_suspects()).leases


async def test_a_class_that_prints_is_no_danger_to_its_extraction(bench, redis_url, tmp_path, monkeypatch):
    (tmp_path / "noisy_letters.py").write_text(NOISY)
    monkeypatch.syspath_prepend(tmp_path)
    settings = Settings(schemas="letter=noisy_letters:Letter")
    target = door_from(settings).registry.target("letter")
    assert target.schema["properties"].keys() == SCHEMA["properties"].keys()
    for name, value in {
        "REDIS_URL": redis_url,
        "PYTHONPATH": str(tmp_path),
        "EXTRACTOR_MODEL": OFFLINE_MODEL,
        "EXTRACTOR_SCHEMAS": settings.schemas,
    }.items():
        monkeypatch.setenv(name, value)
    submitted = submission("A: hello", options=RULES, schema_name="letter")
    await bench.store.submit_many([replace(submitted, target=target)])
    await bench.leases.claim(free=1, free_bulk=1)
    await bench.let_leases_run_out()
    await bench.leases.sweep()
    leases = (await bench.leases.claim_suspects()).leases

    child = Child()
    try:
        with anyio.fail_after(60):
            assert await child.run(leases, is_probe=False) == "lived"
    finally:
        await child.close()

    result = await result_of(bench, leases[0])
    assert (result["status"], result["record"]) == ("succeeded", {"a": "hello"})
    assert "pydantic:Letter" in result["validated_by"]


async def test_a_child_that_cannot_start_is_no_death(bench, redis_url, monkeypatch):
    leases = await a_suspect(bench)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("EXTRACTOR_LEASE_S", "not a number")

    child = Child()
    with anyio.fail_after(60):
        assert await child.run(leases, is_probe=False) == "failed"


async def test_a_circuit_that_refused_a_thousand_times_is_no_bill(bench):
    lease = await one_lease(bench)
    journal = bench.leases.journal(lease)
    for number in range(1, 4):
        key = CallKey(window=0, round=1, attempt=number)
        await journal.open_call(key, reserve_usd=0.01)
        await journal.close_call(key, usage=Usage(calls=1), completion=None)

    assert journal.attempts() == ()

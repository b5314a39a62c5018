"""A cap that is reached midway, by many documents at once: in one process, and on two workers of which one is killed.

What was spent is read from the simulator's ledger, which knows nothing of ours.
"""

from __future__ import annotations

from collections import Counter

import pytest
from pydantic import SecretStr

from extractor.bulk import run_all
from extractor.records import Job, Options, Source
from extractor.settings import Settings
from extractor.simulator import Simulator
from extractor.testing.fleet import until
from extractor.testing.ledger import MODEL, NUMBERED
from extractor.wiring import open_engine

pytestmark = pytest.mark.anyio

#: Documents, how many at once, kills.
SIZES = [
    pytest.param(40, 16, 1, id="40-documents-16-at-once"),
    pytest.param(500, 200, 3, id="500-documents-200-at-once", marks=pytest.mark.full),
]
#: Share of what all documents would cost that may be spent, and of the documents that succeed at least: what was set
#: aside for the calls of a killed worker counts as spent.
SHARE, SUCCEED = 0.5, 0.05
#: Share of the cap after which no further call fits.
USED_UP = 0.8
LEASE_S = 1
#: Tokens of an answer at most: what is set aside for a call is then some two times what it costs.
MAX_TOKENS = 64
#: Dollars by which sums of binary fractions may be off.
ROUNDING = 1e-9


def text(number):
    return f"Number: {number}\n"


@pytest.fixture
def simulator():
    with Simulator(latency_ms=(50, 250)) as running:
        yield running


async def cost_of_one(simulator):
    """Ask once, outside of any cap; return what it cost."""
    async with open_engine(settings_for(simulator)) as engine:
        result = await engine.run(job(0))
    assert result.status == "succeeded", result.error
    return simulator.ledger.usd


def settings_for(simulator):
    return Settings(
        api_key=SecretStr("simulated"), base_url=simulator.base_url, openrouter_compatible=True, model=MODEL
    )


def job(number):
    return Job(
        id=f"x{number}",
        source=Source(content=text(number)),
        target=NUMBERED,
        options=Options(model=MODEL, max_tokens=MAX_TOKENS),
    )


def assert_cut_off_midway(outcomes, *, documents):
    """Every document has an outcome: a record, or that the cap left nothing for it."""
    assert sum(outcomes.values()) == documents
    assert set(outcomes) == {("succeeded", None), ("failed", "budget_exceeded")}
    assert outcomes["succeeded", None] >= documents * SUCCEED


@pytest.mark.parametrize(("documents", "at_once", "_kills"), SIZES)
async def test_a_cap_reached_midway_in_one_process_is_never_passed(
    simulator, documents, at_once, _kills, record_testsuite_property
):
    before = await cost_of_one(simulator)
    cap = before * documents * SHARE

    async with open_engine(settings_for(simulator), budget_usd=cap) as engine:
        jobs = (job(number) for number in range(1, documents + 1))
        results = [result async for result in run_all(jobs, run=engine.run, concurrency=at_once)]
        reserved = engine._purse.reserved_usd

    spent = simulator.ledger.usd - before
    record_testsuite_property("share of the cap that was spent", round(spent / cap, 3))
    assert_cut_off_midway(
        Counter((each.status, each.error and each.error.code) for each in results), documents=documents
    )
    assert cap * USED_UP <= spent <= cap + ROUNDING
    assert engine.spent_usd == pytest.approx(spent)
    assert reserved == 0


@pytest.mark.full
@pytest.mark.parametrize(("documents", "at_once", "kills"), SIZES)
async def test_a_cap_reached_midway_by_two_workers_under_fire_is_never_passed(
    simulator, documents, at_once, kills, redis_url, start_workers, open_ledger, record_testsuite_property
):
    before = await cost_of_one(simulator)
    cap = before * documents * SHARE
    ledger = await open_ledger(redis_url, lease_s=LEASE_S)
    fleet = start_workers(
        redis_url,
        size=2,
        lease_s=LEASE_S,
        slots=at_once // 2,
        tenant_budget_usd=cap,
        base_url=simulator.base_url,
        openrouter_compatible=True,
    )

    ids = await ledger.submit((text(number) for number in range(1, documents + 1)), max_tokens=MAX_TOKENS)
    for number in range(kills):
        await a_moment_of_work(ledger, cap * number / (kills + 1), fleet)
        fleet.kill(number % 2)
    await all_ended(ledger, fleet, documents)

    stored = [each.result.decode() for each in await ledger.read(ids)]
    money = await ledger.store.money(tenant="default")
    spent = simulator.ledger.usd - before
    record_testsuite_property("share of the cap that was spent, that was charged", (spent / cap, money.spent_usd / cap))
    assert_cut_off_midway(Counter(outcome_in(each) for each in stored), documents=documents)
    assert spent <= cap + ROUNDING
    assert max(cap * USED_UP, spent - ROUNDING) <= money.spent_usd <= cap + ROUNDING
    assert money.reserved_usd == 0
    assert [call for calls in (await ledger.calls(ids)).values() for call in calls if is_uncharged(call)] == []


def outcome_in(result):
    if '"status":"succeeded"' in result:
        return "succeeded", None
    return "failed", "budget_exceeded" if '"code":"budget_exceeded"' in result else result


def is_uncharged(call):
    return call.usage is None and not call.reserved_usd


async def a_moment_of_work(ledger, usd, fleet):
    """Wait until more than so much is charged."""

    async def is_at_work():
        return (await ledger.store.money(tenant="default")).spent_usd > usd

    await until(is_at_work, within_s=120, why="money is spent", tend=fleet.tend)


async def all_ended(ledger, fleet, documents):
    async def is_done():
        return await ledger.ended() == documents

    await until(is_done, within_s=240, why="every document has an outcome", tend=fleet.tend)

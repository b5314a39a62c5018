"""What a journal does with money, whatever keeps it: memory, or Redis under a budget of a batch or of a tenant."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Any

import anyio
import pytest

from extractor.errors import BudgetExceeded
from extractor.local import MemoryJournal, MemoryPurse
from extractor.records import CallKey, Options, Usage
from extractor.store import StoreLimits
from extractor.testing.stores import open_bench
from extractor.testing.submissions import submission

pytestmark = pytest.mark.anyio

numbers = count(1)


@dataclass
class MemoryBooks:
    """Documents of one process, and the purse above all of them."""

    above: MemoryPurse

    async def document(self, cap_usd: float | None = None) -> MemoryJournal:
        return MemoryJournal(MemoryPurse(cap_usd, parent=self.above))

    async def money(self) -> tuple[float, float]:
        return self.above.spent_usd, self.above.reserved_usd


@dataclass
class RedisBooks:
    """Documents of a queue, and the purse of their batch or tenant."""

    bench: Any
    members: dict[str, Any]

    async def document(self, cap_usd: float | None = None) -> Any:
        taken = submission(options=Options(max_cost_usd=cap_usd), **self.members)
        await self.bench.store.submit_many([taken])
        (lease,) = (await self.bench.leases.claim(free=1, free_bulk=0)).leases
        return self.bench.leases.journal(lease)

    async def money(self) -> tuple[float, float]:
        money = await self.bench.store.money(tenant="default", batch=self.members.get("batch", ""))
        return money.spent_usd, money.reserved_usd


@asynccontextmanager
async def memory(_request, above_usd):
    yield MemoryBooks(MemoryPurse(above_usd))


@asynccontextmanager
async def redis_batch(request, above_usd):
    async with open_bench(request.getfixturevalue("redis_url")) as bench:
        yield RedisBooks(bench, {"batch": "b", "batch_budget_usd": above_usd})


@asynccontextmanager
async def redis_tenant(request, above_usd):
    limits = StoreLimits(tenant_budget_usd=above_usd)
    async with open_bench(request.getfixturevalue("redis_url"), limits) as bench:
        yield RedisBooks(bench, {})


@pytest.fixture(params=[memory, redis_batch, redis_tenant], ids=lambda each: each.__name__)
def open_books(request):
    return lambda above_usd=None: request.param(request, above_usd)


async def reserve(journal, usd):
    key = CallKey(window=0, round=next(numbers))
    await journal.open_call(key, reserve_usd=usd)
    return key


async def settle(journal, key, usd):
    await journal.close_call(key, usage=Usage(cost_usd=usd, calls=1), completion=None)


async def spend(journal, usd):
    await settle(journal, await reserve(journal, usd), usd)


async def refused(journal, usd):
    with pytest.raises(BudgetExceeded):
        await reserve(journal, usd)
    return True


@pytest.mark.parametrize("place", ["document", "above"])
async def test_spending_stops_at_the_cap(open_books, place):
    async with open_books(0.03 if place == "above" else None) as books:
        journal = await books.document(0.03 if place == "document" else None)
        for _ in range(3):
            await spend(journal, 0.01)

        assert await refused(journal, 0.01)
        assert await books.money() == (pytest.approx(0.03), 0)


@pytest.mark.parametrize("place", ["document", "above"])
async def test_what_was_reserved_but_not_spent_can_be_spent_again(open_books, place):
    async with open_books(0.01 if place == "above" else None) as books:
        journal = await books.document(0.01 if place == "document" else None)
        await settle(journal, await reserve(journal, 0.01), 0.0)

        await spend(journal, 0.01)

        assert await books.money() == (pytest.approx(0.01), 0)


async def test_one_documents_spending_counts_against_the_cap_above_and_not_against_anothers(open_books):
    async with open_books(0.03) as books:
        first, second = await books.document(0.02), await books.document(0.02)
        await spend(first, 0.02)

        assert await refused(first, 0.01)
        assert await refused(second, 0.02)
        await spend(second, 0.01)
        assert await books.money() == (pytest.approx(0.03), 0)


async def test_a_refusal_above_leaves_nothing_reserved_below(open_books):
    async with open_books(0.005) as books:
        journal = await books.document(0.01)

        assert await refused(journal, 0.01)
        assert await refused(journal, 0.01)
        await spend(journal, 0.005)


async def begin(tasks, journal, usd):
    """Begin to reserve in the background; return the list in which the outcome appears."""
    outcome = []

    async def attempt():
        try:
            outcome.append(await reserve(journal, usd))
        except BudgetExceeded as error:
            outcome.append(error.code)

    tasks.start_soon(attempt)
    await anyio.wait_all_tasks_blocked()
    return outcome


async def is_asked(journal, key):
    """Return when everything that was handed over before has been answered."""
    await journal.identify_call(key, generation_id="gen-1")
    await anyio.wait_all_tasks_blocked()


@pytest.mark.parametrize("place", ["document", "above"])
@pytest.mark.parametrize(("cost", "becomes"), [(0.001, "opened"), (0.01, "refused")])
async def test_a_call_that_may_fit_waits_for_those_in_flight(open_books, place, cost, becomes):
    async with open_books(0.015 if place == "above" else None) as books:
        journal = await books.document(0.015 if place == "document" else None)
        other = journal if place == "document" else await books.document()
        first = await reserve(journal, 0.01)

        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                outcome = await begin(tasks, other, 0.01)
                await is_asked(journal, first)
                assert outcome == []
                await settle(journal, first, cost)

        assert (outcome == ["budget_exceeded"]) is (becomes == "refused")
        assert await books.money() == (pytest.approx(cost), pytest.approx(0.01 if becomes == "opened" else 0))


async def test_a_call_that_can_never_fit_is_refused_while_others_are_in_flight(open_books):
    async with open_books(0.015) as books:
        journal = await books.document()
        await reserve(journal, 0.01)

        with anyio.fail_after(10):
            assert await refused(journal, 0.016)


async def test_fifty_calls_at_once_never_pass_the_cap(open_books):
    async with open_books(0.1) as books:
        journals = [await books.document() for _ in range(50)]
        highest, refusals = [], []

        async def spend_one(journal):
            try:
                key = await reserve(journal, 0.01)
            except BudgetExceeded:
                refusals.append(1)
                return
            highest.append(sum(await books.money()))
            await settle(journal, key, 0.01)

        with anyio.fail_after(30):
            async with anyio.create_task_group() as tasks:
                for journal in journals:
                    tasks.start_soon(spend_one, journal)

        assert max(highest) <= 0.1 + 1e-9
        assert len(refusals) == 40
        assert await books.money() == (pytest.approx(0.1), 0)


async def test_at_rest_nothing_is_reserved_to_the_last_fraction(open_books):
    """0.1 + 0.2 - 0.2 - 0.1 is not 0 in binary fractions."""
    random = Random(7)
    async with open_books(100.0) as books:
        journal = await books.document(50.0)
        keys = [await reserve(journal, random.uniform(0, 0.3)) for _ in range(60)]
        random.shuffle(keys)
        for key in keys:
            await settle(journal, key, random.uniform(0, 0.3))

        assert (await books.money())[1] == 0


async def test_a_journal_says_whether_any_cap_applies(open_books):
    async with open_books() as books:
        assert not (await books.document()).is_capped
        assert (await books.document(1.0)).is_capped
    async with open_books(1.0) as books:
        assert (await books.document()).is_capped


async def test_what_was_spent_in_a_purse_that_is_gone_counts_below_and_not_above():
    above = MemoryPurse(1.0)
    journal = MemoryJournal(MemoryPurse(0.03, parent=above, spent_usd=0.02))
    await spend(journal, 0.01)

    assert await refused(journal, 0.01)
    assert above.spent_usd == pytest.approx(0.01)

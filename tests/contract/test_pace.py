"""Rates and cool-downs: the same tests for a pace in memory and for one that is shared over Redis."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace

import anyio
import pytest

from extractor.errors import RateLimited
from extractor.local import Lanes, MemoryPace, MemoryPermits
from extractor.records import Lane, Rates
from extractor.store import RedisPermits, SharedPace
from extractor.testing.stores import open_bench

pytestmark = pytest.mark.anyio

A = Lane(endpoint="http://there", model="a")


@asynccontextmanager
async def in_memory(request):
    """Paces of one process: the engines of it share what is known of the lanes."""
    made = {}

    def paces(rates=None, *, tenant_rates=None):
        if (rates, tenant_rates) not in made:
            permits = MemoryPermits(Rates.read(rates), tenant_rates=Rates.read(tenant_rates))
            made[rates, tenant_rates] = Lanes(permits, jitter=float)
        return MemoryPace(made[rates, tenant_rates])

    yield paces


@asynccontextmanager
async def over_redis(request):
    """Paces of several processes, which share nothing but the server."""
    async with over_redis_at(request.getfixturevalue("redis_url")) as paces:
        yield paces


@asynccontextmanager
async def over_redis_at(url):
    async with open_bench(url) as bench:

        def paces(rates=None, *, tenant_rates=None):
            client = bench.connection.client
            permits = RedisPermits(client, rates=Rates.read(rates), tenant_rates=Rates.read(tenant_rates))
            return SharedPace(MemoryPace(Lanes(permits, jitter=float)), client)

        yield paces


@pytest.fixture(params=[in_memory, over_redis], ids=lambda each: each.__name__)
async def paces(request):
    async with request.param(request) as paces:
        yield paces


async def seconds_of(pace, count, *, lane=A, tokens=0):
    """Let so many requests in, one after the other, and return when each was let in."""
    started, moments = anyio.current_time(), []
    for _ in range(count):
        await pace.enter(lane, tokens=tokens)
        moments.append(anyio.current_time() - started)
    return moments


async def at_once(paces, count, *, tokens=0):
    """Let so many requests wait at each pace at the same time, and return when each was let in."""
    started, moments = anyio.current_time(), []

    async def enter(pace):
        await pace.enter(A, tokens=tokens)
        moments.append(anyio.current_time() - started)

    async with anyio.create_task_group() as waiting:
        for pace in paces:
            for _ in range(count):
                waiting.start_soon(enter, pace)
    return sorted(moments)


async def test_without_a_rate_nothing_waits(paces):
    with anyio.fail_after(5):
        assert len(await seconds_of(paces(), 500, tokens=10**6)) == 500


async def test_requests_go_out_at_the_rate_after_what_may_go_at_once(paces):
    moments = await seconds_of(paces("a=6000"), 90)  # 100 a second, 50 of them at once

    assert moments[49] < 0.3
    assert moments[89] >= 0.38


async def test_a_low_rate_lets_none_go_early(paces):
    assert (await seconds_of(paces("a=120"), 2))[1] >= 0.49


async def test_tokens_are_counted_as_requests_are(paces):
    moments = await seconds_of(paces("a=/60000"), 4, tokens=200)  # 1,000 a second, 0.3 s of them early

    assert moments[1] < 0.15
    assert moments[3] >= 0.28


async def test_one_request_above_the_rate_goes_out_whole_and_is_paid_off_after_it(paces):
    pace, started = paces("a=/60000"), anyio.current_time()

    assert (await seconds_of(pace, 1, tokens=300))[0] < 0.2
    await pace.enter(A, tokens=800)
    assert anyio.current_time() - started >= 0.29
    await pace.enter(A, tokens=1)
    assert anyio.current_time() - started >= 0.59


async def test_tokens_that_were_not_used_are_given_back(paces):
    pace = paces("a=/6000")  # 100 a second
    await pace.enter(A, tokens=5000)
    await pace.leave(A, reserved=5000, used=10)

    with anyio.fail_after(2):
        await pace.enter(A, tokens=10)


async def test_tokens_that_were_used_beyond_the_estimate_are_paid_off(paces):
    pace, started = paces("a=/60000"), anyio.current_time()
    await pace.enter(A, tokens=1)
    await pace.leave(A, reserved=1, used=900)

    await pace.enter(A, tokens=1)

    assert anyio.current_time() - started >= 0.39


async def test_each_model_has_a_rate_of_its_own(paces):
    pace = paces("a=60,*=6000")

    with anyio.fail_after(0.9):
        await pace.enter(A, tokens=1)
        for model in ("b", "c"):
            await seconds_of(pace, 40, lane=replace(A, model=model))


async def test_all_paces_together_keep_to_the_rate(paces):
    moments = await at_once([paces("a=6000") for _ in range(3)], 40)

    assert moments[-1] >= 0.65  # 120 of them, 50 at once
    assert moments[-1] <= 2.0
    assert [(n, at) for n, at in enumerate(moments, 1) if n > 51 + 100 * (at + 0.05)] == []


async def test_a_tenant_at_its_rate_holds_back_no_other(paces):
    pace = paces("a=60000", tenant_rates="*=60")
    greedy, modest = pace.of("greedy"), pace.of("modest")

    async with anyio.create_task_group() as waiting:
        for _ in range(3):
            waiting.start_soon(lambda: greedy.enter(A, tokens=1))
        await anyio.wait_all_tasks_blocked()
        with anyio.fail_after(0.7):
            await modest.enter(A, tokens=1)
        waiting.cancel_scope.cancel()


async def test_tenants_together_keep_to_the_rate_of_the_model(paces):
    pace = paces("a=120", tenant_rates="a=6000")

    moments = await at_once([pace.of("one"), pace.of("two")], 1)

    assert moments[-1] >= 0.45


async def test_who_came_first_goes_first(paces):
    pace, order = paces("a=6000"), []
    await seconds_of(pace, 50)

    async def enter(number):
        await pace.enter(A, tokens=1)
        order.append(number)

    async with anyio.create_task_group() as waiting:
        for number in range(10):
            waiting.start_soon(enter, number)

    assert order == list(range(10))


async def test_one_that_stops_waiting_holds_nobody_back(paces):
    pace = paces("a=120")
    await pace.enter(A, tokens=1)
    with anyio.move_on_after(0.05):
        await pace.enter(A, tokens=1)

    with anyio.fail_after(2):
        await pace.enter(A, tokens=1)


async def test_a_cool_down_is_sat_out_by_all_who_wait(paces):
    pace, started = paces("a=60000"), anyio.current_time()
    await pace.cool_down(A, seconds=0.2)

    await at_once([pace], 5)

    assert 0.19 <= anyio.current_time() - started < 3


async def test_a_cool_down_too_long_to_sit_out_ends_the_question_and_says_when(paces):
    pace = paces()
    await pace.cool_down(A, seconds=3600)

    with anyio.fail_after(1), pytest.raises(RateLimited) as caught:
        await pace.enter(A, tokens=1)

    assert caught.value.retryable
    assert caught.value.retry_after_s == pytest.approx(3600, abs=5)
    assert not caught.value.maybe_billed


async def test_who_sits_a_cool_down_out_learns_when_it_grows_too_long(paces):
    pace, ended = paces(), []

    async def enter():
        with pytest.raises(RateLimited):
            await pace.enter(A, tokens=1)
        ended.append(True)

    await pace.cool_down(A, seconds=100)
    with anyio.fail_after(2):
        async with anyio.create_task_group() as waiting:
            for _ in range(3):
                waiting.start_soon(enter)
            await anyio.wait_all_tasks_blocked()
            await pace.cool_down(A, seconds=3600)

    assert ended == [True] * 3


async def test_a_cool_down_that_is_lifted_holds_nobody_back(paces):
    pace = paces()
    await pace.cool_down(A, seconds=100)

    with anyio.fail_after(2):
        async with anyio.create_task_group() as waiting:
            waiting.start_soon(lambda: pace.enter(A, tokens=1))
            await anyio.wait_all_tasks_blocked()
            pace.lift()


async def test_a_process_that_starts_takes_over_the_cool_down(redis_url):
    async with over_redis_at(redis_url) as paces:
        await paces().cool_down(A, seconds=3600)
        started = paces()
        await started.catch_up(A)
        await started.catch_up(replace(A, model="b"))

        await started.enter(replace(A, model="b"), tokens=1)
        with pytest.raises(RateLimited):
            await started.enter(A, tokens=1)


async def test_a_shorter_cool_down_does_not_end_a_longer_one(redis_url):
    async with over_redis_at(redis_url) as paces:
        await paces().cool_down(A, seconds=3600)
        await paces().cool_down(A, seconds=1)
        started = paces()
        await started.catch_up(A)

        with pytest.raises(RateLimited):
            await started.enter(A, tokens=1)


async def test_an_operator_lifts_what_a_provider_asked_for(redis_url):
    async with open_bench(redis_url) as bench:
        pace = SharedPace(MemoryPace(Lanes(jitter=float)), bench.connection.client)
        await pace.cool_down(A, seconds=3600)
        started = SharedPace(MemoryPace(), bench.connection.client)

        assert await bench.store.resume()
        assert not await bench.store.resume()
        await started.catch_up(A)

        with anyio.fail_after(2):
            await started.enter(A, tokens=1)


async def test_after_refusals_fewer_go_out_at_once_and_answers_bring_them_back(paces):
    pace, in_flight = paces(), []

    async def answer():
        await pace.enter(A, tokens=1)
        in_flight.append(1)
        most.append(len(in_flight))
        await anyio.sleep(0.02)
        in_flight.pop()
        await pace.leave(A, reserved=1, used=1)

    most = []
    await at_once([pace], 40)
    for _ in range(40):
        await pace.leave(A, reserved=1, used=0)
    await pace.cool_down(A, seconds=0.0)
    async with anyio.create_task_group() as asking:
        for _ in range(600):
            asking.start_soon(answer)

    assert max(most[:5]) < 10
    assert 15 <= max(most) <= 45


async def test_one_round_trip_serves_many(redis_url):
    async with open_bench(redis_url) as bench:
        permits = RedisPermits(bench.connection.client, rates=Rates.read("*=600000/600000000"), tenant_rates=Rates())
        pace = MemoryPace(Lanes(permits))
        before = await scripts_run(bench)

        await at_once([pace], 1000, tokens=100)

        assert await scripts_run(bench) - before < 40


async def scripts_run(bench):
    stated = await bench.client.info("commandstats")
    return stated.get("cmdstat_evalsha", {"calls": 0})["calls"]


async def test_permits_that_were_not_used_go_back(redis_url):
    """
    The block that a process took ahead is no one's loss: when nothing is in flight it is given back.
    """
    async with open_bench(redis_url) as bench:
        permits = RedisPermits(bench.connection.client, rates=Rates.read("*=600"), tenant_rates=Rates())
        await permits.take(A, tenant="", tokens=1, behind=4)  # a block of five
        (key,) = await bench.client.keys("extractor:pace:*")
        before = float(await bench.client.hget(key, "requests"))

        await permits.correct(A, tenant="", tokens=0)

        assert before - float(await bench.client.hget(key, "requests")) == pytest.approx(400, abs=50)


async def test_redis_gone_for_a_moment_only_delays(redis_server):
    async with open_bench(redis_server.url) as bench:
        permits = RedisPermits(bench.connection.client, rates=Rates.read("*=600"), tenant_rates=Rates())
        pace = MemoryPace(Lanes(permits))
        redis_server.kill()

        async with anyio.create_task_group() as waiting:
            waiting.start_soon(lambda: pace.enter(A, tokens=1))
            await anyio.sleep(0.1)
            redis_server.start()

        await pace.leave(A, reserved=1, used=5)

"""What every adapter of a port must do. A new adapter is one more row in a fixture."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace

import anyio
import pytest

from extractor.errors import Cancelled
from extractor.local import MemoryCancel, MemoryJournal, MemoryPace
from extractor.records import CallKey, Completion, Lane, Usage
from extractor.store import SharedPace
from extractor.testing import InstantPace
from extractor.testing.models import completion
from extractor.testing.stores import open_bench
from extractor.testing.submissions import submission

pytestmark = pytest.mark.anyio

A = Lane(endpoint="there", model="a")
FIRST = CallKey(window=0, round=1)


@asynccontextmanager
async def memory_journal(request):
    yield MemoryJournal()


@asynccontextmanager
async def redis_journal(request):
    """A journal on Redis, of a first lease."""
    async with open_bench(request.getfixturevalue("redis_url")) as bench:
        await bench.store.submit_many([submission()])
        (lease,) = (await bench.leases.claim(free=1, free_bulk=0)).leases
        yield bench.leases.journal(lease)


@asynccontextmanager
async def redis_journal_of_a_takeover(request):
    """A journal on Redis, of a lease after another that bought the answer to an earlier question."""
    async with open_bench(request.getfixturevalue("redis_url")) as bench:
        await bench.store.submit_many([submission()])
        (first,) = (await bench.leases.claim(free=1, free_bulk=0)).leases
        earlier = CallKey(window=7, round=1)
        await bench.leases.journal(first).open_call(earlier, reserve_usd=0.01)
        await bench.leases.journal(first).close_call(earlier, usage=Usage(), completion=completion("7"))
        await bench.leases.release([first])
        (second,) = (await bench.leases.claim(free=1, free_bulk=0)).leases
        yield bench.leases.journal(second)


@pytest.fixture(params=[memory_journal, redis_journal, redis_journal_of_a_takeover], ids=lambda each: each.__name__)
async def journal(request):
    async with request.param(request) as journal:
        yield journal


@pytest.fixture(params=[MemoryPace, InstantPace, SharedPace], ids=lambda each: each.__name__)
async def pace(request):
    if request.param is not SharedPace:
        yield request.param()
        return
    async with open_bench(request.getfixturevalue("redis_url")) as bench:
        yield SharedPace(MemoryPace(), bench.connection.client)


async def test_a_reply_in_the_journal_is_found_by_its_question(journal):
    reply = completion({"a": 1})
    await journal.open_call(FIRST, reserve_usd=0.01)
    await journal.identify_call(FIRST, generation_id="gen-1")
    await journal.close_call(FIRST, usage=reply.usage, completion=reply)

    assert await journal.replay(window=0, round=1) == reply
    assert await journal.replay(window=0, round=2) is None
    assert await journal.replay(window=1, round=1) is None


async def test_a_call_that_failed_is_not_a_reply(journal):
    await journal.open_call(FIRST, reserve_usd=0.01)
    await journal.close_call(FIRST, usage=Usage(calls=1), completion=None)

    assert await journal.replay(window=0, round=1) is None


async def test_the_reply_of_a_later_request_answers_the_question(journal):
    second = CallKey(window=0, round=1, attempt=2)
    for key, reply in ((FIRST, None), (second, completion("{}"))):
        await journal.open_call(key, reserve_usd=0.01)
        await journal.close_call(key, usage=Usage(), completion=reply)

    assert await journal.replay(window=0, round=1) == completion("{}")


async def test_a_reply_to_another_question_under_the_same_numbers_is_none(journal):
    """What is asked under a number may change: a repair of the whole once one more part of it was read."""
    await journal.open_call(FIRST, reserve_usd=0.01)
    await journal.close_call(FIRST, usage=Usage(), completion=replace(completion("1"), asked="a"))

    assert await journal.replay(window=0, round=1, asked="b") is None
    assert (await journal.replay(window=0, round=1, asked="a")).text == "1"
    assert (await journal.replay(window=0, round=1)).text == "1"


async def test_a_paid_reply_is_never_overwritten(journal):
    await journal.open_call(FIRST, reserve_usd=0.01)
    await journal.close_call(FIRST, usage=Usage(), completion=completion("1"))
    await journal.open_call(FIRST, reserve_usd=0.02)
    await journal.close_call(FIRST, usage=Usage(), completion=completion("2"))

    assert (await journal.replay(window=0, round=1)).text == "1"


async def test_a_reply_comes_back_as_it_was_given(journal):
    given = Completion(
        text='{"a": "\u00fc\u2028\ud83d"}' * 500,
        reasoning="because",
        finish_reason="tool_calls",
        rung="tool",
        rungs_sent=("json_schema", "tool"),
        why="response_format is not supported",
        model="m",
        provider="p",
        generation_id="gen-1",
        usage=Usage(prompt_tokens=7, completion_tokens=5, cached_tokens=3, cost_usd=0.1 + 0.2, calls=2),
        seconds=1.25,
    )
    await journal.open_call(FIRST, reserve_usd=0.5)
    await journal.close_call(FIRST, usage=given.usage, completion=given)

    assert await journal.replay(window=0, round=1) == given


async def test_a_call_is_closed_once(journal):
    await journal.open_call(FIRST, reserve_usd=0.01)
    await journal.close_call(FIRST, usage=Usage(calls=1), completion=completion("1"))
    await journal.close_call(FIRST, usage=Usage(calls=1), completion=None)

    assert (await journal.replay(window=0, round=1)).text == "1"


async def test_a_reply_is_kept_also_where_an_earlier_run_had_none():
    """A run was cancelled in flight, and another asked the same question with the same journal."""
    journal = MemoryJournal()
    await journal.open_call(FIRST, reserve_usd=0.01)
    await journal.close_call(FIRST, usage=Usage(calls=1, cost_usd=0.01), completion=None)
    await journal.open_call(FIRST, reserve_usd=0.01)
    await journal.close_call(FIRST, usage=Usage(calls=1, cost_usd=0.02), completion=completion("1"))

    assert await journal.replay(window=0, round=1) == completion("1")
    assert journal.calls[FIRST].usage == Usage(calls=2, cost_usd=0.03)


async def test_a_lane_that_cools_down_does_not_hold_back_another(pace):
    await pace.cool_down(A, seconds=0.05)

    with anyio.fail_after(5):
        await pace.enter(replace(A, model="b"), tokens=1)
        await pace.enter(A, tokens=1)


async def test_a_cool_down_is_waited_for():
    pace = MemoryPace()
    await pace.cool_down(A, seconds=0.05)
    started = anyio.current_time()

    await pace.enter(A, tokens=1)

    assert anyio.current_time() - started >= 0.04


async def test_cancelling_stops_before_the_next_request():
    cancel = MemoryCancel()
    cancel.raise_if_cancelled()
    cancel.cancel()

    with pytest.raises(Cancelled):
        cancel.raise_if_cancelled()

"""A provider that wants to be left alone for long: its documents step aside, and others use the slot."""

from __future__ import annotations

import time

import pytest
from pydantic import SecretStr

from extractor import extract
from extractor.records import Options
from extractor.settings import Settings
from extractor.simulator import Reply, Simulator
from extractor.testing.fleet import until
from extractor.testing.stores import open_bench
from extractor.testing.submissions import SCHEMA, submission
from workers.loop import start

pytestmark = pytest.mark.anyio

TOMORROW = Reply(status=429, headers={"Retry-After": "54000"}, billed=False)
LIMITED, OTHER = Options(model="a/limited"), Options(model="b/other")


def answer(_messages, _shape):
    return '{"a":"reader"}'


@pytest.fixture
def simulator():
    with Simulator(answer=answer) as simulator:
        yield simulator


@pytest.fixture
def one_slot(redis_url, simulator):
    """A worker that runs one extraction at a time."""
    loop = start(
        Settings(
            REDIS_URL=SecretStr(redis_url),
            base_url=simulator.base_url,
            api_key=SecretStr("simulated"),
            models="a/limited,b/other",
            slots=1,
        ),
        tell=lambda _told: None,
    )
    yield loop
    loop.stop(5)


async def test_a_limit_until_tomorrow_puts_documents_off_and_frees_the_slot(redis_url, simulator, one_slot):
    """
    Two documents of a model whose limit is used up, and then one of another model: the first meets the limit, the
    second is put off without a request, and the third has its record at once.
    """
    simulator.play("first", TOMORROW)
    texts = {"Dear first reader": LIMITED, "Dear second reader": LIMITED, "Dear third reader": OTHER}
    async with open_bench(redis_url) as bench:
        handed_in = [submission(text, options=options) for text, options in texts.items()]
        await bench.store.submit_many(handed_in)

        async def found():
            one_slot.wake()
            return await bench.store.read_many([each.id for each in handed_in], tenant="default")

        async def all_have_moved_on():
            return [each.status for each in await found()] == ["deferred", "deferred", "succeeded"]

        await until(all_have_moved_on, within_s=20, why="the slot is free again")
        first, second, _ = await found()

    in_s = [each.due_at - time.time() for each in (first, second)]
    assert in_s == [pytest.approx(54_000, abs=60)] * 2
    assert [bill.model for bill in simulator.ledger.calls] == ["a/limited", "b/other"]


def ask_simulator(monkeypatch, simulator):
    monkeypatch.setenv("EXTRACTOR_BASE_URL", simulator.base_url)
    monkeypatch.setenv("EXTRACTOR_API_KEY", "simulated")


def test_in_process_it_fails_with_the_time_stated_and_the_rest_is_not_sent(monkeypatch, simulator):
    ask_simulator(monkeypatch, simulator)
    simulator.play("first", TOMORROW)

    results = [extract(text, SCHEMA, model="a/limited") for text in ("Dear first reader", "Dear second reader")]

    assert [(each.status, each.error.code, each.error.retryable) for each in results] == [
        ("failed", "rate_limited", True)
    ] * 2
    assert [each.error.retry_after_s for each in results] == [pytest.approx(54_000, abs=60)] * 2
    assert len(simulator.ledger.calls) == 1
    assert extract("Dear third reader", SCHEMA, model="b/other").status == "succeeded"


def test_a_rate_of_the_settings_is_kept_in_process(monkeypatch, simulator):
    ask_simulator(monkeypatch, simulator)
    monkeypatch.setenv("EXTRACTOR_RATES", "*=120")
    started = time.monotonic()

    results = [extract(f"Dear reader {number}", SCHEMA, model="a/limited") for number in range(3)]

    assert time.monotonic() - started >= 1.0
    assert [each.status for each in results] == ["succeeded"] * 3

"""The engine as a worker uses it: ports of its own, a deadline, and money that was spent before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from extractor.local import MemoryCancel, MemoryJournal, MemoryPurse
from extractor.records import Job, Options, Source
from extractor.schema import contract_for, target_from
from extractor.settings import Settings
from extractor.testing import InstantPace, ScriptedServer, reply, status
from extractor.wiring import open_engine

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.anyio

PLAIN_MODEL = "qwen/qwen-plus-2025-07-28"
TARGET = target_from({"type": "object", "properties": {"total": {"type": "number"}}, "required": ["total"]})


def job(**options) -> Job:
    chosen = Options(model=PLAIN_MODEL, **options)
    return Job(id="x_1", source=Source(content="Total: 12", name="letter.txt"), target=TARGET, options=chosen)


@pytest.fixture(autouse=True)
def known_schema() -> None:
    """Try the schema out before any deadline runs."""
    contract_for(TARGET)


@pytest.fixture
def script() -> list:
    """Replies of the provider, in order; a test adds them."""
    return []


@pytest.fixture
def server(script) -> Iterator[ScriptedServer]:
    replies = iter(script)
    with ScriptedServer(lambda _asked: next(replies)) as server:
        yield server


@pytest.fixture
def settings(server) -> Settings:
    return Settings(base_url=server.base_url, api_key=SecretStr("sk-test-0123456789"))


async def test_a_document_that_takes_too_long_fails_alone(script, server, settings):
    script += [reply({"total": 12}).after(30), reply({"total": 12})]

    async with open_engine(settings) as engine:
        late = await engine.run(job(deadline_s=0.2))
        fine = await engine.run(job(deadline_s=30))

    assert (late.status, late.error.code, late.error.retryable) == ("failed", "deadline_exceeded", False)
    assert late.error.message.startswith("The extraction had not ended after 0.2 s. What was asked until then is not")
    assert (late.source, late.record, late.attempts) == ("letter.txt", None, ())
    assert fine.record == {"total": 12}


async def test_a_call_that_the_deadline_cut_off_is_closed_in_the_journal_and_charged(script, server, settings):
    script += [reply({"total": 12}).after(30)]
    journal = MemoryJournal()

    async with open_engine(settings) as engine:
        await engine.run(job(deadline_s=0.2), journal=journal)

    (call,) = journal.calls.values()
    assert call.usage is not None
    assert call.completion is None
    assert call.usage.cost_usd == call.reserved_usd > 0


async def test_a_reply_in_the_journal_that_a_worker_brings_is_not_bought_again(script, server, settings):
    script += [reply({"total": 12})]
    journal = MemoryJournal()

    async with open_engine(settings) as engine:
        first = await engine.run(job(), journal=journal)
        again = await engine.run(job(), journal=journal)

    assert first.record == again.record == {"total": 12}
    assert len(server.asked) == 1


async def test_what_earlier_runs_spent_counts_against_the_cap_of_the_document(script, server, settings):
    script += [reply({"total": 12})]

    async with open_engine(settings) as engine:
        spent = await engine.run(job(), journal=MemoryJournal(MemoryPurse(0.5, spent_usd=0.5)))
        fresh = await engine.run(job(max_cost_usd=0.5))

    assert (spent.error.code, fresh.record) == ("budget_exceeded", {"total": 12})
    assert engine.spent_usd < 0.5


async def test_a_cancel_that_a_worker_brings_stops_the_run(script, server, settings):
    cancel = MemoryCancel()
    cancel.cancel()

    async with open_engine(settings) as engine:
        result = await engine.run(job(), cancel=cancel)

    assert (result.status, server.asked) == ("cancelled", [])


async def test_a_pace_that_a_worker_brings_is_the_one_that_waits(script, server, settings):
    script += [status(429, retry_after=7), reply({"total": 12})]
    pace = InstantPace()

    async with open_engine(settings, pace=pace) as engine:
        result = await engine.run(job())

    assert result.record == {"total": 12}
    assert [seconds for _, seconds in pace.cooled] == [7.0]

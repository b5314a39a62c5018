"""Running again what ended without success: only what is missing is asked for, and paid."""

from __future__ import annotations

import json
import re
import sys
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from anyio import to_thread
from pydantic import BaseModel, SecretStr

from extractor import Queue, extract
from extractor.api import create_app
from extractor.api.service import open_service
from extractor.cli import app
from extractor.errors import InvalidRequest, UnknownExtraction
from extractor.prompt import read_back
from extractor.settings import Settings
from extractor.simulator import PROFILES, Reply, Simulator
from workers.entrance import Entrance
from workers.loop import start

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from extractor.records import Message, Shape

MODEL = "qwen/qwen-plus-2025-07-28"
ROW = re.compile(r"(SKU-\d+) \| ([^|]+) \| (\d+)")
REFUSED = Reply(content="I cannot help with that.", finish="content_filter")
#: Rows whose windows are refused, once.
NEEDLES = ("SKU-0060", "SKU-0250")


class Line(BaseModel):
    """A line of an order."""

    sku: str
    name: str
    quantity: int


class Order(BaseModel):
    """An order."""

    number: str | None
    lines: list[Line]


def order_of(count: int) -> str:
    rows = "\n".join(f"SKU-{row:04d} | Part number {row} | {row % 9 + 1}" for row in range(count))
    return f"# Order\n\nNumber: A-17\n\nSKU | Name | Quantity\n{rows}\n\nCarrier: road\n"


TEXT = order_of(390)


def rows_of(text: str) -> list[dict[str, Any]]:
    return [{"sku": sku, "name": name, "quantity": int(quantity)} for sku, name, quantity in ROW.findall(text)]


def from_document(messages: Sequence[Message], _shape: Shape) -> str:
    asked = read_back(messages)
    number = re.search(r"^Number: (\S+)", asked.document, re.MULTILINE)
    return json.dumps({"number": number and number[1], "lines": rows_of(asked.document)})


@pytest.fixture
def simulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """A model whose replies hold a tenth of the order."""
    profile = replace(PROFILES["enforces"], output_limit=1_100)
    with Simulator(profile=profile, answer=from_document) as running:
        monkeypatch.setenv("EXTRACTOR_BASE_URL", running.base_url)
        monkeypatch.setenv("EXTRACTOR_API_KEY", "simulated")
        monkeypatch.setenv("EXTRACTOR_OPENROUTER_COMPATIBLE", "true")
        monkeypatch.setenv("EXTRACTOR_MODEL", MODEL)
        yield running


@contextmanager
def working(redis_url: str, simulator: Simulator) -> Iterator[None]:
    """Run a worker."""
    settings = Settings(
        REDIS_URL=SecretStr(redis_url),
        base_url=simulator.base_url,
        api_key=SecretStr("simulated"),
        openrouter_compatible=True,
        model=MODEL,
    )
    loop = start(settings, tell=lambda _told: None)
    try:
        yield
    finally:
        loop.stop(5)


def learn_limits(queue: Queue) -> None:
    """Have the model's limits known, so that a long document is cut into parts from the start."""
    assert queue.wait(queue.submit("Number: A-1", Order), 30).status == "succeeded"


def refuse_two(simulator: Simulator) -> None:
    for needle in NEEDLES:
        simulator.play(needle, REFUSED)


def test_a_rerun_asks_the_windows_that_failed_and_no_other(redis_url: str, simulator: Simulator) -> None:
    """
    The bill of the re-run has two calls, and the extraction that it is a re-run of stays as it ended.
    """
    with working(redis_url, simulator), Queue(redis_url) as queue:
        learn_limits(queue)
        before_usd = simulator.ledger.usd
        refuse_two(simulator)
        first = queue.wait(queue.submit(TEXT, Order), 30)
        bought, spent_usd = len(simulator.asked), simulator.ledger.usd
        second = queue.wait(queue.retry(first.id), 30)
        after = queue.get(first.id)
        with pytest.raises(InvalidRequest, match="has succeeded"):
            queue.retry(first.id)

    assert (first.status, first.error.code, first.retry_of) == ("partial", "unread_ranges", "")
    unread = [TEXT[each.start : each.end] for each in first.coverage if each.outcome == "unread"]
    again = simulator.asked[bought:]
    assert len(again) == len(unread) == 2
    assert len(first.coverage) >= 10
    assert all(any(ROW.findall(gap)[0][0] in asked.raw.decode() for asked in again) for gap in unread)
    assert (second.status, second.retry_of, second.source) == ("succeeded", first.id, first.source)
    assert isinstance(second.record, Order)
    assert second.json_record == {"number": "A-17", "lines": rows_of(TEXT)}
    assert second.usage.calls == 2
    assert second.cost_usd == pytest.approx(simulator.ledger.usd - spent_usd)
    assert first.cost_usd == pytest.approx(spent_usd - before_usd)
    assert after == first


def test_a_document_that_was_divided_is_divided_as_it_was_without_buying_that_again(
    redis_url: str, simulator: Simulator
) -> None:
    """The limits of the model, which are known by the second time, would have it divided in another way."""
    with working(redis_url, simulator), Queue(redis_url) as queue:
        simulator.play("Carrier", Reply(content='{"number": "A-17", "lines": [{', finish="length"))
        refuse_two(simulator)
        first = queue.wait(queue.submit(TEXT, Order), 30)
        bought = len(simulator.asked)
        second = queue.wait(queue.retry(first.id), 30)

    assert {(each.window, each.error.code) for each in first.attempts if not each.window} == {(0, "truncated")}
    unread = [TEXT[each.start : each.end] for each in first.coverage if each.outcome == "unread"]
    for asked in simulator.asked[bought:]:
        rows = {sku for sku, _, _ in ROW.findall(asked.raw.decode())}
        assert any(rows <= {sku for sku, _, _ in ROW.findall(gap)} for gap in unread)
    assert (second.status, second.json_record["lines"]) == ("succeeded", rows_of(TEXT))
    ranges = [(each.start, each.end) for each in first.coverage if each.outcome == "read"]
    assert set(ranges) < {(each.start, each.end) for each in second.coverage}


def test_a_rerun_of_a_rerun_keeps_what_both_have_bought(redis_url: str, simulator: Simulator) -> None:
    text = order_of(300)
    with working(redis_url, simulator), Queue(redis_url) as queue:
        learn_limits(queue)
        refuse_two(simulator)
        first = queue.submit(text, Order)
        queue.wait(first, 30)
        simulator.play(NEEDLES[1], REFUSED)
        second = queue.wait(queue.retry(first), 30)
        bought = len(simulator.asked)
        third = queue.wait(queue.retry(first), 30)

    assert [second.status, third.status, third.retry_of] == ["partial", "succeeded", second.id]
    assert (len(simulator.asked) - bought, third.usage.calls) == (1, 1)
    assert third.json_record["lines"] == rows_of(text)


def test_what_has_not_ended_or_never_was_is_not_run_again(redis_url: str, simulator: Simulator) -> None:
    with Queue(redis_url) as queue, Queue(redis_url, tenant="other") as other:
        id_ = queue.submit(TEXT, Order)

        with pytest.raises(InvalidRequest, match="has not ended"):
            queue.retry(id_)
        queue.cancel(id_)
        with pytest.raises(UnknownExtraction):
            other.retry(id_)
        rerun = queue.retry(id_)

        assert queue.retry(id_) == rerun
        assert queue.get(rerun).status == "queued"
    assert simulator.asked == []


def test_a_failure_of_the_whole_is_asked_for_anew(redis_url: str, simulator: Simulator) -> None:
    """Nothing is kept of answers by which it failed: a re-run would fail by them again."""
    wrong = Reply(content='{"number": 17, "lines": []}')
    with working(redis_url, simulator), Queue(redis_url) as queue:
        simulator.play("A-1", *[wrong] * 2)
        first = queue.wait(queue.submit("Number: A-1", Order, max_attempts=2, repairs="off"), 30)
        second = queue.wait(queue.retry(first.id), 30)

    assert (first.status, second.status) == ("failed", "succeeded")
    assert second.record == Order(number="A-1", lines=[])


# --- in process -------------------------------------------------------------------------------------------------------


def test_in_process_a_result_is_run_again_from_its_good_replies(simulator: Simulator) -> None:
    extract("Number: A-1", Order)  # the model's limits are known from now on
    refuse_two(simulator)
    first = extract(TEXT, Order)
    bought, spent_usd = len(simulator.asked), simulator.ledger.usd

    second = extract(TEXT, Order, retry_of=first, max_cost_usd=1.0)

    assert (first.status, second.status) == ("partial", "succeeded")
    assert (second.retry_of, second.record.lines[-1]) == (first.id, Line(**rows_of(TEXT)[-1]))
    assert len(simulator.asked) - bought == 2 == second.usage.calls
    assert second.cost_usd == pytest.approx(simulator.ledger.usd - spent_usd)


def test_in_process_a_rerun_is_of_the_same_document_schema_and_options(simulator: Simulator, redis_url: str) -> None:
    simulator.play("A-1", REFUSED)
    first = extract("Number: A-1", Order)
    whole = extract("Number: A-2", Order)
    with Queue(redis_url) as queue:
        queued = queue.get(queue.submit("Number: A-1", Order))
    bought = len(simulator.asked)

    for source, changes, says in (
        ("Number: A-3", {}, "not the document"),
        ("Number: A-1", {"schema": Line}, "another schema"),
        ("Number: A-1", {"absence": "forbid"}, "another options"),
        ("Number: A-2", {"retry_of": whole}, "has succeeded"),
        ("Number: A-1", {"retry_of": queued}, "in this process"),
    ):
        stated = {"schema": Order, "retry_of": first} | changes
        with pytest.raises(InvalidRequest, match=says):
            extract(source, **stated)

    assert len(simulator.asked) == bought
    assert extract("Number: A-1", Order, retry_of=first).status == "succeeded"


# --- the other doors --------------------------------------------------------------------------------------------------


def test_the_command_prints_the_new_id_and_the_old(
    redis_url: str, simulator: Simulator, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REDIS_URL", redis_url)
    codes = {}
    with Queue(redis_url) as queue:
        waiting, ended = (queue.submit(f"Number: A-{number}", Order) for number in range(2))
        queue.cancel(ended)
        for ids in ((ended,), (ended, waiting), ("x_none",)):
            monkeypatch.setattr(sys, "argv", ["extractor", "retry", *ids])
            codes[ids] = app.exit_code()
        out, err = capfd.readouterr()
        first, second = (line.split("\t") for line in out.splitlines())

        assert list(codes.values()) == [0, 1, 2]
        assert first == second
        assert (queue.get(first[0]).retry_of, first[1]) == (ended, ended)
    assert "has not ended" in err
    assert "unknown_extraction" in err


def test_a_task_runs_again_once_however_often_its_message_is_delivered(redis_url: str, simulator: Simulator) -> None:
    settings = Settings(REDIS_URL=SecretStr(redis_url), model=MODEL)
    entrance = Entrance(settings, lambda _priority: None)
    try:
        with Queue(redis_url) as queue:
            id_ = queue.submit("Number: A-1", Order)
            early = entrance.take("t1", (), {"retry_of": id_})
            queue.cancel(id_)
            taken = [entrance.take("t2", (), {"retry_of": id_}) for _ in range(2)]
            late = entrance.take("t3", (), {"retry_of": id_})
            beside = entrance.take("t4", (), {"retry_of": id_, "options": {}})
            rerun = queue.retry(id_)
            queue.cancel(rerun)
            told = entrance.take("t2", (), {"retry_of": id_})
    finally:
        entrance.close()

    assert taken == [None, None]
    assert [each["error"]["code"] for each in (early, late, beside)] == ["invalid_request"] * 3
    assert "already" in late["error"]["message"]
    assert (told["id"], told["status"], told["retry_of"]) == (rerun, "cancelled", id_)


@pytest.mark.anyio
async def test_over_http_it_is_answered_as_a_submission_is(redis_url: str, simulator: Simulator) -> None:
    settings = Settings(REDIS_URL=SecretStr(redis_url), model=MODEL)
    async with open_service(settings) as service:
        with Queue(redis_url) as queue:
            id_ = await to_thread.run_sync(queue.submit, "Number: A-1", Order)
            transport = httpx.ASGITransport(create_app(service, key=SecretStr("k" * 32)))
            headers = {"Authorization": f"Bearer {'k' * 32}"}
            async with httpx.AsyncClient(transport=transport, base_url="http://door", headers=headers) as client:
                early = await client.post(f"/v1/extractions/{id_}/retry")
                await service.desk.cancel(id_)
                first, second = [await client.post(f"/v1/extractions/{id_}/retry") for _ in range(2)]
                unknown = [await client.post(f"/v1/extractions/{name}/retry") for name in ("x_none", "no%20id")]
                stored = await client.get(first.headers["location"])

    assert [each.status_code for each in (early, first, second, *unknown)] == [400, 202, 202, 404, 404]
    assert early.json()["code"] == "invalid_request"
    assert first.json() == second.json() == {"id": stored.json()["id"], "status": "queued"}
    assert [each.headers.get("idempotent-replay") for each in (first, second)] == [None, "true"]
    assert stored.json()["retry_of"] == id_

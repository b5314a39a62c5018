"""The import door, through the whole engine, against a real HTTP server that answers by a script."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import TYPE_CHECKING, Literal

import pytest
from pydantic import BaseModel, Field

import extractor
from extractor import errors
from extractor.prompt import read_back
from extractor.records import OFFLINE_MODEL, Message
from extractor.testing import ScriptedServer, refusal_f1, reply, sse, status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from extractor.testing import Asked, Scripted

TEXT = "Invoice A-17\nTotal: 41.50 EUR\n"
GOOD = {"number": "A-17", "total": 41.5, "currency": "EUR"}
PLAIN_MODEL = "qwen/qwen-plus-2025-07-28"


class Invoice(BaseModel):
    number: str
    total: float = Field(gt=0)
    currency: Literal["EUR", "USD"] | None = None


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("OPENROUTER_API_KEY", "EXTRACTOR_MODEL", "EXTRACTOR_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("EXTRACTOR_API_KEY", "sk-test-0123456789")


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Sequence[Scripted]], ScriptedServer]]:
    """Start servers that the settings point at."""
    started: list[ScriptedServer] = []

    def _serve(script: Sequence[Scripted]) -> ScriptedServer:
        server = ScriptedServer(script).__enter__()
        started.append(server)
        monkeypatch.setenv("EXTRACTOR_BASE_URL", server.base_url)
        return server

    yield _serve
    for server in started:
        server.__exit__(None, None, None)


def failing_paths(asked: Asked) -> list[str]:
    messages = [Message(role=each["role"], content=each["content"]) for each in asked.body["messages"]]
    return [field.at for field in read_back(messages).fields]


def test_a_class_in_gives_an_instance_out_with_the_passage_of_every_value(serve):
    serve([sse(GOOD)])

    result = extractor.extract(TEXT, Invoice)

    assert result.record == Invoice(number="A-17", total=41.5, currency="EUR")
    assert (result.status, result.validated_by) == ("succeeded", ("json_schema", "pydantic:Invoice"))
    assert {at: found.quote for at, found in result.evidence.items()} == {
        "/number": "A-17",
        "/total": "41.50",
        "/currency": "EUR",
    }
    assert all(TEXT[found.start : found.end] == found.quote for found in result.evidence.values())


def test_a_dict_in_gives_plain_json_out(serve):
    serve([sse(GOOD)])

    assert extractor.extract(TEXT, Invoice.model_json_schema()).record == GOOD


def test_a_schema_file_and_a_document_file_are_named_by_paths(serve, tmp_path):
    serve([sse(GOOD)])
    (tmp_path / "invoice.json").write_text(json.dumps(Invoice.model_json_schema()))
    (tmp_path / "invoice.txt").write_text(TEXT)

    result = extractor.extract(tmp_path / "invoice.txt", tmp_path / "invoice.json")

    assert (result.record, result.source) == (GOOD, str(tmp_path / "invoice.txt"))


def test_the_first_request_asks_for_strict_enforcement_of_the_wire_schema(serve):
    server = serve([sse(GOOD)])

    result = extractor.extract(TEXT, Invoice)

    asked = server.asked[0].body["response_format"]["json_schema"]
    assert asked["strict"] is True
    assert asked["schema"]["required"] == ["number", "total", "currency"]
    assert asked["schema"]["additionalProperties"] is False
    assert (result.enforcement.sent, result.enforcement.held) == (("json_schema",), "yes")


@pytest.mark.parametrize(("model", "answered"), [(None, sse), (PLAIN_MODEL, reply)], ids=["streamed", "plain"])
def test_an_invalid_answer_is_asked_again_by_path_and_then_succeeds(serve, model, answered):
    server = serve([answered(GOOD | {"total": -1}), answered(GOOD)])

    result = extractor.extract(TEXT, Invoice, model=model)

    assert [failing_paths(asked) for asked in server.asked] == [[], ["/total"]]
    assert [attempt.outcome for attempt in result.attempts] == ["rejected", "accepted"]
    assert (result.status, result.usage.calls) == ("succeeded", 2)
    assert result.cost_usd == pytest.approx(sum(attempt.usage.cost_usd for attempt in result.attempts))


def test_a_refused_rung_is_left_once_for_all_documents_of_the_process(serve):
    server = serve([refusal_f1(), *[reply(GOOD)] * 2])

    first = extractor.extract(TEXT, Invoice, model=PLAIN_MODEL)
    second = extractor.extract(TEXT, Invoice, model=PLAIN_MODEL)

    assert ["response_format" in asked.body for asked in server.asked] == [True, False, False]
    assert (first.status, second.status) == ("succeeded", "succeeded")
    assert (len(first.attempts), first.enforcement.sent) == (1, ("json_schema", "tool"))


def test_a_required_value_that_is_not_stated_twice_fails_with_its_path_and_keeps_the_rest(serve):
    serve([sse(GOOD | {"number": None})] * 2)

    result = extractor.extract(TEXT, Invoice)

    assert (result.status, result.error.code, result.error.paths) == ("failed", "not_stated", ("/number",))
    assert result.record == GOOD | {"number": None}
    assert result.validated_by == ()


def test_what_the_caller_did_is_raised(serve):
    serve([])

    for error, call in {
        errors.InvalidSchema: lambda: extractor.extract(TEXT, {"type": "strin"}),
        errors.InvalidRequest: lambda: extractor.extract(TEXT, Invoice, temprature=1),
        errors.PriceUnknown: lambda: extractor.extract(TEXT, Invoice, model="a/b", max_cost_usd=1.0),
    }.items():
        with pytest.raises(error):
            call()


def test_a_refused_key_is_raised_and_nothing_is_sent_twice(serve):
    server = serve([status(401)])

    with pytest.raises(errors.AuthenticationFailed) as refused:
        extractor.extract(TEXT, Invoice)

    assert "sk-test" not in str(refused.value)
    assert len(server.asked) == 1


def test_what_the_document_did_is_a_result(serve, tmp_path):
    server = serve([])
    (tmp_path / "empty.pdf").write_bytes(b"")

    result = extractor.extract(tmp_path / "empty.pdf", Invoice)

    assert (result.status, result.error.code, result.record) == ("failed", "empty_document", None)
    assert server.asked == []


def test_text_that_is_also_the_name_of_a_file_is_refused(serve, tmp_path, monkeypatch):
    serve([])
    (tmp_path / "invoice.txt").write_text(TEXT)
    monkeypatch.chdir(tmp_path)

    with pytest.raises(errors.AmbiguousSource, match="Path"):
        extractor.extract("invoice.txt", Invoice)


def test_without_a_key_and_a_model_nothing_is_guessed(monkeypatch):
    monkeypatch.delenv("EXTRACTOR_API_KEY")

    with pytest.raises(errors.NoModel, match=OFFLINE_MODEL):
        extractor.extract(TEXT, Invoice)


def test_the_offline_model_says_that_it_is_no_language_model():
    result = extractor.extract(TEXT, Invoice, model=OFFLINE_MODEL)

    assert "not a language model" in result.engine
    assert result.cost_usd == 0.0


def test_a_document_cap_stops_before_the_call_that_could_pass_it(serve):
    server = serve([])

    result = extractor.extract(TEXT, Invoice, max_cost_usd=0.000001)

    assert (result.status, result.error.code, server.asked) == ("failed", "budget_exceeded", [])


async def _inside_a_running_loop() -> extractor.Result[Invoice]:
    return extractor.extract(TEXT, Invoice)


def test_it_works_where_a_loop_is_running_as_in_a_notebook(serve):
    serve([sse(GOOD)])

    assert asyncio.run(_inside_a_running_loop()).status == "succeeded"


def test_coroutines_run_side_by_side(serve):
    server = serve([sse(GOOD).after(0.2)] * 12)

    async def gather() -> list[extractor.Result[Invoice]]:
        return await asyncio.gather(*[extractor.aextract(TEXT, Invoice) for _ in range(12)])

    results = asyncio.run(gather())

    assert {result.status for result in results} == {"succeeded"}
    assert len({result.id for result in results}) == len(server.asked) == 12


def test_no_thread_is_left_behind(serve):
    serve([sse(GOOD)] * 3)
    before = threading.active_count()

    for _ in range(3):
        extractor.extract(TEXT, Invoice)

    assert threading.active_count() <= before + 1

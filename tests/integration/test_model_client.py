"""The model client against a real HTTP server that answers by a script."""

from __future__ import annotations

import socket
import time
import traceback
from dataclasses import replace
from functools import partial
from json import loads
from typing import TYPE_CHECKING, Any

import anyio
import anyio.lowlevel
import pytest
from pydantic import SecretStr

from extractor import errors
from extractor.local import MemoryJournal, MemoryPurse
from extractor.model import ChatModel, Endpoint, Facts
from extractor.records import DEFAULT_MODEL, CallKey, Message, Options, Question, Shape, Usage
from extractor.testing import (
    ScriptedServer,
    chunk,
    events,
    ports_for,
    raw,
    refusal_f1,
    reply,
    sse,
    status,
    tool_reply,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from extractor.ports import Ports
    from extractor.records import Completion
    from extractor.testing import Asked, Scripted

    OpenClient = Callable[..., ChatModel]

pytestmark = pytest.mark.anyio

KEY = "sk-or-v1-very-secret"
F1_WORDS = "InternalError.Algo.InvalidParameter: Json mode response is not supported when enable_thinking is true"
F3_WORDS = "The tool_choice parameter does not support being set to required or object in thinking mode"
SIBLING = "qwen/qwen-plus-2025-07-28"
WIRE = {"type": "object", "properties": {"number": {"type": "string"}}, "required": ["number"]}
RECORD = {"number": "A-17"}
TEXT = '{"number":"A-17"}'
DOCUMENT = "Invoice A-17, strictly confidential"


def question(**options: Any) -> Question:
    return Question(
        messages=(Message(role="system", content="Answer in JSON."), Message(role="user", content=DOCUMENT)),
        shape=Shape(schema=WIRE, name="invoice"),
        options=Options(**options),
    )


@pytest.fixture
async def client() -> AsyncIterator[OpenClient]:
    """Open clients that do not wait, and close their connections after the test."""
    opened: list[ChatModel] = []

    def _open(server: ScriptedServer, *, facts: Facts | None = None, **limits: float) -> ChatModel:
        endpoint = Endpoint(server.base_url, key=SecretStr(KEY), **limits)
        opened.append(ChatModel(endpoint, facts=facts or Facts(), jitter=lambda: 0.0))
        return opened[-1]

    yield _open
    for model in opened:
        await model.aclose()


async def ask(client: ChatModel, ports: Ports | None = None, /, **options: Any) -> Completion:
    return await client.complete(question(**options), ports=ports or ports_for(client))


def rungs(asked: Sequence[Asked]) -> list[str]:
    """Name the rung of each request by its body."""
    return [
        each.body["response_format"]["type"]
        if "response_format" in each.body
        else "tool"
        if "tools" in each.body
        else "prompt"
        for each in asked
    ]


@pytest.mark.parametrize(
    ("model", "answer"),
    [pytest.param(DEFAULT_MODEL, sse(RECORD), id="streamed"), pytest.param(SIBLING, reply(RECORD), id="plain")],
)
async def test_the_first_request_of_default_settings_asks_for_strict_enforcement(
    client: OpenClient, model: str, answer: Scripted
):
    with ScriptedServer([answer]) as server:
        found = await ask(client(server), model=model)

    body = server.asked[0].body
    assert body["response_format"]["json_schema"] == {"name": "invoice", "strict": True, "schema": WIRE}
    assert body["messages"][1]["content"] == DOCUMENT
    assert body.get("stream", False) is (model == DEFAULT_MODEL)
    assert server.asked[0].path == "/api/v1/chat/completions"
    assert server.asked[0].headers["authorization"] == f"Bearer {KEY}"
    assert (found.text, found.rung, found.rungs_sent, found.why) == (TEXT, "json_schema", ("json_schema",), "")
    assert (found.model, found.provider, found.generation_id) == (DEFAULT_MODEL, "Alibaba", "gen-1")
    assert found.usage.cost_usd == pytest.approx(0.000328)
    assert found.usage.calls == 1


async def test_a_refusal_steps_down_once_and_is_not_repeated_in_the_run(client: OpenClient):
    with ScriptedServer([refusal_f1(), sse(RECORD), sse(RECORD)]) as server:
        model = client(server)
        first, second = await ask(model), await ask(model)

    assert rungs(server.asked) == ["json_schema", "tool", "tool"]
    assert first.rungs_sent == ("json_schema", "tool")
    assert second.rungs_sent == ("tool",)
    assert first.why == second.why == "json_schema: JSON mode is not supported with thinking"
    assert (first.usage.calls, first.usage.estimated_calls) == (2, 0)
    assert first.usage.cost_usd == second.usage.cost_usd


async def test_of_twenty_first_calls_at_once_one_meets_the_refusal(client: OpenClient):
    def answer(asked: Asked) -> Scripted:
        return (refusal_f1() if "response_format" in asked.body else sse(RECORD)).after(0.02)

    with ScriptedServer(answer) as server:
        model = client(server)
        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(ask, model)

    assert sorted(rungs(server.asked)) == ["json_schema"] + ["tool"] * 20


F1_ERROR = {"code": 400, "message": "Provider returned error", "metadata": {"raw": F1_WORDS}}


@pytest.mark.parametrize(
    ("model", "refusal", "answered"),
    [
        pytest.param(SIBLING, raw({"choices": None, "error": F1_ERROR}), reply(RECORD), id="inside a 200"),
        pytest.param(DEFAULT_MODEL, events([{"error": F1_ERROR, "choices": []}]), sse(RECORD), id="inside a stream"),
    ],
)
async def test_a_refusal_under_status_200_is_met_once_too(
    client: OpenClient, model: str, refusal: Scripted, answered: Scripted
):
    def answer(asked: Asked) -> Scripted:
        refused = asked.body.get("response_format", {}).get("type") == "json_schema"
        return (refusal if refused else answered).after(0.02)

    with ScriptedServer(answer) as server:
        opened = client(server)
        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(partial(ask, opened, model=model))

    assert rungs(server.asked).count("json_schema") == 1
    assert len(server.asked) == 21


async def test_words_alone_are_asked_again_although_they_were_refused_once(client: OpenClient):
    no_endpoints = status(404, message="No endpoints found that can handle the requested parameters.")
    with ScriptedServer([*[no_endpoints] * 3, sse(RECORD)]) as server:
        model = client(server)
        with pytest.raises(errors.EnforcementUnavailable):
            await ask(model)
        answered = await ask(model)

    assert rungs(server.asked) == ["json_schema", "tool", "prompt", "prompt"]
    assert answered.text == TEXT


async def test_a_forced_tool_that_nobody_sent_is_a_refusal_of_the_schema(client: OpenClient):
    with ScriptedServer([status(400, raw_words=F3_WORDS), sse(RECORD)]) as server:
        await ask(client(server))

    assert rungs(server.asked) == ["json_schema", "tool"]


async def test_two_calls_of_our_tool_that_differ_are_no_answer(client: OpenClient):
    draft, final = tool_reply({"number": "draft"}, name="invoice"), tool_reply(RECORD, name="invoice")
    both = loads(draft.pieces[0])
    both["choices"][0]["message"]["tool_calls"] += loads(final.pieces[0])["choices"][0]["message"]["tool_calls"]
    with ScriptedServer([raw(both)]) as server:
        answered = await ask(client(server), model=SIBLING, enforcement="tool")

    assert answered.text == '{"number":"draft"}\n{"number":"A-17"}'


async def test_a_rate_limit_inside_a_200_is_waited_for_as_its_header_says(client: OpenClient):
    limited = raw({"choices": None, "error": {"code": 429, "message": "slow"}}, headers={"Retry-After": "7"})
    with ScriptedServer([limited, reply(RECORD)]) as server:
        model = client(server)
        ports = ports_for(model)
        await ask(model, ports, model=SIBLING)

    assert [seconds for _, seconds in ports.pace.cooled] == [7.0]


async def test_truncation_followed_by_an_error_is_truncation(client: OpenClient):
    chunks = [
        chunk({"content": '{"number"'}),
        chunk({"content": ""}, finish_reason="length"),
        chunk({}, finish_reason="error") | {"error": {"code": 400, "message": "Token limit reached"}},
    ]
    with ScriptedServer([events(chunks)]) as server, pytest.raises(errors.Truncated):
        await ask(client(server))

    assert len(server.asked) == 1


async def test_of_twenty_first_calls_at_once_all_are_sent_when_the_first_is_taken(client: OpenClient):
    with ScriptedServer(lambda _asked: sse(RECORD).after(0.1)) as server:
        model = client(server)
        started = time.monotonic()
        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(ask, model)
        took = time.monotonic() - started

    assert rungs(server.asked) == ["json_schema"] * 20
    assert took < 20 * 0.1


async def test_a_first_call_that_fails_lets_the_waiting_ones_go(client: OpenClient):
    with ScriptedServer(lambda _asked: status(401)) as server:
        model = client(server)
        outcomes: list[str] = []

        async def fail() -> None:
            with pytest.raises(errors.AuthenticationFailed) as caught:
                await ask(model)
            outcomes.append(caught.value.code)

        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(fail)

    assert outcomes == ["authentication_failed"] * 5


async def test_waiting_calls_go_as_soon_as_the_first_is_taken_not_when_it_has_ended(client: OpenClient):
    endless = sse(RECORD, finish_reason=None, done=False, ending="hold")
    with ScriptedServer([endless, sse(RECORD)]) as server:
        model = client(server)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask, model)
            await anyio.lowlevel.checkpoint()
            with anyio.fail_after(5):
                found = await ask(model)
            tasks.cancel_scope.cancel()

    assert found.text == TEXT


async def test_a_slow_call_on_a_known_rung_holds_up_nobody(client: OpenClient):
    with ScriptedServer([reply(RECORD), reply(RECORD).after(30), reply(RECORD)]) as server:
        model = client(server)
        await ask(model, model=SIBLING)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: ask(model, model=SIBLING))
            while len(server.asked) < 2:  # noqa: ASYNC110 - the server lives in another thread
                await anyio.sleep(0.01)
            with anyio.fail_after(5):
                found = await ask(model, model=SIBLING)
            tasks.cancel_scope.cancel()

    assert found.text == TEXT


async def test_what_one_client_learned_another_knows(client: OpenClient):
    facts = Facts()
    with ScriptedServer([refusal_f1(), sse(RECORD), sse(RECORD)]) as server:
        await ask(client(server, facts=facts))
        await ask(client(server, facts=facts))

    assert rungs(server.asked) == ["json_schema", "tool", "tool"]


async def test_the_ladder_ends_with_an_error_that_says_what_was_refused(client: OpenClient):
    with ScriptedServer([refusal_f1()] * 4) as server, pytest.raises(errors.EnforcementUnavailable) as caught:
        await ask(client(server))

    assert rungs(server.asked) == ["json_schema", "tool", "prompt"]
    assert caught.value.rungs_sent == ("json_schema", "tool", "prompt")
    assert "JSON mode is not supported with thinking" in str(caught.value)
    assert caught.value.usage == Usage(calls=3)


async def test_a_caller_who_names_a_rung_gets_no_other(client: OpenClient):
    with ScriptedServer([refusal_f1(), sse(RECORD)]) as server, pytest.raises(errors.EnforcementUnavailable):
        await ask(client(server), enforcement="json_schema")

    assert rungs(server.asked) == ["json_schema"]


async def test_a_model_that_does_not_think_may_be_asked_for_some_json(client: OpenClient):
    refused = status(400, raw_words="This response_format type is unavailable now")
    no_tools = status(404, message="No endpoints found that support tool use.")
    with ScriptedServer([refused, no_tools, reply(RECORD)]) as server:
        found = await ask(client(server), model=SIBLING)

    assert rungs(server.asked) == ["json_schema", "tool", "json_object"]
    assert found.rung == "json_object"


async def test_a_model_that_only_streams_is_streamed_on_the_same_rung(client: OpenClient):
    only_streams = status(400, raw_words="This model only support stream mode")
    with ScriptedServer([only_streams, sse(RECORD)]) as server:
        found = await ask(client(server), model=SIBLING)

    assert [each.body.get("stream") for each in server.asked] == [None, True]
    assert found.rungs_sent == ("json_schema",)


async def test_strict_is_dropped_when_it_is_to_blame_and_the_rung_is_kept(client: OpenClient):
    policy = status(404, message="No endpoints available matching your guardrail restrictions and data policy")
    with ScriptedServer([policy, sse(RECORD)]) as server:
        found = await ask(client(server))

    assert "strict" not in server.asked[1].body["response_format"]["json_schema"]
    assert found.rung == "json_schema"


async def test_a_policy_that_strict_was_not_to_blame_for_is_named(client: OpenClient):
    policy = status(404, message="No endpoints available matching your guardrail restrictions and data policy")
    with ScriptedServer([policy, policy]) as server, pytest.raises(errors.PermissionDenied, match="data policy"):
        await ask(client(server))

    assert len(server.asked) == 2


async def test_a_thinking_budget_that_is_refused_is_clamped(client: OpenClient):
    budget = status(400, raw_words="The thinking_budget parameter must be a positive integer and not greater than 4096")
    with ScriptedServer([budget, sse(RECORD)]) as server:
        await ask(client(server))

    assert [each.body["reasoning"]["max_tokens"] for each in server.asked] == [8192, 4096]
    assert rungs(server.asked) == ["json_schema", "json_schema"]


async def test_the_arguments_of_our_tool_are_the_answer(client: OpenClient):
    with ScriptedServer([tool_reply(RECORD, name="invoice")]) as server:
        found = await ask(client(server), enforcement="tool")

    assert (found.text, found.finish_reason) == (TEXT, "tool_calls")


async def test_a_rate_limit_is_waited_for_as_long_as_the_provider_asks(client: OpenClient):
    with ScriptedServer([status(429, retry_after=7), sse(RECORD)]) as server:
        model = client(server)
        ports = ports_for(model)
        found = await ask(model, ports)

    assert [(lane.endpoint, seconds) for lane, seconds in ports.pace.cooled] == [(server.base_url, 7)]
    assert found.usage.calls == 2
    assert found.usage.cost_usd == pytest.approx(0.000328)


async def test_a_wait_too_long_to_sit_out_is_reported_and_told_to_all_who_wait(client: OpenClient):
    with ScriptedServer([status(429, retry_after=54_000)]) as server:
        model = client(server)
        ports = ports_for(model)
        with pytest.raises(errors.RateLimited) as caught:
            await ask(model, ports)

    assert caught.value.retry_after_s == 54_000
    assert [(lane.endpoint, seconds) for lane, seconds in ports.pace.cooled] == [(server.base_url, 54_000)]
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (400, errors.RequestRejected),
        (401, errors.AuthenticationFailed),
        (402, errors.OutOfCredit),
        (403, errors.PermissionDenied),
        (404, errors.ModelNotFound),
        (413, errors.DocumentTooLarge),
    ],
)
async def test_what_sending_again_does_not_cure_is_sent_once_and_costs_nothing(
    client: OpenClient, code: int, error: type[Exception]
):
    with ScriptedServer([status(code), sse(RECORD)]) as server:
        model = client(server)
        purse = MemoryPurse(1.0)
        with pytest.raises(error):
            await ask(model, _with_purse(ports_for(model), purse))

    assert len(server.asked) == 1
    assert purse.spent_usd == 0


@pytest.mark.parametrize("model", [DEFAULT_MODEL, SIBLING])
async def test_an_end_without_a_finish_is_not_success(client: OpenClient, model: str):
    cut = sse(RECORD, finish_reason=None, done=False) if model == DEFAULT_MODEL else reply(RECORD, finish_reason=None)
    with ScriptedServer([cut, cut, cut]) as server, pytest.raises(errors.IncompleteStream) as caught:
        await ask(client(server), model=model)

    assert len(server.asked) == 2
    assert caught.value.usage.calls == 2


@pytest.mark.parametrize(
    "cut",
    [
        pytest.param(sse(RECORD, finish_reason=None, done=False, ending="cut"), id="in a stream"),
        pytest.param(raw(b'{"choices":[', ending="cut"), id="in a plain body"),
    ],
)
async def test_a_cut_connection_may_be_paid_for_so_it_is_sent_once_more_and_charged_as_reserved(
    client: OpenClient, cut: Scripted
):
    with ScriptedServer([cut, sse(RECORD)]) as server:
        model = client(server)
        purse = MemoryPurse(1.0)
        ports = _with_purse(ports_for(model), purse)
        found = await ask(model, ports)

    first, second = ports.journal.calls.values()
    assert (first.usage.estimated_calls, first.usage.cost_usd) == (1, first.reserved_usd)
    assert found.usage == first.usage + second.usage
    assert purse.spent_usd == pytest.approx(found.usage.cost_usd)


async def test_done_with_an_open_socket_ends_the_wait(client: OpenClient):
    with ScriptedServer([sse(RECORD, ending="hold"), sse(RECORD)]) as server:
        model = client(server)
        started = time.monotonic()
        first = await ask(model)
        took = time.monotonic() - started
        second = await ask(model)

    assert first.text == second.text == TEXT
    assert took < 2


async def test_a_connection_is_used_again(client: OpenClient):
    with ScriptedServer([sse(RECORD), sse(RECORD), status(500), sse(RECORD)]) as server:
        model = client(server)
        for _ in range(3):
            await ask(model)

    assert server.connection_count == 1


async def test_each_call_in_flight_has_a_connection_of_its_own_and_they_are_used_again(client: OpenClient):
    with ScriptedServer(lambda _asked: reply(RECORD).after(0.05)) as server:
        model = client(server)
        await ask(model, model=SIBLING)
        for _ in range(2):
            async with anyio.create_task_group() as tasks:
                for _ in range(10):
                    tasks.start_soon(lambda: ask(model, model=SIBLING))

    assert server.connection_count == 10
    assert len(model._transport._slots) == 10


async def test_an_idle_connection_that_the_server_closed_costs_nothing(client: OpenClient):
    with ScriptedServer([sse(RECORD, done=True, ending="cut"), sse(RECORD)]) as server:
        model = client(server)
        await ask(model)
        second = await ask(model)

    assert second.usage.calls == 1


async def test_an_error_in_the_middle_of_a_stream_is_sent_again(client: OpenClient):
    broken = events([chunk({"content": TEXT}), {"error": {"code": "server_error"}, "choices": []}])
    with ScriptedServer([broken, sse(RECORD)]) as server:
        found = await ask(client(server))

    assert found.usage.calls == 2


async def test_a_truncated_answer_is_an_error_with_its_bill(client: OpenClient):
    with ScriptedServer([sse(RECORD, finish_reason="length")]) as server, pytest.raises(errors.Truncated) as caught:
        await ask(client(server))

    assert caught.value.usage.cost_usd == pytest.approx(0.000328)
    assert caught.value.generation_id == "gen-1"
    assert caught.value.rungs_sent == ("json_schema",)
    assert caught.value.seconds > 0


async def test_a_page_of_the_edge_is_sent_again_once_and_never_quoted(client: OpenClient):
    page = raw(b"<!DOCTYPE html>" + b"secret " * 2_000, status=524, content_type="text/html")
    with ScriptedServer([page, page, page]) as server, pytest.raises(errors.ProviderUnavailable) as caught:
        await ask(client(server))

    assert len(server.asked) == 2
    assert len(str(caught.value)) < 200
    assert "secret" not in str(caught.value)


async def test_a_stream_without_a_byte_is_given_up_after_the_idle_time(client: OpenClient):
    with ScriptedServer([sse(RECORD).after(5)]) as server, pytest.raises(errors.ModelTimeout):
        await ask(client(server, idle_s=0.05))

    assert len(server.asked) == 1


async def test_a_plain_reply_is_given_up_at_its_deadline(client: OpenClient):
    with ScriptedServer([reply(RECORD).after(5)]) as server, pytest.raises(errors.ModelTimeout) as caught:
        await ask(client(server, timeout_s=0.05), model=SIBLING)

    assert caught.value.usage.estimated_calls == 1


async def test_no_connection_is_free_and_tried_a_few_times():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    model = ChatModel(Endpoint(f"http://127.0.0.1:{port}/v1"), facts=Facts(), jitter=lambda: 0.0)
    ports = ports_for(model)

    with pytest.raises(errors.ConnectionFailed) as caught:
        await ask(model, ports)

    assert caught.value.__cause__ is None  # the library's frames hold the headers
    assert caught.value.usage == Usage(calls=4)
    assert len(ports.pace.slept) == 3


async def test_a_redirect_is_not_followed_and_the_key_reaches_no_other_host(client: OpenClient):
    with ScriptedServer(lambda _asked: reply(RECORD)) as other:
        moved = raw(b"", status=307, headers={"Location": other.base_url + "/chat/completions"})
        with ScriptedServer([moved]) as server, pytest.raises(errors.GatewayError):
            await ask(client(server))

    assert other.asked == []
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(status(401, message=f"bad key {KEY}", raw_words=DOCUMENT), id="401"),
        pytest.param(status(400, message=DOCUMENT, raw_words=KEY), id="400"),
        pytest.param(sse(DOCUMENT, finish_reason="length"), id="truncated"),
        pytest.param(sse(DOCUMENT, finish_reason=None, done=False, ending="cut"), id="cut"),
    ],
)
async def test_key_document_and_reply_are_in_no_message_and_no_traceback(client: OpenClient, answer: Scripted):
    with ScriptedServer([answer] * 2) as server, pytest.raises(errors.ModelError) as caught:
        await ask(client(server))

    trace = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    ours = trace.partition("extractor/model/client.py")[2]
    assert ours
    assert "httpcore" not in trace  # its frames hold the headers
    assert f"Bearer {KEY}" not in trace
    assert KEY not in ours
    assert DOCUMENT not in ours


async def test_a_reply_that_was_bought_is_never_bought_again(client: OpenClient):
    with ScriptedServer([sse(RECORD)]) as server:
        model = client(server)
        ports = ports_for(model)
        first = await ask(model, ports)
        second = await ask(model, ports)

    assert first == second
    assert len(server.asked) == 1


async def test_every_request_is_in_the_journal_under_its_own_key(client: OpenClient):
    with ScriptedServer([status(503), refusal_f1(), sse(RECORD)]) as server:
        model = client(server)
        ports = ports_for(model)
        await ask(model, ports)

    calls = ports.journal.calls
    assert list(calls) == [CallKey(window=0, round=1, attempt=number) for number in (1, 2, 3)]
    assert [call.completion is None for call in calls.values()] == [True, True, False]
    assert [call.generation_id for call in calls.values()] == ["", "", "gen-1"]


async def test_a_cancelled_call_gives_its_reservation_back_and_is_charged_as_reserved(client: OpenClient):
    with ScriptedServer([sse(RECORD).after(30)]) as server:
        model = client(server)
        purse = MemoryPurse(1.0)
        ports = _with_purse(ports_for(model), purse)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask, model, ports)
            while not server.asked:  # noqa: ASYNC110 - the server lives in another thread
                await anyio.sleep(0.01)
            tasks.cancel_scope.cancel()

    (call,) = ports.journal.calls.values()
    assert call.usage == Usage(cost_usd=call.reserved_usd, calls=1, estimated_calls=1)
    assert purse.spent_usd == pytest.approx(call.reserved_usd)
    assert await purse.reserve(1.0 - call.reserved_usd) > 0
    assert model._transport._slots == []


async def test_a_caller_who_cancelled_sends_nothing_more(client: OpenClient):
    with ScriptedServer([sse(RECORD)]) as server:
        model = client(server)
        ports = ports_for(model)
        ports.cancel.cancel()
        with pytest.raises(errors.Cancelled):
            await ask(model, ports)

    assert server.asked == []


async def test_a_purse_that_cannot_hold_the_reservation_sends_nothing(client: OpenClient):
    with ScriptedServer([sse(RECORD)]) as server:
        model = client(server)
        with pytest.raises(errors.BudgetExceeded):
            await ask(model, ports_for(model, cap_usd=0.001))

    assert server.asked == []


async def test_a_cap_reached_by_failed_requests_ends_the_question_with_its_bill(client: OpenClient):
    with ScriptedServer([status(502), reply(RECORD)]) as server:
        model = client(server)
        ports = ports_for(model, cap_usd=0.002)  # holds one reservation and not two
        with pytest.raises(errors.BudgetExceeded) as ended:
            await ask(model, ports, model=SIBLING)

    (call,) = ports.journal.calls.values()
    assert len(server.asked) == 1
    assert ended.value.usage == Usage(calls=1, estimated_calls=1, cost_usd=call.reserved_usd)


async def test_a_cap_on_a_model_without_a_price_sends_nothing(client: OpenClient):
    with ScriptedServer([reply(RECORD), reply(RECORD)]) as server:
        model = client(server)
        with pytest.raises(errors.PriceUnknown):
            await ask(model, ports_for(model, cap_usd=1.0), model="some/model")
        uncapped = await ask(model, model="some/model")

    assert len(server.asked) == 1
    assert uncapped.text == TEXT


async def test_a_cost_that_nobody_states_is_charged_as_reserved_and_never_zero(client: OpenClient):
    with ScriptedServer([reply(RECORD, usage=None)]) as server:
        model = client(server)
        ports = ports_for(model)
        found = await ask(model, ports, model=SIBLING)

    (call,) = ports.journal.calls.values()
    assert found.usage.cost_usd == call.reserved_usd > 0
    assert found.usage.estimated_calls == 1


def test_a_client_says_who_answers_and_how_much_it_reads():
    endpoint = Endpoint("https://openrouter.ai/api/v1")

    default = ChatModel(endpoint, facts=Facts())
    local = ChatModel(endpoint, "some/model", facts=Facts())

    assert (default.engine, default.input_limit) == (DEFAULT_MODEL, 997_952)
    assert (local.engine, local.input_limit) == ("some/model", None)


def _with_purse(ports: Ports, purse: MemoryPurse) -> Ports:
    return replace(ports, journal=MemoryJournal(purse))

"""The simulator over real HTTP: every endpoint, every profile, and a ledger that agrees with what was stated."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest
import trustme

from extractor.cli.developing import START
from extractor.prompt import ask
from extractor.records import Options, Page, Shape, Window
from extractor.simulator import PROFILES, Reply, Simulator, Streaming
from extractor.simulator.catalogue import INVOICE_RECORD, INVOICE_SCHEMA, INVOICE_TEXT, entry

if TYPE_CHECKING:
    from collections.abc import Iterator

THINKING = "qwen/qwen-plus-2025-07-28:thinking"
KEY = {"Authorization": "Bearer simulated"}
RECORDS = {"A-17": INVOICE_RECORD}
SCHEMA_MODE = {"type": "json_schema", "json_schema": {"name": "Invoice", "strict": True, "schema": INVOICE_SCHEMA}}
TOOL = {"type": "function", "function": {"name": "emit", "parameters": INVOICE_SCHEMA}}


def body(text: str = INVOICE_TEXT, **members) -> dict:
    """What the product asks about a document, and more members of the request."""
    window = Window(number=0, start=0, end=len(text), text=text, pages=(Page(number=1, start=0, end=len(text)),))
    shape = Shape(schema=INVOICE_SCHEMA, name="Invoice")
    question = ask(window, shape, job_id="1", options=Options())
    messages = [{"role": message.role, "content": message.content} for message in question.messages]
    return {"model": THINKING, "messages": messages, "max_tokens": 9000} | members


@contextmanager
def client(simulator: Simulator, **options) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=simulator.base_url, headers=KEY, timeout=10, **options) as http:
        yield http


def post(simulator: Simulator, **members) -> httpx.Response:
    with client(simulator) as http:
        return http.post("/chat/completions", json=body(**members))


def get(simulator: Simulator, path: str) -> httpx.Response:
    with client(simulator) as http:
        return http.get(path)


def message_of(response: httpx.Response) -> dict:
    return response.json()["choices"][0]["message"]


def events_of(text: str) -> list[dict]:
    lines = [line.removeprefix("data: ") for line in text.split("\n\n") if line.startswith("data: {")]
    return [json.loads(line) for line in lines]


def eventually(is_so) -> bool:
    """Whether something that another thread is about to do is done within five seconds."""
    until = time.monotonic() + 5
    while not is_so() and time.monotonic() < until:
        time.sleep(0.005)
    return is_so()


def test_a_question_of_ours_is_answered_by_the_rules_of_the_offline_model():
    with Simulator() as simulator:
        answered = post(simulator, text="Invoice number: A-17\nCurrency: EUR\nTotal: 41.50\n")

    record = json.loads(message_of(answered)["content"])
    assert (record["number"], record["total"], record["currency"]) == ("A-17", 41.5, "EUR")


def test_the_right_answer_may_be_computed_from_messages_and_shape():
    def answer(messages, shape):
        return json.dumps([len(messages), shape.name])

    with Simulator(answer=answer) as simulator:
        assert message_of(post(simulator, response_format=SCHEMA_MODE))["content"] == '[2, "Invoice"]'
        assert message_of(post(simulator))["content"] == json.dumps([2, "Invoice"], indent=2)  # the schema in words


def test_records_are_given_in_wire_form():
    with Simulator(answer={"A-17": {"number": "A-17"}}) as simulator:
        answered = post(simulator, response_format=SCHEMA_MODE)

    assert json.loads(message_of(answered)["content"]) == {
        "number": "A-17",
        "total": None,
        "currency": None,
        "lines": None,
    }


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_gives_the_right_answer_as_a_stream_or_refuses_in_the_words_of_its_provider(profile):
    with Simulator(profile=profile, answer=RECORDS) as simulator:
        model = PROFILES[profile].models[0]
        answered = post(simulator, model=model, response_format=SCHEMA_MODE, stream=True)

    if profile == "refuses":
        assert answered.status_code == 400
        assert "Json mode response is not supported" in answered.json()["error"]["metadata"]["raw"]
        return
    deltas = [event["choices"][0]["delta"] for event in events_of(answered.text)]
    record = json.loads("".join(delta.get("content") or "" for delta in deltas))
    reasoning = "".join(delta.get("reasoning") or "" for delta in deltas)
    wanted = INVOICE_RECORD | {"total": 57.9} if profile == "contradicts" else INVOICE_RECORD
    assert record == wanted
    assert ("41.5" in reasoning) is PROFILES[profile].thinks
    assert "57.9" not in reasoning


@pytest.mark.parametrize(
    ("profile", "members"),
    [
        pytest.param("refuses", {}, id="no format"),
        pytest.param("contradicts", {}, id="no format where a format does harm"),
        pytest.param(
            "refuses", {"model": THINKING.removesuffix(":thinking"), "response_format": SCHEMA_MODE}, id="sibling"
        ),
    ],
)
def test_another_way_of_asking_gets_the_right_answer(profile, members):
    with Simulator(profile=profile, answer=RECORDS) as simulator:
        assert json.loads(message_of(post(simulator, **members))["content"]) == INVOICE_RECORD


def test_a_tool_that_is_offered_is_called():
    with Simulator(answer=RECORDS) as simulator:
        answered = post(simulator, tools=[TOOL], tool_choice="auto")

    function = message_of(answered)["tool_calls"][0]["function"]
    assert (function["name"], json.loads(function["arguments"])) == ("emit", INVOICE_RECORD)
    assert answered.json()["choices"][0]["finish_reason"] == "tool_calls"


def test_a_ceiling_cuts_the_answer_after_the_thoughts():
    with Simulator(answer=RECORDS) as simulator:
        answered = post(simulator, max_tokens=30)

    choice = answered.json()["choices"][0]
    assert choice["finish_reason"] == "length"
    assert choice["message"]["content"] == json.dumps(INVOICE_RECORD, indent=2)[:40]
    assert answered.json()["usage"]["completion_tokens"] == 30


def test_reasoning_that_is_left_out_is_charged_all_the_same():
    with Simulator(answer=RECORDS) as simulator:
        shown, hidden = post(simulator), post(simulator, reasoning={"exclude": True})

    assert "reasoning" not in message_of(hidden)
    assert hidden.json()["usage"] == shown.json()["usage"]


def test_entries_and_replies_are_played_in_turn_to_the_document_that_they_are_for():
    with Simulator(answer=RECORDS) as simulator:
        simulator.play("A-17", "A1", Reply(status=503, billed=False))
        other = post(simulator, text="Invoice B-2")
        answers = [post(simulator) for _ in range(3)]

    assert other.status_code == 200
    assert [answer.status_code for answer in answers] == [200, 503, 200]
    assert message_of(answers[0])["content"] == entry("A1").replies[0].content.replace(
        "{{G}}", json.dumps(INVOICE_RECORD, separators=(",", ":"))
    )
    assert json.loads(message_of(answers[2])["content"]) == INVOICE_RECORD
    assert [bill.billed for bill in simulator.ledger.of("A-17")] == [True, False, True]


def test_a_needle_outside_the_document_does_not_count():
    with Simulator(answer=RECORDS, scenarios=[("read one document", ["A1"])]) as simulator:
        answered = post(simulator)

    assert json.loads(message_of(answered)["content"]) == INVOICE_RECORD


def test_the_ledger_is_the_sum_of_what_replies_stated():
    stated = 0.0
    with Simulator(answer=RECORDS) as simulator:
        simulator.play("A-17", "A1", "A2", "B1", Reply(status=503, billed=False), "C3")
        for is_streamed in (False, True, False, True, False, True, False):
            answered = post(simulator, stream=is_streamed)
            if answered.status_code == 200:
                parts = events_of(answered.text) if is_streamed else [answered.json()]
                stated += next(part["usage"]["cost"] for part in parts if "usage" in part)

    assert simulator.ledger.usd == pytest.approx(stated)
    assert len(simulator.ledger.calls) == len(simulator.asked) == 7
    assert simulator.ledger.billed == 6


def test_a_plain_reply_and_its_stream_cost_the_same():
    with Simulator(answer=RECORDS) as simulator:
        post(simulator, stream=False)
        post(simulator, stream=True)

    plain, streamed = simulator.ledger.calls
    assert streamed.completion_tokens == plain.completion_tokens


def test_a_generation_is_known_by_the_id_of_body_and_header():
    with Simulator(answer=RECORDS) as simulator:
        answered = post(simulator)
        found = get(simulator, f"/generation?id={answered.json()['id']}").json()["data"]
        missing = get(simulator, "/generation?id=gen-of-somebody-else")

    assert answered.headers["X-Generation-Id"] == answered.json()["id"] == found["id"]
    assert found["total_cost"] == answered.json()["usage"]["cost"] == simulator.ledger.usd
    assert found["native_tokens_reasoning"] == simulator.ledger.calls[0].reasoning_tokens
    assert missing.status_code == 404


def test_a_generation_may_be_known_only_after_a_while():
    with Simulator(answer=RECORDS, generation_lag=2) as simulator:
        path = f"/generation?id={post(simulator).json()['id']}"
        statuses = [get(simulator, path).status_code for _ in range(3)]

    assert statuses == [404, 404, 200]
    assert len(simulator.looked_up) == 3


def test_the_key_has_spent_what_the_ledger_charged():
    with Simulator(answer=RECORDS, balance_usd=1.0) as simulator:
        post(simulator)
        key = get(simulator, "/key").json()["data"]
        credits_left = get(simulator, "/credits").json()["data"]

    assert key["usage"] == credits_left["total_usage"] == simulator.ledger.usd > 0
    assert key["limit_remaining"] == pytest.approx(1.0 - simulator.ledger.usd)


@pytest.mark.parametrize("profile", PROFILES)
def test_every_model_that_is_listed_has_an_endpoint_that_says_the_same_of_it(profile):
    with Simulator(profile=profile) as simulator:
        models = get(simulator, "/models").json()["data"]
        endpoints = [
            get(simulator, f"/models/{model['id'].replace(':', '%3A')}/endpoints").json()["data"]["endpoints"][0]
            for model in models
        ]

    assert [model["id"] for model in models] == list(PROFILES[profile].models)
    for model, endpoint in zip(models, endpoints, strict=True):
        assert endpoint["supported_parameters"] == model["supported_parameters"]
        assert endpoint["pricing"] == model["pricing"]
        assert endpoint["max_completion_tokens"] == model["top_provider"]["max_completion_tokens"]


def test_listed_prices_are_those_of_the_ledger():
    with Simulator(answer=RECORDS) as simulator:
        post(simulator)
        pricing = get(simulator, "/models").json()["data"][0]["pricing"]

    bill = simulator.ledger.calls[0]
    expected = bill.prompt_tokens * float(pricing["prompt"]) + bill.completion_tokens * float(pricing["completion"])
    assert bill.usd == pytest.approx(expected)


@pytest.mark.parametrize("path", ["/nothing", "/models/a/b/endpoints", "/simulator/nothing"])
def test_pages_that_there_are_not_are_not_found(path):
    with Simulator() as simulator:
        assert get(simulator, path).status_code == 404


def test_a_model_that_is_not_known_is_refused_where_models_are_named():
    with Simulator(models=["a/b"], answer=RECORDS) as simulator:
        known, unknown = post(simulator, model="a/b"), post(simulator)

    assert (known.status_code, unknown.status_code) == (200, 400)
    assert "not a valid model ID" in unknown.json()["error"]["message"]


def test_a_request_without_a_key_is_refused_and_costs_nothing():
    with Simulator() as simulator:
        completion = httpx.post(f"{simulator.base_url}/chat/completions", json=body())
        key = httpx.get(f"{simulator.base_url}/key")

    assert (completion.status_code, key.status_code) == (401, 401)
    assert (len(simulator.ledger.calls), simulator.ledger.usd) == (1, 0.0)


def test_the_ledger_and_the_scenarios_are_endpoints_too():
    with Simulator(answer=RECORDS) as simulator, client(simulator) as http:
        played = http.post("/simulator/scenarios", json={"needle": "A-17", "replies": ["A1", {"status": 503}]})
        refused = http.post("/simulator/scenarios", json={"needle": "A-17", "replies": [{"state": 503}]})
        post(simulator)
        post(simulator)
        ledger = http.get("/simulator/ledger").json()

    assert "A reply has no member 'state'; it has status, headers" in refused.json()["error"]["message"]
    assert (played.json(), refused.status_code) == ({"needle": "A-17", "played": 2}, 400)
    assert [call["status"] for call in ledger["calls"]] == [200, 503]
    assert ledger["usd"] == simulator.ledger.usd


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        pytest.param(b"{", "The body is no JSON in UTF-8.", id="no JSON"),
        pytest.param(b"[]", "The body is no JSON object.", id="list"),
        pytest.param(b'{"replies": ["A1"]}', "The member 'needle' is missing.", id="no needle"),
        pytest.param(b'{"needle": "x", "replies": "A1"}', "The member 'replies' is no list.", id="no list"),
        pytest.param(b'{"needle": "x", "replies": [1]}', "1 in 'replies' is neither.", id="number"),
        pytest.param(b'{"needle": "", "replies": ["A1"]}', "The needle '' is no text", id="empty needle"),
        pytest.param(b'{"needle": "x", "replies": ["Z9"]}', "no entry 'Z9'; it has A1 to A22", id="entry"),
        pytest.param(b'{"needle": "x", "replies": [{"status": "a"}]}', "'status' of a reply cannot be", id="value"),
        pytest.param(
            b'{"needle": "x", "replies": [{"streaming": {"cot": ""}}]}',
            "A reply has no member 'streaming.cot'; it has comments, characters, cut",
            id="member",
        ),
    ],
)
def test_a_scenario_that_cannot_be_played_is_refused_with_what_is_wrong_and_what_is_wanted(sent, says):
    with Simulator() as simulator, client(simulator) as http:
        refused = http.post("/simulator/scenarios", content=sent)

    assert refused.status_code == 400
    assert says in refused.json()["error"]["message"]
    assert 'Wanted: {"needle"' in refused.json()["error"]["message"]


def test_the_ledger_states_no_reason_to_stop_of_what_is_no_completion():
    with Simulator(answer=RECORDS) as simulator:
        simulator.play("A-17", Reply(status=503, billed=False), Reply(body="<html>", billed=False))
        for _ in range(3):
            post(simulator)

    assert [bill.finish_reason for bill in simulator.ledger.calls] == [None, None, "stop"]


def test_a_reply_takes_as_long_as_is_drawn_and_as_it_says_itself():
    with Simulator(answer=RECORDS, latency_ms=(30, 40)) as simulator:
        simulator.play("A-17", Reply(delay_ms=100))
        seconds = [post(simulator).elapsed.total_seconds() for _ in range(2)]

    assert seconds[0] >= 0.13
    assert seconds[1] >= 0.03


def test_pieces_of_a_stream_come_one_after_the_other():
    reply = Reply(content="x" * 30, reasoning="", streaming=Streaming(characters=10, between_ms=20))
    with Simulator() as simulator, client(simulator) as http:
        simulator.play("A-17", reply)
        started = time.monotonic()
        with http.stream("POST", "/chat/completions", json=body(stream=True)) as response:
            first, *_ = response.iter_raw()
        seconds = time.monotonic() - started

    assert first.startswith(b": OPENROUTER PROCESSING\n\n")
    assert seconds >= 0.12  # comment, three of content, the end, the usage, [DONE]


@pytest.mark.parametrize(
    ("cut", "error"),
    [
        pytest.param("in_content", None, id="the body ends"),
        pytest.param("connection", httpx.ReadError, id="the connection is reset"),
    ],
)
def test_a_cut_stream_ends_as_it_says(cut, error):
    with Simulator(answer=RECORDS) as simulator, client(simulator) as http:
        simulator.play("A-17", Reply(streaming=Streaming(cut=cut)))
        if error is None:
            assert "[DONE]" not in http.post("/chat/completions", json=body(stream=True)).text
        else:
            with pytest.raises(error):
                http.post("/chat/completions", json=body(stream=True))
        after = http.post("/chat/completions", json=body())

    assert after.status_code == 200
    assert simulator.ledger.billed == 2


@pytest.mark.parametrize(
    ("profile", "model", "is_charged_whole"),
    [("enforces", THINKING, True), ("strict-openai", "openai/gpt-4.1-mini", False)],
)
def test_who_hangs_up_pays_for_what_the_provider_goes_on_to_write(profile, model, is_charged_whole):
    slow = Reply(content="x" * 4000, reasoning="", streaming=Streaming(characters=4, between_ms=5))
    with Simulator(profile=profile) as simulator, client(simulator) as http:
        simulator.play("A-17", slow)
        with http.stream("POST", "/chat/completions", json=body(model=model, stream=True)) as response:
            next(response.iter_raw())

        assert eventually(lambda: simulator.ledger.calls[0].abandoned)
        bill = simulator.ledger.calls[0]
        assert (bill.completion_tokens == 1000) is is_charged_whole
        assert get(simulator, f"/generation?id={bill.id}").json()["data"]["cancelled"]


def test_who_leaves_before_the_first_byte_is_noted():
    with Simulator(answer=RECORDS, latency_ms=(5000, 5000)) as simulator:
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{simulator.base_url}/chat/completions", json=body(), headers=KEY, timeout=0.1)

        assert eventually(lambda: simulator.ledger.calls[0].abandoned)


def test_a_socket_that_stays_open_after_the_end_is_not_somebody_who_left():
    with Simulator(answer=RECORDS) as simulator, client(simulator) as http:
        simulator.play("A-17", Reply(streaming=Streaming(hold=True)))
        with http.stream("POST", "/chat/completions", json=body(stream=True)) as response:
            for line in response.iter_lines():
                if line == "data: [DONE]":
                    break
        get(simulator, "/models")

    assert not simulator.ledger.calls[0].abandoned


def test_a_connection_is_kept_and_takes_requests_of_every_framing():
    content = json.dumps(body()).encode()

    def in_chunks() -> Iterator[bytes]:
        yield content[:100]
        yield content[100:]

    with Simulator(answer=RECORDS) as simulator, client(simulator) as http:
        replies = [
            http.post("/chat/completions", content=content),
            http.post("/chat/completions", content=in_chunks()),
            http.post("/chat/completions", json=body(stream=True)),
            http.post("/chat/completions", content=content, headers={"Expect": "100-continue"}),
        ]

    assert [reply.status_code for reply in replies] == [200] * 4
    assert {asked.connection for asked in simulator.asked} == {1}


@pytest.mark.parametrize("sent", [b"\x16\x03\x01 hello\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"])
def test_bytes_that_are_no_request_are_told_so(sent):
    with Simulator() as simulator:
        url = httpx.URL(simulator.base_url)
        with socket.create_connection((url.host, url.port)) as connection:
            connection.sendall(sent)
            told = connection.recv(1000)

    assert told.startswith(b"HTTP/1.1 400 ")


def test_it_speaks_tls_with_a_certificate_that_it_is_given():
    authority = trustme.CA()
    of_server, of_client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(of_server)
    authority.configure_trust(of_client)

    with Simulator(answer=RECORDS, tls=of_server) as simulator, client(simulator, verify=of_client) as http:
        simulator.play("A-17", Reply(), Reply(streaming=Streaming(cut="connection")))
        streamed = http.post("/chat/completions", json=body(stream=True))
        with pytest.raises(httpx.TransportError):
            http.post("/chat/completions", json=body(stream=True))

    assert simulator.base_url.startswith("https://127.0.0.1:")
    assert "[DONE]" in streamed.text


@pytest.mark.anyio
async def test_hundreds_at_once_are_all_answered_and_counted():
    with Simulator(answer=RECORDS, latency_ms=(20, 60)) as simulator:
        limits = httpx.Limits(max_connections=200)
        async with httpx.AsyncClient(base_url=simulator.base_url, headers=KEY, limits=limits, timeout=30) as http:
            replies = await asyncio.gather(
                *[http.post("/chat/completions", json=body(stream=True)) for _ in range(200)]
            )

    assert {reply.status_code for reply in replies} == {200}
    assert len({reply.headers["X-Generation-Id"] for reply in replies}) == len(simulator.ledger.calls) == 200


def test_two_simulators_keep_apart_and_a_port_that_is_taken_is_said():
    with Simulator(answer=RECORDS) as one, Simulator(answer=RECORDS) as other:
        post(one)
        with pytest.raises(OSError, match="in use"), Simulator(port=httpx.URL(one.base_url).port):
            pass

    assert (len(one.asked), len(other.asked)) == (1, 0)


def test_the_command_says_where_it_is_and_at_the_end_what_it_would_have_charged(repository, tmp_path):
    records = tmp_path / "records.jsonl"
    records.write_text(json.dumps({"needle": "A-17", "record": INVOICE_RECORD}) + "\n", "utf-8")
    options = ["--port", "0", "--records", str(records), "--scenario", "A-17=A1", "--latency", "1-2"]
    command = [sys.executable, "-P", "-c", START, "simulate", *options]
    with subprocess.Popen(command, cwd=repository, stdout=subprocess.PIPE, text=True) as running:
        said = [running.stdout.readline() for _ in range(3)]
        url = said[0].split()[-1]
        replies = [httpx.post(f"{url}/chat/completions", json=body(), headers=KEY) for _ in range(2)]
        running.send_signal(signal.SIGINT)
        bill = running.stdout.read()

    assert "(enforces) at http://127.0.0.1:" in said[0]
    assert f"EXTRACTOR_BASE_URL={url} EXTRACTOR_OPENROUTER_COMPATIBLE=true EXTRACTOR_API_KEY=simulated" in said[1]
    assert message_of(replies[0])["content"].startswith("```")
    assert json.loads(message_of(replies[1])["content"]) == INVOICE_RECORD
    assert bill.startswith("Asked 2 times, charged 2 times: 0.00")
    assert running.returncode == 0


def test_the_benchmark_of_the_simulator_prints_its_figures(repository):
    command = [sys.executable, "benchmarks/simulator.py", "--replies", "64", "--connections", "4"]

    ended = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)

    assert ended.stderr == ""
    assert re.search(r"^64 plain replies to 4\d\d\d bytes each", ended.stdout)
    assert re.search(r"replies/s of one core +\d+ +goal >= 1500", ended.stdout)

"""Streams over real HTTP: clocks, loops, deaths and their bills."""

from __future__ import annotations

import logging
import re
import ssl
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import pytest
import trustme
from pydantic import SecretStr

from extractor import errors
from extractor.local import MemoryJournal
from extractor.model import ChatModel, Endpoint, Facts
from extractor.model.reconciling import WAITS_S
from extractor.records import Message, Options, Question, Shape, Usage
from extractor.testing import ScriptedServer, chunk, events, ports_for, raw, sse, status

if TYPE_CHECKING:
    from collections.abc import Callable

    from extractor.ports import Ports
    from extractor.records import CallKey, Completion
    from extractor.testing import Asked, Scripted

pytestmark = pytest.mark.anyio

KEY = "sk-or-v1-very-secret"
DOCUMENT = "Invoice A-17, strictly confidential"
RECORD = {"number": "A-17"}
TEXT = '{"number":"A-17"}'
SENTENCE = (
    "Wait, let me look at the total once more, because the sum of the lines does not match what is printed below. "
)
COMMENT = b": OPENROUTER PROCESSING\n\n"
#: Seconds; long enough for a slow machine, short enough for a test.
SHORT_S, LONG_S = 0.6, 30.0


def question(**options: Any) -> Question:
    return Question(
        messages=(Message(role="system", content="Answer in JSON."), Message(role="user", content=DOCUMENT)),
        shape=Shape(schema={"type": "object"}, name="invoice"),
        options=Options(**options),
    )


async def ask(
    script: list[Scripted] | Callable[[Asked], Scripted],
    *,
    ports: Ports | None = None,
    enforcement: str = "auto",
    **endpoint: Any,
) -> tuple[Completion | errors.ModelError, list[Asked]]:
    """Ask once; return the answer or the error, and what the server was asked."""
    with ScriptedServer(script) as server:
        model = ChatModel(Endpoint(server.base_url, key=SecretStr(KEY), **endpoint), facts=Facts(), jitter=lambda: 0.0)
        try:
            outcome: Completion | errors.ModelError = await model.complete(
                question(enforcement=enforcement), ports=ports or ports_for(model)
            )
        except errors.ModelError as error:
            outcome = error
        finally:
            await model.aclose()
    return outcome, [each for each in server.asked if "/models/" not in each.path]


def books(cost_usd: float = 0.0042) -> Scripted:
    return raw({"data": {"total_cost": cost_usd, "native_tokens_prompt": 7, "finish_reason": "stop"}})


def with_books(*answers: Scripted, known: Scripted) -> Callable[[Asked], Scripted]:
    left = list(answers)

    def answer(asked: Asked) -> Scripted:
        if "/models/" in asked.path:
            return status(404)
        return known if "/generation?" in asked.path else left.pop(0)

    return answer


def deltas(*pieces: dict[str, Any], ending: str = "keep", done: bool = False) -> Scripted:
    return events([chunk(piece) for piece in pieces], ending=ending, done=done)


def comments(count: int) -> Scripted:
    return sse(RECORD, comments=count)


# --- Clocks ---------------------------------------------------------------------------------------------------------


async def test_comments_keep_the_connection_but_not_the_answer_alive():
    started = time.monotonic()

    answer, asked = await ask([comments(10_000).spread(0.02)], idle_s=LONG_S, content_idle_s=SHORT_S)

    assert isinstance(answer, errors.ModelTimeout)
    assert f"Nothing of an answer came for {SHORT_S} s" in str(answer)
    assert time.monotonic() - started < LONG_S / 2
    assert len(asked) == 1


async def test_comments_keep_a_stream_alive_whose_bytes_are_waited_for():
    answer, _ = await ask([comments(40).spread(0.02)], idle_s=SHORT_S)

    assert answer.text == TEXT


@pytest.mark.parametrize(
    "piece",
    [
        pytest.param({"content": " "}, id="content"),
        pytest.param({"reasoning": "So."}, id="reasoning"),
        pytest.param({"tool_calls": [{"index": 0, "function": {"arguments": "{"}}]}, id="tool arguments"),
    ],
)
async def test_every_piece_of_an_answer_sets_the_content_clock_again(piece: dict[str, Any]):
    slow = events([*[chunk(piece)] * 30, chunk({"content": TEXT}), chunk({}, finish_reason="stop")])

    answer, _ = await ask([slow.spread(0.03)], content_idle_s=SHORT_S)

    assert TEXT in answer.text


@pytest.mark.parametrize(
    "piece", [pytest.param({"role": "assistant", "content": ""}, id="empty"), pytest.param({}, id="nothing")]
)
async def test_an_empty_piece_does_not(piece: dict[str, Any]):
    answer, _ = await ask([deltas(*[piece] * 1_000).spread(0.02)], content_idle_s=SHORT_S)

    assert isinstance(answer, errors.ModelTimeout)


async def test_silence_is_given_up_by_the_clock_of_bytes():
    answer, _ = await ask([deltas({"content": "{"}, ending="hold")], idle_s=SHORT_S, content_idle_s=LONG_S)

    assert isinstance(answer, errors.ModelTimeout)
    assert "not even a comment" in str(answer)


async def test_a_stream_that_always_says_something_ends_at_the_deadline():
    numbered = [{"content": f"{number} "} for number in range(10_000)]

    answer, _ = await ask([deltas(*numbered).spread(0.02)], timeout_s=SHORT_S)

    assert isinstance(answer, errors.ModelTimeout)
    assert f"No answer within {SHORT_S} s" in str(answer)


# --- Ends -----------------------------------------------------------------------------------------------------------


async def test_an_open_socket_after_done_is_not_waited_for():
    started = time.monotonic()

    answer, _ = await ask([sse(RECORD, ending="hold")], idle_s=LONG_S)

    assert answer.text == TEXT
    assert time.monotonic() - started < LONG_S / 2


async def test_a_finished_answer_without_done_is_waited_for_a_moment_only(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("extractor.model.stream.AFTER_FINISH_S", 0.1)
    started = time.monotonic()

    answer, _ = await ask([sse(RECORD, done=False, ending="hold")], idle_s=LONG_S)

    assert answer.text == TEXT
    assert answer.usage.estimated_calls == 0
    assert time.monotonic() - started < LONG_S / 2


@pytest.mark.parametrize("ending", ["keep", "cut"])
@pytest.mark.parametrize("content", [pytest.param(TEXT, id="whole"), pytest.param(TEXT[:9], id="cut")])
async def test_an_end_without_a_finish_is_sent_again_once_and_then_a_failure(ending: str, content: str):
    unfinished = deltas({"content": content}, ending=ending)

    answer, asked = await ask([unfinished] * 5)

    assert isinstance(answer, errors.IncompleteStream)
    assert len(asked) == 2
    assert answer.usage.calls == answer.usage.estimated_calls == 2
    assert answer.usage.cost_usd > 0


async def test_a_connection_that_dies_between_other_failures_still_earns_one_more_request_only():
    cut = deltas({"content": "{"}, ending="cut")

    answer, asked = await ask([cut, status(503), cut, sse(RECORD)])

    assert isinstance(answer, errors.IncompleteStream)
    assert len(asked) == 3


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        pytest.param(
            {"code": "server_error", "message": "Provider disconnected"}, errors.ProviderUnavailable, id="word"
        ),
        pytest.param({"code": 502, "message": "x"}, errors.ProviderUnavailable, id="number"),
        pytest.param({"code": "rate_limit_exceeded"}, errors.RateLimited, id="limit"),
        pytest.param({"code": 400, "message": "bad"}, errors.RequestRejected, id="400"),
    ],
)
async def test_an_error_in_the_middle_ends_the_stream_though_its_socket_stays_open(
    error: dict[str, Any], kind: type[Exception], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("extractor.model.stream.AFTER_FINISH_S", 0.1)
    end = {"error": error, "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}]}

    answer, _ = await ask([events([chunk({"content": TEXT}), end], done=False, ending="hold")] * 9, idle_s=LONG_S)

    assert isinstance(answer, kind)


# --- Loops ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("piece", "loop"),
    [
        pytest.param({"content": " " * 40}, "white_space", id="white space"),
        pytest.param({"reasoning": SENTENCE}, "reasoning", id="reasoning"),
        pytest.param(
            {"tool_calls": [{"index": 0, "function": {"arguments": "\n" * 40}}]}, "white_space", id="tool arguments"
        ),
    ],
)
async def test_an_answer_that_goes_on_for_ever_is_abandoned_and_charged(piece: dict[str, Any], loop: str):
    endless = deltas({"content": '{"number":'}, *[piece] * 1_400, ending="hold")
    started = time.monotonic()

    answer, asked = await ask([endless], idle_s=LONG_S, enforcement="prompt")

    assert isinstance(answer, errors.RunawayGeneration)
    assert answer.loop == loop
    assert time.monotonic() - started < LONG_S / 2
    assert len(asked) == 1
    assert answer.usage.estimated_calls == 1
    assert answer.usage.cost_usd > 0
    assert answer.generation_id == "gen-1"


async def test_rows_that_repeat_without_end_are_abandoned_as_truncated():
    endless = deltas({"content": '{"lines":['}, *[{"content": '{"sku":"x1","qty":2},'}] * 1_400, ending="hold")
    started = time.monotonic()

    answer, asked = await ask([endless], idle_s=LONG_S)

    assert isinstance(answer, errors.Truncated)
    assert time.monotonic() - started < LONG_S / 2
    assert len(asked) == answer.usage.estimated_calls == 1


async def test_what_a_loop_cost_is_what_the_books_say():
    endless = deltas({"content": "{"}, *[{"content": " " * 40}] * 100, ending="hold")

    answer, asked = await ask(with_books(endless, known=books()), speaks_openrouter=True, enforcement="prompt")

    assert isinstance(answer, errors.RunawayGeneration)
    assert answer.usage == Usage(prompt_tokens=7, cost_usd=0.0042, calls=1)
    assert len(asked) == 2


# --- The bill -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "unknown",
    [
        pytest.param(deltas({"content": "{"}, ending="cut"), id="died"),
        pytest.param(deltas({"content": "{"}, ending="hold"), id="timed out"),
        pytest.param(events([chunk({"content": TEXT}, finish_reason="length")]), id="no usage"),
    ],
)
async def test_an_unknown_cost_is_looked_up_and_the_reservation_given_back(unknown: Scripted):
    answer, asked = await ask(with_books(unknown, unknown, known=books()), speaks_openrouter=True, idle_s=SHORT_S)

    assert isinstance(answer, errors.ModelError)
    looked_up = [each for each in asked if each.path == "/api/v1/generation?id=gen-1"]
    assert len(looked_up) == answer.usage.calls == len(asked) / 2
    assert answer.usage.estimated_calls == 0
    assert answer.usage.cost_usd == pytest.approx(0.0042 * answer.usage.calls)


async def test_an_answer_without_usage_is_charged_as_the_books_say():
    silent = events([chunk({"content": TEXT}), chunk({}, finish_reason="stop")])

    answer, _ = await ask(with_books(silent, known=books()), speaks_openrouter=True)

    assert answer.text == TEXT
    assert answer.usage == Usage(prompt_tokens=7, cost_usd=0.0042, calls=1)


async def test_a_cost_that_the_books_do_not_know_stays_as_reserved_and_is_never_nothing():
    silent = events([chunk({"content": TEXT}), chunk({}, finish_reason="stop")])

    answer, asked = await ask(with_books(silent, known=status(404)), speaks_openrouter=True)

    assert answer.text == TEXT
    assert len(asked) == 1 + len(WAITS_S)
    assert answer.usage.estimated_calls == 1
    assert answer.usage.cost_usd > 0


class Watched(MemoryJournal):
    """A journal that remembers when it learned the id of a call."""

    def __init__(self) -> None:
        super().__init__()
        self.identified: list[str] = []
        self.identified_event = anyio.Event()

    async def identify_call(self, key: CallKey, *, generation_id: str) -> None:
        await super().identify_call(key, generation_id=generation_id)
        self.identified.append(generation_id)
        self.identified_event.set()


async def test_the_generation_id_is_in_the_journal_before_the_body_is_read():
    """
    The body never comes: only the headers do, and the call is cancelled like that of a process that is told to stop.
    """
    journal = Watched()
    with ScriptedServer([events([], done=False, ending="hold")]) as server:
        model = ChatModel(Endpoint(server.base_url), facts=Facts())
        ports = ports_for(model)
        watched = type(ports)(model=model, journal=journal, pace=ports.pace, cancel=ports.cancel)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: model.complete(question(), ports=watched))
            with anyio.fail_after(LONG_S):
                await journal.identified_event.wait()
            tasks.cancel_scope.cancel()

    (call,) = journal.calls.values()
    assert journal.identified == ["gen-1"]
    assert call.generation_id == "gen-1"
    assert call.usage.estimated_calls == 1


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(status(400, message=DOCUMENT, raw_words=KEY), id="400"),
        pytest.param(
            raw({"error": {"code": 403, "metadata": {"flagged_input": DOCUMENT, "reasons": [KEY]}}}), id="403"
        ),
        pytest.param(deltas({"content": DOCUMENT}, {"content": " " * 600}), id="loop"),
        pytest.param(deltas({"content": DOCUMENT}, ending="cut"), id="died"),
        pytest.param(raw(f"<html>{DOCUMENT} {KEY}".encode(), status=524, content_type="text/html"), id="page"),
    ],
)
async def test_neither_key_nor_document_nor_reply_is_logged_by_anybody(
    answer: Scripted, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
):
    with caplog.at_level(logging.DEBUG):
        failed, _ = await ask(with_books(*[answer] * 9, known=status(404)), speaks_openrouter=True)

    printed = "".join(capfd.readouterr())
    logged = " ".join(record.getMessage() for record in caplog.records)
    for secret in (DOCUMENT, KEY):
        assert secret not in f"{printed} {logged} {failed!r} {vars(failed)}"


# --- TLS ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture
def tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_calls_at_once_over_tls_all_end_and_leave_nothing_open(tls: ssl.SSLContext, ca_file: Path):
    calls, texts = 40, []
    with ScriptedServer(lambda _asked: sse(RECORD).spread(0.01), tls=tls) as server:
        model = ChatModel(Endpoint(server.base_url, ca_file=ca_file), facts=Facts())
        files, tasks_before = open_files(), len(anyio.get_running_tasks())

        async def one() -> None:
            texts.append((await model.complete(question(), ports=ports_for(model))).text)

        for _ in range(2):
            async with anyio.create_task_group() as tasks:
                for _ in range(calls):
                    tasks.start_soon(one)
        tasks_left = len(anyio.get_running_tasks()) - tasks_before
        await model.aclose()
        with anyio.fail_after(LONG_S):
            while open_files() > files:  # noqa: ASYNC110 - the server is in a thread
                await anyio.sleep(0.01)

    assert texts == [TEXT] * (2 * calls)
    assert server.connection_count == calls  # the second round went over the connections of the first
    assert tasks_left == 0


async def test_a_certificate_that_nobody_vouches_for_is_not_spoken_to(tls: ssl.SSLContext):
    with ScriptedServer([sse(RECORD)], tls=tls) as server:
        model = ChatModel(Endpoint(server.base_url, key=SecretStr(KEY)), facts=Facts(), jitter=lambda: 0.0)
        with pytest.raises(errors.ConnectionFailed) as caught:
            await model.complete(question(), ports=ports_for(model))

    assert server.asked == []
    assert caught.value.usage.cost_usd == 0


def test_a_file_of_certificates_that_holds_none_is_said_at_once(tmp_path: Path):
    (tmp_path / "ca.pem").write_text("no certificate")

    with pytest.raises(errors.InvalidSettings, match="certificates"):
        ChatModel(Endpoint("https://127.0.0.1:1/v1", ca_file=tmp_path / "ca.pem"), facts=Facts())


@pytest.mark.parametrize(
    "calls", [pytest.param(50, id="50 calls"), pytest.param(1_000, id="1000 calls", marks=pytest.mark.full)]
)
def test_calls_together_over_tls_time_nobody_out_and_stay_small(repository: Path, calls: int):
    """
    In a process of its own, whose memory is measured: 120 kB for each call, and four times its document.
    """
    command = [sys.executable, "benchmarks/streams.py", "--replies", "0", "--calls", str(calls), "--document-kb", "50"]

    ended = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)

    assert ended.stderr == ""
    assert re.search(r"calls at once over TLS that failed +0 ", ended.stdout)
    assert re.search(r"tasks and connections left over +0 ", ended.stdout)
    assert ended.returncode == 0 or calls < 1_000, ended.stdout  # a few calls do not tell what one takes


async def test_behind_a_proxy_streams_come_through_it_and_its_connection_is_kept(monkeypatch: pytest.MonkeyPatch):
    with ScriptedServer(lambda _asked: sse(RECORD)) as proxy:
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("http_proxy", proxy.base_url.removesuffix("/api/v1"))
        model = ChatModel(Endpoint("http://model.example/v1"), facts=Facts())
        texts = [(await model.complete(question(), ports=ports_for(model))).text for _ in range(2)]
        await model.aclose()

    assert texts == [TEXT, TEXT]
    assert [each.path for each in proxy.asked] == ["http://model.example/v1/chat/completions"] * 2
    assert proxy.connection_count == 1

"""The HTTP door as it is served: a real server on loopback, a real Redis behind it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from pydantic import SecretStr

from extractor.api import Service, edge, open_service
from extractor.api.models import Extraction
from extractor.cli.serve_arguments import ServeArguments
from extractor.cli.serving import Server, address_of, listen, serve_api
from extractor.errors import ExtractionError
from extractor.records import OFFLINE_MODEL
from extractor.settings import Settings
from extractor.testing.fleet import Fleet

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from extractor.testing.redis import RedisServer

KEY = "a-server-key-of-the-tests"
AUTHORIZED = {"Authorization": f"Bearer {KEY}"}
NOTE = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
BODY = {"document": {"text": "City: Graz"}, "schema": NOTE}
#: Seconds after which something that should have happened has not.
PATIENCE_S = 20.0
PROGRAM = str(Path(sys.executable).with_name("extractor"))


@dataclass(frozen=True)
class Served:
    """A server that runs in the loop of the test."""

    address: str
    service: Service
    server: Server
    task: asyncio.Task[None]

    @property
    def waiting(self) -> int:
        """Requests that wait for the end of an extraction."""
        return len(self.service.desk.store._ends._waiting)

    @asynccontextmanager
    async def speaking(self, text: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """Open a connection, write a request as it stands, and close it at the end."""
        host, _, port = self.address.partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(text.replace("\n", "\r\n").encode())
        try:
            yield reader, writer
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


@asynccontextmanager
async def served(redis_url: str) -> AsyncIterator[Served]:
    settings = Settings(REDIS_URL=SecretStr(redis_url), model=OFFLINE_MODEL, max_file_bytes=1_000_000)
    with listen("127.0.0.1", 0) as listener:
        async with open_service(settings) as service:
            server = Server(service, key=SecretStr(KEY))
            address = address_of(listener)
            task = asyncio.create_task(server.serve(sockets=[listener]))
            yield Served(address, service, server, task)
            server.should_exit = True
            await asyncio.wait_for(task, PATIENCE_S)


@pytest.fixture
async def door(redis_url: str) -> AsyncIterator[Served]:
    async with served(redis_url) as running:
        yield running


@pytest.fixture
async def client(door: Served) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(door) as opened:
        yield opened


def client_of(door: Served) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=f"http://{door.address}", headers=AUTHORIZED, trust_env=False, timeout=PATIENCE_S)


async def until(is_so: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not is_so():  # noqa: ASYNC110 - what is looked at tells nobody
            await asyncio.sleep(0.01)


async def head_of(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    """Read the head of an answer: its status and its fields."""
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_S)).decode()
    first, *lines = head.strip().split("\r\n")
    return int(first.split()[1]), {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}


async def test_what_was_handed_in_can_be_asked_for(client: httpx.AsyncClient) -> None:
    accepted = await client.post("/v1/extractions", json=BODY)

    answer = await client.get(accepted.headers["location"])

    assert (accepted.status_code, answer.status_code) == (202, 200)
    assert answer.json() | {"id": "", "status": "queued", "record": None} == answer.json() | {"id": ""}
    assert answer.json()["id"] == accepted.json()["id"]
    assert answer.headers["retry-after"] == "1"
    assert "server" not in answer.headers


async def test_one_connection_carries_many_requests(door: Served) -> None:
    ask = f"GET /v1/extractions/x_1 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {KEY}\r\n\r\n".encode()

    async with door.speaking("") as (reader, writer):
        for _ in range(3):
            writer.write(ask)
            status, fields = await head_of(reader)
            await reader.readexactly(int(fields["content-length"]))

            assert status == 404
            assert "connection" not in fields


async def test_the_same_key_fifty_times_at_once_is_one_extraction(client: httpx.AsyncClient) -> None:
    async def submit() -> httpx.Response:
        return await client.post("/v1/extractions", json=BODY, headers={"Idempotency-Key": "once"})

    answers = await asyncio.gather(*(submit() for _ in range(50)))

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert [answer.headers.get("idempotent-replay") for answer in answers].count(None) == 1


async def test_who_waits_is_answered_as_soon_as_it_has_ended(door: Served, client: httpx.AsyncClient) -> None:
    accepted = (await client.post("/v1/extractions", json=BODY)).json()["id"]
    waiting = asyncio.create_task(client.get(f"/v1/extractions/{accepted}?wait=60"))
    await until(lambda: door.waiting)

    started = time.monotonic()
    await door.service.desk.cancel(accepted)
    answer = await waiting

    assert time.monotonic() - started < 2
    assert (answer.json()["status"], answer.json()["error"]["code"]) == ("cancelled", "cancelled")
    assert "retry-after" not in answer.headers
    assert door.waiting == 0


async def test_who_waits_in_vain_is_told_how_it_stands(client: httpx.AsyncClient) -> None:
    accepted = (await client.post("/v1/extractions", json=BODY)).json()["id"]

    answer = await client.get(f"/v1/extractions/{accepted}?wait=0.1")

    assert answer.json()["status"] == "queued"


async def test_who_goes_away_leaves_nothing_behind(door: Served, client: httpx.AsyncClient) -> None:
    accepted = (await client.post("/v1/extractions", json=BODY)).json()["id"]
    ask = f"GET /v1/extractions/{accepted}?wait=60 HTTP/1.1\nHost: a\nAuthorization: Bearer {KEY}\n\n"
    async with AsyncExitStack() as connections:
        for _ in range(10):
            await connections.enter_async_context(door.speaking(ask))
        await until(lambda: len(door.server.server_state.tasks) == 10 and door.waiting)

    await until(lambda: not door.waiting and not door.server.server_state.tasks)


@pytest.mark.parametrize("framing", ["Content-Length: 900000", "Transfer-Encoding: chunked"])
async def test_without_the_key_no_byte_of_the_body_is_waited_for(door: Served, framing: str) -> None:
    request = f"POST /v1/extractions HTTP/1.1\nHost: a\nContent-Type: application/json\n{framing}\n\n"

    async with door.speaking(request) as (reader, _):
        status, fields = await head_of(reader)

    assert (status, fields["connection"], fields["www-authenticate"]) == (401, "close", "Bearer")


async def test_a_client_that_asks_first_is_refused_before_it_sends(door: Served) -> None:
    request = (
        f"POST /v1/extractions HTTP/1.1\nHost: a\nAuthorization: Bearer {KEY}\nContent-Type: application/json\n"
        "Content-Length: 90000000\nExpect: 100-continue\n\n"
    )

    async with door.speaking(request) as (reader, _):
        status, _ = await head_of(reader)

    assert status == 413


@pytest.mark.parametrize(("key", "status"), [(KEY, 413), ("another-key", 401)])
async def test_a_client_that_sends_all_before_it_listens_still_hears_why(door: Served, key: str, status: int) -> None:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    async def long() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b" " * 65_536

    async with client_of(door) as client:
        answer = await client.post("/v1/extractions", content=long(), headers=headers)

    assert (answer.status_code, answer.headers["connection"]) == (status, "close")


async def test_a_client_that_never_ends_is_cut_off(door: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "LINGER_S", 0.1)

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 65_536

    async with client_of(door) as client:
        with pytest.raises((httpx.ReadError, httpx.WriteError)):
            await client.post("/v1/extractions", content=endless(), headers={"Authorization": ""})

    await until(lambda: not door.server.server_state.tasks)


@pytest.mark.parametrize("key", ["a\n X-Injected: 1", "a\rX-Injected: 1", "a\x00b"], ids=["folded", "bare", "zero"])
async def test_an_idempotency_key_cannot_smuggle_a_line_in(door: Served, key: str) -> None:
    request = (
        f"POST /v1/extractions HTTP/1.1\nHost: a\nAuthorization: Bearer {KEY}\nIdempotency-Key: {key}\n"
        "Content-Type: application/json\nContent-Length: 2\n\n{}"
    )

    async with door.speaking(request) as (reader, _):
        status, fields = await head_of(reader)

    assert status == 400
    assert "x-injected" not in fields


async def test_a_server_that_is_told_to_stop_keeps_nobody_waiting(door: Served, client: httpx.AsyncClient) -> None:
    accepted = (await client.post("/v1/extractions", json=BODY)).json()["id"]
    waiting = asyncio.create_task(client.get(f"/v1/extractions/{accepted}?wait=60"))
    await until(lambda: door.waiting)

    started = time.monotonic()
    door.server.should_exit = True
    answer = await waiting
    await asyncio.wait_for(asyncio.shield(door.task), PATIENCE_S)

    assert answer.json()["status"] == "queued"
    assert time.monotonic() - started < 5


async def test_while_redis_is_away_it_says_so_and_recovers(redis_server: RedisServer) -> None:
    async with served(redis_server.url) as door, client_of(door) as client:
        accepted = (await client.post("/v1/extractions", json=BODY)).json()["id"]
        redis_server.kill()

        away = [
            await client.post("/v1/extractions", json=BODY),
            await client.get(f"/v1/extractions/{accepted}?wait=5"),
            await client.get("/readyz"),
        ]
        alive = await client.get("/healthz")
        redis_server.restart()
        back = [await client.get("/readyz"), await client.get(f"/v1/extractions/{accepted}")]

    assert [(answer.status_code, answer.json()["code"]) for answer in away] == [(503, "store_unavailable")] * 3
    assert [int(answer.headers["retry-after"]) > 0 for answer in away] == [True] * 3
    assert alive.status_code == 200
    assert [answer.status_code for answer in back] == [200, 200]


def environment(tmp_path: Path, redis_url: str, **more: str) -> dict[str, str]:
    return {
        "HOME": str(tmp_path),
        "PATH": os.environ["PATH"],
        "REDIS_URL": redis_url,
        "EXTRACTOR_MODEL": OFFLINE_MODEL,
        "EXTRACTOR_SERVER_KEY": KEY,
    } | more


@pytest.fixture
def serve(tmp_path: Path, redis_url: str) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the program `extractor serve`."""
    started: list[subprocess.Popen[str]] = []

    def _serve(*arguments: str, **variables: str) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [PROGRAM, "serve", *arguments],
            env=environment(tmp_path, redis_url, **variables),
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(child)
        return child

    yield _serve
    for child in started:
        child.kill()
        child.communicate()


def test_the_program_says_where_it_serves_and_a_stop_is_no_failure(serve) -> None:
    child = serve("--port", "0")
    assert child.stdout is not None

    line = child.stdout.readline()
    answer = httpx.get(f"{line.split()[-1]}/readyz", trust_env=False)
    child.terminate()
    rest = child.communicate(timeout=PATIENCE_S)

    assert line.startswith("Serving the HTTP API at http://127.0.0.1:")
    assert answer.status_code == 200
    assert rest == ("", "")
    assert child.returncode == 0


def test_a_taken_port_is_told_in_one_line(serve) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        child = serve("--port", str(port))
        out, err = child.communicate(timeout=PATIENCE_S)

    assert child.returncode == 3
    assert out == ""
    assert err == (
        f"error[invalid_settings]: Cannot listen at 127.0.0.1, port {port}: Address already in use. "
        "Choose another with --host and --port.\n"
    )


@pytest.mark.parametrize(
    ("variables", "code", "says"),
    [
        ({"EXTRACTOR_SERVER_KEY": ""}, "invalid_settings", "EXTRACTOR_SERVER_KEY is not set"),
        ({"OPENROUTER_API_KEY": KEY}, "invalid_settings", "key for a model"),
        ({"REDIS_URL": "redis://127.0.0.1:1/0"}, "store_unavailable", "127.0.0.1:1"),
        ({"EXTRACTOR_SCHEMAS": "a=nowhere:Class"}, "invalid_settings", "a=nowhere:Class"),
    ],
    ids=["no key", "a model's key", "no redis", "no schema"],
)
def test_it_does_not_start_without_what_it_needs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, redis_url: str, *, variables: dict[str, str], code: str, says: str
) -> None:
    for name, value in (environment(tmp_path, redis_url) | variables).items():
        monkeypatch.setenv(name, value)

    with pytest.raises(ExtractionError) as raised:
        serve_api(ServeArguments(port=0))

    assert raised.value.code == code
    assert says in raised.value.message
    assert KEY not in raised.value.message


def test_a_document_goes_in_and_its_record_comes_out(serve, tmp_path: Path, redis_url: str) -> None:
    with Fleet(1, environment=environment(tmp_path, redis_url), folder=tmp_path) as workers:
        child = serve("--port", "0")
        assert child.stdout is not None
        address = child.stdout.readline().split()[-1]
        with httpx.Client(base_url=address, headers=AUTHORIZED, trust_env=False, timeout=70) as client:
            accepted = client.post("/v1/extractions", json=BODY, headers={"Idempotency-Key": "a"})
            answer = client.get(f"{accepted.headers['location']}?wait=60")
            again = client.post("/v1/extractions", json=BODY, headers={"Idempotency-Key": "a"})
            child.send_signal(signal.SIGINT)
            child.communicate(timeout=PATIENCE_S)

    result: dict[str, Any] = answer.json()
    assert (result["status"], result["record"]) == ("succeeded", {"city": "Graz"}), workers.logs()
    assert result["evidence"]["/city"]["quote"] == "Graz"
    assert again.json() == {"id": accepted.json()["id"], "status": "succeeded"}
    assert Extraction.model_validate(result).status == "succeeded"
    assert child.returncode == 0

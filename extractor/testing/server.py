"""A real HTTP server on loopback that answers by a script and remembers what it was asked."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from dataclasses import dataclass, field
from http.client import responses as reasons
from typing import TYPE_CHECKING, Self, TypeAlias

import orjson

from extractor.testing.scripts import Scripted, status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from ssl import SSLContext
    from types import TracebackType

    from extractor.records import Json

#: Seconds that start and stop may take.
PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as it arrived."""

    #: Path of the address.
    path: str
    #: Header fields, names in lower case.
    headers: dict[str, str] = field(repr=False)
    #: Body, parsed.
    body: Json = field(repr=False)
    #: Number of the connection it came on, 1 for the first.
    connection: int


#: The replies in order, or what computes one from a request.
Script: TypeAlias = "Iterable[Scripted] | Callable[[Asked], Scripted]"


class ScriptedServer:
    """Serves `POST …/chat/completions` from a script, in a thread of its own. Use as a context manager.

    When the script has ended, requests are answered with 410, which no client sends again.

    Args:
        script: The replies in order, or what computes one from a request.
        tls: Serve by https with this; None = by http.
    """

    def __init__(self, script: Script, *, tls: SSLContext | None = None) -> None:
        self._tls = tls
        self._reply_to = script if callable(script) else _in_turn(script)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="scripted-server", daemon=True)
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._connection_count = 0
        #: Every request so far, in order.
        self.asked: list[Asked] = []

    @property
    def base_url(self) -> str:
        """What a client is given as its base URL."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}/api/v1"

    @property
    def connection_count(self) -> int:
        """Connections accepted so far."""
        return self._connection_count

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(PATIENCE_S)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(PATIENCE_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()

    async def _start(self) -> asyncio.Server:
        return await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=2048, ssl=self._tls)

    async def _stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connection_count += 1
        number = self._connection_count
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        try:
            while await self._answer(reader, writer, number):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the client went away, or the server is stopping
        finally:
            writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int) -> bool:
        """Answer one request; return whether the connection takes another."""
        asked = await _read_request(reader, connection)
        self.asked.append(asked)
        scripted = self._reply_to(asked)
        await asyncio.sleep(scripted.delay_s)
        await _write_reply(writer, scripted)
        if scripted.ending == "hold":
            await reader.read()
        return scripted.ending == "keep"


def _in_turn(script: Iterable[Scripted]) -> Callable[[Asked], Scripted]:
    replies = deque(script)
    return lambda _asked: replies.popleft() if replies else status(410, message="the script has ended")


async def _read_request(reader: asyncio.StreamReader, connection: int) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    request_line, *fields = head.rstrip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in fields)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Asked(
        path=request_line.split(" ")[1],
        headers=headers,
        body=orjson.loads(body) if body else None,
        connection=connection,
    )


async def _write_reply(writer: asyncio.StreamWriter, scripted: Scripted) -> None:
    is_chunked = len(scripted.pieces) > 1
    length = sum(map(len, scripted.pieces)) + (scripted.ending != "keep")  # a body that is cut or held never ends
    framing = "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {length}"
    head = [
        f"HTTP/1.1 {scripted.status} {reasons.get(scripted.status, 'Unknown')}",
        f"Content-Type: {scripted.content_type}",
        framing,
        *(f"{name}: {value}" for name, value in scripted.headers),
    ]
    writer.write("\r\n".join([*head, "", ""]).encode("latin-1"))
    for number, piece in enumerate(scripted.pieces):
        if number and scripted.between_s:
            await asyncio.sleep(scripted.between_s)
        writer.write(b"%x\r\n%b\r\n" % (len(piece), piece) if is_chunked else piece)
        await writer.drain()
    if is_chunked and scripted.ending == "keep":
        writer.write(b"0\r\n\r\n")
    await writer.drain()

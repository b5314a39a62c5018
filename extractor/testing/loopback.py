"""A model on loopback, in a process of its own: it answers by what a document says of itself, and counts.

    python -m extractor.testing.loopback

The port goes out on standard output, and it serves until it is terminated. A document is a text such as
`Document 17 takes 400 ms.`; the answer to it is `{"number": 17}`, after 400 ms, plain or streamed as the request
wants it. The word POISON in a document kills the process that asks, whichever that is.

| request | answer |
|---|---|
| `POST …/chat/completions` | a completion |
| `POST /behaviour` | changes what is given: `latency_ms` (`[lowest, highest]`), `status` (instead of 200), `seed` |
| `GET /tally` | what was counted, see `Tally` |
| `DELETE /tally` | the count begins anew |
| `GET /callers` | requests in flight by the process that made them: `{pid: count}`, 0 = it is gone |
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections import Counter
from dataclasses import dataclass, field
from http.client import responses as reasons
from random import Random
from typing import TYPE_CHECKING

import orjson

from extractor.testing.scripts import JSON, raw, reply, sse, status
from extractor.testing.sockets import owners

if TYPE_CHECKING:
    from extractor.testing.scripts import Scripted
    from extractor.testing.sockets import Address

END_OF_HEAD = b"\r\n\r\n"
CONTENT_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
#: How a document says which it is, and how long its answer takes.
NUMBER = re.compile(rb"Document (\d+)\b")
TAKES = re.compile(rb"takes (\d+) ms\b")
POISON = b"POISON"


@dataclass(slots=True)
class Tally:
    """What was counted since the start. Documents go by their number."""

    #: Requests that arrived whole.
    received: Counter[int] = field(default_factory=Counter)
    #: Answers that were written whole: a provider has earned its money.
    replied: Counter[int] = field(default_factory=Counter)
    #: Requests whose asker went away before the answer.
    left: Counter[int] = field(default_factory=Counter)
    #: Requests that were refused with a status of `/behaviour`.
    refused: Counter[int] = field(default_factory=Counter)
    #: Processes killed by POISON.
    killed: int = 0
    #: Requests in flight at one moment, at most.
    peak: int = 0
    #: Documents in the order their requests arrived.
    order: list[int] = field(default_factory=list)


class Model:
    """What all connections share."""

    def __init__(self) -> None:
        self.tally = Tally()
        #: Connections with a request that waits for its answer.
        self.waiting: set[Caller] = set()
        #: Milliseconds of an answer that does not say how long it takes: evenly spread between the two.
        self.latency_ms = (20.0, 20.0)
        #: Status to answer with; None = a completion.
        self.status: int | None = None
        self._random = Random(0)  # noqa: S311 - latencies

    def behave(self, latency_ms: list[float] | None = None, *, status: int | None = None, seed: int = 0) -> None:
        """Change what is given from now on. What is not named returns to its default, the latency stays."""
        if latency_ms is not None:
            self.latency_ms = (latency_ms[0], latency_ms[1])
        self.status = status
        self._random = Random(seed)  # noqa: S311 - latencies

    def seconds_for(self, body: bytes) -> float:
        """Return how long the answer to a request takes."""
        if self.status is not None:
            return 0.0
        stated = TAKES.search(body)
        return (float(stated[1]) if stated else self._random.uniform(*self.latency_ms)) / 1000

    def counted(self) -> dict[str, object]:
        """Return the tally as JSON."""
        tally = self.tally
        by_document = {
            name: {str(number): count for number, count in counter.items()}
            for name, counter in (
                ("received", tally.received),
                ("replied", tally.replied),
                ("left", tally.left),
                ("refused", tally.refused),
            )
        }
        waiting = sorted(caller.number for caller in self.waiting)
        return {**by_document, "killed": tally.killed, "peak": tally.peak, "order": tally.order, "waiting": waiting}


class Caller(asyncio.Protocol):
    """One connection. It has one request in flight at most."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._received = bytearray()
        self._timer: asyncio.TimerHandle | None = None
        #: Number of the document that was asked for last.
        self.number = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - asyncio promises no more than the base class
        self._transport = transport

    def connection_lost(self, _error: Exception | None) -> None:
        """Forget a request that nobody waits for any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._model.waiting.discard(self)
            self._model.tally.left[self.number] += 1

    def data_received(self, data: bytes) -> None:
        """Take a request when it is whole."""
        self._received += data
        end_of_head = self._received.find(END_OF_HEAD)
        if end_of_head < 0:
            return
        stated = CONTENT_LENGTH.search(self._received, 0, end_of_head)
        start = end_of_head + len(END_OF_HEAD)
        end = start + (int(stated[1]) if stated else 0)
        if len(self._received) < end:
            return
        head, body = bytes(self._received[:end_of_head]), bytes(self._received[start:end])
        del self._received[:end]
        method, path, _ = head.split(b" ", 2)
        self._route(method, path, body)

    @property
    def address(self) -> Address:
        """Of the other end."""
        host, port = self._transport.get_extra_info("peername")
        return host, port

    def _route(self, method: bytes, path: bytes, body: bytes) -> None:
        if path.endswith(b"/chat/completions"):
            self._take_question(body)
        elif (method, path) == (b"POST", b"/behaviour"):
            self._model.behave(**orjson.loads(body))
            self._write(raw({}))
        elif (method, path) == (b"DELETE", b"/tally"):
            self._model.tally = Tally()
            self._write(raw({}))
        elif path == b"/callers":
            pids = self._owners()
            self._write(raw(dict(Counter(str(pids.get(caller.address, 0)) for caller in self._model.waiting))))
        else:
            self._write(raw(self._model.counted()))

    def _take_question(self, body: bytes) -> None:
        model, found = self._model, NUMBER.findall(body)
        self.number = int(found[-1]) if found else 0
        model.tally.received[self.number] += 1
        model.tally.order.append(self.number)
        model.waiting.add(self)
        model.tally.peak = max(model.tally.peak, len(model.waiting))
        self._timer = asyncio.get_running_loop().call_later(model.seconds_for(body), self._answer, body)
        if POISON in body and (pid := self._owners().get(self.address)) is not None:
            os.kill(pid, signal.SIGKILL)
            model.tally.killed += 1

    def _owners(self) -> dict[Address, int]:
        host, port = self._transport.get_extra_info("sockname")
        return owners((host, port))

    def _answer(self, body: bytes) -> None:
        model, self._timer = self._model, None
        model.waiting.discard(self)
        if self._transport.is_closing():
            model.tally.left[self.number] += 1
        elif model.status is not None:
            model.tally.refused[self.number] += 1
            self._write(status(model.status))
        else:
            record = {"number": self.number}
            self._write(sse(record) if b'"stream":true' in body else reply(record))
            model.tally.replied[self.number] += self._transport.get_write_buffer_size() == 0

    def _write(self, scripted: Scripted) -> None:
        body = b"".join(scripted.pieces)
        head = [
            f"HTTP/1.1 {scripted.status} {reasons.get(scripted.status, 'Unknown')}",
            f"Content-Type: {scripted.content_type or JSON}",
            f"Content-Length: {len(body)}",
            *(f"{name}: {value}" for name, value in scripted.headers),
        ]
        self._transport.write("\r\n".join([*head, "", ""]).encode("latin-1") + body)


async def serve() -> None:
    """Serve on a free loopback port, and say which."""
    model = Model()
    server = await asyncio.get_running_loop().create_server(lambda: Caller(model), "127.0.0.1", 0, backlog=2048)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())

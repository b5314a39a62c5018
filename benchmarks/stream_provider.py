"""A provider that streams: every POST gets the same 1,000 chunks, at once or spread.

Run as a process of its own, so that its work is not counted. The port goes out on standard output, and it serves until
it is terminated. With `--together N` no reply begins before N requests are in flight, or a minute has passed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTENT_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-generation-id: gen-1\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)
LAST = b"0\r\n\r\n"
#: Seconds for which the requests that come together wait for each other.
PATIENCE_S = 60.0


def events(chunks: int) -> list[bytes]:
    """Return the events of one reply: comments, reasoning, an answer, usage, the end."""
    answer = json.dumps({"number": "A-17", "note": "x" * (chunks // 2 * 5)})
    half = chunks // 2
    size = -(-len(answer) // half)
    deltas: list[dict[str, str | None]] = [
        {"content": "", "reasoning": f"step {number}, "} for number in range(chunks - half - 2)
    ]
    deltas += [{"content": answer[at * size : (at + 1) * size], "reasoning": None} for at in range(half)]
    told = [_chunk(delta) for delta in deltas]
    told += [_chunk({"content": ""}, finish="stop"), _chunk({"content": ""}, usage={"prompt_tokens": 9, "cost": 0.001})]
    return [b": OPENROUTER PROCESSING\n\n", *told, b"data: [DONE]\n\n"]


def _chunk(delta: Mapping[str, str | None], *, finish: str | None = None, **members: object) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish, "native_finish_reason": finish}
    envelope = {"id": "gen-1790000000-AbCdEf", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return b"data: " + json.dumps({**envelope, "provider": "P", "choices": [choice], **members}).encode() + b"\n\n"


def framed(parts: list[bytes]) -> bytes:
    """Return events as one piece of a chunked body."""
    body = b"".join(parts)
    return b"%x\r\n%b\r\n" % (len(body), body)


@dataclass(slots=True)
class Gate:
    """Lets requests through when enough of them are there."""

    #: How many go through together.
    size: int
    #: How many are there.
    waiting: int = 0
    #: Set when the present ones may go.
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    async def pass_through(self) -> None:
        """Wait for the others, a minute at most."""
        self.waiting += 1
        opened = self.opened
        if self.waiting >= self.size:
            self.waiting, self.opened = 0, asyncio.Event()
            opened.set()
        try:
            await asyncio.wait_for(opened.wait(), PATIENCE_S)
        except TimeoutError:
            opened.set()


async def _serve_one(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, pieces: list[bytes], between_s: float, gate: Gate
) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            stated = CONTENT_LENGTH.search(head)
            await reader.readexactly(int(stated[1]) if stated else 0)
            writer.write(HEAD + pieces[0])
            await gate.pass_through()
            for piece in pieces[1:]:
                writer.write(piece)
                await (asyncio.sleep(between_s) if between_s else writer.drain())
            writer.write(LAST)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def serve(arguments: argparse.Namespace) -> None:
    """Serve on a free loopback port, and print it."""
    told = events(arguments.chunks)
    each = -(-len(told) // arguments.writes)
    pieces = [framed(told[at : at + each]) for at in range(0, len(told), each)]
    tls = None
    if arguments.certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(arguments.certificate)
    gate = Gate(arguments.together)

    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _serve_one(reader, writer, pieces=pieces, between_s=arguments.between_ms / 1000, gate=gate)

    server = await asyncio.start_server(serve_one, "127.0.0.1", 0, backlog=4096, ssl=tls)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=1000)
    parser.add_argument("--writes", type=int, default=16)
    parser.add_argument("--between-ms", type=float, default=0.0)
    parser.add_argument("--together", type=int, default=1)
    parser.add_argument("--certificate", default="", help="PEM with key and certificate; serves https")
    asyncio.run(serve(parser.parse_args()))

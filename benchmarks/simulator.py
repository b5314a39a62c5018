"""What one reply costs the simulator, and how many it gives per second.

    python benchmarks/simulator.py [--replies 10000] [--connections 32] [--streamed]

The simulator runs in a process of its own and answers from records. A client that does nothing but write and read keeps
its connections busy with one request: our messages about an invoice, the schema, 4 kB or a little more. CPU is user and
system time of the simulator alone, and the replies per second that a whole core gives follow from it; those that were
seen depend on the client's core too. Exit code 1 when the goal is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from extractor.prompt import ask
from extractor.records import Options, Page, Shape, Window
from extractor.simulator import Simulator
from extractor.simulator.catalogue import INVOICE_RECORD, INVOICE_SCHEMA, INVOICE_TEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

#: Replies per second of one core: plain ones, and streams of about 20 events.
GOAL = 1500
REQUEST_BYTES = 4000
#: It does not think, so its streams hold the answer alone.
MODEL = "qwen/qwen-plus-2025-07-28"


class Counted(NamedTuple):
    """What the simulator has done since its start."""

    #: User and system seconds.
    cpu_s: float
    #: Requests that it answered.
    replies: int
    #: US dollars on its ledger.
    usd: float


def request(*, is_streamed: bool) -> bytes:
    """Return the request, head and body."""
    text = INVOICE_TEXT
    pages = (Page(number=1, start=0, end=len(text)),)
    window = Window(number=0, start=0, end=len(text), text=text, pages=pages)
    question = ask(window, Shape(schema=INVOICE_SCHEMA, name="Invoice"), job_id="bench", options=Options(model=MODEL))
    described = {"name": "Invoice", "strict": True, "schema": INVOICE_SCHEMA}
    body = {
        "model": MODEL,
        "messages": [{"role": message.role, "content": message.content} for message in question.messages],
        "response_format": {"type": "json_schema", "json_schema": described},
        "max_tokens": 1024,
        "stream": is_streamed,
    }
    content = json.dumps(body, separators=(",", ":")).encode()
    content += b" " * (REQUEST_BYTES - len(content))
    head = (
        "POST /api/v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer simulated\r\n"
        f"Content-Type: application/json\r\nAccept: */*\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def simulate(ours: Connection) -> None:
    """Run the simulator until told to stop; say where it is, and what it has counted whenever asked."""
    with Simulator(answer={"A-17": INVOICE_RECORD}, remembers=False) as simulator:
        ours.send(simulator.base_url)
        while ours.recv() == "count":
            ledger = simulator.ledger
            ours.send(Counted(cpu_s=time.process_time(), replies=len(ledger.calls), usd=ledger.usd))


@contextmanager
def running() -> Iterator[tuple[str, Callable[[], Counted]]]:
    """Run the simulator in a process of its own; give its address, and what it has counted whenever asked."""
    spawning = multiprocessing.get_context("spawn")
    ours, theirs = spawning.Pipe()
    child = spawning.Process(target=simulate, args=(theirs,), daemon=True)
    child.start()

    def counted() -> Counted:
        ours.send("count")
        told: Counted = ours.recv()
        return told

    yield ours.recv(), counted
    ours.send("stop")
    child.join()


async def fill_connection(address: tuple[str, int], sent: bytes, *, replies: int) -> None:
    """Send the same request again and again over one connection, each when the reply to the last is whole."""
    reader, writer = await asyncio.open_connection(*address)
    for _ in range(replies):
        writer.write(sent)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            sys.exit(f"not a completion: {head[:60]!r}")
        if b"Transfer-Encoding" in head:
            await reader.readuntil(b"\r\n0\r\n\r\n")
        else:
            await reader.readexactly(int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0]))
    writer.close()


async def load(base_url: str, sent: bytes, *, replies: int, connections: int) -> None:
    """Ask for `replies` over so many connections at once."""
    parts = urlsplit(base_url)
    address = (str(parts.hostname), int(parts.port or 0))
    await asyncio.gather(*[fill_connection(address, sent, replies=replies // connections) for _ in range(connections)])


def main() -> int:
    """Measure once and print; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--replies", type=int, default=10_000)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--streamed", action="store_true")
    arguments = parser.parse_args()
    kind = "streamed" if arguments.streamed else "plain"
    sent = request(is_streamed=arguments.streamed)
    with running() as (base_url, counted):
        asyncio.run(load(base_url, sent, replies=10 * arguments.connections, connections=arguments.connections))
        before, started = counted(), time.perf_counter()
        asyncio.run(load(base_url, sent, replies=arguments.replies, connections=arguments.connections))
        seconds, after = time.perf_counter() - started, counted()
    replies = after.replies - before.replies
    per_reply_ms = 1000 * (after.cpu_s - before.cpu_s) / replies
    print(f"{replies} {kind} replies to {len(sent)} bytes each, {after.usd - before.usd:.2f} dollars")
    print(f"  CPU per reply            {per_reply_ms:8.3f} ms")
    print(f"  replies/s of one core    {1000 / per_reply_ms:8.0f}   goal >= {GOAL}")
    print(f"  replies/s seen           {replies / seconds:8.0f}")
    return 0 if 1000 / per_reply_ms >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())

"""What a streamed reply costs this process, and what a thousand of them in flight take, over TLS too.

    python benchmarks/streams.py [--replies 30] [--spread-replies 3] [--calls 1000] [--document-kb 20]

Replies of 1,000 chunks from a provider in a process of its own: written in 16 pieces at once, then 2 ms apart beside a
raw asyncio reader that parses every event with orjson. CPU is user and system time of this process; every step of the
call counts: ports, journal, transport, clocks, watching for loops, verdict. Then `--calls` requests that all stream at
the same time over TLS with a self-signed certificate, each with a document; memory is what this process grows by.
Exit code 1 when a goal is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import trustme

from extractor.model import ChatModel, Endpoint, Facts
from extractor.records import DEFAULT_MODEL, Message, Options, Question, Shape
from extractor.testing import ports_for

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNKS = 1_000
#: CPU milliseconds of a reply that arrives at once, and of one that is spread in multiples of a raw reader's.
AT_ONCE_GOAL_MS = 6.0
SPREAD_GOAL = 1.6
#: Bytes of memory for each call in flight, beside four times its document.
MEMORY_GOAL = 120_000
DOCUMENT_TIMES = 4
ROUNDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """What calls in flight together took."""

    calls: int
    failed: int
    tasks_left: int
    sockets_left: int
    bytes_per_call: float


@contextmanager
def provider(*options: str) -> Iterator[int]:
    """Run a provider and give its port."""
    script = Path(__file__).with_name("stream_provider.py")
    with subprocess.Popen([sys.executable, str(script), *options], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        try:
            yield int(child.stdout.readline())
        finally:
            child.terminate()


@contextmanager
def certificates() -> Iterator[tuple[Path, Path]]:
    """Give a certificate authority's file, and one with a key and certificate of 127.0.0.1."""
    authority = trustme.CA()
    with tempfile.TemporaryDirectory() as folder:
        ca_file, own = Path(folder, "ca.pem"), Path(folder, "own.pem")
        authority.cert_pem.write_to_path(str(ca_file))
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(own))
        yield ca_file, own


def question(document_bytes: int = 3_000) -> Question:
    """Return a question of about that size."""
    text = ("Item shipped as ordered and signed for at the gate.\n" * (document_bytes // 50 + 1))[:document_bytes]
    return Question(
        messages=(Message(role="system", content="Answer in JSON."), Message(role="user", content=text)),
        shape=Shape(schema={"type": "object"}, name="invoice"),
        options=Options(model=DEFAULT_MODEL),
    )


async def call(model: ChatModel, *, document_bytes: int = 3_000) -> None:
    """Ask once; every call is one of an extraction of its own."""
    completion = await model.complete(question(document_bytes), ports=ports_for(model))
    assert len(completion.text) >= CHUNKS
    assert completion.usage.cost_usd == 0.001  # noqa: PLR2004 - as the provider states


async def measure_calls(port: int, *, replies: int) -> float:
    """Return CPU milliseconds of one call, one after the other."""
    model = ChatModel(Endpoint(f"http://127.0.0.1:{port}/v1"), facts=Facts())
    await call(model)
    started = time.process_time()
    for _ in range(replies):
        await call(model)
    cpu_ms = 1000 * (time.process_time() - started) / replies
    await model.aclose()
    return cpu_ms


async def measure_raw_reader(port: int, *, replies: int) -> float:
    """Return CPU milliseconds of reading one reply with asyncio and orjson, and nothing else."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = orjson.dumps({"messages": [message.content for message in question().messages]})
    started = time.process_time()
    for _ in range(replies):
        writer.write(b"POST /v1 HTTP/1.1\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
        rest, is_done = b"", False
        content: list[str] = []
        while not is_done:
            *lines, rest = (rest + await reader.read(65_536)).split(b"\n")
            content += [
                orjson.loads(line[6:])["choices"][0]["delta"]["content"]
                for line in lines
                if line.startswith(b"data: {")
            ]
            is_done = rest.endswith(b"\r\n") or b"0\r" in lines
        assert len("".join(content)) >= CHUNKS
    cpu_ms = 1000 * (time.process_time() - started) / replies
    writer.close()
    return cpu_ms


async def measure_together(port: int, warm_port: int, *, ca_file: Path, calls: int, document_bytes: int) -> Together:
    """Have all calls in flight at the same time, over TLS."""
    warm = ChatModel(Endpoint(f"https://127.0.0.1:{warm_port}/v1", ca_file=ca_file), facts=Facts())
    await call(warm)
    await warm.aclose()
    sockets, tasks, memory = _open_files(), len(asyncio.all_tasks()), _resident_bytes()
    model = ChatModel(Endpoint(f"https://127.0.0.1:{port}/v1", ca_file=ca_file), facts=Facts())
    peak = asyncio.create_task(_peak_memory())
    outcomes = await asyncio.gather(
        *[call(model, document_bytes=document_bytes) for _ in range(calls)], return_exceptions=True
    )
    peak.cancel()
    grown = max(await peak) - memory
    await model.aclose()
    await asyncio.sleep(0)
    return Together(
        calls=calls,
        failed=sum(outcome is not None for outcome in outcomes),
        tasks_left=len(asyncio.all_tasks()) - tasks,
        sockets_left=_open_files() - sockets,
        bytes_per_call=grown / calls,
    )


async def _peak_memory() -> list[int]:
    seen = [0]
    try:
        while True:
            seen.append(_resident_bytes())
            await asyncio.sleep(0.05)
    except asyncio.CancelledError:
        return seen


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def say(name: str, figure: str, *, goal: str, is_met: bool) -> bool:
    """Print one figure beside its goal and return whether it is met."""
    print(f"  {name:<44}{figure:>12}   goal {goal}{'' if is_met else '   MISSED'}")
    return is_met


def run_costs(arguments: argparse.Namespace) -> bool:
    """Measure what reading costs."""
    with provider() as port:
        at_once = min(asyncio.run(measure_calls(port, replies=arguments.replies)) for _ in range(ROUNDS))
    met = [say("1,000 chunks at once, CPU", f"{at_once:.2f} ms", goal="<= 6 ms", is_met=at_once <= AT_ONCE_GOAL_MS)]
    if arguments.spread_replies:
        with provider("--writes", str(CHUNKS + 1), "--between-ms", "2") as port:
            pairs = [
                (
                    asyncio.run(measure_raw_reader(port, replies=1)),
                    asyncio.run(measure_calls(port, replies=1)),
                )
                for _ in range(arguments.spread_replies)
            ]
        raw, ours = min(raw for raw, _ in pairs), min(ours for _, ours in pairs)
        print(f"  raw reader {raw:.1f} ms, ours {ours:.1f} ms")
        met.append(
            say("2 ms apart, in raw readers", f"{ours / raw:.2f}", goal="<= 1.6", is_met=ours / raw <= SPREAD_GOAL)
        )
    return all(met)


def run_together(arguments: argparse.Namespace) -> bool:
    """Measure what many in flight take."""
    size = 1000 * arguments.document_kb
    with certificates() as (ca_file, own):
        options = ("--certificate", str(own), "--between-ms", "20")
        with provider(*options, "--together", str(arguments.calls)) as port, provider(*options) as warm_port:
            taken = asyncio.run(
                measure_together(port, warm_port, ca_file=ca_file, calls=arguments.calls, document_bytes=size)
            )
    limit = MEMORY_GOAL + DOCUMENT_TIMES * size
    left = taken.tasks_left + taken.sockets_left
    return all(
        [
            say("calls at once over TLS that failed", f"{taken.failed}", goal="0", is_met=not taken.failed),
            say("tasks and connections left over", f"{left}", goal="0", is_met=not left),
            say(
                "memory per call",
                f"{taken.bytes_per_call / 1000:.0f} kB",
                goal=f"<= {limit / 1000:.0f} kB",
                is_met=taken.bytes_per_call <= limit,
            ),
        ]
    )


def main() -> int:
    """Run both and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replies", type=int, default=30)
    parser.add_argument("--spread-replies", type=int, default=3)
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--document-kb", type=int, default=20)
    arguments = parser.parse_args()
    print(f"{arguments.replies} streamed replies, {arguments.calls} together, documents of {arguments.document_kb} kB")
    met = run_costs(arguments) if arguments.replies else True
    return 0 if (not arguments.calls or run_together(arguments)) and met else 1


if __name__ == "__main__":
    sys.exit(main())

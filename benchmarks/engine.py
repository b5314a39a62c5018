"""What one document costs this process, in CPU and in time, when many are in flight.

    python benchmarks/engine.py [--documents 2000] [--concurrency 200] [--latency-ms 200]

Text documents of 3 kB, an invoice of 1.5 kB, every step of the flow, against the simulator in a process of its own,
which answers plainly (not streamed) after a fixed wait. CPU is user and system time of this process alone. In the
same run the same number of calls goes out through bare httpx, one transport per call slot, so that two machines can
be compared: the goal was set where such a call cost 0.93 ms. Exit code 1 when a goal is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from pydantic import SecretStr

from extractor import bulk, wiring
from extractor.records import Job, Options, Source
from extractor.schema import target_from
from extractor.settings import Settings
from schemas import Invoice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extractor.records import Json, Result

#: CPU milliseconds per document, and the same as a multiple of a bare httpx call.
CPU_GOAL_MS = 1.0
CPU_GOAL_CALLS = CPU_GOAL_MS / 0.93
DOCUMENTS_PER_SECOND_GOAL = 350.0
#: A model that does not think, with a known price: its replies are plain.
MODEL = "qwen/qwen-plus-2025-07-28"
DOCUMENT_BYTES = 3000

RECORD: dict[str, Any] = {
    "number": "2026-04417",
    "issue_date": "2026-03-17",
    "due_date": "2026-04-16",
    "purchase_order": "PO-88213",
    "supplier": {
        "name": "Harrow & Finch Joinery Ltd",
        "address": "14 Sawmill Lane, Leeds LS9 8AB",
        "tax_id": "GB 214 7781 09",
        "email": "accounts@harrowfinch.example",
    },
    "customer": {"name": "Northgate Library Trust", "address": "3 Bell Square, York YO1 7HH"},
    "currency": "GBP",
    "lines": [
        {
            "item_code": f"HF-{100 + row}",
            "description": f"Oak shelf, oiled, length {80 + 10 * row} cm",
            "quantity": float(2 + row),
            "unit_price": 41.5 + row,
            "amount": (2 + row) * (41.5 + row),
        }
        for row in range(8)
    ],
    "subtotal": 2106.0,
    "tax": 421.2,
    "total": 2527.2,
    "payment_terms": "30 days net",
    "iban": "GB29 NWBK 6016 1331 9268 19",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What one run measured."""

    #: Documents that succeeded.
    documents: int
    #: User and system milliseconds of this process, per document.
    cpu_ms: float
    #: The same of one bare httpx call.
    bare_cpu_ms: float
    #: Documents finished per wall second.
    documents_per_second: float
    #: Wall milliseconds per document beyond the provider's wait: the middle one, and the 99th of 100.
    added_p50_ms: float
    added_p99_ms: float
    #: Highest resident memory of this process, MiB.
    memory_mib: float

    @property
    def are_good(self) -> bool:
        """Whether both goals are met."""
        return self.cpu_ms <= CPU_GOAL_MS and self.documents_per_second >= DOCUMENTS_PER_SECOND_GOAL


@cache
def invoice() -> str:
    """Return the invoice of RECORD as it would be printed."""
    rows = [
        f"{line['item_code']}  {line['description']:<36} {line['quantity']:>6.0f}"
        f" {line['unit_price']:>9.2f} {line['amount']:>10.2f}"
        for line in RECORD["lines"]
    ]
    supplier, customer = RECORD["supplier"], RECORD["customer"]
    head = [supplier["name"], supplier["address"], f"VAT {supplier['tax_id']}   {supplier['email']}", "", "INVOICE"]
    facts = [
        f"Invoice number: {RECORD['number']}",
        "Date: 17 March 2026     Due: 16 April 2026",
        f"Your order: {RECORD['purchase_order']}",
        f"Bill to: {customer['name']}, {customer['address']}",
        "",
    ]
    sums = ["", "Subtotal GBP 2,106.00", "VAT 20 % GBP 421.20", "Total GBP 2,527.20", "", "Terms: 30 days net"]
    text = "\n".join([*head, *facts, *rows, *sums, f"IBAN {RECORD['iban']}", ""])
    terms = "Goods remain our property until they are paid for in full. "
    return (text + terms * (DOCUMENT_BYTES // len(terms)))[: DOCUMENT_BYTES - 20]


def document(number: int) -> str:
    """Return one invoice as text of 3 kB; no two are equal."""
    return f"{invoice()}\nPrint run {number:>8}\n"


def jobs(count: int) -> Iterator[Job]:
    """Yield the jobs of one run, made when they are asked for."""
    target = target_from(Invoice)
    options = Options(model=MODEL)
    for number in range(count):
        name = f"document-{number}"
        yield Job(id=name, source=Source(content=document(number), name=name), target=target, options=options)


@contextmanager
def provider(*, latency_ms: float) -> Iterator[str]:
    """Run the simulator in a process of its own, with the right answer to every document, and give its address."""
    with tempfile.TemporaryDirectory() as folder:
        records = Path(folder, "records.jsonl")
        records.write_text(json.dumps({"needle": RECORD["number"], "record": RECORD}) + "\n", "utf-8")
        asked = ["simulate", "--port", "0", "--latency", f"{latency_ms:g}", "--records", str(records)]
        command = [sys.executable, "-c", "from extractor.cli.app import main; main()", *asked]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout
            try:
                yield child.stdout.readline().split()[-1]
            finally:
                child.send_signal(signal.SIGINT)


async def measure(base_url: str, *, documents: int, concurrency: int, latency_ms: float) -> Figures:
    """Run `documents` through the engine and measure this process meanwhile."""
    settings = Settings(base_url=base_url, api_key=SecretStr("bench"))
    walls: list[float] = []
    async with wiring.open_engine(settings) as engine:

        async def run(job: Job) -> Result[Json]:
            started = time.perf_counter()
            result = await engine.run(job)
            walls.append(time.perf_counter() - started)
            return result

        succeeded = 0
        cpu, wall = time.process_time(), time.perf_counter()
        async for result in bulk.run_all(jobs(documents), run=run, concurrency=concurrency):
            require_success(result)
            succeeded += 1
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    added = [1000 * seconds - latency_ms for seconds in walls]
    return Figures(
        documents=succeeded,
        cpu_ms=1000 * cpu / succeeded,
        bare_cpu_ms=await measure_bare_calls(base_url, calls=documents, concurrency=concurrency),
        documents_per_second=succeeded / wall,
        added_p50_ms=statistics.median(added),
        added_p99_ms=sorted(added)[int(0.99 * (len(added) - 1))],
        memory_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


async def measure_bare_calls(base_url: str, *, calls: int, concurrency: int) -> float:
    """Return the CPU milliseconds of one call through httpx and nothing else, a transport for each slot."""
    body = json.dumps({"model": MODEL, "messages": [{"role": "user", "content": document(0) * 2}]}).encode()
    remaining = iter(range(calls))

    async def fill_slot() -> None:
        async with httpx.AsyncHTTPTransport(verify=False, limits=httpx.Limits(max_connections=1)) as slot:
            for _ in remaining:
                request = httpx.Request("POST", f"{base_url}/chat/completions", content=body)
                await (await slot.handle_async_request(request)).aread()

    started = time.process_time()
    await asyncio.gather(*[fill_slot() for _ in range(concurrency)])
    return 1000 * (time.process_time() - started) / calls


def require_success(result: Result[Json]) -> None:
    """Stop where the work measured is not the work promised: every document succeeds at its first attempt."""
    if result.status != "succeeded" or len(result.attempts) != 1:
        sys.exit(f"{result.id} did not succeed at once: {result.error or result.attempts[0].violations}")


def say(figures: Figures, arguments: argparse.Namespace) -> None:
    """Print the figures as one row of the table in benchmarks/README.md."""
    print(f"{figures.documents} documents, concurrency {arguments.concurrency}, provider {arguments.latency_ms:g} ms")
    print(f"  CPU per document     {figures.cpu_ms:8.2f} ms   goal <= {CPU_GOAL_MS}")
    print(
        f"  in bare httpx calls  {figures.cpu_ms / figures.bare_cpu_ms:8.2f}      goal <= {CPU_GOAL_CALLS:.2f}"
        f"   (one cost {figures.bare_cpu_ms:.2f} ms in this run)"
    )
    print(f"  documents per second {figures.documents_per_second:8.0f}      goal >= {DOCUMENTS_PER_SECOND_GOAL:g}")
    print(f"  added latency        {figures.added_p50_ms:8.0f} ms   (p50)   {figures.added_p99_ms:.0f} ms (p99)")
    print(f"  peak memory          {figures.memory_mib:8.0f} MiB")


def main() -> int:
    """Measure once and print; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--concurrency", type=int, default=200)
    parser.add_argument("--latency-ms", type=float, default=200.0)
    arguments = parser.parse_args()
    with provider(latency_ms=arguments.latency_ms) as base_url:
        figures = asyncio.run(measure(base_url, **vars(arguments)))
    say(figures, arguments)
    return 0 if figures.are_good else 1


if __name__ == "__main__":
    sys.exit(main())

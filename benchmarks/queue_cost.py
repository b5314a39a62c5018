"""What the queue costs per document: the whole path by the queue, less the engine in process on the same documents.

The documents, the replies and the provider are those of `engine.py`. One round is the engine in a process of its own,
writing JSON lines; then as many documents handed in by `submit_many` and as many by `submit`, one after another, to
one worker with a Redis of its own. CPU is user and system time of whoever submits, of the worker with its children,
and of the server; the model's is not counted. Whatever else the machine does only adds to CPU time, so a figure is the
lowest of all rounds, and a share the difference of two such.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from engine import MODEL, document, jobs, provider, require_success
from pydantic import SecretStr
from redis import Redis

from extractor import Queue, bulk, jsontext, wiring
from extractor.settings import Settings
from extractor.store import Store, connect
from extractor.testing import RedisServer
from extractor.testing.fleet import Fleet, wait_until
from schemas import Invoice

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: CPU milliseconds per document beyond the engine's.
GOALS = {"bulk": 0.2, "single": 0.6}
#: Calls in flight of one worker process.
FLIGHT_GOAL = 1000
#: Seconds that a model takes in that part: longer than it takes to have all of them in flight.
FLIGHT_LATENCY_S = 20.0
#: Slots of the worker, and documents in flight of the engine in process: one slot in eight is never given to bulk.
SLOTS, CONCURRENCY = 256, 224
#: Documents before anything is measured: imports, the schema, the first connections.
WARM = 50
#: Seconds after which a run has failed.
PATIENCE_S = 600.0
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
SUCCEEDED = "extractor:list:default:succeeded"


@dataclass(frozen=True, slots=True)
class Cpu:
    """CPU seconds of everybody on the path."""

    submit: float
    worker: float
    redis: float

    def since(self, before: Cpu) -> Cpu:
        """Return what was used since `before`."""
        return Cpu(self.submit - before.submit, self.worker - before.worker, self.redis - before.redis)

    def per(self, documents: int) -> Cpu:
        """Return milliseconds per document."""
        return Cpu(*(1000 * part / documents for part in (self.submit, self.worker, self.redis)))

    @property
    def whole(self) -> float:
        """Of all together."""
        return self.submit + self.worker + self.redis


@dataclass(frozen=True, slots=True)
class Round:
    """One round, milliseconds per document."""

    engine: float
    bulk: Cpu
    single: Cpu
    #: Documents that `submit_many` and `submit` hand in, per wall second.
    bulk_rate: float
    single_rate: float
    #: Bytes of Redis per document, while it waits and after its end.
    waiting_bytes: float
    ended_bytes: float


class Site:
    """A Redis, one worker, and somebody who submits."""

    def __init__(self, server: RedisServer, fleet: Fleet) -> None:
        self._server = server
        self._redis = Redis(unix_socket_path=str(server.path))
        self._fleet = fleet
        self.queue = Queue(server.url)

    def cpu(self) -> Cpu:
        """Return what was used so far."""
        used = self._redis.info("cpu")
        redis_s = sum(used[name] for name in ("used_cpu_user", "used_cpu_sys"))
        return Cpu(time.process_time(), cpu_of(self._fleet.pids[0]), redis_s)

    def memory(self) -> int:
        """Return the bytes that Redis holds."""
        return int(self._redis.info("memory")["used_memory"])

    @contextmanager
    def finishing(self, documents: int) -> Iterator[None]:
        """Return when `documents` more have succeeded than before."""
        goal = int(self._redis.zcard(SUCCEEDED)) + documents
        yield
        wait_until(
            lambda: self._redis.zcard(SUCCEEDED) >= goal or self._redis.zcard("extractor:list:default:failed"),
            within_s=PATIENCE_S,
            why=f"{documents} documents have ended",
            tend=lambda: time.sleep(0.1),
        )
        if int(self._redis.zcard(SUCCEEDED)) != goal:
            sys.exit(f"not every document succeeded; the worker says:\n{self._fleet.logs()[-2000:]}")

    def steer(self, verb: str, **arguments: str) -> None:
        """Pause the queue, or resume it."""

        async def steer() -> None:
            store = Store(await connect(self._server.url))
            await getattr(store, verb)(**arguments)
            await store.aclose()

        asyncio.run(steer())

    def close(self) -> None:
        """Close the connections."""
        self.queue.close()
        self._redis.close()


@contextmanager
def site(base_url: str, *, slots: int, warm: int = WARM) -> Iterator[Site]:
    """Give a Redis and a worker of its own, warm."""
    environment = {
        "OPENROUTER_API_KEY": "",
        "EXTRACTOR_BASE_URL": base_url,
        "EXTRACTOR_API_KEY": "bench",
        "EXTRACTOR_MODEL": MODEL,
        "EXTRACTOR_SLOTS": str(slots),
    }
    os.environ.update(environment)
    with ExitStack() as open_things:
        folder = Path(open_things.enter_context(tempfile.TemporaryDirectory()))
        server = open_things.enter_context(RedisServer())
        environment["REDIS_URL"] = server.url
        place = Site(server, open_things.enter_context(Fleet(1, environment=environment, folder=folder)))
        open_things.callback(place.close)
        with place.finishing(warm):
            place.queue.submit_many(map(document, range(warm)), schema=Invoice)
        yield place


def cpu_of(pid: int) -> float:
    """Return the CPU seconds of a process, its living children, and those that it has waited for."""
    seconds = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text("ascii", "replace")
        except OSError:  # it has ended
            continue
        fields = text.rpartition(")")[2].split()
        if pid in {int(stat.parts[2]), int(fields[1])}:
            seconds += TICK_S * sum(map(int, fields[11:15]))
    return seconds


def run_bulk(place: Site, documents: int) -> tuple[Cpu, float, float, float]:
    """Return CPU, documents handed in per second, and bytes per document before and after."""
    place.steer("pause", message="The benchmark submits.")
    empty, before, started = place.memory(), place.cpu(), time.perf_counter()
    place.queue.submit_many(map(document, range(documents)), schema=Invoice)
    rate = documents / (time.perf_counter() - started)
    submitted, waiting = place.cpu().since(before), place.memory()
    with place.finishing(documents):
        place.steer("resume")
        before = place.cpu()
    run = place.cpu().since(before)
    whole = Cpu(submitted.submit, submitted.worker + run.worker, submitted.redis + run.redis)
    return whole.per(documents), rate, (waiting - empty) / documents, (place.memory() - empty) / documents


def run_single(place: Site, documents: int) -> tuple[Cpu, float]:
    """Return CPU, and documents handed in per second."""
    with place.finishing(documents):
        before, started = place.cpu(), time.perf_counter()
        for number in range(documents):
            place.queue.submit(document(number), Invoice)
        seconds, submitted = time.perf_counter() - started, time.process_time() - before.submit
    run = place.cpu().since(before)
    return Cpu(submitted, run.worker, run.redis).per(documents), documents / seconds


async def engine_in_process(base_url: str, documents: int) -> float:
    """Return the CPU milliseconds per document of the engine writing JSON lines."""
    async with wiring.open_engine(Settings(base_url=base_url, api_key=SecretStr("bench"))) as engine:

        async def extract(count: int, lines: Any) -> None:
            async for result in bulk.run_all(jobs(count), run=engine.run, concurrency=CONCURRENCY):
                require_success(result)
                lines.write(jsontext.dumps(result.members()) + "\n")

        with tempfile.TemporaryFile("w", encoding="utf-8") as lines:
            await extract(WARM, lines)
            before = time.process_time()
            await extract(documents, lines)
            return 1000 * (time.process_time() - before) / documents


def engine_cpu(base_url: str, documents: int) -> float:
    """Return the same, from a process of its own."""
    command = [sys.executable, __file__, "--engine", base_url, "--documents", str(documents)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def measure(place: Site, base_url: str, documents: int) -> Round:
    """Run one round."""
    engine = engine_cpu(base_url, documents)
    in_bulk, bulk_rate, waiting_bytes, ended_bytes = run_bulk(place, documents)
    single, single_rate = run_single(place, documents)
    engine = min(engine, engine_cpu(base_url, documents))
    return Round(engine, in_bulk, single, bulk_rate, single_rate, waiting_bytes, ended_bytes)


def measure_flight(calls: int) -> int:
    """Return how many calls were in flight at one moment, of one worker process with as many slots as `calls`.

    0 is not measured.
    """
    if not calls:
        return 0
    with provider(latency_ms=1000 * FLIGHT_LATENCY_S) as base_url, site(base_url, slots=calls, warm=1) as place:
        with place.finishing(calls):
            place.queue.submit_many(map(document, range(calls)), schema=Invoice, priority="interactive")
        return int(httpx.get(base_url, trust_env=False).text)


def say(rounds: Sequence[Round], in_flight: int, *, documents: int) -> bool:
    """Print the figures beside their goals; return whether all are met."""
    engine = lowest(rounds, "engine")
    shares = {name: lowest(rounds, f"{name}.whole") - engine for name in GOALS}
    print(f"{len(rounds)} rounds of {documents} documents, provider 200 ms, {SLOTS} slots; CPU in ms per document")
    print(f"  the engine in process {engine:8.2f}   {spread(rounds, 'engine')}")
    for name, goal in GOALS.items():
        whole, extremes = lowest(rounds, f"{name}.whole"), spread(rounds, f"{name}.whole")
        parts = "; ".join(f"{part} {lowest(rounds, f'{name}.{part}'):.2f}" for part in Cpu.__slots__)
        print(f"  {name:<6} whole path     {whole:8.2f}   {extremes}; {parts}")
        print(f"  {name:<6} queue's share  {shares[name]:8.2f}   goal <= {goal}")
    print(f"  calls in flight       {in_flight:8}   goal >= {FLIGHT_GOAL}, of one process")
    rates = [statistics.median(map(attrgetter(f"{name}_rate"), rounds)) for name in GOALS]
    print(f"  handed in per second  {rates[0]:8.0f}   in bulk; {rates[1]:.0f} one by one")
    waiting, ended = lowest(rounds, "waiting_bytes"), lowest(rounds, "ended_bytes")
    print(f"  bytes of Redis        {waiting:8.0f}   while it waits; {ended:.0f} after its end")
    return all(shares[name] <= goal for name, goal in GOALS.items()) and in_flight >= FLIGHT_GOAL


def lowest(rounds: Sequence[Round], name: str) -> float:
    """Return the lowest figure of a name."""
    return float(min(map(attrgetter(name), rounds)))


def spread(rounds: Sequence[Round], name: str) -> str:
    """Return the lowest and the highest figure."""
    return f"({lowest(rounds, name):.2f} - {max(map(attrgetter(name), rounds)):.2f})"


def main() -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--in-flight", type=int, default=FLIGHT_GOAL, help="calls that one worker shall have in flight")
    parser.add_argument("--engine", default="", help="address of the provider: measure the engine alone, and print it")
    arguments = parser.parse_args()
    if arguments.engine:
        print(asyncio.run(engine_in_process(arguments.engine, arguments.documents)))
        return 0
    with provider(latency_ms=200.0) as base_url, site(base_url, slots=SLOTS) as place:
        rounds = [measure(place, base_url, arguments.documents) for _ in range(arguments.rounds)]
    are_good = say(rounds, measure_flight(arguments.in_flight), documents=arguments.documents)
    return 0 if are_good else 1


if __name__ == "__main__":
    sys.exit(main())

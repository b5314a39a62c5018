"""Real processes around a test: the model on loopback, and workers that are killed and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import anyio
import httpx

from extractor.testing.ledger import MODEL

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping
    from types import TracebackType

#: Seconds that a process may take to end after it was told to.
PATIENCE_S = 20.0
#: Seconds between two looks at what is waited for.
LOOK_S = 0.02


class LoopbackModel:
    """Runs `extractor.testing.loopback` in a process of its own. Use as a context manager."""

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "extractor.testing.loopback"]
        self._child = subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: S603 - ourselves
        assert self._child.stdout is not None  # noqa: S101 - a pipe was asked for
        self._address = f"http://127.0.0.1:{int(self._child.stdout.readline())}"
        self._client = httpx.Client(base_url=self._address, trust_env=False, timeout=PATIENCE_S)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()
        self._child.kill()
        self._child.communicate()

    @property
    def base_url(self) -> str:
        """What a client is given as its base URL."""
        return f"{self._address}/v1"

    def behave(self, **behaviour: Any) -> None:
        """Change what the model does from now on; see `POST /behaviour`."""
        self._client.post("/behaviour", json=behaviour).raise_for_status()

    def tally(self) -> dict[str, Any]:
        """Return what was counted: numbers of documents as integers."""
        counted: dict[str, Any] = self._client.get("/tally").json()
        return {
            name: {int(number): count for number, count in value.items()} if isinstance(value, dict) else value
            for name, value in counted.items()
        }

    def forget(self) -> None:
        """Begin the count anew, and give what is given by default."""
        self._client.delete("/tally").raise_for_status()
        self.behave(latency_ms=[20, 20])

    def callers(self) -> dict[int, int]:
        """Return the requests in flight by the process that made them."""
        return {int(pid): count for pid, count in self._client.get("/callers").json().items()}


def worker_environment(redis_url: str, model: LoopbackModel, **settings: object) -> dict[str, str]:
    """Return the environment of workers that ask `model`; `settings` are those of the product, by name."""
    named = {f"EXTRACTOR_{name.upper()}": str(value) for name, value in settings.items()}
    return {
        "REDIS_URL": redis_url,
        "OPENROUTER_API_KEY": "",
        "EXTRACTOR_BASE_URL": model.base_url,
        "EXTRACTOR_API_KEY": "loopback",
        "EXTRACTOR_MODEL": MODEL,
        **named,
    }


class Fleet:
    """Worker processes that are started again when they die. Use as a context manager.

    Args:
        size: Workers.
        environment: Settings of the workers, over this process's environment.
        folder: Where each writes its log, `worker-1.log`.
        command: What starts one; the command `extractor worker` of this environment when None.
    """

    def __init__(
        self, size: int, *, environment: Mapping[str, str], folder: Path, command: tuple[str, ...] | None = None
    ) -> None:
        self._command = command or (str(Path(sys.executable).with_name("extractor")), "worker")
        self._environment = {**os.environ, **environment}
        self._folder = folder
        self._size = size
        self._children: list[subprocess.Popen[bytes]] = []
        #: Processes started so far.
        self.starts = 0

    def __enter__(self) -> Self:
        self._children = [self._start(number) for number in range(self._size)]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in self._children:
            with suppress(ProcessLookupError):  # whoever it started is in its group, and ends with it
                os.killpg(child.pid, signal.SIGKILL)
            child.wait(PATIENCE_S)

    @property
    def pids(self) -> list[int]:
        """The workers that run."""
        return [child.pid for child in self._children if child.poll() is None]

    def tend(self) -> None:
        """Start again what has died."""
        for number, child in enumerate(self._children):
            if child.poll() is not None:
                self._children[number] = self._start(number)

    def kill(self, number: int) -> int:
        """Kill one worker with SIGKILL, wait until it is gone, start another, and return the old one's pid."""
        child = self._children[number]
        child.kill()
        child.wait(PATIENCE_S)
        self.tend()
        return child.pid

    def stop(self, number: int) -> int:
        """Tell one worker to stop (SIGTERM), wait until it has, and return its exit code."""
        child = self._children[number]
        child.terminate()
        return child.wait(PATIENCE_S)

    def logs(self) -> str:
        """Return what the workers wrote."""
        return "".join(path.read_text("utf-8", "replace") for path in sorted(self._folder.glob("worker-*.log")))

    def _start(self, number: int) -> subprocess.Popen[bytes]:
        self.starts += 1
        with (self._folder / f"worker-{number}.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - ourselves
                self._command,
                env=self._environment,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


def wait_until(
    is_so: Callable[[], object], *, within_s: float, why: str, tend: Callable[[], None] | None = None
) -> float:
    """Wait until something is so, and return the seconds it took.

    Args:
        is_so: Asked again and again.
        within_s: Seconds after which the test has failed.
        why: What was waited for, in words.
        tend: Called between two looks.

    Raises:
        TimeoutError: it was not so in time.
    """
    for seconds in _looks(within_s, why):
        if is_so():
            return seconds
        if tend is not None:
            tend()
        time.sleep(LOOK_S)
    raise AssertionError("the looks end by an error")


async def until(
    is_so: Callable[[], Awaitable[object]], *, within_s: float, why: str, tend: Callable[[], None] | None = None
) -> float:
    """Wait as `wait_until` does, for what has to be awaited."""
    for seconds in _looks(within_s, why):
        if await is_so():
            return seconds
        if tend is not None:
            tend()
        await anyio.sleep(LOOK_S)
    raise AssertionError("the looks end by an error")


def _looks(within_s: float, why: str) -> Iterator[float]:
    """Yield the seconds that have passed, until they are too many."""
    started = time.monotonic()
    while (passed := time.monotonic() - started) < within_s:
        yield passed
    raise TimeoutError(f"after {within_s:g} s, still waiting until {why}")

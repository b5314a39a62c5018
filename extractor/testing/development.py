"""`extractor dev` as a child process: what it prints, what belongs to it, and its end."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

#: Seconds within which whatever is waited for has to come about.
PATIENCE_S = 60.0
#: Seconds between two looks at what is waited for.
LOOK_S = 0.02
#: A variable that all processes of one run inherit, and no others.
MARK = "RUN_OF_EXTRACTOR_DEV"


class DevServer:
    """Runs `extractor dev` on a free port in an environment of its own. Use as a context manager.

    Args:
        folder: Home, working folder and data folder; what it keeps is there.
        options: More of the command line.
        environment: More of the environment, which holds PATH, HOME and nothing else of this process's.
    """

    def __init__(self, folder: Path, *options: str, environment: Mapping[str, str] | None = None) -> None:
        self._mark = uuid.uuid4().hex
        self._command = [str(Path(sys.executable).with_name("extractor")), "dev", "--port", "0", *options]
        self.folder = folder
        #: What another terminal of the same user would have.
        self.environment = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            **(environment or {}),
        }
        #: Lines on standard error so far, those of worker and API among them.
        self.log: list[str] = []
        #: What was printed when everything was up.
        self.words = ""

    def __enter__(self) -> Self:
        self._run = subprocess.Popen(  # noqa: S603 - ourselves
            self._command,
            cwd=self.folder,
            env={**self.environment, MARK: self._mark},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._readers = [
            threading.Thread(target=self._read_log, daemon=True),
            threading.Thread(target=self._read_words, daemon=True),
        ]
        for reader in self._readers:
            reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.signal(signal.SIGTERM)
        try:
            self.wait()
        finally:
            for pid in self.processes():
                os.kill(pid, signal.SIGKILL)
            for reader in self._readers:
                reader.join(PATIENCE_S)

    def until_ready(self) -> Self:
        """Wait until everything is up."""
        self.until(lambda: self.words.rstrip().endswith('"') or self._run.poll() is not None)
        if not self.words:
            raise RuntimeError("\n".join(["extractor dev did not come up", *self.log]))
        return self

    def until(self, is_so: Callable[[], object]) -> None:
        """Wait for something."""
        deadline = time.monotonic() + PATIENCE_S
        while not is_so():
            if time.monotonic() > deadline:
                raise TimeoutError("\n".join(["it did not come about in time; the log says:", *self.log]))
            time.sleep(LOOK_S)

    def signal(self, number: int) -> None:
        """Send a signal to the command itself."""
        if self._run.poll() is None:
            self._run.send_signal(number)

    def wait(self) -> int:
        """Wait for its end; return its exit code."""
        return self._run.wait(PATIENCE_S)

    def told(self, name: str) -> str:
        """Return what was printed beside a word: `HTTP API`, `Key`, `Redis`, `Celery`."""
        found = re.search(rf"^{name} +(\S+)$", self.words, re.MULTILINE)
        return found[1] if found else ""

    @property
    def request(self) -> str:
        """The commands that it says to paste."""
        return self.words[self.words.index("id=$(curl") :]

    def redis_answers(self) -> bool:
        """Whether its Redis server runs, which writes its title over the mark that `processes` looks for."""
        with socket.socket(socket.AF_UNIX) as line:
            return line.connect_ex(self.told("Redis").removeprefix("unix://")) == 0

    def processes(self) -> dict[int, str]:
        """Return every living process that this run has started, directly or not, but Redis: id and command line."""
        mark = f"{MARK}={self._mark}".encode()
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
            except OSError:  # it ended meanwhile, or is another user's
                continue
        return found

    def _read_log(self) -> None:
        if self._run.stderr:
            with self._run.stderr as lines:
                for line in lines:
                    self.log.append(line.rstrip())

    def _read_words(self) -> None:
        if self._run.stdout:
            with self._run.stdout as lines:
                for line in lines:
                    self.words += line

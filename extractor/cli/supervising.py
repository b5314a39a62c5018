"""Parts of one program as child processes: their lines on one screen, started again when they die, ended in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import IO, TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

#: Seconds to wait before a part that died is started again; the last one holds from then on.
WAITS_S = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
#: Seconds after which a part counts as healthy, so that its next death starts at the first wait again.
HEALTHY_S = 60.0
#: Seconds to wait for lines that are still in the pipe of a part that ended.
LAST_LINES_S = 1.0
#: A longer line is shown in pieces, bytes.
LINE_BYTES = 1 << 16


class Part:
    """One command, run on a leash (`extractor.cli.leash`), so that nothing of it outlives this process."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        grace_s: float,
        say: Callable[[str, str], None],
    ) -> None:
        """Describe a part; nothing is started.

        Args:
            name: What its lines begin with.
            command: Absolute path of a program, and its arguments.
            environment: All of its environment.
            grace_s: Seconds that it may take to stop when asked.
            say: Shows a line of a part: its name, then the line. Called from threads.
        """
        self.name = name
        #: Exit code of its last unasked end, 128 + n after signal n; None while there was none.
        self.died_with: int | None = None
        self._command = (sys.executable, "-P", "-m", "extractor.cli.leash", str(grace_s), *command)
        self._environment = dict(environment)
        self._say = say
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._running: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep_running, name=name, daemon=True)

    def start(self) -> None:
        """Run the command until `stop`; when it ends before that, say so and run it again after a while."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the part to end, and let nothing start it again."""
        with self._lock:
            self._stopping.set()
            if self._running:
                _pipe(self._running.stdin).close()

    def kill(self) -> None:
        """End the part, and all it started, at once."""
        with self._lock:
            self._stopping.set()
            if self._running:
                _kill_group(self._running)

    def wait(self, timeout_s: float) -> bool:
        """Wait for the end of a part that was asked to end; return whether it came in time."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _keep_running(self) -> None:
        waits = _waits()
        while running := self._started():
            started = time.monotonic()
            code = self._attend(running)
            if self._stopping.is_set():
                return
            if time.monotonic() - started > HEALTHY_S:
                waits = _waits()
            wait_s = next(waits)
            self.died_with = code
            self._say(self.name, f"ended with exit code {code}")
            if not self._stopping.wait(wait_s):
                self._say(self.name, f"is started again, {wait_s:g} s later")

    def _started(self) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._stopping.is_set():
                return None
            self._running = subprocess.Popen(  # noqa: S603 - our own programs
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=self._environment,
                process_group=0,  # Ctrl-C in the terminal is ours to pass on; and one signal ends all that it started
            )
            return self._running

    def _attend(self, running: subprocess.Popen[bytes]) -> int:
        """Show its lines until it ends; return its exit code."""
        showing = threading.Thread(target=self._show_lines, args=(_pipe(running.stdout),), daemon=True)
        showing.start()
        code = running.wait()
        with self._lock:
            self._running = None
            _kill_group(running)
            with suppress(OSError):
                _pipe(running.stdin).close()
        showing.join(LAST_LINES_S)
        return code if code >= 0 else 128 - code

    def _show_lines(self, lines: IO[bytes]) -> None:
        with lines:
            while line := lines.readline(LINE_BYTES):
                if words := line.decode(errors="replace").rstrip():
                    self._say(self.name, words)


def _kill_group(running: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):  # nobody is left in it
        os.killpg(running.pid, signal.SIGKILL)


def _pipe(end: IO[bytes] | None) -> IO[bytes]:
    return cast("IO[bytes]", end)


def _waits() -> Iterator[float]:
    yield from WAITS_S
    while True:
        yield WAITS_S[-1]

"""A Redis server that a test may stop, kill and start again."""

from __future__ import annotations

import shutil
import signal
import socket
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from extractor.store.embedded import end_with_this_process, launch, server_program

if TYPE_CHECKING:
    import subprocess

START_S = 30.0
POLL_S = 0.002
ARGUMENTS = ("--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--daemonize", "no")


class RedisServer:
    """One server with its own folder, on a socket or on a port of loopback. Its data survive `kill` and `restart`."""

    def __init__(self, *arguments: str, on_port: bool = False) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="redis-"))
        self.port = _free_port() if on_port else 0
        self.path = self.folder / "redis.sock"
        self.url = f"redis://127.0.0.1:{self.port}/0" if on_port else f"unix://{self.path}"
        #: Command-line arguments that are added; change them before `restart`.
        self.arguments = arguments
        self._server: subprocess.Popen[bytes] | None = None
        self._watcher: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """Process id of the server, which changes at a restart."""
        return self._running().pid

    def start(self) -> Self:
        """Start it and wait until it answers."""
        where = ("--dir", str(self.folder), "--unixsocket", str(self.path), "--port", str(self.port))
        log = ("--bind", "127.0.0.1", "--logfile", str(self.folder / "redis.log"))
        self._server = launch([str(server_program()), *ARGUMENTS, *where, *log, *self.arguments])
        self._watcher = end_with_this_process(self._server.pid)
        self._wait()
        return self

    def kill(self) -> None:
        """End it by SIGKILL."""
        self._end(signal.SIGKILL)

    def terminate(self) -> None:
        """End it by SIGTERM: it writes what it holds first."""
        self._end(signal.SIGTERM)

    def restart(self, *arguments: str) -> None:
        """Kill it if it runs, and start it on the same data and the same address, with further arguments."""
        self.arguments = (*self.arguments, *arguments)
        self._end(signal.SIGKILL)
        self.start()

    def stop(self) -> None:
        """Freeze it (SIGSTOP): connections stay, nothing is answered."""
        self._running().send_signal(signal.SIGSTOP)

    def cont(self) -> None:
        """Let a frozen server go on."""
        self._running().send_signal(signal.SIGCONT)

    def ask(self, *words: str) -> str:
        """Send one command and return the start of its raw answer."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(START_S)
            line.connect(str(self.path))
            line.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % _sized(word) for word in words))
            return line.recv(65536).decode(errors="replace")

    def flush(self) -> None:
        """Forget everything that it holds."""
        self.ask("FLUSHALL")

    def close(self) -> None:
        """End it and remove its folder."""
        self._end(signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._server is None:
            raise RuntimeError("the server does not run")
        return self._server

    def _end(self, how: signal.Signals) -> None:
        for child, by in ((self._server, how), (self._watcher, signal.SIGKILL)):
            if child is not None:
                child.send_signal(by)
                child.wait(START_S)
                if child.stdin is not None:
                    child.stdin.close()
        self._server = self._watcher = None

    def _wait(self) -> None:
        deadline = time.monotonic() + START_S
        while not self._answers():
            if self._running().poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server did not start, see {self.folder / 'redis.log'}")
            time.sleep(POLL_S)

    def _answers(self) -> bool:
        try:
            return self.ask("PING").startswith(("+PONG", "-NOAUTH", "-NOPERM"))
        except OSError:
            return False


def _sized(word: str) -> tuple[int, bytes]:
    written = word.encode()
    return len(written), written


def _free_port() -> int:
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        port: int = line.getsockname()[1]
        return port

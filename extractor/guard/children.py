"""The parent's side: children, and the pool that lends them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, cast

from extractor.errors import GuardFailed
from extractor.guard import frames

if TYPE_CHECKING:
    from collections.abc import Iterator

#: All that a child inherits of the environment. No variable here can hold a secret.
INHERITED = ("LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
#: Isolated, so that no PYTHON* variable and no file of the working folder has a say; then what the parent imports from.
BOOTSTRAP = "import sys; sys.path[:] = sys.argv[1:]; from extractor.guard.child import main; main()"
NOT_STARTED = "No guarded child process could be started."
#: Wall seconds in which a child must say that it is ready, or has imported a module. The first takes 0.1, the second
#: up to 0.5; a starved machine may take long.
START_S = 30.0
#: Wall seconds in which a child that closed its pipe must be gone.
LAST_BREATH_S = 1.0
#: A reply beyond this is a lie. The largest honest one is 4 million characters, escaped.
MAX_REPLY_BYTES = 256 << 20
#: Signals that mean "too long": our own timer, and the CPU limit.
TIMEOUT_SIGNALS = frozenset({-signal.SIGALRM, -signal.SIGXCPU})


def _started() -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 - our own interpreter and our own module
            [sys.executable, "-I", "-X", "utf8", "-c", BOOTSTRAP, *sys.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env={name: os.environ[name] for name in INHERITED if name in os.environ},
            process_group=0,  # Ctrl-C in the terminal is the parent's, even before the child can say so
        )
    except OSError as error:
        raise GuardFailed(NOT_STARTED, reason="not_started") from error


class Child:
    """One child process and the two pipes to it. Used by one thread at a time; `kill` may come from another."""

    def __init__(self) -> None:
        #: Modules that it has imported at our word.
        self.prepared: set[str] = set()
        self._process = _started()
        self._requests = cast("IO[bytes]", self._process.stdin)
        self._replies = cast("IO[bytes]", self._process.stdout)
        os.set_blocking(self._requests.fileno(), False)
        try:
            self._receive(time.monotonic() + START_S)
        except GuardFailed as error:
            self.close()
            raise GuardFailed(NOT_STARTED, reason="not_started") from error

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def exchange(self, request: bytes, *, wall_s: float) -> bytearray:
        """Send one request and return the reply.

        Raises:
            GuardFailed: no reply in time, or the child died. It must be closed then.
        """
        deadline = time.monotonic() + wall_s
        try:
            frames.send(self._requests.fileno(), request, deadline=deadline)
        except TimeoutError:
            raise GuardFailed(f"A guarded call took longer than {wall_s:.1f} s.", reason="timeout") from None
        except OSError:
            raise self._death() from None
        return self._receive(deadline)

    def _receive(self, deadline: float) -> bytearray:
        try:
            return frames.receive(self._replies.fileno(), deadline=deadline, max_bytes=MAX_REPLY_BYTES)
        except TimeoutError:
            raise GuardFailed("A guarded call did not end in the time allowed.", reason="timeout") from None
        except frames.FrameTooLarge:
            raise GuardFailed("A guarded child sent more than is allowed.", reason="died") from None
        except (EOFError, OSError):
            raise self._death() from None

    def _death(self) -> GuardFailed:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(LAST_BREATH_S)
        code = self._process.returncode
        if code in TIMEOUT_SIGNALS:
            return GuardFailed("A guarded call used more CPU time than is allowed.", reason="timeout")
        return GuardFailed(f"A guarded child died (exit status {code}).", reason="died")

    def kill(self) -> None:
        """End the process at once; whoever waits for its reply sees it die."""
        self._process.kill()

    def close(self) -> None:
        """End the process and leave nothing of it behind."""
        self._process.kill()
        self._process.wait()
        self.disown()

    def disown(self) -> None:
        """Close our ends of the pipes only. The child ends itself when nobody else holds them."""
        self._process.poll()  # a process that is not ours counts as ended, and is not complained about
        self._requests.close()
        self._replies.close()


class Pool:
    """Children of this process, started when first needed, then kept."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._start_over()

    def _start_over(self) -> None:
        self._slots = threading.BoundedSemaphore(self._size)
        self._lock = threading.Lock()
        self._idle: list[Child] = []
        self._busy: set[Child] = set()

    @contextmanager
    def lend(self) -> Iterator[Child]:
        """Lend a child, waiting until fewer than `size` are out. After an error inside it is not lent again."""
        with self._slots:
            child = self._take()
            try:
                yield child
            except BaseException:
                self.retire(child)
                raise
            self._put_back(child)

    def _take(self) -> Child:
        while True:
            with self._lock:
                child = self._idle.pop() if self._idle else None
                if child is not None and child.is_alive:
                    self._busy.add(child)
                    return child
            if child is None:
                break
            child.close()
        child = Child()
        with self._lock:
            self._busy.add(child)
        return child

    def _put_back(self, child: Child) -> None:
        with self._lock:
            if child in self._busy:
                self._busy.remove(child)
                self._idle.append(child)

    def retire(self, child: Child) -> None:
        """Close a child for good."""
        with self._lock:
            self._busy.discard(child)
        child.close()

    def close(self) -> None:
        """Close every idle child and kill those at work, whose threads close them. The next loan starts a new one."""
        with self._lock:
            idle, self._idle = self._idle, []
            for child in self._busy:
                child.kill()
        for child in idle:
            child.close()

    def forget(self) -> None:
        """After a fork, leave the children to the process that started them."""
        for child in [*self._idle, *self._busy]:
            child.disown()
        self._start_over()

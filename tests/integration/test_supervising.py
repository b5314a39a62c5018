"""Children on a leash: nothing of them outlives their owner, and what dies is started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from extractor.cli import supervising
from extractor.cli.supervising import Part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE_S = 20.0
#: Says its id, then stays until it is told to go.
STAYS = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
#: The same, and does not go when it is told.
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {STAYS}"
#: Says its id and that of a child of its own.
WITH_CHILD = (
    "import os, subprocess, sys; "
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
    "print(os.getpid(), child.pid, flush=True); child.wait()"
)
OWNER = (
    "import subprocess, sys, time; "
    "child = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, process_group=0); time.sleep(60)"
)


def wait_for(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Screen:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, name: str, line: str) -> None:
        self.lines.append(f"{name}: {line}")

    def pids(self) -> list[int]:
        return [int(word) for line in self.lines for word in line.removeprefix("part: ").split() if word.isdecimal()]


@pytest.fixture
def screen() -> Screen:
    return Screen()


@pytest.fixture
def part(screen: Screen) -> Iterator[Callable[..., Part]]:
    made: list[Part] = []

    def make(code: str, *, grace_s: float = 5.0) -> Part:
        one = Part("part", [sys.executable, "-c", code], environment=os.environ, grace_s=grace_s, say=screen.say)
        made.append(one)
        one.start()
        return one

    yield make
    for one in made:
        one.kill()
        assert one.wait(PATIENCE_S)


def test_a_part_that_is_told_to_stop_gets_a_sigterm_and_is_not_started_again(
    part: Callable[..., Part], screen: Screen
) -> None:
    running = part(STAYS)
    wait_for(screen.pids)

    running.stop()

    assert running.wait(PATIENCE_S)
    assert running.died_with is None
    assert not is_alive(screen.pids()[0])


def test_a_part_that_does_not_stop_in_time_is_killed(part: Callable[..., Part], screen: Screen) -> None:
    running = part(STUBBORN, grace_s=0.2)
    wait_for(screen.pids)

    running.stop()

    assert running.wait(PATIENCE_S)
    assert not is_alive(screen.pids()[0])


def test_a_part_in_a_hurry_is_killed_with_all_that_it_started(part: Callable[..., Part], screen: Screen) -> None:
    running = part(WITH_CHILD)
    wait_for(screen.pids)

    running.kill()

    assert running.wait(PATIENCE_S)
    wait_for(lambda: not any(map(is_alive, screen.pids())))


def test_what_dies_is_started_again_and_leaves_nobody_behind(
    part: Callable[..., Part], screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervising, "WAITS_S", (0.01,))
    running = part(WITH_CHILD)
    wait_for(screen.pids)
    first, child = screen.pids()[:2]

    os.kill(first, signal.SIGKILL)

    wait_for(lambda: len([line for line in screen.lines if line.removeprefix("part: ")[0].isdecimal()]) == 2)
    assert running.died_with == 128 + signal.SIGKILL
    assert screen.lines[1:3] == ["part: ended with exit code 137", "part: is started again, 0.01 s later"]
    assert not is_alive(child)


def test_waits_grow_to_a_bound() -> None:
    waits = supervising._waits()

    first = [next(waits) for _ in range(len(supervising.WAITS_S) + 3)]

    assert first == sorted(first)
    assert first[-4:] == [supervising.WAITS_S[-1]] * 4


@pytest.mark.parametrize("code", [STAYS, STUBBORN], ids=["obedient", "stubborn"])
def test_a_command_does_not_outlive_an_owner_that_was_killed(code: str) -> None:
    leash = [sys.executable, "-m", "extractor.cli.leash", "0.2", sys.executable, "-c", code]
    owner = subprocess.Popen([sys.executable, "-c", OWNER, *leash], stdout=subprocess.PIPE)
    with owner, owner.stdout:
        pid = int(owner.stdout.readline())

        owner.kill()

        wait_for(lambda: not is_alive(pid))


def test_a_leash_exits_as_its_command_does() -> None:
    leash = [sys.executable, "-m", "extractor.cli.leash", "1", sys.executable, "-c", "raise SystemExit(7)"]

    with subprocess.Popen(leash, stdin=subprocess.PIPE) as running:
        assert running.wait(PATIENCE_S) == 7

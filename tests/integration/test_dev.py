"""`extractor dev` as a whole: what it refuses, what it starts again, and that nothing of it stays behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from extractor.cli import dev_words, developing
from extractor.cli.supervising import Part
from extractor.testing.development import DevServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OFFLINE = ("--model", "offline/heuristic")
#: Does not go when it is told to.
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True); time.sleep(60)"
)


@pytest.fixture
def refused(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a command line that ends at once."""

    def run(*options: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-P", "-c", developing.START, "dev", *options],
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **variables},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_without_a_key_it_says_in_one_line_what_to_do(
    refused: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = refused()

    assert done.returncode == 3
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "OPENROUTER_API_KEY" in done.stderr
    assert "extractor dev --model offline/heuristic" in done.stderr


def test_a_port_that_is_taken_is_one_line(refused: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])

        done = refused(*OFFLINE, "--port", port)

    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 1
    assert f"Port {port}" in done.stderr
    assert "--port" in done.stderr


def test_schemas_that_cannot_be_registered_are_one_line(
    refused: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = refused(*OFFLINE, "--port", "0", EXTRACTOR_SCHEMAS="no such thing")

    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 1
    assert "EXTRACTOR_SCHEMAS" in done.stderr


def test_a_part_that_cannot_be_started_ends_it_all(
    refused: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    """It would otherwise be started again and again, and nobody would see why nothing is ready."""
    (tmp_path / "workers").mkdir()
    (tmp_path / "workers" / "__init__.py").touch()

    done = refused(*OFFLINE, "--port", "0")

    assert done.returncode == 3
    assert "worker | error[invalid_settings]: Celery would start the package `workers`" in done.stderr
    assert "worker | could not be started; its lines above say why" in done.stderr
    assert "Ready" not in done.stdout


@pytest.mark.full
def test_what_dies_comes_back_and_nothing_outlives_a_killed_dev_but_its_data(tmp_path: Path) -> None:
    with DevServer(tmp_path, *OFFLINE) as dev:
        dev.until_ready()
        first = pasted(dev)
        assert b'"succeeded"' in first
        (worker,) = [pid for pid, command in dev.processes().items() if "-m celery" in command]

        os.kill(worker, signal.SIGKILL)
        dev.until(lambda: "worker | is started again, 0.5 s later" in dev.log)
        assert "worker | ended with exit code 137" in dev.log
        assert b'"succeeded"' in pasted(dev)

        with socket.socket(socket.AF_UNIX) as line:
            line.connect(dev.told("Redis").removeprefix("unix://"))
            line.sendall(b"SHUTDOWN\r\n")
            line.recv(1)
        dev.until(lambda: "redis  | ended; it is started again on the same folder" in dev.log)
        dev.until(lambda: b'"succeeded"' in pasted(dev))

        dev.signal(signal.SIGKILL)
        dev.until(lambda: dev.processes() == {} and not dev.redis_answers())

    with DevServer(tmp_path, *OFFLINE) as dev:
        dev.until_ready()
        address = f"{dev.told('HTTP API')}/v1/extractions/{json.loads(first)['id']}"
        read = ["curl", "-s", address, "-H", f"Authorization: Bearer {dev.told('Key')}"]
        assert subprocess.run(read, capture_output=True, check=True).stdout == first

        dev.signal(signal.SIGINT)
        assert dev.wait() == 0
        assert dev.processes() == {}
        assert not dev.redis_answers()


def pasted(dev: DevServer) -> bytes:
    return subprocess.run(["sh", "-c", dev.request], env=dev.environment, capture_output=True, check=True).stdout


@pytest.mark.parametrize(
    ("on_path", "called", "printed"),
    [
        pytest.param(True, "bin/extractor", "extractor", id="activated"),
        pytest.param(False, "bin/extractor", "bin/extractor", id="called by its path"),
        pytest.param(False, "my bin/extractor", "'my bin/extractor'", id="a path with a blank"),
    ],
)
def test_what_is_to_be_pasted_is_the_program_as_it_was_called(
    on_path, called: str, printed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / called
    program.parent.mkdir()
    program.touch(mode=0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [called, "dev"])
    monkeypatch.setenv("PATH", str(program.parent) if on_path else "")

    assert dev_words.program() == printed


def test_a_second_signal_does_not_wait(capfd: pytest.CaptureFixture[str]) -> None:
    said: list[str] = []
    part = Part(
        "slow",
        [sys.executable, "-c", STUBBORN],
        environment=os.environ,
        grace_s=60,
        say=lambda name, line: said.append(line),
    )
    with developing.stop_signals() as signals, developing._running([part], signals):
        while not said:
            assert not signals.wait(0.02)
        os.kill(os.getpid(), signal.SIGINT)
        assert signals.wait(20)
        os.kill(os.getpid(), signal.SIGINT)

    assert signals.came == [signal.SIGINT, signal.SIGINT]
    assert part.wait(0)


def test_a_key_of_ones_own_is_not_shown(tmp_path: Path) -> None:
    plan = developing.Plan(
        settings=developing.Settings(server_key="0123456789abcdef"),
        model="m",
        port=8080,
        folder=tmp_path,
        key="0123456789abcdef",
    )

    worker, api = developing.parts_of(plan, "unix:///redis.sock")

    assert developing._place_of(plan, "unix:///redis.sock").key == "$EXTRACTOR_SERVER_KEY"
    assert api._environment["EXTRACTOR_SERVER_KEY"] == "0123456789abcdef"
    assert "EXTRACTOR_SERVER_KEY" not in worker._environment
    assert "0123456789abcdef" not in repr(plan)

"""The services in examples/, against one `extractor dev` as a newcomer starts it: a fresh home, no key, no variable."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from extractor.testing.development import DevServer

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

OFFLINE = "offline/heuristic"


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Generator[DevServer]:
    """Everything up, once for all the tests of this file."""
    with DevServer(tmp_path_factory.mktemp("home"), "--model", OFFLINE) as server:
        yield server.until_ready()


@pytest.fixture
def run(dev: DevServer) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a command in another terminal of the same user."""

    def _run(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            env=dev.environment | variables,
            cwd=dev.folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return _run


def test_a_service_that_knows_only_celery_gets_the_record(
    dev: DevServer, run: Callable[..., subprocess.CompletedProcess[str]], repository: Path
) -> None:
    script = repository / "examples" / "service_celery.py"

    done = run(sys.executable, str(script), dev.told("Celery"))

    assert done.returncode == 0, done.stderr
    assert "hotel.pdf: succeeded, $0.0000" in done.stdout
    assert "import extractor" not in script.read_text("utf-8")


def test_a_python_service_gets_instances_of_its_class_and_needs_no_variable(
    run: Callable[..., subprocess.CompletedProcess[str]], repository: Path
) -> None:
    done = run(sys.executable, str(repository / "examples" / "service_queue.py"), OFFLINE)

    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.splitlines()) == [
        "lift-maintenance.docx: binds from 01 July 2025",
        "nda.md: binds from 12 May 2025",
    ]


def test_a_python_service_tells_what_failed_and_what_to_choose_instead(
    run: Callable[..., subprocess.CompletedProcess[str]], repository: Path
) -> None:
    done = run(sys.executable, str(repository / "examples" / "service_queue.py"), EXTRACTOR_MODEL="qwen/qwen-plus")

    assert done.returncode == 1
    assert "nda.md: invalid_request: The workers ask only offline/heuristic, not qwen/qwen-plus. Choose" in done.stderr
    assert "option `model`" in done.stderr
    assert done.stderr.endswith("2 of 2 failed\n")


@pytest.mark.parametrize(
    "words",
    [
        ("service_celery.py",),
        ("service_celery.py", "http://127.0.0.1:1"),
        ("service_celery.py", "redis+socket:///gone.sock"),
        ("service_queue.py", "bogus"),
    ],
)
def test_a_mistake_in_the_words_of_a_service_is_one_usage_line(
    words: tuple[str, ...], run: Callable[..., subprocess.CompletedProcess[str]], repository: Path
) -> None:
    done = run(sys.executable, str(repository / "examples" / words[0]), *words[1:])

    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"usage: python examples/{words[0]}")


def test_a_shell_script_shows_why_it_was_refused(
    dev: DevServer, run: Callable[..., subprocess.CompletedProcess[str]], repository: Path
) -> None:
    script = repository / "examples" / "service_http.sh"

    done = run("sh", str(script), dev.told("HTTP API"), EXTRACTOR_SERVER_KEY="another")

    assert (done.returncode, done.stdout) == (1, "")
    assert '"code":"unauthorized"' in done.stderr.replace(" ", "")


def test_a_shell_script_submits_and_polls_by_curl(
    dev: DevServer, run: Callable[..., subprocess.CompletedProcess[str]], repository: Path
) -> None:
    script = repository / "examples" / "service_http.sh"

    done = run("sh", str(script), f"{dev.told('HTTP API')}/", EXTRACTOR_SERVER_KEY=dev.told("Key"))

    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["status"] == "succeeded"
    assert result["record"]["total"] == 13.05


def test_the_request_that_dev_prints_can_be_pasted(
    dev: DevServer, run: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    done = run("sh", "-c", dev.request)

    assert json.loads(done.stdout)["record"] == {"invoice_number": "HB-2087", "total": 134.23}


def test_the_command_line_in_another_terminal_finds_the_queue(
    dev: DevServer, run: Callable[..., subprocess.CompletedProcess[str]], repository: Path
) -> None:
    grocer = repository / "examples" / "documents" / "receipts" / "grocer.txt"
    (printed,) = [line for line in dev.words.splitlines() if " submit FILE " in line]
    assert printed.endswith(f" --schema invoice --model {OFFLINE}")

    pasted = printed.replace("FILE", shlex.quote(str(grocer))).replace("invoice", "receipt")
    submitted = run("sh", "-c", pasted)
    assert submitted.returncode == 0, submitted.stderr
    done = run("extractor", "result", submitted.stdout.split("\t")[0], "--wait", "60")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["record"]["total"] == 13.05


def test_a_second_dev_says_that_one_runs_already(
    dev: DevServer, run: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    port = dev.told("HTTP API").rpartition(":")[2]

    for free_or_taken in ("0", port):
        done = run("extractor", "dev", "--model", OFFLINE, "--port", free_or_taken)

        assert (done.returncode, done.stdout) == (3, "")
        (line,) = done.stderr.splitlines()
        assert "Another `extractor dev` runs already, on the data folder" in line
        assert line.endswith("extractor dev --port 0 --data-folder FOLDER.")

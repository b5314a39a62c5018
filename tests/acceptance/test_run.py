"""`extractor run` as it is used: the real program, a fresh home, an environment that holds nothing of this machine."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from extractor.records import OFFLINE_MODEL
from extractor.testing import ScriptedServer, reply, sse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from extractor.testing import Asked, Scripted

    Finished = subprocess.CompletedProcess[str]
    Run = Callable[..., Finished]

PROGRAM = str(Path(sysconfig.get_path("scripts")) / "extractor")
OFFLINE = ("--model", OFFLINE_MODEL)
NOTE = ("--schema", "note.py:Note")
SCHEMA = """
from pydantic import BaseModel, Field

class Note(BaseModel):
    \"\"\"A note.\"\"\"

    number: str = Field(description="Number of the note.")
    city: str | None = Field(default=None, description="City.")
"""
PATIENCE_S = 60


def environment(home: Path, **more: str) -> dict[str, str]:
    return {"HOME": str(home / "home"), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"} | more


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working folder: a schema, three notes, and an empty file, which cannot be read."""
    (tmp_path / "note.py").write_text(SCHEMA)
    (tmp_path / "notes").mkdir()
    for number in (1, 2, 3):
        (tmp_path / "notes" / f"{number}.txt").write_text(f"Number: N-{number}\nCity: Graz\n")
    (tmp_path / "notes" / "0.txt").touch()
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Run:
    """Run the program in the working folder and wait for its end."""

    def _run(*arguments: str, **variables: str) -> Finished:
        return subprocess.run(
            [PROGRAM, "run", *arguments],
            env=environment(folder, **variables),
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    return _run


def lines_of(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def answer(asked: Asked, record: object) -> Scripted:
    """Answer in the way that was asked for."""
    return sse(record) if asked.body.get("stream") else reply(record)


def at(server: ScriptedServer) -> dict[str, str]:
    return {"EXTRACTOR_BASE_URL": server.base_url, "EXTRACTOR_API_KEY": "a-key"}


@pytest.mark.parametrize(
    "words",
    [["--help"], ["run", "--help"], ["submit", "--help"], ["queue", "pause", "--help"], ["schema", "check", "--help"]],
    ids=" ".join,
)
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    program = (
        "import sys; from extractor.cli import app; app.exit_code(); "
        "print(sorted({'pydantic', 'httpx', 'jsonschema', 'redis', 'celery'} & set(sys.modules)))"
    )

    shown = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=True).stdout

    assert "Usage: " in shown
    assert shown.splitlines()[-1] == "[]"


def test_a_run_writes_one_line_per_document_and_one_bad_document_stops_nothing(run: Run, folder: Path) -> None:
    finished = run("notes", *NOTE, *OFFLINE, "--out", "new/records.jsonl")

    lines = {line["source"]: line for line in lines_of((folder / "new" / "records.jsonl").read_text())}
    assert finished.returncode == 1
    assert finished.stdout == ""
    assert sorted(lines) == [f"notes/{number}.txt" for number in range(4)]
    assert lines["notes/2.txt"]["status"] == "succeeded"
    assert lines["notes/2.txt"]["record"] == {"number": "N-2", "city": "Graz"}
    assert lines["notes/2.txt"]["evidence"]["/number"]["quote"] == "N-2"
    assert lines["notes/0.txt"]["error"]["code"] == "empty_document"
    assert {"id", "attempts", "usage", "cost_usd"} <= lines["notes/0.txt"].keys()


def test_a_run_says_on_stderr_what_became_of_each_document_and_of_all(run: Run) -> None:
    finished = run("notes", *NOTE, *OFFLINE)

    assert len(lines_of(finished.stdout)) == 4
    assert "failed     notes/0.txt  $0.00  empty_document: The document has no content." in finished.stderr
    assert "succeeded  notes/1.txt  $0.00\n" in finished.stderr
    assert "No language model was used: offline/heuristic" in finished.stderr
    figures = dict(re.findall(r"^  (\w+) +(.*?) *$", finished.stderr, re.MULTILINE))
    assert (figures["succeeded"], figures["failed"], figures["cost"]) == ("3", "1", "$0.00")


def test_a_run_in_which_all_succeed_exits_0_and_may_be_quiet(run: Run) -> None:
    finished = run("notes/[123].txt", *NOTE, *OFFLINE, "--quiet")

    assert (finished.returncode, finished.stderr) == (0, "")
    assert {line["record"]["number"] for line in lines_of(finished.stdout)} == {"N-1", "N-2", "N-3"}


def test_without_a_key_and_a_model_a_sentence_says_what_to_do(run: Run, folder: Path) -> None:
    finished = run("notes", *NOTE, "--out", "records.jsonl")

    assert finished.returncode == 3
    assert finished.stderr.startswith("error[no_model]: ")
    assert len(finished.stderr.splitlines()) == 1
    assert "OPENROUTER_API_KEY" in finished.stderr
    assert OFFLINE_MODEL in finished.stderr
    assert not (folder / "records.jsonl").exists()


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "TERM"])
def test_a_signal_ends_a_run_with_every_finished_line_whole(
    folder: Path, number: signal.Signals, exit_code: int
) -> None:
    out = folder / "records.jsonl"
    for extra in range(4, 12):
        (folder / "notes" / f"{extra}.txt").write_text(f"Number: N-{extra}\n")
    replies = iter(range(100))

    def script(asked: Asked) -> Scripted:
        answered = answer(asked, {"number": "N-1", "city": None})
        return answered if next(replies) < 4 else answered.after(PATIENCE_S)

    with ScriptedServer(script) as server, started(folder, server, out) as program:
        wait_for_lines(out, 5)  # four answers and the empty file
        wait_until(lambda: len(server.asked) >= 6)
        program.send_signal(number)
        _, stderr = program.communicate(timeout=PATIENCE_S)

    assert program.returncode == exit_code
    assert out.read_bytes().endswith(b"\n")
    assert [line["status"] for line in lines_of(out.read_text())].count("succeeded") == 4
    assert f"Stopped by {number.name}" in stderr
    assert "of the cost is for calls cut off in flight" in stderr
    assert "not run     7\n" in "\n".join(line.rstrip() for line in stderr.splitlines()) + "\n"
    assert "Traceback" not in stderr


def started(folder: Path, server: ScriptedServer, out: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [PROGRAM, "run", "notes", *NOTE, "--out", str(out), "--concurrency", "2"],
        env=environment(folder, **at(server)),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_lines(path: Path, count: int) -> None:
    wait_until(lambda: path.exists() and path.read_bytes().count(b"\n") >= count)


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """A terminal: the end that reads what is shown, and the end that programs write to."""
    reading, writing = os.openpty()
    yield reading, writing
    os.close(reading)
    os.close(writing)


def test_on_a_terminal_a_live_bar_is_shown_and_taken_away(folder: Path, terminal: tuple[int, int]) -> None:
    reading, writing = terminal
    finished = subprocess.run(
        [PROGRAM, "run", "notes", *NOTE, *OFFLINE],
        env=environment(folder, TERM="xterm", COLUMNS="80"),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=writing,
        timeout=PATIENCE_S,
        check=False,
    )

    shown = os.read(reading, 1 << 16).decode()
    assert len(lines_of(finished.stdout.decode())) == 4
    assert "4/4" in shown
    assert "1 failed · $0.00 · left" in shown
    assert "empty_document" in shown
    assert "Summary" in shown

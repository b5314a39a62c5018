"""The commands of the queue in this process, against a real Redis, and a worker where something has to end."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import redis

from extractor import Queue
from extractor.cli import app, watching
from extractor.records import OFFLINE_MODEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROGRAM = str(Path(sys.executable).with_name("extractor"))
NOTE = ("--schema", "note.py:Note")
SCHEMA = '''
from pydantic import BaseModel

class Note(BaseModel):
    """A note."""

    number: str
    city: str | None = None
'''
#: Seconds after which something that should have happened has not.
PATIENCE_S = 30


@dataclass(frozen=True, kw_only=True)
class Finished:
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def ids(self) -> list[str]:
        return [line.split("\t")[0] for line in self.out.splitlines()]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a schema and three notes; a fresh home; no key, no Redis."""
    (tmp_path / "note.py").write_text(SCHEMA)
    (tmp_path / "notes").mkdir()
    for number in (1, 2, 3):
        (tmp_path / "notes" / f"{number}.txt").write_text(f"Number: N-{number}\nCity: Graz\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("EXTRACTOR_MODEL", OFFLINE_MODEL)
    monkeypatch.setenv("EXTRACTOR_LOG_LEVEL", "ERROR")
    for name in ("OPENROUTER_API_KEY", "EXTRACTOR_API_KEY", "XDG_CONFIG_HOME", "REDIS_URL", "EXTRACTOR_DATA_FOLDER"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Finished]:
    """Run a command in the working folder, without a Redis."""

    def _run(*arguments: str) -> Finished:
        monkeypatch.setattr(sys, "argv", ["extractor", *arguments])
        code = app.exit_code()
        shown = capfd.readouterr()
        return Finished(code=code, out=shown.out, err=shown.err)

    return _run


@pytest.fixture
def extractor(run: Callable[..., Finished], redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Finished]:
    """Run a command in the working folder, with a real and empty Redis."""
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setattr(watching, "LOOK_S", 0.02)
    return run


def test_each_document_is_one_line_of_its_id_and_its_path(extractor: Callable[..., Finished]) -> None:
    submitted = extractor("submit", "notes", *NOTE)

    assert submitted.code == 0
    assert [line.split("\t")[1] for line in submitted.out.splitlines()] == [
        f"notes/{number}.txt" for number in (1, 2, 3)
    ]
    assert submitted.err == f"3 documents submitted to Note with {OFFLINE_MODEL}.\n"


def test_a_budget_makes_one_batch_and_the_same_word_again_joins_it(
    extractor: Callable[..., Finished], redis_url: str
) -> None:
    extractor("submit", "notes/1.txt", *NOTE, "--batch", "june", "--budget", "0.5")
    extractor("submit", "notes", *NOTE, "--batch", "june", "--budget", "2", "--key-by-name")

    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        found = client.hgetall("extractor:b:default:june")
    assert (found["cap"], found["total"]) == ("2000000000", "4")


def test_submitted_watched_and_fetched_in_one_go(
    extractor: Callable[..., Finished], worker: object, folder: Path
) -> None:
    (folder / "notes" / "0.txt").touch()

    submitted = extractor("submit", "notes", *NOTE, "--wait")
    fetched = extractor("result", *submitted.ids)

    assert (submitted.code, fetched.code) == (1, 1)
    assert "failed     " in submitted.err
    assert "4 of 4 ended: 3 succeeded · 1 failed · $0.00" in submitted.err
    by_source = {line["source"]: line for line in fetched.lines}
    assert by_source["notes/2.txt"]["record"] == {"number": "N-2", "city": "Graz"}
    assert by_source["notes/0.txt"]["error"]["code"] == "empty_document"


def test_a_repeated_command_submits_nothing_twice_when_the_path_is_the_key(extractor: Callable[..., Finished]) -> None:
    first = extractor("submit", "notes", *NOTE, "--key-by-name")
    second = extractor("submit", "notes", *NOTE, "--key-by-name")

    assert second.ids == first.ids
    assert "3 of them had been before" in second.err


def test_one_document_may_have_a_key_of_its_own_and_it_stands_for_one_content(
    extractor: Callable[..., Finished],
) -> None:
    first = extractor("submit", "notes/1.txt", *NOTE, "--idempotency-key", "order-1")
    other = extractor("submit", "notes/2.txt", *NOTE, "--idempotency-key", "order-1")

    assert first.code == 0
    assert (other.code, other.out) == (2, "")
    assert other.err.startswith("error[idempotency_conflict]: The idempotency key 'order-1' stands for another")


def test_a_file_that_cannot_be_read_does_not_keep_the_others_back(
    extractor: Callable[..., Finished], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXTRACTOR_MAX_FILE_BYTES", "30")
    Path("notes/2.txt").write_text("x" * 31)

    submitted = extractor("submit", "notes", *NOTE)

    assert submitted.code == 1
    assert len(submitted.ids) == 2
    assert submitted.err.startswith("not submitted  notes/2.txt  file_too_large: ")
    assert "1 could not be read" in submitted.err


def test_options_reach_the_extraction(extractor: Callable[..., Finished]) -> None:
    submitted = extractor("submit", "notes/1.txt", *NOTE, "--priority", "bulk", "--deadline-s", "60", "-q")
    (shown,) = extractor("status", *submitted.ids, "--json").lines

    assert submitted.err == ""
    assert shown["priority"] == "bulk"
    assert 59 < shown["deadline_at"] - shown["created_at"] < 61


def test_the_status_is_a_table_of_those_named_or_of_the_latest(extractor: Callable[..., Finished]) -> None:
    nothing = extractor("status")
    ids = extractor("submit", "notes", *NOTE).ids
    extractor("cancel", ids[0])

    latest = extractor("status", "--limit", "2")
    named = extractor("status", ids[0], ids[1])

    assert (nothing.code, nothing.out, nothing.err) == (0, "", "There are no extractions.\n")
    assert len(latest.out.splitlines()) == 3
    header, first, second = named.out.splitlines()
    assert header.split() == ["id", "status", "age", "document", "note"]
    assert re.fullmatch(rf"{ids[0]}  cancelled  \d s  notes/1\.txt *", first)
    assert re.fullmatch(rf"{ids[1]}  queued     \d s  notes/2\.txt *", second)


def test_an_open_result_has_no_record_and_the_exit_code_says_so(extractor: Callable[..., Finished]) -> None:
    ids = extractor("submit", "notes/1.txt", *NOTE).ids

    at_once = extractor("result", *ids)
    waited = extractor("result", *ids, "--wait", "0.1")

    assert at_once.code == waited.code == 1
    assert at_once.lines == waited.lines
    assert (at_once.lines[0]["status"], at_once.lines[0]["record"]) == ("queued", None)


def test_results_are_waited_for_and_written_to_a_file(
    extractor: Callable[..., Finished], worker: object, folder: Path
) -> None:
    (folder / "notes" / "0.txt").touch()
    ids = extractor("submit", "notes", *NOTE).ids

    fetched = extractor("result", *ids, "--wait", str(PATIENCE_S), "--out", "records.jsonl")
    again = extractor("result", *ids, "--out", "records.jsonl")

    assert (fetched.code, fetched.out, fetched.err) == (1, "", "4 written, 1 failed\n")
    written = [json.loads(line) for line in (folder / "records.jsonl").read_text().splitlines()]
    assert {line["id"] for line in written} == set(ids)
    assert again.code == 2
    assert again.err.startswith("error[invalid_request]: --out 'records.jsonl' exists.")


@pytest.mark.parametrize("command", ["status", "result", "cancel", "watch"])
def test_an_unknown_id_is_told_and_exits_2(extractor: Callable[..., Finished], command: str) -> None:
    finished = extractor(command, "x_gone")

    assert finished.code == 2
    assert finished.err.startswith("error[unknown_extraction]: There is no extraction 'x_gone'")


def test_cancelling_says_what_each_is_doing_then(extractor: Callable[..., Finished], worker: object) -> None:
    ended = extractor("submit", "notes/1.txt", *NOTE, "--wait").ids
    extractor("queue", "pause")
    waiting = extractor("submit", "notes/2.txt", *NOTE).ids

    cancelled = extractor("cancel", *ended, *waiting)

    assert cancelled.out == f"{ended[0]}\tsucceeded\thad ended before\n{waiting[0]}\tcancelled\n"
    assert cancelled.code == 1


def test_watching_all_ends_when_all_have_ended(extractor: Callable[..., Finished], redis_url: str) -> None:
    nothing = extractor("watch", "--all")
    ids = extractor("submit", "notes", *NOTE).ids

    def cancel_all() -> None:
        with Queue(redis_url) as queue:
            for id_ in ids:
                queue.cancel(id_)

    later = threading.Timer(0.3, cancel_all)
    later.start()
    watched = extractor("watch", "--all")
    later.join()

    assert (nothing.code, nothing.err) == (0, "There is nothing to watch: everything has ended.\n")
    assert watched.code == 1
    assert f"queued     {ids[0]}  notes/1.txt" in watched.err
    assert "3 of 3 ended: 3 cancelled" in watched.err


def test_watching_says_once_for_each_reason_why_nothing_moves(
    extractor: Callable[..., Finished],
    started: Callable[..., subprocess.Popen[str]],
) -> None:
    ids = extractor("submit", "notes/1.txt", *NOTE).ids
    watched = started("watch", *ids)
    assert watched.stderr is not None
    assert watched.stderr.readline().startswith("queued ")

    assert watched.stderr.readline().startswith("Nothing is started, no worker is alive: start one")
    extractor("queue", "pause", "--reason", "Maintenance\nuntil noon")
    assert "is paused by an operator: Maintenance\\nuntil noon" in watched.stderr.readline()
    extractor("cancel", *ids)
    assert watched.stderr.readline().startswith("cancelled ")


@pytest.mark.parametrize("arguments", [[], ["--all", "x_1"]])
def test_what_to_watch_is_ids_or_all(run: Callable[..., Finished], arguments: list[str]) -> None:
    finished = run("watch", *arguments)

    assert finished.code == 2
    assert finished.err.startswith("error[invalid_request]: Name the ids to watch, or all")


def test_a_pause_is_shown_with_its_reason_until_it_is_lifted(extractor: Callable[..., Finished]) -> None:
    extractor("submit", "notes", *NOTE)

    extractor("queue", "pause", "--reason", "Maintenance\nuntil noon")
    shown = extractor("queue", "status")
    resumed = extractor("queue", "resume")
    resumed_again = extractor("queue", "resume")
    (status,) = extractor("queue", "status", "--json").lines

    assert re.search(r"^waiting   0 interactive, 3 bulk, the first for \d s$", shown.out, re.MULTILINE)
    assert re.search(r"^paused    by an operator, for \d s: Maintenance\\nuntil noon$", shown.out, re.MULTILINE)
    assert "workers   none: start one with `extractor worker`\n" in shown.out
    assert resumed.err == "Resumed.\n"
    assert resumed_again.err == "The queue was neither paused nor draining.\n"
    assert (status["pause"], status["ready"]) == (None, {"interactive": 0, "bulk": 3})


def test_each_worker_is_shown_with_the_age_of_its_last_sign_of_life(
    extractor: Callable[..., Finished], redis_url: str
) -> None:
    with redis.Redis.from_url(redis_url) as server:
        server.zadd("extractor:workers", {"here:1": 1000 * (time.time() - 30)})
        server.hset("extractor:workers:running", "here:1", "6")

    shown = extractor("queue", "status")
    (status,) = extractor("queue", "status", "--json").lines

    assert re.search(r"^workers   here:1: 6 running at its last sign of life, 3\d s ago$", shown.out, re.MULTILINE)
    assert status["workers"]["here:1"] == {"running": 6, "silent_s": pytest.approx(30, abs=9)}


def test_a_drained_queue_takes_nothing_new_until_it_is_resumed(extractor: Callable[..., Finished]) -> None:
    drained = extractor("queue", "drain")
    refused = extractor("submit", "notes", *NOTE)
    shown = extractor("queue", "status")
    extractor("queue", "resume")
    taken = extractor("submit", "notes", *NOTE)

    assert (drained.code, refused.code, taken.code) == (0, 3, 0)
    assert drained.err == "The queue is empty and takes nothing new; `extractor queue resume` lifts that.\n"
    assert refused.err.startswith("error[queue_draining]: ")
    assert "draining  yes" in shown.out


def test_only_suspects_and_deferred_ones_are_requeued_and_the_others_are_told_why(
    extractor: Callable[..., Finished],
) -> None:
    queued, cancelled = extractor("submit", "notes/1.txt", "notes/2.txt", *NOTE).ids
    extractor("cancel", cancelled)

    requeued = extractor("queue", "requeue", queued, cancelled)
    with_unknown = extractor("queue", "requeue", "x_gone")
    suspects = extractor("queue", "suspects")

    assert requeued.code == 1
    assert requeued.out.splitlines() == [
        f"{queued}\tleft as it is: it is queued, neither suspect nor deferred",
        f"{cancelled}\tleft as it is: it has ended (cancelled), and ends stay ends; `extractor retry` runs it again",
    ]
    assert with_unknown.code == 2
    assert (suspects.code, suspects.out, suspects.err) == (0, "", "There are no suspects.\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(
            ["submit", "gone", *NOTE], "error[invalid_request]: There is no file or folder 'gone'.", id="path"
        ),
        pytest.param(["submit", "notes"], "error[invalid_request]: Missing option '--schema'.", id="no schema"),
        pytest.param(["submit", "notes", "--schema", "nota"], "error[invalid_schema]: There is no schema", id="schema"),
        pytest.param(
            ["submit", "notes", *NOTE, "--model", "a/b"], "error[invalid_request]: Option 'model' must be", id="model"
        ),
        pytest.param(
            ["submit", "notes", *NOTE, "--idempotency-key", "k"],
            "error[invalid_request]: --idempotency-key is the word for one document.",
            id="one key for many",
        ),
        pytest.param(
            ["submit", "notes", *NOTE, "--budget", "-1"],
            "error[invalid_request]: Invalid value for '--budget'",
            id="budget",
        ),
        pytest.param(
            ["status", "--zzz"], "error[invalid_request]: No such option: --zzz.\n", id="an option like no other"
        ),
        pytest.param(["status", "--limit", "0"], "error[invalid_request]: Invalid value for '--limit'", id="limit"),
        pytest.param(["result"], "error[invalid_request]: Missing argument 'ID...'.", id="no id"),
        pytest.param(["queue", "paus"], "error[invalid_request]: No such command 'paus'.", id="command"),
        pytest.param(
            ["result", "x_1", "--append", "--force"], "error[invalid_request]: --append adds", id="append and force"
        ),
    ],
)
def test_a_mistake_in_the_words_is_told_with_its_code_and_exits_2(
    extractor: Callable[..., Finished], arguments: list[str], says: str
) -> None:
    finished = extractor(*arguments)

    assert finished.code == 2
    assert finished.err.startswith(says)
    assert finished.out == ""


@pytest.mark.parametrize(
    "arguments",
    [["submit", "notes", *NOTE], ["status"], ["result", "x_1"], ["watch", "--all"], ["queue", "status"]],
    ids=lambda arguments: arguments[0],
)
@pytest.mark.parametrize("url", ["redis://127.0.0.1:1", ""])
def test_without_a_redis_it_is_one_line_and_exits_3(
    run: Callable[..., Finished], monkeypatch: pytest.MonkeyPatch, folder: Path, arguments: list[str], url: str
) -> None:
    monkeypatch.setenv("REDIS_URL", url)
    monkeypatch.setenv("EXTRACTOR_DATA_FOLDER", str(folder / "nothing-runs-here"))

    finished = run(*arguments)

    assert finished.code == 3
    assert finished.err.startswith("error[store_unavailable]: ")
    assert finished.err.count("\n") == 1


@pytest.fixture
def started(
    extractor: Callable[..., Finished], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the program as a process of its own, in the same place."""
    children: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        children.append(
            subprocess.Popen(
                [PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ)
            )
        )
        return children[-1]

    yield start
    for child in children:
        child.kill()
        child.communicate()


@pytest.mark.parametrize(
    ("arguments", "begins", "says"),
    [
        (["watch", "--all"], "queued ", "The extractions go on"),
        (["queue", "drain"], "Left: ", "`extractor queue resume` lifts that"),
    ],
    ids=["watch", "drain"],
)
def test_ctrl_c_ends_the_watching_only(
    extractor: Callable[..., Finished],
    started: Callable[..., subprocess.Popen[str]],
    arguments: list[str],
    begins: str,
    says: str,
) -> None:
    ids = extractor("submit", "notes/1.txt", *NOTE).ids
    child = started(*arguments)
    assert child.stderr is not None
    assert child.stderr.readline().startswith(begins)

    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=PATIENCE_S)

    assert child.returncode == 130
    assert says in err
    assert extractor("status", *ids, "--json").lines[0]["status"] == "queued"

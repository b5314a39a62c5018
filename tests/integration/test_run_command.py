"""`extractor run` in this process: mistakes, and runs against a real server on loopback.

The program as a process of its own is in tests/acceptance/test_run.py.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from extractor.cli import app
from extractor.records import OFFLINE_MODEL
from extractor.testing import ScriptedServer, reply, sse, status

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from extractor.testing import Asked, Scripted

OFFLINE = ("--model", OFFLINE_MODEL)
NOTE = ("--schema", "note.py:Note")
SCHEMAS = """
from pydantic import BaseModel, Field

class Note(BaseModel):
    \"\"\"A note.\"\"\"

    number: str = Field(description="Number of the note.")
    city: str | None = Field(default=None, description="City.")

class Odd(BaseModel):
    number: str

    @classmethod
    def model_json_schema(cls, **options):
        raise LookupError("sk-0123456789abcdef")
"""


@dataclass(frozen=True, kw_only=True)
class Finished:
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a schema and three notes; a fresh home; no key."""
    (tmp_path / "note.py").write_text(SCHEMAS)
    (tmp_path / "notes").mkdir()
    for number in (1, 2, 3):
        (tmp_path / "notes" / f"{number}.txt").write_text(f"Number: N-{number}\nCity: Graz\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("OPENROUTER_API_KEY", "EXTRACTOR_API_KEY", "EXTRACTOR_MODEL", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Finished]:
    """Run the command in the working folder."""

    def _run(*arguments: str) -> Finished:
        monkeypatch.setattr(sys, "argv", ["extractor", "run", *arguments])
        code = app.exit_code()
        shown = capfd.readouterr()
        return Finished(code=code, out=shown.out, err=shown.err)

    return _run


def answer(asked: Asked) -> Scripted:
    """Answer with a note, in the way that was asked for."""
    record = {"number": "N-1", "city": "Graz"}
    return sse(record) if asked.body.get("stream") else reply(record)


def use(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXTRACTOR_BASE_URL", server.base_url)
    monkeypatch.setenv("EXTRACTOR_API_KEY", "a-key-of-a-test")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["gone", *NOTE], "error[invalid_request]: There is no file or folder 'gone'.", id="path"),
        pytest.param(NOTE, "error[invalid_request]: Missing argument 'PATHS'.", id="no path"),
        pytest.param(["notes"], "error[invalid_request]: Missing option '--schema'.", id="no schema"),
        pytest.param(
            ["notes", *NOTE, "--oot", "x"], "error[invalid_request]: No such option: --oot. Did you", id="option"
        ),
        pytest.param(["notes", *NOTE, "--out", "note.py"], "error[invalid_request]: --out 'note.py' exists.", id="out"),
        pytest.param(["notes", "--schema", "note.py:Nota"], "error[invalid_schema]: 'note.py' has no", id="class"),
        pytest.param(["notes", *NOTE, *OFFLINE, "--budget", "-1"], "error[invalid_request]: Invalid", id="budget"),
        pytest.param(["notes", *NOTE, *OFFLINE, "--top-p", "3"], "error[invalid_request]: Option 'top_p'", id="range"),
        pytest.param(
            ["notes", *NOTE, *OFFLINE, "--max-attempts", "0"], "error[invalid_request]: Option 'max_att", id="zero"
        ),
        pytest.param(
            ["notes", *NOTE, *OFFLINE, "--reasoning-effort", "low", "--reasoning-tokens", "9"],
            "error[invalid_request]: Option 'reasoning' takes",
            id="two that exclude each other",
        ),
    ],
)
def test_a_mistake_in_the_words_is_told_with_its_code_and_exits_2(
    run: Callable[..., Finished], arguments: list[str], says: str
) -> None:
    finished = run(*arguments)

    assert finished.code == 2
    assert finished.err.startswith(says)
    assert finished.out == ""


def test_a_setting_without_a_usable_value_exits_3(
    run: Callable[..., Finished], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXTRACTOR_CONCURRENCY", "many")

    finished = run("notes", *NOTE, *OFFLINE)

    assert finished.code == 3
    assert finished.err.startswith("error[invalid_settings]: EXTRACTOR_CONCURRENCY: ")


def test_the_configuration_file_named_is_the_one_that_is_read(run: Callable[..., Finished], folder: Path) -> None:
    (folder / "mine.toml").write_text(f'model = "{OFFLINE_MODEL}"\n')

    finished = run("notes", *NOTE, "--config", "mine.toml")

    assert finished.code == 0
    assert {line["engine"] for line in finished.lines} == {"offline/heuristic: rules, not a language model"}


def test_a_model_behind_http_is_asked_and_its_cost_is_counted(
    run: Callable[..., Finished], monkeypatch: pytest.MonkeyPatch
) -> None:
    with ScriptedServer(answer) as server:
        use(server, monkeypatch)
        finished = run("notes/[12].txt", *NOTE)

    assert finished.code == 0
    assert [line["cost_usd"] for line in finished.lines] == [0.000328] * 2
    assert "No language model" not in finished.err
    assert "a-key-of-a-test" not in finished.err + finished.out


def test_typed_options_reach_the_model(run: Callable[..., Finished], monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer(answer) as server:
        use(server, monkeypatch)
        run("notes/1.txt", *NOTE, "--temperature", "0.5", "--max-tokens", "4321", "--reasoning-tokens", "99")

    body = server.asked[0].body
    assert (body["temperature"], body["max_tokens"]) == (0.5, 4321)
    assert body["reasoning"]["max_tokens"] == 99


def test_a_refused_key_is_said_once_and_exits_3(
    run: Callable[..., Finished], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ScriptedServer(lambda _asked: status(401, message="No auth credentials found")) as server:
        use(server, monkeypatch)
        finished = run("notes", *NOTE, "--out", "records.jsonl")

    assert finished.code == 3
    assert finished.err.count("authentication_failed") == 1
    assert not (folder / "records.jsonl").exists()


def test_documents_after_the_budget_fail_without_a_call_and_the_run_goes_to_its_end(
    run: Callable[..., Finished], monkeypatch: pytest.MonkeyPatch
) -> None:
    with ScriptedServer(answer) as server:
        use(server, monkeypatch)
        finished = run("notes", *NOTE, "--budget", "0.000001")

    assert finished.code == 1
    assert [line["error"]["code"] for line in finished.lines] == ["budget_exceeded"] * 3
    assert server.asked == []


def test_a_budget_for_a_model_without_a_known_price_is_refused(
    run: Callable[..., Finished], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ScriptedServer(answer) as server:
        use(server, monkeypatch)
        finished = run("notes", *NOTE, "--model", "local/unknown", "--budget", "1", "--out", "records.jsonl")

    assert finished.code == 3
    assert "error[price_unknown]: " in finished.err
    assert server.asked == []
    assert not (folder / "records.jsonl").exists()


def test_a_schema_that_cannot_be_enforced_is_refused_before_the_output_is_touched(
    run: Callable[..., Finished], folder: Path
) -> None:
    (folder / "odd.json").write_text('{"type": "object", "properties": {"a": {"$dynamicRef": "#x"}}}')
    (folder / "records.jsonl").write_text('{"id":1}\n')

    finished = run("notes", "--schema", "odd.json", *OFFLINE, "--out", "records.jsonl", "--force")

    assert finished.code == 2
    assert finished.err.startswith("error[unsupported_schema]: ")
    assert (folder / "records.jsonl").read_text() == '{"id":1}\n'


def test_a_defect_is_one_sentence_without_secrets_and_its_traceback_is_kept(
    run: Callable[..., Finished], folder: Path
) -> None:
    finished = run("notes", "--schema", "note.py:Odd", *OFFLINE)

    kept = next((folder / "home").rglob("crash-*.log"))
    assert finished.code == 3
    assert len(finished.err.splitlines()) == 1
    assert finished.err.startswith("error[unexpected_error]: ")
    assert str(kept) in finished.err
    assert "Traceback" in kept.read_text()
    assert "sk-0123456789abcdef" not in finished.err + kept.read_text()


def test_debug_shows_the_traceback_of_a_defect_without_secrets(run: Callable[..., Finished]) -> None:
    finished = run("notes", "--schema", "note.py:Odd", *OFFLINE, "--debug")

    assert finished.code == 3
    assert "Traceback" in finished.err
    assert "sk-0123456789abcdef" not in finished.err

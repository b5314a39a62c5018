"""A result that is partial, as the commands show it."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from extractor.cli import app
from extractor.records import Conflict, Coverage, Enforcement, Failure, Result, Stated
from extractor.store import pack_result
from extractor.testing import ScriptedServer, sse
from extractor.testing.stores import open_bench
from extractor.testing.submissions import submission

if TYPE_CHECKING:
    from pathlib import Path


PARTIAL = Result(
    id="",
    source="letter.txt",
    status="partial",
    record={"a": "x"},
    json_record={"a": "x"},
    coverage=(
        Coverage(start=0, end=900, call="1.1.1", outcome="read"),
        Coverage(start=900, end=1000, call="", outcome="unread", code="truncated"),
    ),
    states={"/b": "unread", "/c": "invalid"},
    conflicts=(Conflict(at="/a", chosen="x", stated=(Stated(value="x"), Stated(value="y"))),),
    enforcement=Enforcement(asked="auto"),
    error=Failure(code="truncated", message="Cut off.", retryable=False),
    engine="m",
)
TOLD = "100 of 1,000 characters not read, 1 value invalid, 1 value unread, 1 conflict"


async def ended(url: str) -> str:
    """Store a partial result, and return its id."""
    async with open_bench(url) as bench:
        await bench.store.submit_many([submission()])
        (lease,) = (await bench.leases.claim(free=1, free_bulk=1)).leases
        result = pack_result(replace(PARTIAL, id=lease.id))
        await bench.leases.commit(lease, status="partial", code="truncated", result=result)
        return lease.id


def test_what_is_missing_and_disputed_is_told_and_no_command_takes_it_for_a_success(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("REDIS_URL", redis_url)
    id_ = asyncio.run(ended(redis_url))
    codes, shown = {}, {}

    for command in ("status", "watch", "result"):
        monkeypatch.setattr(sys, "argv", ["extractor", command, id_])
        codes[command] = app.exit_code()
        shown[command] = capfd.readouterr()

    assert codes == {"status": 0, "watch": 1, "result": 1}
    assert f"truncated, {TOLD}" in " ".join(shown["status"].out.split())
    assert f"truncated: Cut off.  [{TOLD}]" in shown["watch"].err
    assert json.loads(shown["result"].out)["states"] == PARTIAL.states


@pytest.mark.parametrize(
    ("policy", "code", "status", "record"),
    [
        ("fail", 1, "failed", {"number": "A-17", "due": "never"}),
        ("partial", 1, "partial", {"number": "A-17"}),
        ("null", 0, "succeeded", {"number": "A-17", "due": None}),
    ],
)
def test_a_run_ends_by_the_callers_policy_where_a_value_stays_wrong(
    policy: str,
    code: int,
    status: str,
    record: dict[str, object],
    *,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    due = {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]}
    schema = {"type": "object", "properties": {"number": {"type": "string"}, "due": due}, "required": ["number", "due"]}
    (tmp_path / "bill.json").write_text(json.dumps(schema))
    (tmp_path / "bill.txt").write_text("Bill A-17, due never")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("EXTRACTOR_API_KEY", "a-key-of-a-test")
    options = ("--on-invalid", policy, "--max-attempts", "1")
    monkeypatch.setattr(sys, "argv", ["extractor", "run", "bill.txt", "--schema", "bill.json", *options])

    with ScriptedServer([sse({"number": "A-17", "due": "never"})]) as server:
        monkeypatch.setenv("EXTRACTOR_BASE_URL", server.base_url)
        ended_with = app.exit_code()

    shown = capfd.readouterr()
    (line,) = map(json.loads, shown.out.splitlines())
    assert (ended_with, line["status"], line["record"]) == (code, status, record)
    assert line["states"] == {"/due": "invalid"}
    assert ("1 value invalid" in shown.err) == (status != "failed")

"""A result that is partial, as the commands of the queue show it."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from extractor.cli import app
from extractor.records import Conflict, Coverage, Enforcement, Failure, Result, Stated
from extractor.store import pack_result
from extractor.testing.stores import open_bench
from extractor.testing.submissions import submission

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

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

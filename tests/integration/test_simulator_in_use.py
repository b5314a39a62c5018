"""The simulator as it is used: `extract` asks it, and the examples of docs/simulator.md run as they are printed."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from extractor import extract
from extractor.simulator import Reply, Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

TOTAL = {
    "type": "object",
    "properties": {"number": {"type": "string"}, "total": {"type": "number"}},
    "required": ["number", "total"],
    "additionalProperties": False,
}


@pytest.fixture
def simulator(monkeypatch) -> Iterator[Simulator]:
    with Simulator() as running:
        monkeypatch.setenv("EXTRACTOR_BASE_URL", running.base_url)
        monkeypatch.setenv("EXTRACTOR_API_KEY", "simulated")
        monkeypatch.setenv("EXTRACTOR_OPENROUTER_COMPATIBLE", "true")
        yield running


def test_after_a_wrong_answer_the_rules_answer_rightly(simulator):
    simulator.play("A-17", Reply(content='{"number":"A-17","total":"x"}'))

    result = extract("Invoice\nNumber: A-17\nTotal: 12.00\n", TOTAL)

    assert (result.status, result.record) == ("succeeded", {"number": "A-17", "total": 12.0})
    assert len(simulator.ledger.calls) == 2


def test_the_example_of_a_test_passes_as_it_is_printed(repository, tmp_path):
    printed = re.search(r"```python\n(.*?)```", (repository / "docs" / "simulator.md").read_text("utf-8"), re.DOTALL)
    example = tmp_path / "test_example.py"
    example.write_text(printed[1], "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(example)]

    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)

    assert ended.returncode == 0, ended.stdout
    assert "1 passed" in ended.stdout

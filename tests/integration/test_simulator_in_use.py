"""The simulator as it is used: `extract` asks it, and the examples of docs/simulator.md run as they are printed."""

from __future__ import annotations

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

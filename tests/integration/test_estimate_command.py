"""`extractor run --estimate`, and what a run says of its price: against the simulator."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest

from extractor.cli import app
from extractor.cli.estimates import foretold, rounded
from extractor.estimating import Estimate
from extractor.records import OFFLINE_MODEL
from extractor.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SCHEMA = """
{"title": "Note", "type": "object", "properties": {"number": {"type": "string"}}, "required": ["number"],
 "additionalProperties": false}
"""
RANGE = re.compile(
    r"Expected cost: \$([\d.]+) to \$([\d.]+), if the model thinks [\d,]+ to [\d,]+ tokens per document;"
)


@pytest.fixture
def simulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """A provider, and a working folder with a schema and thirty notes."""
    (tmp_path / "note.json").write_text(SCHEMA)
    (tmp_path / "notes").mkdir()
    for number in range(30):
        (tmp_path / "notes" / f"{number}.txt").write_text(f"Number: N-{number}\n" + "Nothing else of note.\n" * 40)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("OPENROUTER_API_KEY", "EXTRACTOR_API_KEY", "EXTRACTOR_MODEL", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    with Simulator() as running:
        monkeypatch.setenv("EXTRACTOR_BASE_URL", running.base_url)
        monkeypatch.setenv("EXTRACTOR_OPENROUTER_COMPATIBLE", "true")
        yield running


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run the command; its exit code, stdout and stderr."""

    def _run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["extractor", "run", "notes", "--schema", "note.json", *arguments])
        code = app.exit_code()
        shown = capfd.readouterr()
        return code, shown.out, shown.err

    return _run


def test_an_estimate_is_printed_and_nothing_is_sent_also_without_a_key(simulator, run, tmp_path):
    (tmp_path / "out.jsonl").write_text("kept\n")

    code, out, _ = run("--estimate", "--out", "out.jsonl", "--budget", "0.001")

    low, high = (float(end) for end in RANGE.search(out).groups())
    assert code == 0
    assert 0 < low < high <= 3 * low
    assert "The budget of $0.0010 may not do for all documents." in out
    assert simulator.ledger.calls == []
    assert (tmp_path / "out.jsonl").read_text() == "kept\n"


def test_a_run_tells_what_it_will_cost_before_it_starts_and_again_while_it_goes_on(simulator, run, monkeypatch):
    monkeypatch.setenv("EXTRACTOR_API_KEY", "simulated")

    code, _, err = run("--out", "out.jsonl")

    lines = err.splitlines()
    low, high = RANGE.search(lines[1]).groups()
    told = [line for line in lines if "so far, expected for all: $" in line]
    assert code == 0
    assert len(told) == 9
    assert re.search(rf"expected +\${low} to \${high}", err)
    assert len(simulator.ledger.calls) == 30


def test_a_quiet_run_and_one_by_rules_say_nothing_of_a_price(simulator, run, monkeypatch):
    monkeypatch.setenv("EXTRACTOR_API_KEY", "simulated")

    quiet, by_rules = run("--quiet", "--out", "a.jsonl"), run("--model", OFFLINE_MODEL, "--out", "b.jsonl")

    assert quiet[2] == ""
    assert by_rules[0] == 0
    assert "xpected" not in by_rules[2]


def test_where_the_price_is_not_known_tokens_are_told():
    estimate = Estimate(
        documents=50,
        read=40,
        low_usd=None,
        likely_usd=None,
        high_usd=None,
        prompt_tokens=123_456,
        completion_tokens=7_890,
    )

    assert foretold(estimate, model="a/b", budget_usd=1.0) == (
        "Expected cost: unknown, because the price of a/b is not known; about 120,000 tokens in and 7,900 out, "
        "by 40 of the documents."
    )


@pytest.mark.parametrize(("count", "written"), [(0, "0"), (7, "7"), (96, "96"), (949, "950"), (123_456, "120,000")])
def test_a_number_is_rounded_to_two_digits(count, written):
    assert rounded(count) == written

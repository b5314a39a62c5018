"""Real schemas, scored by the report that scores every lowering, and real records, judged by their own schemas.

The adapter keeps open objects open: that is what completeness asks for, because a report that knows nothing of our
options counts a member that `drop` leaves away on purpose as lost.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from extractor.schema import contract_for, target_from

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ADAPTER = """
import sys
sys.path.insert(0, {repository!r})
from extractor.errors import CallerError
from extractor.schema import lower as lower_target

def lower(schema):
    try:
        return lower_target(schema, **{options!r})
    except CallerError as refusal:
        raise NotImplementedError(str(refusal)) from None

def lift(value, lowered):
    return lowered.lift(value).value

def embed(record, lowered):
    return lowered.embed(record)
"""


@pytest.fixture(scope="session")
def schema_rows(shared_data: Path) -> list[str]:
    return (shared_data / "schemas_dev.jsonl").read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="session")
def gold_rows(shared_data: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (shared_data / "eval_dev.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def score(shared_data: Path, repository: Path, tmp_path: Path) -> Callable[..., dict[str, int]]:
    """Return a function: rows of the corpus and options of `lower` -> the counts of schema_report.py."""

    def run(rows: list[str], **options: str) -> dict[str, int]:
        (tmp_path / "adapter.py").write_text(ADAPTER.format(repository=str(repository), options=options))
        (tmp_path / "rows.jsonl").write_text("\n".join(rows), encoding="utf-8")
        tool = shared_data.parent / "tools" / "schema_report.py"
        command = [sys.executable, str(tool), "adapter.py", "rows.jsonl", "--json", "counts.json"]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
        return json.loads((tmp_path / "counts.json").read_text())["counts"]

    return run


@pytest.mark.parametrize(
    ("options", "comes_back"),
    [
        pytest.param({"open_objects": "keep"}, "P3n", id="defaults"),
        pytest.param({"open_objects": "keep", "absence": "say"}, "P3n", id="absence may be said"),
        pytest.param({"open_objects": "keep", "nulls": "exact"}, "P3", id="null and absent apart"),
    ],
)
def test_every_schema_of_a_pydantic_model_keeps_all_its_records(options, comes_back, schema_rows, score):
    rows = [row for row in schema_rows if json.loads(row)["id"].startswith("pydantic/")]

    counts = score(rows, **options)

    assert len(rows) == 35
    assert {name: counts.get(name, 0) for name in ("lowered", "P1", "P2", comes_back)} == {
        "lowered": 35, "P1": 35, "P2": 35, comes_back: 35,
    }  # fmt: skip
    assert not counts.keys() & {"refused", "crash", "timeout", "mutated", "nondet", "inst_lost"}


@pytest.mark.parametrize("step", [pytest.param(7, id="a seventh"), pytest.param(1, id="all", marks=pytest.mark.full)])
def test_any_real_schema_is_lowered_into_the_subset_or_refused(step, schema_rows, score):
    counts = score(schema_rows[::step], open_objects="keep")

    assert not counts.keys() & {"crash", "timeout", "mutated", "nondet", "wire_unusable"}
    assert counts["P1"] == counts["lowered"]
    assert counts["lowered"] >= 0.95 * counts["schemas"]
    assert counts["P2"] >= 0.985 * counts["with_inst"]
    assert counts["P3n"] >= 0.985 * counts["with_inst"]


@pytest.mark.parametrize("absence", ["say", "forbid"])
def test_every_gold_record_is_valid_when_it_comes_back_from_the_wire(absence, gold_rows):
    wrong = []
    for row in gold_rows:
        contract = contract_for(target_from(row["schema"]), absence=absence)
        judgement = contract.judge(contract.lowered.embed(row["gold"]))
        if judgement.violations or not judgement.fits_wire:
            wrong.append((row["id"], judgement.violations))

    assert gold_rows
    assert wrong == []


def test_the_schema_of_every_gold_record_is_in_the_strict_subset(gold_rows, shared_data, monkeypatch):
    monkeypatch.syspath_prepend(str(shared_data.parent / "tools"))
    violations = import_module("strict_check").violations

    outside = [
        (row["id"], found)
        for row in gold_rows
        for absence in ("say", "forbid")
        if (found := violations(contract_for(target_from(row["schema"]), absence=absence).shape.schema, "openai"))
    ]

    assert outside == []

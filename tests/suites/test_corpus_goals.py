"""The goals for real schemas, one for each set of options: kept, brought back, excluded already, refused."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from extractor.errors import UnsupportedSchema
from extractor.schema import lower

if TYPE_CHECKING:
    from pathlib import Path

KEEP = {"open_objects": "keep"}
DROP = {"open_objects": "drop"}
EXACT = {**KEEP, "nulls": "exact", "absence": "say"}
PORTABLE = {**KEEP, "dialect": "portable"}


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_nulls(member) for name, member in value.items() if member is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def counts_of(rows: list[dict[str, Any]], options: dict[str, str]) -> Counter[str]:
    """Lower every schema and send its instances to the wire and back; return how many schemas keep all of them."""
    counts: Counter[str] = Counter()
    for row in rows:
        try:
            lowered = lower(row["schema"], **options)
        except UnsupportedSchema:
            counts["refused"] += 1
            continue
        answers = [lowered.embed(record) for record in row["valid"]]
        records = [lowered.lift(answer).value for answer in answers]
        is_kept = all(map(lowered.fits, answers))
        counts["lowered"] += 1
        counts["kept"] += is_kept
        counts["same"] += is_kept and records == row["valid"]
        counts["same but for nulls"] += is_kept and without_nulls(records) == without_nulls(row["valid"])
        counts["invalid"] += len(row["invalid"])
        counts["excluded"] += sum(not lowered.fits(lowered.embed(record)) for record in row["invalid"])
    return counts


@pytest.mark.parametrize("step", [pytest.param(10, id="a tenth"), pytest.param(1, id="all", marks=pytest.mark.full)])
@pytest.mark.parametrize(
    ("options", "goals"),
    [
        pytest.param(KEEP, {"kept": 0.985, "same but for nulls": 0.985, "excluded": 0.78}, id="open objects kept"),
        pytest.param(DROP, {"kept": 0.91, "excluded": 0.78}, id="open objects closed"),
        pytest.param(EXACT, {"kept": 0.985, "same": 0.97, "excluded": 0.78}, id="null and absent apart"),
        # Without bounds on the wire less is excluded; the reference has no goal for it.
        pytest.param(PORTABLE, {"kept": 0.985, "same but for nulls": 0.985, "excluded": 0.5}, id="portable"),
    ],
)
def test_real_instances_are_kept_brought_back_and_excluded(step, options, goals, shared_data: Path):
    lines = (shared_data / "schemas_dev.jsonl").read_text(encoding="utf-8").splitlines()

    counts = counts_of([json.loads(line) for line in lines[::step]], options)

    of = {"excluded": counts["invalid"]}
    shares = {name: counts[name] / of.get(name, counts["lowered"]) for name in goals}
    assert {name: share for name, share in shares.items() if share < goals[name]} == {}


@pytest.mark.parametrize("options", [pytest.param(KEEP, id="openai"), pytest.param(PORTABLE, id="portable")])
@pytest.mark.full
def test_few_real_schemas_are_refused(options, shared_data: Path):
    lines = (shared_data / "schemas_dev.jsonl").read_text(encoding="utf-8").splitlines()

    counts = counts_of([json.loads(line) for line in lines], options)

    assert counts["refused"] <= 0.03 * len(lines)

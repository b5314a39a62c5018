"""The eleven public corpora beside the repository, read offline."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from extractor.model.offline import fill
from extractor.schema import lower

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.full
def test_the_offline_model_keeps_its_score_on_the_public_corpora(shared_data: Path, tmp_path: Path) -> None:
    gold = shared_data / "eval_dev.jsonl"
    with (tmp_path / "records.jsonl").open("w", encoding="utf-8") as out:
        for row in map(json.loads, gold.read_text("utf-8").splitlines()):
            lowered = lower(row["schema"], absence="say")
            record = lowered.lift(fill(lowered.wire, row["text"])).value
            out.write(json.dumps({"id": row["id"], "record": record}) + "\n")

    command = [sys.executable, str(shared_data.parent / "tools" / "score.py"), str(gold), out.name]
    report = subprocess.run(command, check=True, capture_output=True, text=True).stdout

    found = re.search(r"macro F1 ([\d.]+)", report)
    assert found is not None
    assert float(found[1]) >= 0.35

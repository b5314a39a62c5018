"""How well `offline/heuristic` reads labelled documents: the whole flow, scored by field.

    python benchmarks/offline.py EVAL.jsonl SCORE.py

EVAL.jsonl has lines {"id", "text", "schema", "gold"}; SCORE.py is the program that compares it with records and
prints the macro F1. Exit code 1 when the macro F1 is below the goal.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import extractor
from extractor.errors import CallerError
from extractor.records import OFFLINE_MODEL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from extractor.records import Json, JsonObject

#: Mean of the F1 of each corpus.
MACRO_F1_GOAL = 0.23


def main(eval_path: str, score_path: str) -> int:
    """Extract every document, write the records, let the scorer compare them."""
    rows = [json.loads(line) for line in Path(eval_path).read_text("utf-8").splitlines()]
    started = time.process_time()
    records = [record_of(row) for row in rows]
    spent = time.process_time() - started
    report = scored(records, eval_path=eval_path, score_path=score_path)
    print(report, end="")
    print(f"{spent:.1f} s CPU, {1000 * spent / len(rows):.0f} ms per document")
    found = re.search(r"macro F1 ([\d.]+)", report)
    return 0 if found and float(found[1]) >= MACRO_F1_GOAL else 1


def record_of(row: JsonObject) -> JsonObject:
    """Run one document through the product; a schema that it refuses scores as an empty record."""
    try:
        result = extractor.extract(row["text"] + "\n", row["schema"], model=OFFLINE_MODEL, evidence="off")
    except CallerError as error:
        print(f"{row['id']}: {error.code}")
        return {"id": row["id"], "record": None}
    record: Json = result.record
    return {"id": row["id"], "record": record}


def scored(records: Iterable[JsonObject], *, eval_path: str, score_path: str) -> str:
    """Return what the scorer prints."""
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder) / "records.jsonl"
        said.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
        command = [sys.executable, score_path, eval_path, str(said)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    if len(sys.argv) != 3:  # noqa: PLR2004 - the program and its two arguments
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))

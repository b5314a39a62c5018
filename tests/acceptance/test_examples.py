"""The scripts in examples/, run as a newcomer runs them: a fresh home, no key, no network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

OFFLINE = "offline/heuristic"


@pytest.fixture
def run(repository: Path, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a script of examples/ in an empty folder, with an environment that holds nothing of this machine's user."""

    def _run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(repository / "examples" / script), *arguments],
            env={"HOME": str(tmp_path), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return _run


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        pytest.param(
            "quickstart.py",
            [
                '"number": "HLJ-2025-0417"',
                "/lines/2/quantity: exact, page 1: 9.5",
                "succeeded, $0.0000, offline/heuristic: rules, not a language model",
            ],
            id="quickstart",
        ),
        pytest.param(
            "own_schema.py",
            ["Pay 134.23 for PLH-60218 by 15 June 2025:", "90.00  Managed server M, June 2025"],
            id="own class, web page",
        ),
        pytest.param(
            "json_schema.py",
            ['"expiry_date": "2028-06-30"', "lift-maintenance.docx: valid by json_schema"],
            id="json schema, bytes",
        ),
        pytest.param(
            "many_documents.py",
            [
                "engineer.docx: Ilse Marquardt-Ogbonna, Nordkai Kältetechnik GmbH, Polarhaus Lager AG",
                "librarian.md: Tomasz Abernethy-Kolar, University of Dunmoor Library",
            ],
            id="many documents",
        ),
    ],
)
def test_a_script_prints_what_it_found(
    run: Callable[..., subprocess.CompletedProcess[str]], script: str, expected: list[str]
) -> None:
    done = run(script, OFFLINE)

    assert done.returncode == 0, done.stderr
    assert [text for text in expected if text not in done.stdout] == []


def test_without_a_key_the_quickstart_says_what_to_do(run: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    done = run("quickstart.py")

    assert done.returncode != 0
    assert "OPENROUTER_API_KEY" in done.stderr
    assert OFFLINE in done.stderr


def test_the_demo_fails_on_exactly_the_letter_and_reads_every_other_document_right(
    run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    out = tmp_path / "records.jsonl"

    done = run("demo.py", str(out))

    assert done.returncode == 1, done.stdout + done.stderr
    assert "11 of 12 equal the expected record" in done.stdout
    lines = {Path(line["source"]).name: line for line in map(json.loads, out.read_text(encoding="utf-8").splitlines())}
    letter = lines.pop("hedges-in-prose.txt")
    assert (letter["status"], letter["error"]["code"], letter["error"]["paths"]) == ("failed", "not_stated", ["/total"])
    assert letter["record"]["number"] == "2025-031"
    assert {line["status"] for line in lines.values()} == {"succeeded"}
    assert len(lines) == 11

"""Run every example document through the command line and compare with the expected records: this is `make demo`.

python examples/demo.py [OUT]        OUT, relative to the repository, is demo/records.jsonl unless named

No key and no network: the offline model reads by rules. It finds what is labelled or in a table. One document, a
letter, states its total in a sentence only, so that one must fail. The exit code is that of `extractor run`, 1, when
exactly that one failed and every other record equals the expected one; 4 when anything else came out.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = Path("examples/documents")
EXPECTED = ROOT / "examples/expected"
MEANT_TO_FAIL = "hedges-in-prose"
SOME_FAILED = 1
NOT_AS_PROMISED = 4


def run(folder: Path, out: Path) -> int:
    """Extract the documents of one folder; its name is the plural of the schema's. Returns the exit code."""
    command = [str(Path(sys.executable).with_name("extractor")), "run", str(folder)]
    command += ["--schema", folder.name.removesuffix("s"), "--model", "offline/heuristic"]
    command += ["--out", str(out), "--append"]
    print("$ extractor", *command[1:], flush=True)
    return subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: S603 - our own command


def outcome(line: dict[str, Any]) -> str:
    """Say how one line of the output stands to the expected record."""
    if line["error"]:
        return f"{line['error']['code']}: {', '.join(line['error']['paths'])}"
    expected = json.loads((EXPECTED / Path(line["source"]).with_suffix(".json").name).read_text(encoding="utf-8"))
    return "equal" if line["record"] == expected else "differs"


def promised() -> dict[str, str]:
    """Return the outcome that each document must have, by its name without the ending."""
    names = [path.stem for path in EXPECTED.iterdir()]
    return {name: "not_stated: /total" if name == MEANT_TO_FAIL else "equal" for name in names}


def main(out: Path) -> int:
    """Run, compare, report."""
    (ROOT / out).parent.mkdir(parents=True, exist_ok=True)
    (ROOT / out).unlink(missing_ok=True)
    folders = sorted(path.relative_to(ROOT) for path in (ROOT / DOCUMENTS).iterdir())
    code = max(run(folder, out) for folder in folders)
    if code > SOME_FAILED:
        return code
    lines = [json.loads(line) for line in (ROOT / out).read_text(encoding="utf-8").splitlines()]
    outcomes = {Path(line["source"]).stem: outcome(line) for line in lines}
    for line in lines:
        print(f"{line['source']:<52} {line['status']:<10} {outcomes[Path(line['source']).stem]}")
    print(f"{list(outcomes.values()).count('equal')} of {len(outcomes)} equal the expected record; see {out}")
    return code if outcomes == promised() else NOT_AS_PROMISED


if __name__ == "__main__":
    sys.exit(main(Path(*sys.argv[1:] or ["demo/records.jsonl"])))

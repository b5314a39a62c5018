"""What it costs to put one wrong leaf right, beside a library that asks for the whole record again.

    python benchmarks/repairs.py [--leaves 1] [--instructor-python ENVIRONMENT/bin/python]

The simulator, its ledger, documents, class, model and the wrong first answer are the same for all. A percentage is of
the tokens, prompt and completion, that the first call of the same row took. Without a Python that has instructor 1.17,
only ours is measured.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from repair_case import ITEMS, KEY, WRONG, Note, document_of, record_of, spoiled

from extractor import extract
from extractor.simulator import Reply, Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extractor.simulator import Bill

#: One that pays for no thoughts, so that both pay for the same.
MODEL = "qwen/qwen-plus-2025-07-28"
#: Per cent of the first call, for one leaf of a document of this many bytes.
GOAL, GOAL_SIZE = 4.0, 100_000
#: Modes of instructor: its default, and the one in which the provider holds the answer to the schema.
MODES = ("TOOLS", "JSON_SCHEMA")
#: What it quotes to the model in the next question, in the class's own words.
COMPLAINT = " for Note"
CLIENT = Path(__file__).with_name("instructor_client.py")


class Row(NamedTuple):
    """What one document took."""

    who: str
    size: int
    #: Calls of the first answer, and of what came after it.
    first: Bill
    after: list[Bill]

    @property
    def share(self) -> float:
        """Per cent that the later calls were of the first."""
        return 100 * sum(map(billed, self.after)) / billed(self.first)


def billed(call: Bill) -> int:
    """Return the tokens that a call is charged for."""
    return call.prompt_tokens + call.completion_tokens


def ours(text: str, base_url: str) -> Any:
    """Return the record by this package."""
    os.environ |= {"EXTRACTOR_BASE_URL": base_url, "EXTRACTOR_API_KEY": "simulated"}
    return extract(text, Note, model=MODEL).json_record


def theirs(text: str, base_url: str, *, python: str, mode: str) -> Any:
    """Return the record by instructor."""
    asked = json.dumps({"base_url": base_url, "mode": mode, "model": MODEL, "text": text})
    ran = subprocess.run([python, str(CLIENT)], input=asked, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise SystemExit(f"{python} {CLIENT.name} failed:\n{ran.stderr[-2000:]}")
    return json.loads(ran.stdout)


def reply(record: Any, mode: str) -> Reply:
    """Return an answer as compact JSON; as a tool's arguments where a tool was asked for."""
    answer = json.dumps(record, separators=(",", ":"))
    if mode != "TOOLS":
        return Reply(content=answer)
    call = {"id": "call_1", "type": "function", "function": {"name": "Note", "arguments": answer}}
    return Reply(content=None, finish="tool_calls", message={"tool_calls": [call]})


def measured(size: int, leaves: int, *, mode: str, python: str) -> Row:
    """Return what one document took; its first answer has so many leaves wrong, and the next ones are right."""
    right = record_of(ITEMS[size])
    with Simulator(profile="enforces", answer={KEY: right}) as simulator:
        simulator.play(KEY, reply(spoiled(record_of(ITEMS[size]), leaves), mode))
        simulator.play(COMPLAINT, reply(right, mode))
        text = document_of(right, size=size)
        found = theirs(text, simulator.base_url, python=python, mode=mode) if mode else ours(text, simulator.base_url)
        if found != right:
            raise SystemExit(f"{mode or 'ours'}, {size} bytes: the record is not right")
        first, *after = [call for call in simulator.ledger.calls if call.billed]
    return Row(f"instructor, {mode}" if mode else "ours", size, first, after)


def rows(python: str, leaves: int) -> Iterator[Row]:
    """Yield what each document took, by each."""
    for size in ITEMS:
        for mode in ("", *(MODES if python else ())):
            yield measured(size, leaves, mode=mode, python=python)


def shown(row: Row) -> str:
    """Return a line of the table."""
    first = f"{row.first.prompt_tokens:,}+{row.first.completion_tokens:,}"
    after = f"{sum(call.prompt_tokens for call in row.after):,}+{sum(call.completion_tokens for call in row.after):,}"
    dollars = sum(call.usd for call in row.after)
    return (
        f"{row.size:>7}  {row.who:<24} {1 + len(row.after):>5} {first:>14} {after:>14} {row.share:>6.1f} % "
        f"{dollars:>10.6f} {row.first.usd + dollars:>10.6f}"
    )


def main() -> int:
    """Print the figures; return 1 when the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leaves", type=int, default=1, choices=range(1, len(WRONG) + 1), help="that are wrong")
    parser.add_argument("--instructor-python", default="", help="a Python with instructor 1.17")
    arguments = parser.parse_args()
    print(f"{arguments.leaves} of the first answer's leaves wrong, {MODEL}, tokens by the simulator's ledger")
    print("  bytes  who                      calls     first call       after it    of it  $ after it   $ in all")
    is_met = True
    for row in rows(arguments.instructor_python, arguments.leaves):
        has_goal = (row.who, row.size, arguments.leaves) == ("ours", GOAL_SIZE, 1)
        is_met = is_met and not (has_goal and row.share > GOAL)
        print(shown(row) + (f"   goal <= {GOAL:.0f} %" if has_goal else ""))
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())

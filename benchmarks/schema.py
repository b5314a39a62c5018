"""What it costs to judge a record by its schema, and to lower a schema.

    python benchmarks/schema.py [--rounds 100] [--schemas SCHEMAS.jsonl]

An invoice of 1.5 kB and one of 25 kB under a plain JSON Schema, as they are right and with the last line wrong, beside
jsonschema's own validator in the same run. With SCHEMAS.jsonl, rows of {"schema", "valid", "invalid"}, also the
distribution over real schemas. Every figure is CPU time of this process; of many short rounds the fastest counts,
because everything else that the machine does adds to it. Exit code 1 when a goal is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema

from extractor.errors import CallerError
from extractor.schema import lower
from extractor.schema.rules import Rules

if TYPE_CHECKING:
    from collections.abc import Callable

#: Microseconds that one record may take, by the bytes of the record.
GOALS_US = {1_500: 60.0, 25_000: 600.0}
#: Milliseconds that lowering one real schema may take, by the share of schemas that have to keep to it.
LOWER_GOALS_MS = {0.5: 1.0, 0.99: 20.0}
#: CPU seconds of one round: short, so that some find the machine idle.
ROUND_S = 0.01

MONEY = {"type": "number", "minimum": 0, "multipleOf": 0.01}
PARTY = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 200},
        "address": {"type": ["string", "null"]},
        "tax_id": {"type": ["string", "null"], "pattern": "^[A-Z]{2}[0-9A-Z ]{2,16}$"},
        "email": {"anyOf": [{"type": "string", "format": "email"}, {"type": "null"}]},
    },
    "required": ["name"],
    "additionalProperties": False,
}
LINE = {
    "type": "object",
    "properties": {
        "item_code": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]+$"},
        "description": {"type": "string", "maxLength": 500},
        "quantity": {"type": "number", "exclusiveMinimum": 0},
        "unit": {"enum": ["piece", "hour", "metre", "kilogram"]},
        "unit_price": {"$ref": "#/$defs/money"},
        "amount": {"$ref": "#/$defs/money"},
    },
    "required": ["description", "amount"],
    "additionalProperties": False,
}
SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "number": {"type": "string", "minLength": 1},
        "issue_date": {"type": "string", "format": "date"},
        "due_date": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
        "supplier": {"$ref": "#/$defs/party"},
        "customer": {"$ref": "#/$defs/party"},
        "currency": {"enum": ["EUR", "GBP", "USD", "CHF"]},
        "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}, "minItems": 1},
        "subtotal": {"$ref": "#/$defs/money"},
        "tax": {"$ref": "#/$defs/money"},
        "total": {"$ref": "#/$defs/money"},
        "payment_terms": {"type": ["string", "null"], "maxLength": 500},
    },
    "required": ["number", "issue_date", "supplier", "currency", "lines", "total"],
    "additionalProperties": False,
    "$defs": {"money": MONEY, "party": PARTY, "line": LINE},
}
ASIDE = {
    "name": "Harrow & Finch Joinery Ltd",
    "address": "14 Sawmill Lane, Leeds LS9 8AB",
    "tax_id": "GB 214 7781 09",
    "email": "accounts@harrowfinch.example",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measurement beside its goal."""

    #: What was measured.
    name: str
    #: What it took.
    measured: float
    #: The most that it may take.
    goal: float
    #: Of both.
    unit: str
    #: What to compare it with, in words.
    beside: str = ""


def invoice(size: int) -> dict[str, Any]:
    """Return an invoice of about `size` bytes."""
    record: dict[str, Any] = {
        "number": "2026-04417",
        "issue_date": "2026-03-17",
        "due_date": "2026-04-16",
        "supplier": ASIDE,
        "customer": {**ASIDE, "name": "Northgate Library Trust", "email": None},
        "currency": "GBP",
        "lines": [],
        "subtotal": 2106.0,
        "tax": 421.5,
        "total": 2527.5,
        "payment_terms": "30 days net",
    }
    while len(json.dumps(record)) < size:
        row = len(record["lines"])
        record["lines"].append(
            {
                "item_code": f"HF-{100 + row}",
                "description": f"Oak shelf, oiled, length {80 + 10 * row} cm",
                "quantity": float(2 + row),
                "unit": "piece",
                "unit_price": 41.5 + row,
                "amount": round((2 + row) * (41.5 + row), 2),
            }
        )
    return record


def broken(record: dict[str, Any]) -> dict[str, Any]:
    """Return the same record with its last amount as text, found only when everything before it has been seen."""
    wrong = deepcopy(record)
    wrong["lines"][-1]["amount"] = "much"
    return wrong


def fastest_us(work: Callable[[], object], *, rounds: int) -> float:
    """Return the CPU microseconds of one call: of many short rounds, the fastest."""
    work()
    calls = 0
    started = time.process_time()
    while time.process_time() - started < ROUND_S:
        work()
        calls += 1
    fastest = float("inf")
    for _ in range(rounds):
        started = time.process_time()
        for _ in range(calls):
            work()
        fastest = min(fastest, (time.process_time() - started) / calls)
    return 1e6 * fastest


def of_records(*, rounds: int) -> list[Figure]:
    """Measure the records of both sizes, right and wrong."""
    rules, library = Rules(SCHEMA), jsonschema.Draft202012Validator(SCHEMA)
    figures = []
    for size, goal in GOALS_US.items():
        right = invoice(size)
        for name, record in (("right", right), ("wrong", broken(right))):
            if not rules.hold(record) is library.is_valid(record) is (name == "right"):
                sys.exit("A record is not judged as it should be, so there is nothing to measure.")
            measured = fastest_us(lambda record=record: rules.hold(record), rounds=rounds)  # type: ignore[misc]
            plain = fastest_us(lambda record=record: library.is_valid(record), rounds=rounds // 5)  # type: ignore[misc]
            beside = f"jsonschema {plain:,.0f} us, {plain / measured:.0f} times that"
            figures.append(
                Figure(name=f"{size:,} bytes, {name}", measured=measured, goal=goal, unit="us", beside=beside)
            )
    return figures


def of_real_schemas(path: Path) -> list[Figure]:
    """Measure lowering over real schemas, and print how long their own instances take to be judged."""
    lowered_ms: list[float] = []
    judged_us: list[float] = []
    for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
        started = time.process_time()
        try:
            lower(row["schema"])
        except CallerError:
            continue
        lowered_ms.append(1e3 * (time.process_time() - started))
        rules = Rules(row["schema"])
        for instance in [*row["valid"], *row["invalid"]]:
            rules.hold(instance)
            started = time.process_time()
            rules.hold(instance)
            judged_us.append(1e6 * (time.process_time() - started))
    print(f"{len(judged_us):,} instances of {len(lowered_ms)} real schemas, judged the second time:")
    print("  " + ", ".join(f"{name} {at(judged_us, share):,.0f} us" for name, share in SHARES.items()))
    return [
        Figure(name=f"lower, {share:.0%} of schemas", measured=at(lowered_ms, share), goal=goal, unit="ms")
        for share, goal in LOWER_GOALS_MS.items()
    ]


SHARES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}


def at(values: list[float], share: float) -> float:
    """Return the value that a share of all values does not exceed."""
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]


def say(figure: Figure) -> None:
    """Print one figure beside its goal."""
    print(
        f"  {figure.name:<24} {figure.measured:9.2f} {figure.unit}   goal <= {figure.goal:g} {figure.unit}"
        f"   {figure.beside}".rstrip()
    )


def main() -> int:
    """Measure once and print; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--schemas", type=Path, help="rows of schemas with their instances, one JSON object a line")
    arguments = parser.parse_args()
    figures = of_records(rounds=arguments.rounds)
    if arguments.schemas:
        figures += of_real_schemas(arguments.schemas)
    for figure in figures:
        say(figure)
    return 0 if all(figure.measured <= figure.goal for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())

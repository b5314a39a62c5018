"""Opening, patching and parting over the schemas that people wrote, with answers that were spoiled in one place."""

from __future__ import annotations

import copy
import json
import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from extractor.errors import CallerError
from extractor.jsontext import leaves, tokens
from extractor.schema import lower, open_paths, part_schema, patched
from extractor.schema.judging import Judge
from extractor.schema.room import size_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Every how many-th schema and record is looked at: some for every run, all at full size.
FEW, ALL = 12, 1


@pytest.fixture(scope="module")
def schema_rows(shared_data: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (shared_data / "schemas_dev.jsonl").read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def records(shared_data: Path, schema_rows: list[dict[str, Any]]) -> list[tuple[Any, Any]]:
    gold = map(json.loads, (shared_data / "eval_dev.jsonl").read_text("utf-8").splitlines())
    valid = [(row["schema"], record) for row in schema_rows for record in row["valid"][:3]]
    return [*((row["schema"], row["gold"]) for row in gold), *valid]


EVERY = [pytest.param(FEW, id="some"), pytest.param(ALL, id="all", marks=pytest.mark.full)]


@pytest.mark.parametrize("every", EVERY)
def test_the_schema_of_a_part_stays_in_the_subset(every, schema_rows):
    """
    Where lowering the wire schema gives itself, so does the schema of its parts; the others are lowered all the same.
    """
    kept = Counter[str]()
    for row in schema_rows[::every]:
        try:
            wire = lower(row["schema"], absence="say").wire
        except CallerError:
            continue
        part = part_schema(wire)
        again = lower(part, absence="forbid", nulls="exact", open_objects="drop").wire
        if lower(wire, absence="forbid", nulls="exact", open_objects="drop").wire == wire:
            assert again == part, row["id"]
            kept["exactly"] += 1
        assert size_of(part, part.get("$defs", {})) == size_of(wire, wire.get("$defs", {}))
        kept["all"] += 1

    assert kept["all"] > 600 / every
    assert kept["exactly"] > kept["all"] / 3


@pytest.mark.parametrize("every", EVERY)
def test_a_spoiled_answer_is_valid_again_once_its_open_places_are_put_right(every, records):
    """
    The places that the violations open hold what was spoiled: with the right values there, the whole is right. A
    validator that tells of another member than the wrong one makes up the rest.
    """
    ends, opened, whole = Counter[str](), 0, 0
    for judge, right, wrong in _spoiled(records[::every]):
        found = judge.judge(wrong).wire_violations
        if not found:
            continue
        opening = open_paths(judge.lowered.wire, wrong, found, name="x", told=judge.lowered.untold)
        if opening is None:
            ends["all open"] += 1
            continue
        lower(opening.shape.schema, nulls="exact")  # it is in the subset
        patch = {field.name: _right(field, right, wrong) for field in opening.fields}
        mended = patched(wrong, patch, opening)
        assert mended is not None
        ends["valid" if not judge.judge(mended).violations else "not valid"] += 1
        opened += sum(len(list(leaves(value))) for value in patch.values())
        whole += len(list(leaves(right)))

    asked = ends["valid"] + ends["not valid"]
    assert asked > 2_000 / every
    assert ends["valid"] >= 0.99 * asked, ends
    assert ends["all open"] <= 0.08 * asked, ends
    assert opened <= 0.08 * whole


def _spoiled(records: list[tuple[Any, Any]]) -> Iterator[tuple[Judge, Any, Any]]:
    """Yield judge, a valid answer, and the same with one place spoiled, three times for every record."""
    dice = random.Random(7)
    for schema, record in records:
        try:
            judge = Judge(schema, ("drop", "absent", "say"))
        except CallerError:
            continue
        right = judge.lowered.embed(record)
        places = [at for at, _ in leaves(right) if at]
        if not places or judge.judge(right).violations:
            continue
        for _ in range(3):
            wrong = copy.deepcopy(right)
            *above, last = tokens(dice.choice(places))
            holder = _at(wrong, above)
            spoiled = dice.choice([-1e9, "@@@", None, [], {"foo": 1}])
            holder[int(last) if isinstance(holder, list) else last] = spoiled
            yield judge, right, wrong


def _at(value: Any, path: list[str]) -> Any:
    for token in path:
        value = value[int(token)] if isinstance(value, list) else value[token]
    return value


def _right(field: Any, right: Any, wrong: Any) -> Any:
    path = list(tokens(field.at))
    if field.kind == "replace":
        return _at(right, path)
    one, other = _at(right, path), _at(wrong, path)
    if not isinstance(one, list):
        return []
    return one[len(other) :] if field.kind == "add" else list(range(len(one), len(other)))

"""How a document ends, by what is wrong with its record and by the caller's policy."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from pydantic import BaseModel

from extractor.attempts import Answer
from extractor.covering import Covered
from extractor.errors import BudgetExceeded, Cancelled, Refused, Truncated, Unsatisfied
from extractor.records import Conflict, Coverage, Enforcement, Options, Stated, Violation
from extractor.schema import contract_for, target_from
from extractor.settling import settle

pytestmark = pytest.mark.anyio


class Row(BaseModel):
    sku: str
    quantity: int | None


class Order(BaseModel):
    number: str
    carrier: Literal["rail", "road"]
    note: Literal["a", "b"] | None
    rows: list[Row]


CONTRACT = contract_for(target_from(Order), open_objects="drop", nulls="absent", absence="say")
RIGHT = {"number": "A-17", "carrier": "road", "note": "a", "rows": [{"sku": "s", "quantity": 1}] * 2}
READ = (Coverage(start=0, end=9, call="0.1.1", outcome="read"),)
GAP = (*READ, Coverage(start=9, end=19, call="", outcome="unread", code="truncated"))
WRONG = Unsatisfied("It stayed wrong.", paths=())
POLICIES = ("fail", "partial", "null")


def covered(record: Any, **members: Any) -> Covered:
    """Return what came of a document; what is wrong with the record is found as it always is."""
    found = CONTRACT.judge(record) if record is not None else None
    answer: dict[str, Any] = {
        "record": found.record if found else None,
        "value": record,
        "failing": found.violations if found else (),
        "wire_failing": found.wire_violations if found else (),
        "error": WRONG if found and found.violations else None,
        "attempts": (),
        "enforcement": Enforcement(asked="auto"),
    }
    of_all = {name: members.pop(name) for name in ("coverage", "gap", "conflicts") if name in members}
    return Covered(answer=Answer(**answer | members), **{"coverage": READ} | of_all)


async def ends(given: Covered, **options: Any) -> list[Any]:
    """Return status and record by each policy."""
    ended = [await settle(given, contract=CONTRACT, options=Options(on_invalid=each, **options)) for each in POLICIES]
    assert all((each.error is None) == (each.status == "succeeded") for each in ended)
    return ended


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in RIGHT.items() if key != name}


async def test_a_valid_record_of_a_document_that_was_read_succeeds_by_every_policy():
    assert [(end.status, end.record, end.states) for end in await ends(covered(RIGHT))] == [
        ("succeeded", RIGHT, {})
    ] * 3


@pytest.mark.parametrize(
    ("wrong", "at", "state", "left_out", "nulled"),
    [
        pytest.param(
            RIGHT | {"carrier": "sea"},
            "/carrier",
            "invalid",
            without("carrier"),
            ("partial", RIGHT | {"carrier": None}),
            id="what may not be null",
        ),
        pytest.param(
            RIGHT | {"note": "z"},
            "/note",
            "invalid",
            without("note"),
            ("succeeded", RIGHT | {"note": None}),
            id="what may be null",
        ),
        pytest.param(
            RIGHT | {"number": None},
            "/number",
            "not_stated",
            without("number"),
            ("partial", RIGHT | {"number": None}),
            id="what is not stated",
        ),
        pytest.param(
            RIGHT | {"rows": [{"sku": "s", "quantity": "x"}, {"sku": "t", "quantity": 2}]},
            "/rows/0/quantity",
            "invalid",
            RIGHT | {"rows": [{"sku": "s"}, {"sku": "t", "quantity": 2}]},
            ("succeeded", RIGHT | {"rows": [{"sku": "s", "quantity": None}, {"sku": "t", "quantity": 2}]}),
            id="a member of an item",
        ),
        pytest.param(
            RIGHT | {"rows": ["x", {"sku": "t", "quantity": 2}]},
            "/rows/0",
            "invalid",
            RIGHT | {"rows": [None, {"sku": "t", "quantity": 2}]},
            ("partial", RIGHT | {"rows": [None, {"sku": "t", "quantity": 2}]}),
            id="an item, whose place is kept for those behind it",
        ),
    ],
)
async def test_what_stays_wrong_ends_by_the_policy(wrong, at, state, left_out, nulled):
    fail, partial, null = await ends(covered(wrong))

    assert (fail.status, fail.record) == ("failed", CONTRACT.judge(wrong).record)
    assert (partial.status, partial.record) == ("partial", left_out)
    assert (null.status, null.record) == nulled
    assert [end.states for end in (fail, partial, null)] == [{at: state}] * 3


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(covered(None, error=WRONG), id="no record"),
        pytest.param(
            covered(RIGHT, error=WRONG, failing=(Violation(at="", rule="value_error", says="No."),)), id="all is open"
        ),
    ],
)
async def test_where_nothing_is_known_to_be_right_it_fails_by_every_policy(given):
    assert [end.status for end in await ends(given)] == ["failed"] * 3


async def test_a_document_that_was_not_read_to_its_end_is_partial_by_every_policy_and_says_where():
    gap = Truncated("The answer reached the token ceiling.")

    ended = await ends(covered(without("number"), coverage=GAP, gap=gap))

    assert [(end.status, end.record, end.states) for end in ended] == [
        ("partial", without("number"), {"/rows": "unread", "/number": "unread"})
    ] * 3
    assert "9 to 19 (truncated)" in ended[0].error.message


@pytest.mark.parametrize("members", [{"error": Cancelled("Stopped.")}, {"gap": Cancelled("Stopped."), "coverage": GAP}])
async def test_what_was_stopped_is_cancelled_by_every_policy(members):
    assert [end.status for end in await ends(covered(RIGHT, **members))] == ["cancelled"] * 3


async def test_a_place_that_the_model_refused_to_give_is_called_that():
    refused = Refused("The model declined.", status=200)
    given = covered(RIGHT | {"note": "z"}, error=refused, opened=("/note",))

    assert [end.states for end in await ends(given)] == [{"/note": "refused"}] * 3


async def test_the_error_that_ended_it_is_told_whatever_is_kept():
    capped = BudgetExceeded("The cap is reached.")

    fail, partial, _ = await ends(covered(RIGHT | {"note": "z"}, error=capped))

    assert [end.error for end in (fail, partial)] == [capped, capped]


CONFLICT = Conflict(at="/note", chosen="a", stated=(Stated(value="a"), Stated(value="b")))


async def test_a_conflict_that_is_not_allowed_is_a_place_that_is_wrong():
    fail, partial, null = await ends(covered(RIGHT, conflicts=(CONFLICT,)), on_conflict="error")

    assert (fail.status, fail.error.code, fail.states) == ("failed", "conflicting_values", {"/note": "invalid"})
    assert (partial.status, partial.record) == ("partial", without("note"))
    assert (null.status, null.record) == ("succeeded", RIGHT | {"note": None})


async def test_a_conflict_that_is_allowed_is_none_of_its_business():
    assert [end.status for end in await ends(covered(RIGHT, conflicts=(CONFLICT,)))] == ["succeeded"] * 3

"""A hundred documents against each kind of thinking endpoint: what they cost, where they end, and that none is wrong
without a word about it.
"""

from __future__ import annotations

from collections import Counter

import anyio
import pytest

from extractor.model import Facts
from extractor.simulator import Simulator
from extractor.simulator.catalogue import INVOICE_RECORD
from extractor.testing.playing import extract_invoice

pytestmark = pytest.mark.anyio

DOCUMENTS = 100
#: Documents in flight.
TOGETHER = 10


async def extract_all(profile: str, count: int = DOCUMENTS, *, together: int = TOGETHER, **options):
    """Extract the invoice of the catalogue `count` times, each copy marked, and return what came of each."""
    facts, slots = Facts(), anyio.Semaphore(together)
    played = []
    with Simulator(profile=profile, answer={"Ref ": INVOICE_RECORD}) as simulator:

        async def extract(number: int) -> None:
            async with slots:
                played.append(await extract_invoice(simulator, f"Ref {number:04}", facts=facts, **options))

        async with anyio.create_task_group() as tasks:
            for number in range(count):
                tasks.start_soon(extract, number)
        return played, simulator


@pytest.mark.parametrize(
    ("profile", "options", "rung", "most_calls", "most_refused"),
    [
        pytest.param("enforces", {}, "json_schema", DOCUMENTS, 0, id="enforces"),
        pytest.param("ignores", {}, "json_schema", DOCUMENTS, 0, id="ignores"),
        pytest.param("refuses", {}, "tool", DOCUMENTS + 2, 2, id="refuses"),
        pytest.param(
            "contradicts",
            {"unsupported": "reask"},
            "tool",
            DOCUMENTS + 4 * TOGETHER,
            0,
            id="contradicts, asked again",
        ),
        pytest.param("contradicts", {}, "tool", DOCUMENTS, 0, id="contradicts, named"),
    ],
)
async def test_no_document_is_wrong_without_a_word_about_it(profile, options, rung, most_calls, most_refused):
    played, simulator = await extract_all(profile, **options)

    ends = Counter(each.result.status for each in played)
    wrong = [each for each in played if each.result.record != INVOICE_RECORD]
    assert ends == {"succeeded": DOCUMENTS}
    assert all(each.result.unsupported == ("/total",) for each in wrong)
    if options or profile != "contradicts":
        assert wrong == []
    assert len(wrong) <= 4 * TOGETHER
    assert simulator.ledger.billed <= most_calls
    assert len(simulator.ledger.calls) - simulator.ledger.billed <= most_refused
    assert played[-1].result.enforcement.rung == rung
    assert sum(each.result.cost_usd for each in played) == pytest.approx(simulator.ledger.usd)


@pytest.mark.full
async def test_a_thousand_first_calls_at_once_cost_one_refusal():
    played, simulator = await extract_all("refuses", 1_000, together=1_000)

    refused = [bill for bill in simulator.ledger.calls if bill.status == 400]
    assert {each.result.status for each in played} == {"succeeded"}
    assert len(refused) <= 2
    assert len(simulator.ledger.calls) == 1_000 + len(refused)


@pytest.mark.parametrize("profile", ["enforces", "refuses", "ignores", "contradicts"])
async def test_required_gives_no_record_that_no_schema_enforced(profile):
    played, simulator = await extract_all(profile, 10, enforcement="required")

    for each in played:
        assert each.result.status == "succeeded"
        assert each.result.enforcement.rung == "json_schema"
    if profile == "refuses":  # a draft and a record for each, and one refusal for all
        assert simulator.ledger.billed == 20

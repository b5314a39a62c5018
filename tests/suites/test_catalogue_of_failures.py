"""Every known way in which a reply breaks, played by the simulator over real HTTP, and what comes of it: the outcome,
the requests, the dollars. One row per entry of the catalogue and profile where it applies.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from pydantic import SecretStr

from extractor.document import ReadingLimits
from extractor.errors import ExtractionError
from extractor.model import ChatModel, Endpoint, Facts
from extractor.options import options_from
from extractor.pipeline import not_asked, run
from extractor.prompt import with_draft
from extractor.records import Job, Source
from extractor.schema import target_from
from extractor.simulator import PROFILES, Simulator
from extractor.simulator.catalogue import INVOICE_RECORD, INVOICE_SCHEMA, INVOICE_TEXT, load
from extractor.testing import ports_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extractor.records import Result
    from extractor.simulator.catalogue import Entry
    from extractor.simulator.ledger import Bill

pytestmark = pytest.mark.anyio

THINKING = "qwen/qwen-plus-2025-07-28:thinking"
MODELS = {"strict-openai": "openai/gpt-4.1-mini"}
#: Seconds after which a row has hung.
PATIENCE_S = 30.0
#: Two sums of dollars that differ by less are the same: they are added up in another order.
CENT_OF_A_CENT = 1e-9


@dataclass(frozen=True, kw_only=True)
class Played:
    """What came of one document."""

    result: Result[Any]
    bills: tuple[Bill, ...]
    usd: float


@pytest.fixture(scope="module", params=[*PROFILES])
def simulator(request) -> Iterator[Simulator]:
    with Simulator(profile=request.param, answer={"Ref ": INVOICE_RECORD}) as running:
        running.profile_name = request.param
        yield running


@cache
def target():
    return target_from(INVOICE_SCHEMA)


async def extract(simulator: Simulator, needle: str, *, model: str, facts: Facts, **options: Any) -> Played:
    """Extract the invoice, marked with `needle`, as an engine does, and return what it came to."""
    text = f"{INVOICE_TEXT}\n{needle}\n"
    job = Job(
        id=f"x_{needle}",
        source=Source(content=text),
        target=target(),
        options=options_from({"model": model, **options}),
    )
    chat = ChatModel(
        Endpoint(simulator.base_url, key=SecretStr("simulated"), speaks_openrouter=True),
        model,
        facts=facts,
        with_draft=with_draft,
    )
    before = len(simulator.ledger.calls)
    try:
        with anyio.fail_after(PATIENCE_S):
            result = await run(job, ports=ports_for(chat), limits=ReadingLimits())
    except ExtractionError as error:
        result = not_asked(job, error, engine=model)
    finally:
        await chat.aclose()
    bills = tuple(simulator.ledger.calls[before:])
    return Played(result=result, bills=bills, usd=sum(bill.usd for bill in bills))


def facts_seen(played: Played) -> dict[str, Any]:
    result = played.result
    return {
        "outcome": result.error.code if result.error else result.status,
        "calls": len(played.bills),
        "billed": sum(bill.billed for bill in played.bills),
        "attempts": sum(attempt.outcome in {"accepted", "rejected"} for attempt in result.attempts),
        "repairs": tuple(repair.name for repair in result.repairs),
        "unsupported": tuple(result.unsupported),
    }


async def play(simulator: Simulator, entry: Entry, profile: str) -> Played:
    model, facts = MODELS.get(profile, THINKING), Facts()
    if profile == "refuses":  # learned once; what a row costs is what every later document costs
        await extract(simulator, f"Ref {entry.id} before", model=model, facts=facts)
    needle = f"Ref {entry.id} itself"
    simulator.play(needle, entry.id)
    return await extract(simulator, needle, model=model, facts=facts, **entry.options)


@pytest.mark.parametrize("entry", load(), ids=lambda entry: entry.id)
async def test_every_entry_ends_as_the_catalogue_says_at_its_cost(simulator, entry):
    expected = entry.expected_on(simulator.profile_name)
    if expected is None:
        pytest.skip("does not happen on this profile")

    played = await play(simulator, entry, simulator.profile_name)

    assert facts_seen(played) == {name: getattr(expected, name) for name in facts_seen(played)}
    assert expected.rung in {"", played.result.enforcement.rung}
    if expected.outcome == "succeeded":
        assert played.result.record == (expected.record or INVOICE_RECORD)
    if played.result.attempts:
        # What nobody could find out is charged as it was reserved, which is never less.
        is_exact = played.result.usage.estimated_calls == 0
        assert played.result.cost_usd == pytest.approx(played.usd, abs=CENT_OF_A_CENT) or (
            not is_exact and played.result.cost_usd > played.usd
        )

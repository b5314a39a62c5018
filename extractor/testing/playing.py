"""One document against the simulator, through the whole flow, and how that compares with the catalogue of failures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import anyio
from pydantic import SecretStr

from extractor.document import ReadingLimits
from extractor.errors import ExtractionError
from extractor.model import ChatModel, Endpoint
from extractor.options import options_from
from extractor.pipeline import not_asked, run
from extractor.prompt import with_draft
from extractor.records import DEFAULT_MODEL, Job, Source
from extractor.schema import target_from
from extractor.simulator.catalogue import INVOICE_RECORD, INVOICE_SCHEMA, INVOICE_TEXT
from extractor.testing.models import ports_for

if TYPE_CHECKING:
    from extractor.model import Facts
    from extractor.records import Json, Result, Target
    from extractor.simulator import Bill, Simulator
    from extractor.simulator.catalogue import Entry, Expected

#: Profile -> the model that is asked there; the default model where a profile is not named.
MODELS: Final = {"strict-openai": "openai/gpt-4.1-mini"}
#: Seconds after which a document has hung.
PATIENCE_S: Final = 30.0
#: Two sums of dollars that differ by less are the same, added up in another order.
NOTHING_USD: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What came of one document."""

    #: The result, as a door gives it.
    result: Result[Json]
    #: What the simulator entered meanwhile.
    bills: tuple[Bill, ...]

    @property
    def usd(self) -> float:
        """US dollars that the simulator charged."""
        return sum(bill.usd for bill in self.bills)


@cache
def _invoice() -> Target:
    return target_from(INVOICE_SCHEMA)


async def extract_invoice(
    simulator: Simulator, mark: str, *, facts: Facts, model: str = DEFAULT_MODEL, **options: Any
) -> Played:
    """Extract the invoice of the catalogue, with `mark` in its text, through the whole flow and without waiting.

    Args:
        simulator: Who answers.
        mark: What its scenario goes by; a document has one of its own.
        facts: What the endpoint has been found to refuse.
        model: The model asked.
        **options: The caller's further options.
    """
    asked = options_from({"model": model, **options})
    job = Job(id=f"x_{mark}", source=Source(content=f"{INVOICE_TEXT}\n{mark}\n"), target=_invoice(), options=asked)
    endpoint = Endpoint(simulator.base_url, key=SecretStr("simulated"), speaks_openrouter=True)
    before = len(simulator.ledger.calls)
    chat = ChatModel(endpoint, model, facts=facts, with_draft=with_draft)
    try:
        with anyio.fail_after(PATIENCE_S):
            result = await run(job, ports=ports_for(chat), limits=ReadingLimits())
    except ExtractionError as error:
        result = not_asked(job, error, engine=model)
    finally:
        await chat.aclose()
    return Played(result=result, bills=tuple(simulator.ledger.calls[before:]))


async def play(simulator: Simulator, entry: Entry, profile: str, *, facts: Facts) -> Played:
    """Play one entry of the catalogue. What the profile refuses at once has been learned before."""
    model = MODELS.get(profile, DEFAULT_MODEL)
    if profile == "refuses":
        await extract_invoice(simulator, f"Ref {entry.id} before", facts=facts, model=model)
    mark = f"Ref {entry.id} itself"
    simulator.play(mark, entry.id)
    return await extract_invoice(simulator, mark, facts=facts, model=model, **entry.options)


def differences(expected: Expected, played: Played) -> dict[str, tuple[Any, Any]]:
    """Return what did not go as the catalogue says: name -> what it says, what happened."""
    result, bills = played.result, played.bills
    happened: dict[str, Any] = {
        "outcome": result.error.code if result.error else result.status,
        "calls": len(bills),
        "billed": sum(bill.billed for bill in bills),
        "attempts": sum(attempt.outcome in {"accepted", "rejected"} for attempt in result.attempts),
        "repairs": tuple(repair.name for repair in result.repairs),
        "unsupported": result.unsupported,
    }
    if expected.rung:
        happened["rung"] = result.enforcement.rung
    found = {name: (getattr(expected, name), value) for name, value in happened.items()}
    if expected.outcome == "succeeded":
        found["record"] = (expected.record or INVOICE_RECORD, result.record)
    if result.attempts and not _is_paid(result, played.usd):
        found["usd"] = (played.usd, result.cost_usd)
    return {name: (wanted, got) for name, (wanted, got) in found.items() if wanted != got}


def _is_paid(result: Result[Json], charged_usd: float) -> bool:
    """Return whether a result has the dollars that were charged; what nobody found out is never less than that."""
    more = result.cost_usd - charged_usd
    return abs(more) < NOTHING_USD or (more > 0 and result.usage.estimated_calls > 0)

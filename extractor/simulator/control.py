"""The simulator's own endpoints: what it counted, and what it is to play."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from extractor import jsontext
from extractor.simulator.catalogue import Reply
from extractor.simulator.rendering import json_page

if TYPE_CHECKING:
    from extractor.records import JsonObject
    from extractor.simulator.asked import Asked
    from extractor.simulator.ledger import Ledger
    from extractor.simulator.rendering import Rendered
    from extractor.simulator.scenarios import Playable, Scenarios

LEDGER = "/simulator/ledger"
SCENARIOS = "/simulator/scenarios"
_REPLY = TypeAdapter(Reply)


def page(asked: Asked, path: str, *, ledger: Ledger, scenarios: Scenarios) -> Rendered:
    """Return a page of the simulator's own.

    `GET /simulator/ledger` gives every bill and the sums. `POST /simulator/scenarios` takes
    `{"needle": text of a document, "replies": [id of an entry or members of a reply, …]}`.
    """
    if (asked.method, path) == ("GET", LEDGER):
        return json_page(as_json(ledger))
    if (asked.method, path) == ("POST", SCENARIOS):
        return _played(asked.raw, scenarios)
    return json_page(
        {"error": {"code": 404, "message": f"There is {LEDGER} to get and {SCENARIOS} to post."}}, status=404
    )


def as_json(ledger: Ledger) -> JsonObject:
    """Return the ledger as JSON."""
    calls = [
        {each.name: getattr(bill, each.name) for each in fields(bill)} | {"usd": bill.usd}
        for bill in tuple(ledger.calls)
    ]
    return {"usd": ledger.usd, "billed": ledger.billed, "remaining_usd": ledger.remaining_usd, "calls": calls}


def _played(raw: bytes, scenarios: Scenarios) -> Rendered:
    try:
        stated = jsontext.parse(raw.decode())
        scenarios.play(stated["needle"], [_playable(each) for each in stated["replies"]])
    except (ValueError, KeyError, TypeError, ValidationError):
        said = 'Wanted: {"needle": text of a document, "replies": [id of an entry of the catalogue, or a reply, …]}.'
        return json_page({"error": {"code": 400, "message": said}}, status=400)
    return json_page({"needle": stated["needle"], "played": len(stated["replies"])})


def _playable(stated: str | JsonObject) -> Playable:
    return stated if isinstance(stated, str) else _REPLY.validate_python(stated)

"""The simulator's own endpoints: what it counted, and what it is to play."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from extractor import jsontext
from extractor.simulator.catalogue import Reply, Streaming
from extractor.simulator.rendering import json_page

if TYPE_CHECKING:
    from extractor.records import JsonObject
    from extractor.simulator.asked import Asked
    from extractor.simulator.ledger import Ledger
    from extractor.simulator.rendering import Rendered
    from extractor.simulator.scenarios import Playable, Scenarios

LEDGER = "/simulator/ledger"
SCENARIOS = "/simulator/scenarios"
WANTED = 'Wanted: {"needle": text of a document, "replies": [id of an entry of the catalogue, or a reply, …]}.'
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
        stated = _stated(raw)
        scenarios.play(stated["needle"], [_playable(each) for each in stated["replies"]])
    except (ValueError, KeyError) as error:
        return json_page({"error": {"code": 400, "message": f"{error.args[0]} {WANTED}"}}, status=400)
    return json_page({"needle": stated["needle"], "played": len(stated["replies"])})


def _stated(raw: bytes) -> JsonObject:
    try:
        stated = jsontext.parse(raw.decode())
    except ValueError:
        raise ValueError("The body is no JSON in UTF-8.") from None
    if not isinstance(stated, dict):
        raise ValueError("The body is no JSON object.")  # noqa: TRY004 - told to the client as the others are
    for name in ("needle", "replies"):
        if name not in stated:
            raise ValueError(f"The member {name!r} is missing.")
    if not isinstance(stated["replies"], list):
        raise ValueError("The member 'replies' is no list.")  # noqa: TRY004 - as above
    return stated


def _playable(stated: str | JsonObject) -> Playable:
    if isinstance(stated, str):
        return stated
    if not isinstance(stated, dict):
        raise ValueError(f"{stated!r} in 'replies' is neither.")  # noqa: TRY004 - as above
    try:
        return _REPLY.validate_python(stated)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        at = ".".join(str(part) for part in first["loc"])
        if first["type"] == "unexpected_keyword_argument":
            known = Streaming if first["loc"][0] == "streaming" else Reply
            members = ", ".join(each.name for each in fields(known))
            raise ValueError(f"A reply has no member {at!r}; it has {members}.") from None
        raise ValueError(f"The member {at!r} of a reply cannot be used: {first['msg']}.") from None

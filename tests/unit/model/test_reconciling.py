"""What a request cost is asked afterwards where nobody stated it, and never holds an answer up for long."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from extractor.model import reconciling
from extractor.model.endpoints import Endpoint
from extractor.model.reconciling import PATIENCE_S, WAITS_S, find_usage, usage_in
from extractor.model.transport import Transport
from extractor.records import Lane, Usage
from extractor.testing import InstantPace, ScriptedServer, raw, status

if TYPE_CHECKING:
    from extractor.testing import Scripted

pytestmark = pytest.mark.anyio

CLOSED = {
    "id": "gen-1",
    "total_cost": 0.0012,
    "tokens_prompt": 90,
    "tokens_completion": 10,
    "native_tokens_prompt": 100,
    "native_tokens_completion": 50,
    "native_tokens_reasoning": 40,
    "native_tokens_cached": 8,
    "finish_reason": "stop",
    "cancelled": False,
}
USAGE = Usage(prompt_tokens=100, completion_tokens=50, reasoning_tokens=40, cached_tokens=8, cost_usd=0.0012, calls=1)


def books(**members: Any) -> Scripted:
    return raw({"data": CLOSED | members})


async def look_up(
    *script: Scripted, generation_id: str = "gen-1", **endpoint: Any
) -> tuple[Usage | None, list[str], list[float]]:
    """Look up against a server that answers so; also return the paths asked for and the waits."""
    pace = InstantPace()
    with ScriptedServer(script) as server:
        there = Endpoint(server.base_url, **({"speaks_openrouter": True} | endpoint))
        transport, lane = Transport(there), Lane(endpoint=server.base_url, model="m")
        found = await find_usage(generation_id, lane=lane, endpoint=there, transport=transport, pace=pace)
        await transport.aclose()
    return found, [each.path for each in server.asked], pace.slept


async def test_the_books_are_asked_until_they_know_the_generation():
    found, paths, waits = await look_up(status(404), status(500), books())

    assert found == USAGE
    assert paths == ["/api/v1/generation?id=gen-1"] * 3
    assert waits == list(WAITS_S)
    assert sum(waits) < PATIENCE_S


async def test_what_the_books_never_know_is_not_found():
    found, paths, _ = await look_up(*[status(404)] * 9)

    assert found is None
    assert len(paths) == len(WAITS_S)


@pytest.mark.parametrize("code", [401, 402, 403, 429])
async def test_books_that_are_closed_to_this_key_are_asked_once(code: int):
    found, paths, _ = await look_up(*[status(code)] * 9)

    assert found is None
    assert len(paths) == 1


@pytest.mark.parametrize(
    "odd", [raw(b"<html>"), raw({"data": None}), raw({"data": []}), raw({"error": "x"}), raw(b"", ending="cut")]
)
async def test_an_odd_reply_is_asked_again(odd: Scripted):
    found, paths, _ = await look_up(odd, books())

    assert found == USAGE
    assert len(paths) == 2


async def test_only_what_speaks_openrouter_is_asked_and_only_with_an_id():
    assert (await look_up(books(), speaks_openrouter=None))[:2] == (None, [])
    assert (await look_up(books(), generation_id=""))[:2] == (None, [])
    assert (await look_up(books(), generation_id="../key?x=\n"))[:2] == (None, [])
    assert Endpoint("https://openrouter.ai/api/v1").is_openrouter
    assert not Endpoint("https://openrouter.ai/api/v1", speaks_openrouter=False).is_openrouter


async def test_books_that_do_not_answer_hold_nobody_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reconciling, "PATIENCE_S", 0.1)
    started = time.monotonic()

    found, _, _ = await look_up(books().after(30))

    assert found is None
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("members", "usage"),
    [
        pytest.param({}, USAGE, id="closed"),
        pytest.param({"total_cost": None}, None, id="no cost"),
        pytest.param({"total_cost": "0.1"}, None, id="a cost that is no number"),
        pytest.param({"total_cost": -1}, None, id="a cost below nothing"),
        pytest.param({"total_cost": 0, "finish_reason": None}, None, id="nothing yet, and not closed"),
        pytest.param({"total_cost": 0.5, "finish_reason": None}, 0.5, id="a cost"),
        pytest.param({"total_cost": 0, "finish_reason": None, "cancelled": True}, 0.0, id="cancelled and free"),
        pytest.param({"total_cost": 0}, 0.0, id="free"),
    ],
)
def test_nothing_is_free_that_the_books_do_not_say_is_free(members: dict[str, Any], usage: Usage | float | None):
    found = usage_in(CLOSED | members)

    assert (found.cost_usd if found and not isinstance(usage, Usage) else found) == usage


def test_the_providers_own_count_of_tokens_comes_first():
    found = usage_in(CLOSED | {"native_tokens_prompt": None})

    assert found is not None
    assert (found.prompt_tokens, found.completion_tokens) == (90, 50)

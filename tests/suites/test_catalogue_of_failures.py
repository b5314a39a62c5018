"""Every known way in which a reply breaks, played by the simulator over real HTTP, and what comes of it: the outcome,
the requests, the dollars. One row per entry of the catalogue and profile where it applies.
"""

from __future__ import annotations

import sys
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

import pytest

from extractor.answer.candidates import Found
from extractor.model import Facts
from extractor.model.status import meaning_of
from extractor.simulator import PROFILES, Simulator
from extractor.simulator.catalogue import INVOICE_RECORD, load
from extractor.testing.playing import differences, play

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module", params=[*PROFILES])
def running(request) -> Iterator[tuple[Simulator, str]]:
    with Simulator(profile=request.param, answer={"Ref ": INVOICE_RECORD}) as simulator:
        yield simulator, request.param


@pytest.mark.parametrize("entry", load(), ids=lambda entry: entry.id)
async def test_every_entry_ends_as_the_catalogue_says_at_its_cost(running, entry):
    simulator, profile = running
    expected = entry.expected_on(profile)
    if expected is None:
        pytest.skip("does not happen on this profile")

    played = await play(simulator, entry, profile, facts=Facts())

    assert differences(expected, played) == {}


async def not_rescued(_reasoning, judged, _contract):
    return judged


#: Name of a handler -> what stands in for it while it is away: it does nothing.
AWAY: dict[str, Any] = {
    "_chosen": lambda candidates: next((each for each in candidates if not each.violations), candidates[0]),
    "_completion_in": lambda document: document,
    "_harm": lambda *_, **__: "",
    "_is_about_content": lambda _: False,
    "_leaves": lambda *_: False,
    "_rescued": not_rescued,
    "_says_too_large": lambda _: False,
    "_take_end": lambda *_: None,
    "_unbalanced": lambda *_: Found(),
    "_without_byte_order_mark": lambda text: text,
    "_without_thoughts": lambda text: text,
    "decoded": lambda value: (value, ()),
    "fault_inside": lambda *_, **__: None,
    "find": lambda _: Found(),
    "look": lambda *_, **__: None,
    "meaning_of": lambda _: meaning_of(999),
    "paths_not_stated_twice": lambda _: (),
    "refusal_in": lambda _: None,
    "resends_after": lambda _: 0,
    "respelled": lambda value, _: (value, ()),
    "retry_after": lambda *_, **__: None,
    "rewritten": lambda text: (text, ()),
    "unsupported": lambda *_, **__: (),
    "unwrapped": lambda value, _: (value, (), ""),
    "verdict_on": lambda *_, **__: None,
    "with_more_room": lambda *_: None,
    "without_fence": lambda text: text,
}
HANDLERS = sorted({entry.handler for entry in load() if entry.handler})


def take_away(handler: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put its stand-in wherever a function is known by name."""
    owner_name, _, name = handler.rpartition(".")
    owner, function, stand_in = resolve_name(owner_name), resolve_name(handler), AWAY[handler.rpartition(".")[2]]
    monkeypatch.setattr(owner, name, stand_in)
    modules = [module for dotted, module in [*sys.modules.items()] if dotted.startswith("extractor")]
    for module in modules:
        for known_as, value in [*vars(module).items()]:
            if value is function:
                monkeypatch.setattr(module, known_as, stand_in)


@pytest.mark.parametrize("handler", HANDLERS)
async def test_without_a_handler_one_of_its_rows_fails(handler, monkeypatch):
    rows = [entry for entry in load() if entry.handler == handler]
    profiles = [next(profile for profile in PROFILES if entry.expected_on(profile) is not None) for entry in rows]
    take_away(handler, monkeypatch)

    failing = []
    for entry, profile in zip(rows, profiles, strict=True):
        with Simulator(profile=profile, answer={"Ref ": INVOICE_RECORD}) as simulator:
            try:
                played = await play(simulator, entry, profile, facts=Facts())
            except Exception:  # noqa: BLE001 - a flow without one of its parts may break anywhere
                failing.append(entry.id)
            else:
                failing += [entry.id] if differences(entry.expected_on(profile), played) else []

    assert failing == [entry.id for entry in rows]

"""Reservations, and what a request cost."""

from __future__ import annotations

import pytest

from extractor.model import ChatModel, Endpoint, Facts
from extractor.model.billing import usage_of
from extractor.model.faults import Fault
from extractor.model.prices import PRICES, price_of
from extractor.model.profiles import PROFILES
from extractor.model.replies import Reply
from extractor.records import DEFAULT_MODEL, Usage

PRICE = price_of(DEFAULT_MODEL)
assert PRICE is not None


def test_every_model_with_a_profile_has_a_price():
    assert set(PROFILES) == set(PRICES)


@pytest.mark.parametrize(
    ("prompt_tokens", "usd"),
    [
        pytest.param(1_000_000 // 5, 0.052 + 0.78, id="short prompt"),
        pytest.param(256_000, 0.06656 + 0.78, id="the last of the short tier"),
        pytest.param(256_001, 0.19968078 + 2.34, id="the long tier prices every token"),
    ],
)
def test_the_length_of_the_prompt_sets_the_price_of_all_tokens(prompt_tokens: int, usd: float):
    assert PRICE.cost(prompt_tokens=prompt_tokens, completion_tokens=1_000_000) == pytest.approx(usd)


@pytest.mark.parametrize(
    ("host", "model", "usd"),
    [
        pytest.param("api.openai.com", "gpt-4.1-mini", 2.0, id="at its host"),
        pytest.param("api.openai.com", DEFAULT_MODEL, 0.26 + 0.78, id="a slug has one price everywhere"),
        pytest.param("localhost", "gpt-4.1-mini", None, id="the same name at another host is another thing"),
        pytest.param("api.openai.com", "gpt-4.1-mini-of-mine", None, id="nothing is guessed from a name"),
    ],
)
def test_a_name_has_the_price_that_its_host_asks(host: str, model: str, usd: float | None):
    price = price_of(model, host=host)

    found = None if price is None else price.cost(prompt_tokens=100_000, completion_tokens=100_000) * 10

    assert found == (usd if usd is None else pytest.approx(usd))


async def test_a_client_knows_the_price_at_a_host_that_lists_none():
    chat = ChatModel(Endpoint("https://api.openai.com/v1", key=None), "gpt-4.1-mini", facts=Facts())

    profile = await chat.profile()
    await chat.aclose()

    assert profile.price == price_of("gpt-4.1-mini", host="api.openai.com")


def test_a_reservation_is_a_third_of_the_bytes_in_and_the_ceiling_out():
    assert PRICE.reservation(request_bytes=3_000, max_tokens=10_000) == pytest.approx((1_000 * 0.26 + 7_800) / 1e6)


@pytest.mark.parametrize(
    ("reply", "usage"),
    [
        pytest.param(
            Reply(
                usage={
                    "prompt_tokens": 100,
                    "completion_tokens": 50,
                    "cost": 0.002,
                    "completion_tokens_details": {"reasoning_tokens": 40},
                    "prompt_tokens_details": {"cached_tokens": 10},
                }
            ),
            Usage(
                prompt_tokens=100,
                completion_tokens=50,
                reasoning_tokens=40,
                cached_tokens=10,
                cost_usd=0.002,
                calls=1,
            ),
            id="as the provider states",
        ),
        pytest.param(
            Reply(usage={"prompt_tokens": 1, "cost": 0}), Usage(prompt_tokens=1, calls=1), id="stated as free"
        ),
        pytest.param(
            Reply(usage={"prompt_tokens": 1_000, "completion_tokens": 100, "completion_tokens_details": None}),
            Usage(prompt_tokens=1_000, completion_tokens=100, cost_usd=0.000338, calls=1, estimated_calls=1),
            id="from the table",
        ),
        pytest.param(
            Reply(usage={"cost": "free", "prompt_tokens": None}),
            Usage(cost_usd=0.5, calls=1, estimated_calls=1),
            id="nothing usable stated: as reserved",
        ),
        pytest.param(Reply(usage={}), Usage(cost_usd=0.5, calls=1, estimated_calls=1), id="empty: as reserved"),
        pytest.param(Reply(), Usage(cost_usd=0.5, calls=1, estimated_calls=1), id="absent: as reserved"),
        pytest.param(Reply(fault=Fault(status=400)), Usage(calls=1), id="refused: free"),
        pytest.param(Reply(fault=Fault(status=429)), Usage(calls=1), id="limited: free"),
        pytest.param(
            Reply(fault=Fault(status=502)), Usage(cost_usd=0.5, calls=1, estimated_calls=1), id="502: as reserved"
        ),
        pytest.param(
            Reply(fault=Fault(status=400), usage={"cost": 0.1, "prompt_tokens": 3}),
            Usage(prompt_tokens=3, cost_usd=0.1, calls=1),
            id="an error with a bill",
        ),
    ],
)
def test_a_request_is_charged_as_stated_else_by_the_table_else_as_reserved(reply: Reply, usage: Usage):
    assert usage_of(reply, price=PRICE, reserved_usd=0.5) == usage


def test_tokens_without_a_known_price_are_charged_as_reserved_and_marked():
    usage = usage_of(Reply(usage={"prompt_tokens": 1_000}), price=None, reserved_usd=0.0)

    assert (usage.cost_usd, usage.estimated_calls) == (0.0, 1)

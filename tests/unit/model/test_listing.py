"""What a host lists about a model, and what is made of it."""

from __future__ import annotations

from typing import Any

import pytest

from extractor.model.facts import Facts, Place
from extractor.model.listing import Thinking, profile_from, read_endpoints, read_thinking
from extractor.model.prices import Price, Tier
from extractor.model.profiles import Profile, profile_of
from extractor.records import DEFAULT_MODEL, ProviderPolicy

BUNDLED = profile_of(DEFAULT_MODEL)
CHEAP = {"prompt": "0.0000002", "completion": "0.0000006"}
PLACE = Place("http://localhost/api/v1", "some/model")


def row(**members: Any) -> dict[str, Any]:
    return {
        "provider_name": "Alibaba",
        "tag": "alibaba",
        "context_length": 131_072,
        "max_completion_tokens": 8_192,
        "pricing": CHEAP,
        "supported_parameters": ["temperature", "response_format"],
        "status": 0,
    } | members


def profile(*rows: dict[str, Any], bundled: Profile = BUNDLED, policy: ProviderPolicy | None = None) -> Profile:
    listing = read_endpoints({"data": {"endpoints": list(rows)}})
    assert listing is not None
    return profile_from(listing, bundled=bundled, policy=policy)


def test_what_the_endpoint_says_overrules_what_was_bundled():
    found = profile(row())

    assert found.parameters == {"temperature", "response_format", "max_tokens"}
    assert (found.input_limit, found.output_limit, found.thinks) == (131_072, 8_192, True)
    assert found.is_listed
    assert found.sibling == "qwen/qwen-plus-2025-07-28"


def test_an_advertised_limit_above_the_known_one_is_not_believed():
    assert profile(row(context_length=1_000_000)).input_limit == BUNDLED.input_limit


def test_prices_are_read_in_tiers_and_the_bundled_long_one_stays_where_none_is_listed():
    longer = {"min_prompt_tokens": 128_000, "prompt": "0.000001"}
    tiers = profile(row(pricing={**CHEAP, "overrides": [longer]})).price
    single = profile(row()).price

    assert tiers is not None
    assert single is not None
    assert [tier.above_tokens for tier in tiers.tiers] == [0, 128_000]
    assert tiers.cost(prompt_tokens=200_000, completion_tokens=0) == pytest.approx(0.2)
    assert tiers.cost(prompt_tokens=0, completion_tokens=1_000_000) == pytest.approx(0.6)
    assert single.tiers == (
        Tier(above_tokens=0, input_usd=pytest.approx(0.2), output_usd=pytest.approx(0.6)),
        Tier(above_tokens=256_000, input_usd=0.78, output_usd=2.34),
    )


def test_of_several_endpoints_the_one_that_enforces_counts_then_the_cheaper():
    dear = row(
        tag="b", supported_parameters=["structured_outputs", "response_format"], pricing=CHEAP | {"completion": 1}
    )
    fair = row(tag="c", supported_parameters=["structured_outputs", "response_format"], context_length=9)

    assert profile(row(tag="a"), dear, fair).input_limit == 9


@pytest.mark.parametrize(
    "policy",
    [
        pytest.param(ProviderPolicy(only=("deepinfra",)), id="only"),
        pytest.param(ProviderPolicy(ignore=("alibaba",)), id="ignored"),
    ],
)
def test_endpoints_that_the_policy_rules_out_do_not_count(policy: ProviderPolicy):
    other = row(tag="deepinfra/fp8", supported_parameters=[], max_completion_tokens=77)

    assert profile(row(), other, policy=policy).output_limit == 77


def test_a_policy_that_rules_every_endpoint_out_leaves_what_was_bundled():
    assert profile(row(), policy=ProviderPolicy(only=("nobody",))) == BUNDLED


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(None, id="nothing"),
        pytest.param([], id="a list"),
        pytest.param({"error": {"code": 404}}, id="an error"),
        pytest.param({"data": {"endpoints": [None, 3]}}, id="no rows"),
        pytest.param({"data": {"endpoints": [row(status=-2)]}}, id="none that works"),
    ],
)
def test_a_listing_that_says_nothing_is_none(document: Any):
    assert read_endpoints(document) is None


@pytest.mark.parametrize(
    "members",
    [
        pytest.param({"pricing": {"prompt": "free", "completion": None}}, id="prices that are none"),
        pytest.param({"pricing": {"prompt": "NaN", "completion": "-1"}}, id="prices below nothing"),
        pytest.param({"pricing": [], "tag": None, "provider_name": None}, id="other types"),
    ],
)
def test_what_cannot_be_read_is_as_it_was_bundled(members: dict[str, Any]):
    assert profile(row(**members)).price == BUNDLED.price


def test_an_endpoint_that_lists_no_parameters_takes_those_that_were_bundled():
    found = profile(row(supported_parameters=None))

    assert (found.parameters, found.is_listed, found.output_limit) == (BUNDLED.parameters, False, 8_192)


def test_abilities_to_reason_are_read_from_the_list_of_models():
    models = {"data": [{"id": "a/b"}, {"id": "some/model", "reasoning": {"mandatory": True}}]}

    assert read_thinking(models, "some/model") == Thinking(is_default=True, takes_ceiling=False)
    assert read_thinking(models, "a/b") is None
    assert read_thinking(None, "a/b") is None


def test_a_listing_is_used_for_an_hour_and_a_failure_is_not_repeated_for_minutes():
    now = [0.0]
    facts = Facts(clock=lambda: now[0])
    listing = read_endpoints({"data": {"endpoints": [row()]}})

    facts.note_listing(PLACE, listing)
    now[0] = 3599
    kept = facts.listing(PLACE)
    now[0] = 3600
    facts_after = facts.listing(PLACE)
    facts.note_listing(PLACE, None)
    now[0] += 299
    failed = facts.listing(PLACE)
    now[0] += 1

    assert kept is not None
    assert kept.listing == listing
    assert facts_after is None
    assert failed is not None
    assert failed.listing is None
    assert facts.listing(PLACE) is None


def test_a_price_without_a_listing_is_the_bundled_one():
    assert BUNDLED.price == Price(
        tiers=(
            Tier(above_tokens=0, input_usd=0.26, output_usd=0.78),
            Tier(above_tokens=256_000, input_usd=0.78, output_usd=2.34),
        )
    )

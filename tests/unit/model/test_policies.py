"""The `provider` object: what the caller chose, a ceiling on the price, and nothing that the endpoint passes over."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from extractor.errors import InvalidRequest
from extractor.model.endpoints import Endpoint
from extractor.model.enforcement import Terms
from extractor.model.facts import place_of
from extractor.model.policies import require_understood
from extractor.model.profiles import Profile, profile_of
from extractor.model.requests import chat_request
from extractor.records import DEFAULT_MODEL, Options, PriceCeiling, ProviderPolicy

if TYPE_CHECKING:
    from collections.abc import Callable

    from extractor.model.requests import ChatRequest
    from extractor.records import Question

    Ask = Callable[..., Question]

OPENROUTER = Endpoint("https://openrouter.ai/api/v1")
LIKE_IT = Endpoint("http://localhost:8000/api/v1", speaks_openrouter=True)
OTHER = Endpoint("http://localhost:8000/v1")
BUNDLED = profile_of(DEFAULT_MODEL)
ALL = frozenset(
    {"structured_outputs", "response_format", "reasoning", "max_tokens", "temperature", "seed", "tools", "tool_choice"}
)
LISTED = replace(BUNDLED, parameters=ALL, is_listed=True)
CEILING = {"prompt": 0.39, "completion": 1.17}


def request(
    question: Question, *, endpoint: Endpoint = OPENROUTER, profile: Profile = BUNDLED, **terms: Any
) -> ChatRequest:
    asked_on = Terms(**{"rung": "json_schema", "is_streamed": True} | terms)
    return chat_request(question, asked_on, profile=profile, endpoint=endpoint)


def provider(question: Question, **how: Any) -> Any:
    return orjson.loads(request(question, **how).body).get("provider")


@pytest.mark.parametrize("endpoint", [OPENROUTER, LIKE_IT])
def test_every_rule_of_the_callers_is_sent_under_its_own_name(ask: Ask, endpoint: Endpoint):
    policy = ProviderPolicy(
        zdr=True,
        data_collection="deny",
        order=("a", "b"),
        only=("a", "b", "c"),
        ignore=("d",),
        max_price=PriceCeiling(prompt=1, completion=2),
    )

    assert provider(ask(provider=policy), endpoint=endpoint) == {
        "zdr": True,
        "data_collection": "deny",
        "order": ["a", "b"],
        "only": ["a", "b", "c"],
        "ignore": ["d"],
        "max_price": {"prompt": 1, "completion": 2},
    }


def test_without_a_rule_the_ceiling_is_one_and_a_half_times_the_known_price(ask: Ask):
    assert provider(ask()) == {"max_price": CEILING}
    assert provider(ask(provider=ProviderPolicy(zdr=True))) == {"zdr": True, "max_price": CEILING}


def test_the_ceiling_of_a_long_prompt_is_that_of_its_own_price(ask: Ask):
    question = ask()
    long = replace(question, messages=(replace(question.messages[0], content="x" * 800_000),))

    assert provider(long)["max_price"] == {"prompt": pytest.approx(1.17), "completion": pytest.approx(3.51)}


def test_a_model_without_a_known_price_has_no_ceiling(ask: Ask):
    assert provider(ask(model="some/model"), profile=profile_of("some/model")) is None


def test_elsewhere_nothing_is_sent_and_a_policy_is_refused_in_a_sentence(ask: Ask):
    assert provider(ask(), endpoint=OTHER) is None
    require_understood(Options(), OTHER)
    require_understood(Options(provider=ProviderPolicy()), LIKE_IT)
    with pytest.raises(InvalidRequest, match="OpenRouter"):
        require_understood(Options(provider=ProviderPolicy(zdr=True)), OTHER)


@pytest.mark.parametrize(
    ("profile", "terms", "requires"),
    [
        pytest.param(LISTED, {}, True, id="all is listed"),
        pytest.param(replace(LISTED, is_listed=False), {}, False, id="bundled facts are not the endpoint's own"),
        pytest.param(
            replace(LISTED, parameters=ALL - {"structured_outputs"}), {}, False, id="a schema that nobody enforces"
        ),
        pytest.param(
            replace(LISTED, parameters=ALL - {"structured_outputs"}), {"rung": "tool"}, True, id="but tools are listed"
        ),
        pytest.param(LISTED, {"takes_requirement": False}, False, id="it was refused"),
    ],
)
def test_other_endpoints_are_ruled_out_only_where_every_parameter_is_listed(
    ask: Ask, profile: Profile, terms: dict[str, Any], requires: bool
):
    sent = request(ask(), profile=profile, **terms)

    assert orjson.loads(sent.body)["provider"].get("require_parameters", False) is requires
    assert sent.terms.takes_requirement is requires


def test_what_is_learned_under_rules_that_choose_others_is_not_believed_of_all():
    none, cheap = ProviderPolicy(), ProviderPolicy(max_price=PriceCeiling(prompt=1))
    zdr = ProviderPolicy(zdr=True)

    assert place_of("u", "m", None) == place_of("u", "m", none) == place_of("u", "m", cheap)
    assert place_of("u", "m", zdr) not in {place_of("u", "m", None), place_of("u", "m", ProviderPolicy(only=("a",)))}

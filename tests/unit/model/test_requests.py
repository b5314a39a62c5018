"""Whole request bodies, one per rung, and the ceilings in them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from extractor.model.endpoints import Endpoint
from extractor.model.enforcement import Terms
from extractor.model.profiles import Profile, profile_of
from extractor.model.requests import chat_request, room_for
from extractor.records import DEFAULT_MODEL, Reasoning

if TYPE_CHECKING:
    from collections.abc import Callable

    from extractor.records import Question

    Ask = Callable[..., Question]

LOCAL = Endpoint("http://localhost:8000/v1")
SIBLING = "qwen/qwen-plus-2025-07-28"
WIRE = {
    "type": "object",
    "properties": {"number": {"type": "string"}},
    "required": ["number"],
    "additionalProperties": False,
}
MESSAGES = [{"role": "system", "content": "Answer in JSON."}, {"role": "user", "content": "Invoice A-17"}]
THINKING = {
    "model": DEFAULT_MODEL,
    "messages": MESSAGES,
    "max_tokens": 8192 + 1536 + 256,
    "reasoning": {"max_tokens": 8192},
    "temperature": 0.0,
    "seed": 7,
    "stream": True,
}
PLAIN = {"model": SIBLING, "messages": MESSAGES, "max_tokens": 1536 + 256, "temperature": 0.0, "seed": 7}
LOOKUP = {"type": "function", "function": {"name": "lookup"}}


def body(question: Question, terms: Terms, *, endpoint: Endpoint = LOCAL) -> dict[str, Any]:
    profile = profile_of(question.options.model)
    return orjson.loads(chat_request(question, terms, profile=profile, endpoint=endpoint).body)


@pytest.mark.parametrize(
    ("rung", "shape"),
    [
        pytest.param(
            "json_schema",
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "invoice", "strict": True, "schema": WIRE},
                }
            },
            id="json_schema",
        ),
        pytest.param(
            "tool",
            {
                "tools": [
                    {
                        "type": "function",
                        "function": {"name": "invoice", "description": "Give the record.", "parameters": WIRE},
                    }
                ],
                "tool_choice": "auto",
            },
            id="tool",
        ),
        pytest.param("json_object", {"response_format": {"type": "json_object"}}, id="json_object"),
        pytest.param("prompt", {}, id="prompt"),
    ],
)
def test_a_request_holds_what_its_rung_needs_and_nothing_else(ask: Ask, rung: Any, shape: dict[str, Any]):
    thinking = body(ask(), Terms(rung=rung, is_streamed=True))
    plain = body(ask(model=SIBLING), Terms(rung=rung, is_streamed=False))

    assert thinking == THINKING | shape
    assert plain == PLAIN | shape


def test_the_context_is_never_compressed_at_openrouter_and_others_are_not_bothered_with_it(ask: Ask):
    terms = Terms(rung="prompt", is_streamed=True)

    at_openrouter = body(ask(), terms, endpoint=Endpoint("https://openrouter.ai/api/v1"))

    assert at_openrouter["plugins"] == [{"id": "context-compression", "enabled": False}]
    assert "plugins" not in body(ask(), terms)


def test_every_parameter_of_the_callers_is_sent(ask: Ask):
    options = {"temperature": 0.5, "top_p": 0.9, "seed": 11, "presence_penalty": 0.3, "max_tokens": 20_000}
    tools = {"tools": (LOOKUP,), "tool_choice": "none"}

    sent = body(ask(**options, **tools), Terms(rung="prompt", is_streamed=True))

    assert {name: sent[name] for name in options} == options
    assert (sent["tools"], sent["tool_choice"]) == ([LOOKUP], "none")


def test_the_tool_rung_puts_our_tool_before_the_callers_and_forces_none(ask: Ask):
    sent = body(ask(tools=(LOOKUP,), tool_choice="required"), Terms(rung="tool", is_streamed=True))

    assert [tool["function"]["name"] for tool in sent["tools"]] == ["invoice", "lookup"]
    assert sent["tool_choice"] == "auto"


def test_what_the_profile_does_not_list_is_not_sent(ask: Ask):
    spare = Profile(thinks=True, parameters=frozenset({"max_tokens"}))
    question = ask(
        top_p=0.9, presence_penalty=1, tools=(LOOKUP,), tool_choice="auto", reasoning=Reasoning(effort="low")
    )

    request = chat_request(question, Terms(rung="prompt", is_streamed=True), profile=spare, endpoint=LOCAL)

    assert set(orjson.loads(request.body)) == {"model", "messages", "max_tokens", "stream"}


@pytest.mark.parametrize(
    ("terms", "missing"),
    [
        pytest.param({"is_strict": False}, "strict", id="strict"),
        pytest.param({"takes_tools": False}, "tools", id="tools"),
    ],
)
def test_what_was_refused_is_taken_back(ask: Ask, terms: dict[str, Any], missing: str):
    sent = body(ask(tools=(LOOKUP,)), Terms(rung="json_schema", is_streamed=True, **terms))

    assert missing not in sent
    assert missing not in sent["response_format"]["json_schema"]


def test_a_refused_tool_choice_becomes_auto(ask: Ask):
    question = ask(tools=(LOOKUP,), tool_choice="required")

    sent = body(question, Terms(rung="prompt", is_streamed=True, takes_tool_choice=False))

    assert sent["tool_choice"] == "auto"


@pytest.mark.parametrize(
    ("reasoning", "sent", "max_tokens"),
    [
        pytest.param(None, {"max_tokens": 8192}, 9984, id="our ceiling"),
        pytest.param(Reasoning(max_tokens=2000), {"max_tokens": 2000}, 3792, id="the caller's ceiling"),
        pytest.param(Reasoning(exclude=True), {"exclude": True, "max_tokens": 8192}, 9984, id="left out of the reply"),
        pytest.param(Reasoning(effort="medium"), {"effort": "medium"}, 3584, id="effort: half is thought"),
        pytest.param(Reasoning(effort="none"), {"effort": "none"}, 1792, id="effort none"),
        pytest.param(Reasoning(enabled=False), {"enabled": False}, 1792, id="off"),
        pytest.param(Reasoning(enabled=True), {"enabled": True, "max_tokens": 8192}, 9984, id="on"),
    ],
)
def test_reasoning_is_sent_as_asked_and_the_ceiling_makes_room_for_it(
    ask: Ask, *, reasoning: Reasoning | None, sent: dict[str, Any], max_tokens: int
):
    found = body(ask(reasoning=reasoning), Terms(rung="prompt", is_streamed=True))

    assert (found["reasoning"], found["max_tokens"]) == (sent, max_tokens)


def test_a_model_that_can_only_be_switched_on_is_switched_on(ask: Ask):
    profile = Profile(thinks=True, reasoning_ceiling="enabled")

    request = chat_request(ask(), Terms(rung="prompt", is_streamed=True), profile=profile, endpoint=LOCAL)

    assert orjson.loads(request.body)["reasoning"] == {"enabled": True}


@pytest.mark.parametrize(
    ("expected_tokens", "options", "limit", "room"),
    [
        pytest.param(1024, {}, None, (9984, 8192), id="thinking + 1.5 records + 256"),
        pytest.param(20_000, {}, None, (32_768, 2_512), id="the endpoint's ceiling: thinking gives way"),
        pytest.param(100_000, {}, None, (32_768, 1_024), id="but keeps a floor"),
        pytest.param(1024, {"max_tokens": 4_000}, None, (4_000, 2_208), id="the caller's ceiling"),
        pytest.param(1024, {"max_tokens": 500}, None, (500, 250), id="a ceiling below any record"),
        pytest.param(1024, {"max_tokens": 90_000}, None, (32_768, 8_192), id="never above the endpoint's"),
        pytest.param(1024, {}, 4_096, (5_888, 4_096), id="a budget that was refused is clamped"),
    ],
)
def test_a_reply_has_room_for_thought_and_record_within_every_ceiling(
    ask: Ask, *, expected_tokens: int, options: dict[str, int], limit: int | None, room: tuple[int, int]
):
    terms = Terms(rung="prompt", is_streamed=True, budget_limit=limit)

    found = room_for(ask(expected_tokens=expected_tokens, **options), terms, profile=profile_of(DEFAULT_MODEL))

    assert (found.max_tokens, found.thinking) == room


def test_a_lone_surrogate_in_the_document_can_be_sent(ask: Ask):
    terms = Terms(rung="prompt", is_streamed=False)

    request = chat_request(ask(model="a\ud83d"), terms, profile=profile_of("a"), endpoint=LOCAL)

    assert json.loads(request.body)["model"] == "a\ud83d"


def test_the_body_is_in_no_repr(ask: Ask):
    request = chat_request(
        ask(), Terms(rung="prompt", is_streamed=True), profile=profile_of(DEFAULT_MODEL), endpoint=LOCAL
    )

    assert "A-17" not in repr(request)

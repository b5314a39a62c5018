"""What every profile refuses, and in which words: clients know refusals by them."""

from __future__ import annotations

import json
from copy import deepcopy

import pytest

from extractor.simulator import PROFILES, Bill, Ledger
from extractor.simulator.catalogue import INVOICE_SCHEMA
from extractor.simulator.checks import refusal_of
from extractor.simulator.requested import MalformedRequest, read
from extractor.simulator.strictness import first_laxity

THINKING = "qwen/qwen-plus-2025-07-28:thinking"
SIBLING = "qwen/qwen-plus-2025-07-28"
OBJECT_MODE = {"type": "json_object"}
SCHEMA_MODE = {"type": "json_schema", "json_schema": {"name": "Invoice", "strict": True, "schema": INVOICE_SCHEMA}}
TOOL = {"type": "function", "function": {"name": "emit", "parameters": INVOICE_SCHEMA}}


def refusal(profile: str = "enforces", *, balance_usd: float | None = None, **members):
    body = {"model": THINKING, "messages": [{"role": "user", "content": "Answer as JSON."}], "max_tokens": 1000}
    requested = read(json.dumps(body | members).encode(), PROFILES[profile])
    return refusal_of(requested, profile=PROFILES[profile], ledger=Ledger(balance_usd=balance_usd))


def words(reply) -> str:
    error = reply.top["error"]
    return error.get("metadata", {}).get("raw") or error["message"]


def opened(**changes) -> dict:
    """The schema of an invoice with other members in its lines."""
    schema = deepcopy(INVOICE_SCHEMA)
    schema["properties"]["lines"]["items"] |= changes
    return schema


@pytest.mark.parametrize(
    ("profile", "members"),
    [
        pytest.param("enforces", {"response_format": SCHEMA_MODE}, id="a schema where it is enforced"),
        pytest.param("ignores", {"response_format": SCHEMA_MODE}, id="a schema where it is ignored"),
        pytest.param("contradicts", {"response_format": OBJECT_MODE}, id="JSON mode where it does harm"),
        pytest.param("refuses", {}, id="no format where every format is refused"),
        pytest.param("refuses", {"model": SIBLING, "response_format": SCHEMA_MODE}, id="a schema without thinking"),
        pytest.param("refuses", {"reasoning": {"effort": "none"}, "response_format": OBJECT_MODE}, id="thinking off"),
        pytest.param("enforces", {"tools": [TOOL], "tool_choice": "auto"}, id="a tool that is not forced"),
        pytest.param(
            "enforces", {"tools": [TOOL], "tool_choice": "required", "model": SIBLING}, id="forced, unthinking"
        ),
        pytest.param("enforces", {"reasoning": {"max_tokens": 81_920}}, id="the longest budget"),
        pytest.param("stream-only", {"stream": True}, id="a stream where only streams are answered"),
        pytest.param("strict-openai", {"response_format": SCHEMA_MODE}, id="a strict schema"),
        pytest.param("enforces", {"provider": {"only": ["alibaba"], "max_price": {"prompt": 0.26}}}, id="routing"),
    ],
)
def test_what_the_endpoint_takes_is_let_through(profile, members):
    assert refusal(profile, **members) is None


@pytest.mark.parametrize(
    ("profile", "members", "says"),
    [
        pytest.param(
            "refuses", {"response_format": SCHEMA_MODE}, "not supported when enable_thinking is true", id="F1 schema"
        ),
        pytest.param(
            "enforces", {"response_format": OBJECT_MODE}, "Json mode response is not supported", id="F1 object"
        ),
        pytest.param(
            "enforces",
            {"response_format": SCHEMA_MODE, "messages": [{"role": "user", "content": "Answer."}]},
            "must contain the word 'json'",
            id="F2",
        ),
        pytest.param(
            "enforces", {"tools": [TOOL], "tool_choice": "required"}, "required or object in thinking", id="F3"
        ),
        pytest.param(
            "enforces", {"tools": [TOOL], "tool_choice": {"type": "function"}}, "tool_choice parameter", id="F3 by name"
        ),
        pytest.param("stream-only", {}, "enable_thinking must be set to false for non-streaming", id="F4"),
        pytest.param("enforces", {"reasoning": {"max_tokens": 81_921}}, "not greater than 81920", id="F5 too long"),
        pytest.param("enforces", {"reasoning": {"max_tokens": 0}}, "must be a positive integer", id="F5 nothing"),
        pytest.param("enforces", {"tools": []}, "[] is too short - 'tools'", id="F6"),
        pytest.param(
            "strict-openai",
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "X", "strict": True, "schema": opened(additionalProperties=True)},
                }
            },
            "for response_format 'X': In context=('properties', 'lines', 'items'), 'additionalProperties'",
            id="F9",
        ),
        pytest.param("enforces", {"max_tokens": 32_769}, "[1, 32768]", id="a reply that is too long"),
        pytest.param(
            "strict-openai",
            {"messages": [{"role": "user", "content": "x" * 4_200_000}]},
            "Range of input length should be [1, 1047576]",
            id="H9",
        ),
    ],
)
def test_a_provider_refuses_with_a_400_in_its_own_words(profile, members, says):
    refused = refusal(profile, **members)

    assert refused.status == 400
    assert not refused.billed
    assert says in words(refused)
    assert refused.top["error"]["metadata"]["provider_name"] == PROFILES[profile].provider


@pytest.mark.parametrize(
    ("rules", "status", "says"),
    [
        pytest.param({"require_parameters": True}, 404, "can handle the requested parameters", id="F19"),
        pytest.param({"Require": True}, 400, "Unrecognized key(s) in object: 'Require'", id="a key that is unknown"),
        pytest.param({"only": ["openai"]}, 404, "No allowed providers", id="another provider only"),
        pytest.param({"ignore": ["alibaba"]}, 404, "No allowed providers", id="not this provider"),
        pytest.param({"zdr": True}, 404, "data policy", id="nothing kept"),
        pytest.param({"max_price": {"completion": 0.7}}, 404, "maximum price", id="too dear"),
    ],
)
def test_the_gateway_routes_by_its_rules(rules, status, says):
    refused = refusal("refuses", provider=rules, response_format=SCHEMA_MODE)

    assert (refused.status, refused.billed) == (status, False)
    assert says in words(refused)


def test_who_cannot_pay_for_the_longest_reply_is_told_what_can_be_paid():
    refused = refusal(balance_usd=0.0005, max_tokens=1000)

    assert refused.status == 402
    assert "You requested up to 1000 tokens, but can only afford 637." in words(refused)
    assert refusal(balance_usd=0.0005, max_tokens=637) is None


def test_without_a_ceiling_the_longest_reply_of_the_model_has_to_be_paid_for():
    assert "up to 32768 tokens" in words(refusal(balance_usd=0.0005, max_tokens=None))


def test_what_was_charged_is_no_longer_there_to_pay_with():
    profile, ledger = PROFILES["enforces"], Ledger(balance_usd=0.01)
    body = {"model": THINKING, "messages": [{"role": "user", "content": "x"}], "max_tokens": 1000}
    requested = read(json.dumps(body).encode(), profile)

    before = refusal_of(requested, profile=profile, ledger=ledger)
    ledger.enter(Bill(id="gen-1", document="", model=THINKING, prompt_tokens=40_000))

    assert before is None
    assert words(refusal_of(requested, profile=profile, ledger=ledger)).startswith("Insufficient credits")


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        pytest.param(b"{", "Invalid JSON", id="no JSON"),
        pytest.param(b"[]", "No model", id="no object"),
        pytest.param(b'{"model": "m"}', "messages", id="no messages"),
        pytest.param(b'{"model": "m", "messages": ["hello"]}', "a message needs a role", id="no message"),
    ],
)
def test_what_is_no_request_is_not_read(raw, says):
    with pytest.raises(MalformedRequest, match=says):
        read(raw, PROFILES["enforces"])


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        pytest.param(INVOICE_SCHEMA, None, id="strict"),
        pytest.param(opened(additionalProperties={}), "'additionalProperties' is required", id="F9 inside"),
        pytest.param(opened(required=["sku"]), "Missing 'qty'", id="F10"),
        pytest.param(opened(default={}), "'default' is not permitted", id="F11"),
        pytest.param({"type": "array", "items": INVOICE_SCHEMA}, "'type: \"object\"'", id="no object"),
        pytest.param(
            INVOICE_SCHEMA | {"$defs": {"A": {"type": "object", "properties": {}}}},
            "context=('$defs', 'A'), 'additionalProperties'",
            id="in a definition",
        ),
    ],
)
def test_strict_mode_looks_into_every_part(schema, says):
    laxity = first_laxity(schema)

    assert laxity is None if says is None else says in laxity

"""The ledger counts bytes, knows prices of its own, and does not forget who left."""

from __future__ import annotations

import json

import pytest

from extractor.simulator import PROFILES, Bill, Ledger, Reply
from extractor.simulator.catalogue import INVOICE_SCHEMA
from extractor.simulator.counting import count, stated_usage
from extractor.simulator.ledger import dollars_for, tokens_in
from extractor.simulator.requested import read

QWEN = "qwen/qwen-plus-2025-07-28:thinking"


def bill(number: int = 1, **members) -> Bill:
    stated = {"model": QWEN, "prompt_tokens": 1000, "completion_tokens": 100, "reasoning_tokens": 60} | members
    return Bill(id=f"gen-{number}", document="A-17", **stated)


@pytest.mark.parametrize(("size", "tokens"), [(0, 0), (1, 1), (4, 1), (5, 2), (4000, 1000)])
def test_four_bytes_are_a_token_and_a_part_of_four_is_one_too(size, tokens):
    assert tokens_in(size) == tokens


def test_a_call_costs_26_cents_a_million_in_and_78_out():
    assert dollars_for(QWEN, prompt_tokens=1_000, completion_tokens=1_000) == pytest.approx(0.00104)


def test_every_token_of_a_call_costs_three_times_as_much_above_256_thousand_in():
    at = dollars_for(QWEN, prompt_tokens=256_000, completion_tokens=10)
    above = dollars_for(QWEN, prompt_tokens=256_001, completion_tokens=10)

    assert at == pytest.approx((256_000 * 0.26 + 10 * 0.78) / 1e6)
    assert above == pytest.approx(3 * (256_001 * 0.26 + 10 * 0.78) / 1e6)


def test_the_sum_is_that_of_the_charged_bills():
    ledger = Ledger()

    ledger.enter(bill(1))
    ledger.enter(bill(2, billed=False))
    ledger.enter(bill(3))

    assert ledger.usd == pytest.approx(2 * bill().usd)
    assert ledger.billed == 2
    assert [each.usd for each in ledger.calls] == [bill().usd, 0.0, bill().usd]


def test_what_is_left_of_the_account_is_what_was_not_charged():
    ledger = Ledger(balance_usd=1.0)

    ledger.enter(bill())

    assert ledger.remaining_usd == pytest.approx(1.0 - bill().usd)
    assert Ledger().remaining_usd is None


def test_a_provider_that_writes_to_the_end_charges_everything_to_who_left():
    ledger = Ledger()
    ledger.enter(bill())

    ledger.leave("gen-1", generated=None)

    assert ledger.calls[0].abandoned
    assert ledger.usd == bill().usd


def test_a_provider_that_stops_charges_what_it_had_written():
    ledger = Ledger()
    ledger.enter(bill())

    ledger.leave("gen-1", generated=0.25)

    assert (ledger.calls[0].completion_tokens, ledger.calls[0].reasoning_tokens) == (25, 15)
    assert ledger.usd == pytest.approx(ledger.calls[0].usd)


def test_bills_are_found_by_generation_and_by_document():
    ledger = Ledger()
    ledger.enter(bill())

    assert ledger.find("gen-1") == bill()
    assert ledger.find("gen-2") is None
    assert ledger.of("A-17") == (bill(),)
    assert ledger.of("B-2") == ()


MESSAGES = [{"role": "user", "content": 'the "messages": of Zürich, JSON'}]


@pytest.mark.parametrize(
    "written",
    [
        pytest.param({"separators": (",", ":")}, id="compact"),
        pytest.param({"indent": 2}, id="over many lines"),
        pytest.param({"ensure_ascii": False}, id="without escapes"),
    ],
)
def test_the_prompt_is_messages_and_schema_as_they_arrived_white_space_and_escapes_included(written):
    messages, schema = json.dumps(MESSAGES, **written), json.dumps(INVOICE_SCHEMA, **written)
    shape = f'{{"type": "json_schema", "json_schema": {{"schema" : {schema}, "name": "messages"}}}}'
    raw = f'{{"model": "{QWEN}", "response_format": {shape}, "messages" :\n {messages} }}'

    requested = read(raw.encode(), PROFILES["enforces"])

    assert requested.prompt_bytes == len(messages.encode()) + len(schema.encode())


def test_schemas_of_tools_are_part_of_the_prompt():
    tool = {"type": "function", "function": {"name": "emit", "parameters": INVOICE_SCHEMA}}
    body = {"model": QWEN, "messages": MESSAGES, "tools": [tool]}

    requested = read(json.dumps(body).encode(), PROFILES["enforces"])

    assert requested.prompt_bytes == len(json.dumps(MESSAGES)) + len(json.dumps(INVOICE_SCHEMA))


@pytest.mark.parametrize(
    ("reply", "written"),
    [
        pytest.param(Reply(content="abcde", reasoning="abc"), (2, 1), id="reasoning and content"),
        pytest.param(Reply(content="ü" * 4), (2, 0), id="bytes, not characters"),
        pytest.param(Reply(content=None), (0, 0), id="nothing"),
        pytest.param(
            Reply(content=None, message={"tool_calls": [{"function": {"name": "emit", "arguments": "12345678"}}]}),
            (2, 0),
            id="arguments, not names",
        ),
        pytest.param(Reply(status=502, body="<html>not ours</html>"), (0, 0), id="a page"),
        pytest.param(
            Reply(body='{"provider": {"choices": [{"message": {"content": "12345678"}}]}}'), (2, 0), id="in a raw body"
        ),
        pytest.param(
            Reply(content="x", top={"choices": [{"message": {"content": "12345678"}, "error": {"content": "no"}}]}),
            (2, 0),
            id="in choices of its own, not in their errors",
        ),
    ],
)
def test_what_a_model_wrote_is_counted_wherever_it_stands(reply, written):
    assert count(reply) == written


def test_the_usage_that_is_stated_is_that_of_the_bill_unless_the_reply_has_its_own():
    counted = stated_usage(Reply(), bill())

    assert counted["prompt_tokens"] == 1000
    assert counted["completion_tokens_details"] == {"reasoning_tokens": 60}
    assert counted["cost"] == bill().usd
    assert stated_usage(Reply(usage="absent"), bill()) is None
    assert stated_usage(Reply(usage={"cost": 0}), bill()) == {"cost": 0}

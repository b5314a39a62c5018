"""The options of `extractor simulate`, and what it says of its bill."""

from __future__ import annotations

import re

import pytest

from extractor.cli.simulate_arguments import SimulateArguments
from extractor.cli.simulate_serving import bill_words, conduct_from
from extractor.errors import InvalidRequest
from extractor.simulator import Bill, Latency, Ledger


def test_without_options_the_endpoint_enforces_schemas_at_once_and_never_runs_out_of_money():
    conduct = conduct_from(SimulateArguments())

    assert (conduct.profile, conduct.answer, conduct.scenarios, conduct.balance_usd) == ("enforces", None, [], None)
    assert conduct.latency_ms == Latency()
    assert not conduct.remembers


def test_a_scenario_is_the_text_of_a_document_and_ids():
    conduct = conduct_from(SimulateArguments(scenario=["No. = A-17=A1, D1"], latency="20-60", seed=3))

    assert conduct.scenarios == [("No. = A-17", ["A1", "D1"])]
    assert (conduct.latency_ms, conduct.seed) == (Latency(low=20, high=60), 3)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        pytest.param({"profile": "kind"}, "--profile: 'kind' is none of enforces, refuses", id="profile"),
        pytest.param({"latency": "slow"}, "--latency: 'slow' is none of 200, 20-60, ~400", id="latency"),
        pytest.param({"latency": "60-20"}, "--latency: 60 to 20 runs backwards", id="latency backwards"),
        pytest.param({"scenario": ["A1"]}, "--scenario: 'A1' is not TEXT=ID,ID", id="scenario without a text"),
        pytest.param({"scenario": ["A-17=A1,Z9"]}, "unknown: Z9. It has A1 to A22, ", id="entry"),
        pytest.param({"scenario": ["A-17="]}, "'A-17=' is not TEXT=ID,ID", id="scenario without ids"),
        pytest.param({"records": "nowhere.jsonl"}, "nowhere.jsonl cannot be read", id="file"),
    ],
)
def test_an_option_that_cannot_be_used_is_named(options, says, tmp_path):
    if "records" in options:
        options = {"records": tmp_path / options["records"]}

    with pytest.raises(InvalidRequest, match=says.replace("?", r"\?")):
        conduct_from(SimulateArguments(**options))


GOOD = b'{"needle": "A-17", "record": {}}\n\n'


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(GOOD + b'{"record": {}}', "line 3 is not .*: the needle must be a text", id="no needle"),
        pytest.param(GOOD + b'{"needle": 17, "record": {}}', "line 3 .*: the needle must be a text", id="number"),
        pytest.param(GOOD + b'{"needle": "", "record": {}}', "line 3 .*: the needle must be", id="empty needle"),
        pytest.param(GOOD + b'{"needle": "B", "record": 1}', "line 3 .*: the record must be an object", id="record"),
        pytest.param(GOOD + b'{"needle": "B", "record": {"a": NaN}}', "line 3 .*: NaN and Infinity", id="NaN"),
        pytest.param(GOOD + b"[1]", "line 3 .*: it is no object", id="list"),
        pytest.param(GOOD + b"needle: B", "line 3 .*: it is no JSON", id="no JSON"),
        pytest.param(GOOD + b'{"needle": "\xe9", "record": {}}', "line 3 .*: it is not in UTF-8", id="Latin-1"),
        pytest.param(b"\n", "line 1 .*: there is no line with anything", id="empty"),
    ],
)
def test_a_line_of_the_records_that_is_none_is_named_with_what_is_wanted(content, says, tmp_path):
    records = tmp_path / "records.jsonl"
    records.write_bytes(content)

    with pytest.raises(InvalidRequest, match=r'\{"needle": "…", "record": \{…\}\}') as raised:
        conduct_from(SimulateArguments(records=records))

    assert re.search(says, str(raised.value))


def test_records_may_start_with_a_byte_order_mark(tmp_path):
    records = tmp_path / "records.jsonl"
    records.write_bytes(b"\xef\xbb\xbf" + GOOD)

    assert conduct_from(SimulateArguments(records=records)).answer == {"A-17": {}}


def test_the_bill_counts_what_was_charged():
    ledger = Ledger()
    ledger.enter(Bill(id="gen-1", document="", model="m", prompt_tokens=1000, completion_tokens=100))
    ledger.enter(Bill(id="gen-2", document="", model="m", prompt_tokens=1000, billed=False))

    assert bill_words(ledger) == "Asked 2 times, charged 1 times: 0.000338 dollars for 1,000 tokens in and 100 out."

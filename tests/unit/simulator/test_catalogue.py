"""The catalogue of failures: complete, read strictly, and consistent in what it expects."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pkgutil import resolve_name

import pytest

from extractor.errors import ExtractionError
from extractor.records import Options
from extractor.schema import contract_for, target_from
from extractor.simulator.catalogue import (
    CLUSTERS,
    INVOICE_RECORD,
    INVOICE_SCHEMA,
    INVOICE_TEXT,
    BadCatalogue,
    entry,
    load,
    read_entry,
)
from extractor.simulator.mistakes import MISTAKES

ENTRIES = {"A": 22, "B": 11, "C": 14, "D": 6, "E": 7, "F": 22, "G": 6, "H": 34}
PROFILES = {"*", "enforces", "refuses", "ignores", "contradicts", "stream-only", "strict-openai"}
ANSWER = json.dumps(INVOICE_RECORD, separators=(",", ":"))
#: Repairs of a text that no strict parser reads.
OF_TEXT = {
    "byte_order_mark",
    "doubled_brace",
    "escaped_white_space",
    "fence",
    "prose",
    "raw_control_character",
    "single_quotes",
    "stray_closer",
    "think_block",
    "trailing_comma",
}
SOURCE = re.compile(r"measured|unreported|[\w.-]+(/[\w.-]+)+(#\d+)?(, [\w.-]+(/[\w.-]+)+(#\d+)?)*")

rows = pytest.mark.parametrize("row", load(), ids=lambda row: row.id)


def filled(text):
    """The text with the right answer in its places."""
    return re.sub(r"\{\{G(?::(\d+))?\}\}", lambda place: ANSWER[: int(place[1]) if place[1] else None], text)


def is_played(reply, row):
    """Whether our request gets this reply: it is tied to no mistake, or to one that the caller makes."""
    return not reply.when or (reply.when == "forced_tool" and "tool_choice" in row.options)


def stated(**changes):
    reply = {"content": "{{G}}"}
    expected = {"*": {"outcome": "succeeded", "calls": 1, "billed": 1}}
    words = {"title": "Title", "cluster": "A", "what": "What.", "handling": "How.", "source": "measured"}
    return {"id": "A99", **words, "replies": [reply], "expected": expected, **changes}


def test_every_entry_of_every_cluster_is_there_once_and_in_order():
    assert [row.id for row in load()] == [f"{letter}{n}" for letter in ENTRIES for n in range(1, ENTRIES[letter] + 1)]
    assert {row.id[0] for row in load()} == set(CLUSTERS)
    assert all(row.cluster == row.id[0] for row in load())


def test_an_entry_is_found_by_its_id():
    assert entry("D2").title == "Cut behind a whole item"
    with pytest.raises(KeyError):
        entry("Z1")


def test_the_catalogue_is_read_once():
    assert load() is load()


@pytest.mark.parametrize(
    ("changes", "at"),
    [
        pytest.param({"colour": "red"}, "colour", id="a member that an entry does not have"),
        pytest.param({"replies": [{"finsh": "stop"}]}, "replies.0.finsh", id="one that a reply does not have"),
        pytest.param({"replies": [{"streaming": {"cut": "up"}}]}, "replies.0.streaming.cut", id="a word not known"),
        pytest.param({"expected": {"*": {"outcome": "succeeded"}}}, "expected.*.calls", id="a member that lacks"),
        pytest.param({"replies": [{"status": "often"}]}, "replies.0.status", id="a number that is none"),
    ],
)
def test_a_mistake_in_the_file_is_told_with_its_entry_and_place(changes, at):
    with pytest.raises(BadCatalogue, match=re.escape(f"Entry A99, {at}")):
        read_entry(stated(**changes))


def test_texts_may_be_given_in_pieces_and_profiles_may_share_what_is_expected():
    shared = {"outcome": "succeeded", "calls": 1, "billed": 1}
    replies = [{"content": ["a", {"repeat": "b ", "times": 3}]}]

    read = read_entry(stated(replies=replies, expected={"enforces, ignores": shared}))

    assert read.replies[0].content == "ab b b "
    assert read.expected_on("ignores") == read.expected_on("enforces") is not None
    assert read.expected_on("refuses") is None


def test_the_right_answer_is_valid_and_stands_in_the_document():
    contract = contract_for(target_from(INVOICE_SCHEMA), open_objects="drop", nulls="absent", absence="say")

    assert contract.judge(INVOICE_RECORD).violations == ()
    assert all(word in INVOICE_TEXT for word in ("A-17", "41.50 EUR", "x1, quantity 2", "x2, quantity 1"))


@rows
def test_what_an_entry_says_is_complete(row):
    assert row.title
    assert row.replies
    assert row.expected
    assert row.what.endswith(".")
    assert row.handling.endswith(".")
    assert SOURCE.fullmatch(row.source)
    assert set(row.expected) <= PROFILES
    assert set(row.options) <= {field.name for field in fields(Options)}
    assert {reply.when for reply in row.replies} <= {"", "same_body", *MISTAKES}


@rows
def test_what_an_entry_expects_adds_up(row):
    codes = {code for error in tree(ExtractionError) for code in (error.code, *getattr(error, "codes", {}))}
    for expected in row.expected.values():
        played = [reply for reply in row.replies if is_played(reply, row)]
        assert expected.outcome in codes | {"succeeded"}
        assert expected.billed == expected.calls - sum(not reply.billed for reply in played)
        assert expected.attempts <= expected.calls
        assert (expected.attempts > 0) or expected.outcome != "succeeded"
        assert len(played) <= expected.calls
        assert expected.outcome == "succeeded" or not (expected.repairs or expected.record or expected.rung)


@rows
def test_a_body_is_what_it_claims_to_be(row):
    for body, content_type in ((reply.body, reply.content_type) for reply in row.replies if reply.body is not None):
        if content_type == "application/json":
            json.loads(body)
        else:
            with pytest.raises(json.JSONDecodeError):
                json.loads(body)


@rows
def test_an_answer_that_is_mended_needs_it_and_one_that_is_not_is_right(row):
    played = [reply for reply in row.replies if is_played(reply, row)]
    expected = next(iter(row.expected.values()))
    decides = played and expected.outcome == "succeeded" and expected.calls == len(played)
    carried = played[-1].content if decides and not played[-1].top else None
    if carried is None:
        return
    text = filled(carried)
    if OF_TEXT & set(expected.repairs):
        with pytest.raises(json.JSONDecodeError):
            json.loads(text)
    elif not expected.repairs and text:
        assert json.loads(text) == (expected.record or INVOICE_RECORD)


@rows
def test_the_function_that_an_entry_names_is_there(row):
    assert not row.handler or callable(resolve_name(row.handler))


def tree(root):
    yield root
    for child in root.__subclasses__():
        yield from tree(child)

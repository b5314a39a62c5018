"""From the text of an answer to a value."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.answer import parse
from extractor.answer.candidates import find
from extractor.answer.parsing import MAX_CHARACTERS

RECORD = {"number": "A-17", "total": 41.5, "lines": [{"sku": "x1", "qty": 2}]}
G = json.dumps(RECORD)

#: Text as documents have it: no control characters but tab and line ends.
TEXT = st.text(st.characters(exclude_categories=("Cc", "Cs"), include_characters="\t\n\r"))
PIECES = (
    "\ufeff",
    "<think>",
    "</think>",
    "```json\n",
    "```",
    "\n",
    "{",
    "}",
    "[",
    '"',
    "\\ud83d",
    "NaN",
    "1e999",
    "\xa0",
)


@pytest.mark.parametrize(
    ("text", "repairs"),
    [
        pytest.param(G, [], id="JSON as it is"),
        pytest.param(f" \n{G}\n\t", [], id="JSON with white space of its own"),
        pytest.param(f"\ufeff{G}", ["byte_order_mark"], id="byte-order mark"),
        pytest.param(f"\xa0{G}\f", ["white_space"], id="white space that is not JSON's"),
        pytest.param(f"```json\n{G}\n```", ["fence"], id="code fence"),
        pytest.param(f"\n```\n{G}```\n", ["fence"], id="code fence without a language"),
        pytest.param(f"```json {G}```", ["fence"], id="code fence on one line"),
        pytest.param(f'<think>Total {{"total": 99}}? No.</think>\n{G}', ["think_block"], id="thoughts with braces"),
        pytest.param(f"1. Read.\n</think>\n\n{G}", ["think_block"], id="thoughts without an opening tag"),
        pytest.param(f"a</think> b </think>{G}", ["think_block"], id="thoughts that were closed twice"),
        pytest.param(f"<thinking>\n{{x</Thinking >\n{G}", ["think_block"], id="thoughts of another name"),
        pytest.param(f'<thought kind="a">[</thought>{G}', ["think_block"], id="thoughts with attributes"),
        pytest.param(f"<REASONING>[</think>{G}", ["think_block"], id="thoughts that end by another name"),
        pytest.param(f"[THINK]x[/THINK]{G}", ["think_block"], id="thoughts in brackets"),
        pytest.param(
            f"<|channel|>analysis<|message|>[<|end|><|start|>assistant<|channel|>final <|constrain|>json<|message|>{G}",
            ["think_block"],
            id="channels",
        ),
        pytest.param(f"<think>x</think>\n```json\n{G}\n```", ["think_block", "fence"], id="thoughts, then a fence"),
        pytest.param(
            f"\ufeff\u3000<think></think>```{G}```",
            ["byte_order_mark", "white_space", "think_block", "fence"],
            id="everything",
        ),
    ],
)
def test_packaging_is_taken_off_and_named(text: str, repairs: list[str]):
    parsed = parse(text)

    assert parsed.value == RECORD
    assert [repair.name for repair in parsed.repairs] == repairs
    assert parsed.violations == ()


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        pytest.param("", "not_json", id="empty"),
        pytest.param("\n\n \n", "not_json", id="white space alone"),
        pytest.param("<think>only</think>", "not_json", id="thoughts alone"),
        pytest.param(f"Here it is:\n{G}", "not_json", id="prose before"),
        pytest.param(f"{G}\nAnything else?", "not_json", id="prose after"),
        pytest.param(f"{G}\n{G}", "not_json", id="two values"),
        pytest.param("{'total': 1}", "not_json", id="single quotes"),
        pytest.param('{"total": 1,}', "not_json", id="trailing comma"),
        pytest.param('{"a": "x\ny"}', "not_json", id="raw newline in a string"),
        pytest.param(f"```json\n{G}\n``` \n```\n{G}\n```", "not_json", id="two fences"),
        pytest.param('{"total": NaN}', "not_a_number", id="NaN"),
        pytest.param('{"total": 1e999}', "huge_number", id="overflow"),
        pytest.param('{"total": ' + "9" * 5_000 + "}", "huge_number", id="5,000 digits"),
        pytest.param('{"total": 14.5, "total": 41.5}', "duplicate_key", id="one key, two values"),
        pytest.param('```\n{"total": NaN}\n```', "not_a_number", id="NaN inside a fence"),
        pytest.param("[" * 201 + "]" * 201, "too_deep", id="201 levels"),
        pytest.param("[" * 20_000, "too_deep", id="20,000 opening brackets"),
        pytest.param(" " * MAX_CHARACTERS + "1", "too_large", id="over the size cap"),
    ],
)
def test_anything_else_is_a_violation_of_the_whole(text: str, rule: str):
    parsed = parse(text)

    [violation] = parsed.violations
    assert (violation.at, violation.rule) == ("", rule)
    assert violation.says
    assert parsed.value is None
    assert parsed.repairs == ()


@pytest.mark.parametrize("wrapped", [G, f"```json\n{G}", f"<think>t</think>{G}"], ids=["bare", "fenced", "thought"])
def test_a_truncated_answer_is_never_completed(wrapped: str):
    start = wrapped.index("{") + 1

    for end in range(start, len(wrapped)):
        assert parse(wrapped[:end]).violations, wrapped[:end]


def test_an_answer_may_speak_of_thoughts_and_fences():
    value = {"a": "</think>{}", "b": "```json\n{}\n```"}

    assert parse(json.dumps(value)).value == value
    assert parse(f"```json\n{json.dumps(value)}\n```").value == value
    assert parse(f"<think>t</think>{json.dumps(value)}").value == value


def test_brackets_inside_strings_are_not_depth():
    value = ["[{" * 500, "\\", '"[' * 300]

    assert parse(json.dumps(value)).value == value


def test_a_whole_surrogate_pair_is_a_character():
    assert parse('"\\ud83d\\ude00"').value == "\U0001f600"


@pytest.mark.parametrize("piece", ["<think ", "<thinking>", "</thought>", "<", "<a:", "<|channel|>final", "</ "])
def test_thoughts_are_looked_for_in_linear_time(piece: str):
    text = piece * (200_000 // len(piece))
    begun = time.process_time()

    assert parse(f"x{text}").violations
    assert not find(f"x{text}").texts
    assert time.process_time() - begun < 5


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=12).map("".join))
def test_no_text_makes_it_raise(text: str):
    parsed = parse(text)

    assert bool(parsed.violations) or json.dumps(parsed.value, ensure_ascii=False).encode()


@settings(max_examples=40, deadline=None)
@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), TEXT),
        lambda v: st.lists(v) | st.dictionaries(TEXT, v),
    )
)
def test_packaging_never_changes_the_value(value: object):
    text = json.dumps(value)

    assert parse(f"\ufeff<think>{{}}</think>\n```json\n{text}\n```").value == value

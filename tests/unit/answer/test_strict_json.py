"""Strict JSON, case by case: what another parser would take silently is noted here, or asked again."""

from __future__ import annotations

import json
import time

import pytest

from extractor import jsontext
from extractor.answer import parse

#: Seconds within which any hostile text is read or refused, on a busy machine.
SOON_S = 2.0


@pytest.mark.parametrize(
    ("text", "value", "repairs"),
    [
        pytest.param('{"a": 1, "a": 1}', {"a": 1}, [("duplicate_key", "/a")], id="A16a one key, equal values"),
        pytest.param(
            '{"b": [{"a/b": {"c": 1, "d": 2}, "x": 0, "a/b": {"d": 2, "c": 1}}]}',
            {"b": [{"a/b": {"d": 2, "c": 1}, "x": 0}]},
            [("duplicate_key", "/b/0/a~1b")],
            id="A16b equal objects in another order",
        ),
        pytest.param(
            '{"a": 1, "a": 1, "a": 1, "b": 2, "b": 2}',
            {"a": 1, "b": 2},
            [("duplicate_key", "/a"), ("duplicate_key", "/b")],
            id="A16c each key noted once",
        ),
        pytest.param(
            '{"number": "A-17\\ud83d"}',
            {"number": "A-17\ufffd"},
            [("lone_surrogate", "/number")],
            id="A17a first half of a pair",
        ),
        pytest.param('["\\udc00x"]', ["\ufffdx"], [("lone_surrogate", "/0")], id="A17b second half of a pair"),
        pytest.param('["x\ud83d"]', ["x\ufffd"], [("lone_surrogate", "/0")], id="A17c half of a pair, unescaped"),
        pytest.param('{"\\ud83d": 1}', {"\ufffd": 1}, [("lone_surrogate", "/\ufffd")], id="A17d in a key"),
        pytest.param('"\\ud83d\\ude00"', "\U0001f600", [], id="A17e a whole pair is a character"),
        pytest.param('"\\\\ud83d"', "\\ud83d", [], id="A17f an escaped backslash is no escape"),
        pytest.param(
            '{"number": "A-17\\u0000"}', {"number": "A-17"}, [("control_character", "/number")], id="A18a NUL"
        ),
        pytest.param('["a\\u0007\\u001bb"]', ["ab"], [("control_character", "/0")], id="A18b bell and escape"),
        pytest.param('["a\\fb\\u000bc\\u001fd"]', ["a b c d"], [("control_character", "/0")], id="A18c word breaks"),
        pytest.param('["a\\bb"]', ["ab"], [("control_character", "/0")], id="A18k backspace in short"),
        pytest.param('["a\\fb"]', ["a b"], [("control_character", "/0")], id="A18l form feed in short"),
        pytest.param('["a\x7f\x9bb"]', ["ab"], [("control_character", "/0")], id="A18d beyond ASCII's first 32"),
        pytest.param('{"a\\u0000": 1}', {"a": 1}, [("control_character", "/a")], id="A18e in a key"),
        pytest.param('"a\\tb\\nc\\rd\\u000a"', "a\tb\nc\rd\n", [], id="A18f tab and line ends stay"),
        pytest.param(
            '{"a": 1, "a\\u0000": 1}', {"a": 1}, [("control_character", "/a")], id="A18g keys that become equal"
        ),
        pytest.param(
            '["\\ud83d\\u0000"]',
            ["\ufffd"],
            [("lone_surrogate", "/0"), ("control_character", "/0")],
            id="A18h together with half of a pair",
        ),
        pytest.param('\ufeff{"a": 1}', {"a": 1}, [("byte_order_mark", "")], id="A19a byte-order mark"),
        pytest.param(
            '\ufeff{"a": "\\u0000"}',
            {"a": ""},
            [("byte_order_mark", ""), ("control_character", "/a")],
            id="A19b the packaging is listed first",
        ),
        pytest.param("-0", 0, [], id="A20a minus zero"),
        pytest.param("1e-999999999", 0.0, [], id="A20b too small to be told from zero"),
        pytest.param("[" * 200 + "]" * 200, None, [], id="A20c 200 levels"),
        pytest.param(json.dumps(["[{" * 900_000]), ["[{" * 900_000], [], id="A20d 2 MB of brackets in a string"),
        pytest.param(json.dumps({'\\"[' * 900: 1}), {'\\"[' * 900: 1}, [], id="A20e brackets in a key"),
    ],
)
def test_what_can_be_read_in_one_way_only_is_read_and_noted(text, value, repairs):
    parsed = parse(text)

    assert parsed.violations == ()
    assert value is None or parsed.value == value
    assert [(repair.name, repair.at) for repair in parsed.repairs] == repairs


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        pytest.param('{"total": NaN}', "not_a_number", id="A15a NaN"),
        pytest.param('{"total": -Infinity}', "not_a_number", id="A15b infinity"),
        pytest.param('{"total": 1e999}', "huge_number", id="A15c overflow"),
        pytest.param('{"total": -1E400}', "huge_number", id="A15d overflow below zero"),
        pytest.param('{"total": 1e999999999}', "huge_number", id="A15e an exponent of nine digits"),
        pytest.param('{"total": nan}', "not_json", id="A15f another spelling"),
        pytest.param('{"total": 14.5, "total": 41.5}', "duplicate_key", id="A16d one key, two values"),
        pytest.param('{"total": 1, "total": true}', "duplicate_key", id="A16e equal to Python alone"),
        pytest.param('{"a": {"b": 1}, "a": {"b": 2}}', "duplicate_key", id="A16f different deeper down"),
        pytest.param('{"a": 1, "a\\u0000": 2}', "duplicate_key", id="A18i keys that become one, two values"),
        pytest.param('{"a": "x\x00"}', "not_json", id="A18j a control character that is not escaped"),
        pytest.param('{"currency": "EUR" /* iso */}', "not_json", id="A19c a comment"),
        pytest.param("{“a”: 1}", "not_json", id="A19d smart quotes"),
        pytest.param("[" * 20_000, "too_deep", id="A20f 20,000 brackets"),
        pytest.param('{"a":' * 201 + "1" + "}" * 201, "too_deep", id="A20g 201 objects"),
        pytest.param('["\\"",' * 201 + "1" + "]" * 201, "too_deep", id="A20h 201 lists, with quotes in strings"),
        pytest.param("9" * 5_000, "huge_number", id="A20i 5,000 digits"),
        pytest.param("0." + "3" * 100_000, "huge_number", id="A20j 100,000 decimals"),
        pytest.param("1e" + "9" * 100_000, "huge_number", id="A20k an exponent of 100,000 digits"),
        pytest.param(" " * 2_000_001, "too_large", id="A20l more than two million characters"),
    ],
)
def test_what_can_be_read_in_two_ways_or_breaks_others_is_asked_again(text, rule):
    parsed = parse(text)

    [violation] = parsed.violations
    assert (violation.at, violation.rule) == ("", rule)
    assert violation.says
    assert (parsed.value, parsed.repairs) == (None, ())


@pytest.mark.parametrize(
    ("text", "is_as_asked"),
    [
        pytest.param('{"a": "b"}', True, id="nothing to repair"),
        pytest.param('{"a": "\\u0000"}', True, id="a control character, which a grammar lets through"),
        pytest.param('{"a": "\\ud83d"}', True, id="half of a pair, which a grammar lets through"),
        pytest.param('{"a": 1, "a": 1}', False, id="one key twice"),
        pytest.param('```\n{"a": "\\u0000"}\n```', False, id="a fence"),
        pytest.param("no", False, id="no JSON"),
    ],
)
def test_a_repair_tells_against_the_grammar_only_where_a_grammar_would_have_prevented_it(text, is_as_asked):
    assert parse(text).is_as_asked is is_as_asked


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{" + '"a":1,' * 280_000 + '"a":1}', id="one key 280,000 times"),
        pytest.param("{" + f'"a":{[0] * 10_000},' * 60 + '"a":1}', id="large values under one key, the last different"),
        pytest.param("[" * 1_900_000, id="brackets and nothing else"),
        pytest.param('"' + "\\u0000" * 300_000 + '"', id="300,000 control characters"),
        pytest.param("[" + '"\\u0000",' * 200_000 + "1]", id="200,000 strings to settle"),
        pytest.param(
            "".join(f'{{"{"k" * 5_000}":' for _ in range(199)) + "[" + '"\\u0000",' * 90_000 + "1]" + "}" * 199,
            id="90,000 strings to settle, each far down",
        ),
        pytest.param('"' + "\\" * 1_900_000, id="backslashes without end"),
        pytest.param("[" + ("9" * 399 + ",") * 4_000 + "1]", id="integers just short enough"),
    ],
)
def test_no_text_takes_long(text):
    started = time.process_time()

    parsed = parse(text)

    assert time.process_time() - started < SOON_S
    assert len(parsed.repairs) <= jsontext.MAX_NOTES


def test_what_was_settled_can_be_stored():
    parsed = parse('{"a\\ud83d": ["\\udc00\\u0000"], "b": {"a\\ud83d": {"x": 1, "x": 1}}}')

    assert json.dumps(parsed.value, ensure_ascii=False).encode()
    assert [repair.at.encode().decode() for repair in parsed.repairs] == [
        "/b/a\ufffd/x",
        "/a\ufffd",
        "/a\ufffd/0",
        "/a\ufffd/0",
        "/b/a\ufffd",
    ]

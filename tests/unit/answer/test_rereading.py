"""The other ways to read an answer: what is found in a text, and that the value stays what it was."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.answer import other_reading, parse, readings, rescued
from extractor.answer.candidates import MAX_STARTS, find, last_of, scan, starts_doubled
from extractor.answer.mending import rewritten
from extractor.answer.respelling import respelled
from extractor.answer.unwrapping import is_something_else

WIRE = {"type": "object", "properties": {"value": {}}, "required": ["value"], "additionalProperties": False}

#: Text as documents have it, and as Python writes it in the same signs.
TEXT = st.text(st.characters(exclude_categories=("C", "Zl", "Zp"), include_characters="\t\n\r"))
KEYS = st.text(st.characters(exclude_categories=("C", "Zl", "Zp")))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


ESCAPE = re.compile(r"\\(.)")


def unescaped(found: re.Match[str]) -> str:
    return {"n": "\n", "t": "\t"}.get(found[1], found[0])


def read_in_full(text: str) -> object:
    """Read a text as `judge` does, without a contract: strictly, then its one candidate, then without wrappers."""
    parsed = parse(text)
    if parsed.violations:
        [parsed] = readings(text, WIRE)
    return (other_reading(parsed, WIRE) or parsed).value


PACKAGINGS = [
    pytest.param(lambda _, text: f"```json\n{text}\n```", id="fence"),
    pytest.param(lambda _, text: f"Here it is:\n{text}\nIt's done.", id="prose"),
    pytest.param(lambda _, text: f"I used {{a, b}} and [1].\n```\n{text}\n```", id="prose with brackets"),
    pytest.param(lambda _, text: f"<think>[{{</think>{text}", id="thoughts"),
    pytest.param(lambda _, text: f"1. Read [\n</think>\n\nSo:\n{text}", id="thoughts without an opening tag, prose"),
    pytest.param(lambda _, text: text[:-1] + " ,\n}", id="trailing comma"),
    pytest.param(lambda _, text: "{" + text, id="doubled brace"),
    pytest.param(lambda _, text: f"{text}\n{text}", id="twice"),
    pytest.param(lambda _, text: f"{text}}}}}", id="braces too many"),
    pytest.param(lambda value, _: repr(value), id="Python"),
    pytest.param(lambda value, _: f"{value!r}\n", id="Python on a line"),
    pytest.param(lambda value, _: json.dumps(value, separators=(",\\n ", ":\\t")), id="escaped white space outside"),
    pytest.param(lambda value, _: json.dumps(value, indent=2, ensure_ascii=False), id="over many lines"),
    pytest.param(lambda _, text: ESCAPE.sub(unescaped, text), id="line ends in strings"),
    pytest.param(lambda _, text: json.dumps(text), id="encoded twice"),
    pytest.param(lambda _, text: json.dumps(json.dumps(text)), id="encoded three times"),
    pytest.param(lambda _, text: f'{{"result": {text}}}', id="wrapper"),
    pytest.param(lambda _, text: f'{{"properties": {text}}}', id="properties"),
    pytest.param(lambda _, text: f"[{text}]", id="list of one"),
    pytest.param(lambda _, text: f"So:\n```\n[{text},]\n```\n\ufeff", id="several"),
]


@pytest.mark.parametrize("pack", PACKAGINGS)
@settings(max_examples=20, deadline=None)
@given(VALUES)
def test_a_value_survives_whatever_it_is_packed_in(pack, value):
    record = {"value": value}
    text = json.dumps(record)

    assert read_in_full(pack(record, text)) == record


@pytest.mark.parametrize(
    ("text", "spans", "is_balanced"),
    [
        pytest.param('a {"b": "}"} c [1] d', ['{"b": "}"}', "[1]"], True, id="brackets in strings"),
        pytest.param("it's {'b': '}'} isn't", ["{'b': '}'}"], True, id="single quotes, and apostrophes"),
        pytest.param("{it's} {x}", ["{it's}", "{x}"], True, id="an apostrophe inside"),
        pytest.param('say "{" {}', [], False, id="a bracket in quotes outside is a bracket"),
        pytest.param('{"a\\"}": 1}', ['{"a\\"}": 1}'], True, id="an escaped quote"),
        pytest.param('{} {"a', ["{}"], False, id="a string without an end"),
        pytest.param("{} {'a", ["{}"], False, id="a string in single quotes without an end"),
        pytest.param("{} ]", ["{}"], False, id="closed and never opened"),
        pytest.param("{]", [], False, id="closed by another bracket"),
        pytest.param("{}" * MAX_STARTS, ["{}"] * MAX_STARTS, True, id="as many as are looked at"),
        pytest.param("{}" * (MAX_STARTS + 1), ["{}"] * MAX_STARTS, False, id="one more"),
        pytest.param("[" * 201 + "]" * 201, [], False, id="too deep"),
        pytest.param("none", [], True, id="nothing"),
    ],
)
def test_containers_are_found_at_the_top_of_a_text(text, spans, is_balanced):
    found = scan(text)

    assert [text[start:end] for start, end in found.spans] == spans
    assert found.is_balanced is is_balanced


@pytest.mark.parametrize(
    ("text", "texts", "names"),
    [
        pytest.param("{{1}", ["{1}"], ["doubled_brace"], id="one brace too many in front"),
        pytest.param("{{{{1}", ["{1}"], ["doubled_brace"], id="three"),
        pytest.param("{{1} and more", [], [], id="with words behind"),
        pytest.param("{{1}, {2}", [], [], id="with another value behind"),
        pytest.param("{" * 10 + "}", [], [], id="more than a grammar stutters"),
        pytest.param("{1}}", ["{1}"], ["stray_closer"], id="one brace too many behind"),
        pytest.param("{1}]\n}", ["{1}"], ["stray_closer"], id="brackets of both kinds"),
        pytest.param("{1}, 2}", [], [], id="closed too early"),
        pytest.param("So: {1}}", [], [], id="too many behind in prose"),
        pytest.param("{1}, {2}", [], [], id="a list without its brackets"),
        pytest.param('"a": {1}', [], [], id="a member without its object"),
        pytest.param("{1}</think>{2}", ["{2}"], ["think_block"], id="thoughts that begin as JSON"),
        pytest.param("{1}</think>```\n{2}\n```", ["{2}"], ["think_block"], id="thoughts, then a fence"),
        pytest.param('[{"a": "</think>"}] x', ['[{"a": "</think>"}]'], ["prose"], id="a tag in a string"),
        pytest.param("<think>{1}", [], [], id="thoughts without an end"),
        pytest.param("<thinking>\nA first try: {1}\nBut", [], [], id="thoughts of another name without an end"),
        pytest.param(
            "<thinking>\nIs it {1}?\n</thinking>\nIt is A-17.", [], ["think_block", "prose"], id="a draft alone"
        ),
        pytest.param("<Think>{1}</Think>So: {2}", ["{2}"], ["think_block", "prose"], id="in capitals"),
        pytest.param('{1} <thought a="1">{2}</thought>{3}', ["{3}"], ["think_block"], id="with attributes"),
        pytest.param("Sure. <reasoning>{1}", [], [], id="thoughts behind words"),
        pytest.param("{1} <reasoning>{2}", [], [], id="thoughts behind a value"),
        pytest.param("<|channel|>analysis<|message|>{1}", [], [], id="a channel"),
        pytest.param("[THINK]{1}", [], [], id="thoughts in brackets"),
        pytest.param("<think><thinking>a</thinking>{1}", [], [], id="thoughts in thoughts without an end"),
        pytest.param("<think><thinking>a</thinking>{1}</think>{2}", ["{2}"], ["think_block"], id="both ended"),
        pytest.param("<think/>{1}", ["{1}"], ["prose"], id="a tag that opens nothing"),
    ],
)
def test_only_what_stands_by_itself_is_a_candidate(text, texts, names):
    found = find(text)

    assert (list(found.texts), list(found.names)) == (texts, names)


@pytest.mark.parametrize(
    ("text", "expected", "names"),
    [
        pytest.param("{'a': 'it\\'s \"b\"'}", '{"a": "it\'s \\"b\\""}', ["single_quotes"], id="quotes in quotes"),
        pytest.param("['\\xa0\\u20ac\\\\']", '["\\u00a0\\u20ac\\\\"]', ["single_quotes"], id="escapes of Python"),
        pytest.param("['a\\d']", '["a\\?"]', ["single_quotes"], id="an escape that is none stays unreadable"),
        pytest.param("['a\\/']", '["a\\?"]', ["single_quotes"], id="an escape with another meaning does too"),
        pytest.param("[True, None,\n]", "[true, null\n]", ["python_literal", "trailing_comma"], id="words of Python"),
        pytest.param('["True, None,]"]', '["True, None,]"]', [], id="strings stay"),
        pytest.param("[1,,]", "[1,]", ["trailing_comma"], id="one comma and no more"),
        pytest.param('["a\tb"]', '["a\\u0009b"]', ["raw_control_character"], id="a tab in a string"),
        pytest.param("[\\n1\\t]", "[ 1 ]", ["escaped_white_space"], id="escapes outside"),
        pytest.param("['a", "['a", [], id="a string without an end"),
        pytest.param('["a', '["a', [], id="the same in double quotes"),
    ],
)
def test_loose_spellings_are_rewritten_and_named(text, expected, names):
    assert rewritten(text) == (expected, tuple(names))


NO_NUMBERS = ["", " 1", "1 ", "+1", "01", "1.", ".5", "1,5", "1_0", "0x1", "NaN", "Infinity", "\u0661", "1\n"]
NUMBERS = {"properties": {"n": {"type": ["number", "null"]}, "i": {"type": "integer"}}}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param({"n": "41.50"}, 41.5, id="trailing zeros"),
        pytest.param({"n": "-0.1e2"}, -10.0, id="exponent"),
        pytest.param({"n": "2"}, 2, id="whole"),
        pytest.param({"i": "2.0"}, 2, id="whole, with a point"),
        pytest.param({"i": "123456789012345678901234567890"}, 123456789012345678901234567890, id="of any size"),
        pytest.param({"i": "2.5"}, 2.5, id="not whole, for the contract to refuse"),
        pytest.param({"n": "0.125"}, 0.125, id="three digits behind a zero"),
        pytest.param({"n": "-1.2345"}, -1.2345, id="four digits behind the point"),
        pytest.param({"n": "1234.567"}, 1234.567, id="four digits before the point"),
        pytest.param({"n": "1.234"}, None, id="perhaps thousands"),
        pytest.param({"n": "-123.450"}, None, id="perhaps thousands, negative"),
        pytest.param({"i": "2.000"}, None, id="perhaps thousands, whole"),
        pytest.param({"n": "0.10000000000000000001"}, None, id="more than a double holds"),
        pytest.param({"n": "1e400"}, None, id="overflow"),
        pytest.param({"n": "9" * 500}, None, id="too long"),
        *(pytest.param({"n": text}, None, id=repr(text)) for text in NO_NUMBERS),
    ],
)
def test_a_text_is_a_number_only_where_nothing_is_lost(value, expected):
    changed, repairs = respelled(value, NUMBERS)

    assert changed == (value if expected is None else dict.fromkeys(value, expected))
    assert [type(number) for number in changed.values()] == [str if expected is None else type(expected)]
    assert [repair.name for repair in repairs] == ([] if expected is None else ["number_from_text"])


def test_values_are_respelled_wherever_the_schema_reaches():
    wire = {
        "properties": {"kids": {"anyOf": [{"type": "array", "items": {"$ref": "#/$defs/K"}}, {"type": "null"}]}},
        "$defs": {
            "K": {"properties": {"size": {"type": "string", "enum": ["L", "XL"]}, "more": {"$ref": "#/$defs/More"}}},
            "More": {"$ref": "#/$defs/Count"},
            "Count": {"type": "object", "properties": {"a/b": {"type": "integer"}}},
        },
    }

    changed, repairs = respelled({"kids": json.dumps([{"size": "xl ", "more": {"a/b": "1"}}])}, wire)

    assert changed == {"kids": [{"size": "XL", "more": {"a/b": 1}}]}
    assert [(repair.name, repair.at) for repair in repairs] == [
        ("decoded_container", "/kids"),
        ("enum_spelling", "/kids/0/size"),
        ("number_from_text", "/kids/0/more/a~1b"),
    ]


def test_what_is_settled_inside_a_decoded_container_is_named_at_its_place():
    wire = {"properties": {"k/s": {"type": "array", "items": {"properties": {"n": {"type": "integer"}}}}}}
    text = '[{"a": "x\\ud83d", "b": "y\\u0000", "c": 1, "c": 1, "n": "2"}]'

    changed, repairs = respelled({"k/s": text}, wire)

    assert changed == {"k/s": [{"a": "x\ufffd", "b": "y", "c": 1, "n": 2}]}
    assert repairs[0].name == "decoded_container"
    assert {(repair.name, repair.at) for repair in repairs[1:]} == {
        ("duplicate_key", "/k~1s/0/c"),
        ("lone_surrogate", "/k~1s/0/a"),
        ("control_character", "/k~1s/0/b"),
        ("number_from_text", "/k~1s/0/n"),
    }


@pytest.mark.parametrize(
    "wire",
    [
        pytest.param(
            {"properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"$ref": "#/$defs/A"}}}, id="a circle"
        ),
        pytest.param({"properties": {"a": {"$ref": "#/$defs/B"}}}, id="a reference to nothing"),
        pytest.param({"properties": {"a": {"anyOf": [{"type": "integer"}, {"type": "array"}]}}}, id="a choice"),
        pytest.param({"properties": {"a": {"type": ["integer", "string"]}}}, id="a type that takes the text"),
        pytest.param({"properties": {"b": {"type": "integer"}}}, id="another member"),
        pytest.param({}, id="nothing said"),
    ],
)
def test_where_the_schema_does_not_settle_it_a_text_stays(wire):
    assert respelled({"a": "1"}, wire) == ({"a": "1"}, ())


def test_text_inside_text_is_not_read_again_and_nothing_becomes_too_deep():
    lists = {"type": "array", "items": {"type": "array"}}

    assert respelled({"a": '["[1]"]'}, {"properties": {"a": lists}})[0] == {"a": ["[1]"]}
    assert respelled({"a": "[" * 200 + "]" * 200}, {"properties": {"a": lists}})[1] == ()


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        pytest.param({"type": "object", "properties": {"value": {"type": "string"}}}, "schema_echoed", id="schema"),
        pytest.param({"properties": {"value": {"$ref": "#/$defs/A"}}}, "schema_echoed", id="schema with references"),
        pytest.param({"properties": {"value": {"type": ["string", "null"]}}}, "schema_echoed", id="nullable"),
        pytest.param({"properties": {"value": {"type": "house"}}}, "", id="a value that has a type"),
        pytest.param({"properties": {"value": 1}}, "", id="values under properties"),
        pytest.param({"properties": {}}, "", id="nothing under properties"),
        pytest.param({"Thought": "hm"}, "thoughts_as_answer", id="thoughts"),
        pytest.param({"thought": "hm", "value": 1}, "", id="thoughts beside the record"),
        pytest.param({"thought": {"value": 1}}, "", id="a wrapper of this name"),
        pytest.param([], "", id="a list"),
    ],
)
def test_schema_and_thoughts_are_told_from_a_record(value, rule):
    assert is_something_else(value, WIRE["properties"]) == rule
    assert is_something_else(value, {"properties": {}, "thought": {}, "Thought": {}}) == ""


def test_the_value_at_the_end_of_a_reasoning():
    assert last_of("[1] so {}\n```json\n[2]\n``` \n") == "[2]"
    assert last_of("") == last_of("[1].") == last_of("[1] [") == last_of("a, [1]") == ""
    assert rescued("x") is None


@pytest.mark.parametrize(
    ("text", "is_doubled"), [("{{1}", True), ("```\n{ {1}\n```", True), ("{1}", False), ("", False)]
)
def test_a_stuttering_grammar_is_seen(text, is_doubled):
    assert starts_doubled(text) is is_doubled

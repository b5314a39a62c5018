"""What a reply is worth: every form in which models wrap, spell or misplace a record, and what comes of it."""

from __future__ import annotations

import json
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict

from extractor.errors import ValidationTimeout
from extractor.judging import judge
from extractor.schema import contract_for, target_from

pytestmark = pytest.mark.anyio


class Line(BaseModel):
    model_config = ConfigDict(extra="forbid")
    sku: str
    qty: int


class Invoice(BaseModel):
    model_config = ConfigDict(extra="forbid")
    number: str
    total: float
    currency: Literal["EUR", "USD"]
    lines: list[Line]


class Node(BaseModel):
    """Every part of it is a record of its own, so that a part may be taken for the whole."""

    name: str | None = None
    kids: list[Node] = []


RECORD: dict[str, Any] = {
    "number": "A-17",
    "total": 41.5,
    "currency": "EUR",
    "lines": [{"sku": "x1", "qty": 2}, {"sku": "x2", "qty": 1}],
}
G = json.dumps(RECORD, separators=(",", ":"))
DRAFT = G.replace("A-17", "draft").replace("41.5", "0")
WRONG = G.replace("41.5", '"much"')
CONTRACT = contract_for(target_from(Invoice), open_objects="keep")
TREES = contract_for(target_from(Node))
SCHEMA_ECHOED = json.dumps(Invoice.model_json_schema())


def with_member(**members: Any) -> str:
    return json.dumps(RECORD | members)


@pytest.mark.parametrize(
    ("text", "repairs"),
    [
        pytest.param(G, [], id="as asked"),
        pytest.param(f"```json\n{G}\n```", ["fence"], id="A1 fence"),
        pytest.param(f"```json\n{G}", ["fence"], id="A1 fence that is never closed"),
        pytest.param(f"Here is the record:\n{G}\nAnything else?", ["prose"], id="A2 prose around"),
        pytest.param(f"It is:\n```json\n{G}\n```\nDone.", ["prose"], id="A2 prose round a fence"),
        pytest.param(f"I used the template {{number, total}}. Result:\n{G}", ["prose"], id="A3 prose with braces"),
        pytest.param(
            f'Seen [1] and {{"note": 1}} there. So: {G}',
            ["prose", "draft"],
            id="A3 prose with JSON that is not the record",
        ),
        pytest.param(f"It's the customer's:\n{G}", ["prose"], id="A3 prose with apostrophes"),
        pytest.param(G[:-1] + ",}", ["trailing_comma"], id="A5 trailing comma"),
        pytest.param(G.replace("]", ", \n]"), ["trailing_comma"], id="A5 trailing comma in a list"),
        pytest.param(repr(RECORD), ["single_quotes"], id="A6 single quotes"),
        pytest.param("\ufeff" + G, ["byte_order_mark"], id="A19 byte-order mark"),
        pytest.param(G.replace('"qty":2', '"qty": \\n2'), ["escaped_white_space"], id="A9 escaped line end outside"),
        pytest.param("{" + G, ["doubled_brace"], id="A10 doubled brace"),
        pytest.param("{ {\n{" + G, ["doubled_brace"], id="A10 braces that escalate"),
        pytest.param("```json\n{" + G + "\n```", ["fence", "doubled_brace"], id="A10 doubled brace in a fence"),
        pytest.param(f"{G}\n{G}", ["repeated_answer"], id="A11 the same twice"),
        pytest.param(f"{WRONG}\n{G}", ["draft"], id="A11 what is not valid, then the record"),
        pytest.param(f"{G}\n\nI'll now double-check the items.", ["prose"], id="A12 thoughts behind it"),
        pytest.param(json.dumps(G), ["double_encoded"], id="A13 encoded twice"),
        pytest.param(json.dumps(json.dumps(G)), ["double_encoded"], id="A13 encoded three times"),
        pytest.param(with_member(lines=json.dumps(RECORD["lines"])), ["decoded_container"], id="A14 a list as text"),
        pytest.param(f'<think>Total {{"total": 99}}? No.</think>\n{G}', ["think_block"], id="B1 thoughts"),
        pytest.param(f"Thinking process:\n1. Read.\n</think>\n{G}", ["think_block"], id="B2 no opening tag"),
        pytest.param(f"{DRAFT} hm</think>So:\n{G}", ["think_block", "prose"], id="B2 thoughts that begin as JSON"),
        pytest.param(f"Thinking:\n1. Read.\n\n{G}", ["prose"], id="B2 no tag at all"),
        pytest.param(f'{{"properties":{G}}}', ["properties_wrapper"], id="C2 under properties"),
        pytest.param(f'{{"result":{G}}}', ["wrapper"], id="C3 wrapper"),
        pytest.param(f'So: {{"data":{G}}}', ["prose", "wrapper"], id="C3 wrapper in prose"),
        pytest.param(f"[{G}]", ["list_of_one"], id="C4 list of one"),
        pytest.param(with_member(total="41.50"), ["number_from_text"], id="C8 number as text"),
        pytest.param(
            G.replace(":2", ':"2"').replace(":1}", ':"1.0"}'), ["number_from_text"] * 2, id="C8 whole numbers"
        ),
        pytest.param(with_member(currency=" eur"), ["enum_spelling"], id="C10 enum in other case and space"),
        pytest.param(G + "}", ["stray_closer"], id="E1 one brace too many"),
        pytest.param(
            f"```\n{repr(RECORD | {'total': '41.5', 'currency': 'eur'})[:-1]},}}\n```",
            ["fence", "single_quotes", "trailing_comma", "number_from_text", "enum_spelling"],
            id="several at once",
        ),
    ],
)
async def test_what_can_be_read_in_one_way_only_is_the_record_and_says_how(text: str, repairs: list[str]):
    judged = await judge(text, standard=CONTRACT)

    assert (judged.record, judged.violations) == (RECORD, ())
    assert [repair.name for repair in judged.repairs] == repairs
    assert judged.fits_wire is not bool(repairs)
    assert judged.harm == ("doubled_brace" if "doubled_brace" in repairs else "")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param(G.replace("A-17", 'the "A" 17'), [("", "not_json")], id="A7 quotes inside a string"),
        pytest.param("{" + G + "}", [("", "not_json")], id="A10 braces that are balanced"),
        pytest.param("{{" + G[1:75], [("", "not_json")], id="A10 doubled brace, cut"),
        pytest.param(f"{DRAFT}\n{G}", [("", "ambiguous")], id="A11 draft, then final"),
        pytest.param(f"{G}\n{WRONG}", [("", "ambiguous")], id="A11 the last word is not valid"),
        pytest.param(G + G.replace("A-17", 'a "quote"'), [("", "ambiguous")], id="A11 the last word is not JSON"),
        pytest.param(" ".join(DRAFT.replace("draft", str(n)) for n in range(20)), [("", "ambiguous")], id="A11 many"),
        pytest.param(" ".join("{}" for _ in range(40)) + G, [("", "not_json")], id="A11 more than 32 starts"),
        pytest.param(f"{DRAFT}\n{G[:-3]}", [("", "not_json")], id="A11 draft, then final that is cut"),
        pytest.param(json.dumps(json.dumps(json.dumps(G))), [("", "type")], id="A13 encoded four times"),
        pytest.param(with_member(number=json.dumps(["A"])[:-1]), [], id="A14 text that may be text stays text"),
        pytest.param(with_member(lines='[{"sku":"x1"'), [("/lines", "type")], id="A14 a list as text, cut"),
        pytest.param(with_member(lines='{"sku":"x1"}'), [("/lines", "type")], id="A14 an object for a list"),
        pytest.param(G.replace("41.5", "NaN"), [("", "not_a_number")], id="A15 NaN"),
        pytest.param("So: " + G.replace("41.5", "1e999"), [("", "huge_number")], id="A15 overflow, in prose"),
        pytest.param(G.replace('"total"', '"total":1,"total"'), [("", "duplicate_key")], id="A16 two values of a key"),
        pytest.param(G.replace('"', "\u201d"), [("", "not_json")], id="A19 smart quotes"),
        pytest.param(G.replace("2}", "2 /* two */}"), [("", "not_json")], id="A19 comment"),
        pytest.param("[" * 20_000, [("", "too_deep")], id="A20 20,000 brackets"),
        pytest.param(f"<think>Perhaps {G}", [("", "not_json")], id="B1 thoughts without an end"),
        pytest.param('{"thought":"The user has given"}', [("", "thoughts_as_answer")], id="B5 thoughts as the answer"),
        pytest.param(SCHEMA_ECHOED, [("", "schema_echoed")], id="C1 schema"),
        pytest.param(f"As asked:\n{SCHEMA_ECHOED}", [("", "schema_echoed")], id="C1 schema in prose"),
        pytest.param(f'{{"properties":{WRONG}}}', [("/total", "type")], id="C2 not valid inside"),
        pytest.param(
            f'{{"a":{G},"b":1}}',
            [("", "additionalProperties"), ("/number", "required")],
            id="C3 wrapper with more in it",
        ),
        pytest.param(f"[{G},{DRAFT}]", [("", "type")], id="C4 two in a list"),
        pytest.param(f"[{G},{G}]", [("", "type")], id="C4 one twice in a list"),
        pytest.param(with_member(note="ok"), [("", "additionalProperties")], id="C5 a member too many"),
        pytest.param(with_member(total="1.041,50 EUR"), [("/total", "type")], id="C8 number as people print it"),
        pytest.param(with_member(total="1,041"), [("/total", "type")], id="C8 comma"),
        pytest.param(with_member(total="+1"), [("/total", "type")], id="C8 a sign that JSON does not write"),
        pytest.param(with_member(total="007"), [("/total", "type")], id="C8 leading zeros"),
        pytest.param(
            with_member(total="0.1234567890123456789"), [("/total", "type")], id="C8 more than a double holds"
        ),
        pytest.param(with_member(lines=[{"sku": "x", "qty": "1.5"}]), [("/lines/0/qty", "type")], id="C8 not whole"),
        pytest.param(with_member(lines=[{"sku": "x", "qty": True}]), [("/lines/0/qty", "type")], id="C9 true for 1"),
        pytest.param(with_member(currency="Euro"), [("/currency", "enum")], id="C10 another word"),
        pytest.param(with_member(number=["A-17"]), [("/number", "type")], id="C11 scalar in a list"),
        pytest.param(with_member(lines=[{"sku": "x", "qty": "[2]"}]), [("/lines/0/qty", "type")], id="C11 as text"),
        pytest.param(G[:75], [("", "not_json")], id="D1 cut"),
        pytest.param(with_member(lines=[RECORD["lines"][0], "... 47 more"]), [("/lines/1", "type")], id="D6 elided"),
        pytest.param(G + '\n{"sku":"x3","qty":1}', [("", "ambiguous")], id="A11 a line that fell out behind"),
        pytest.param(G.replace("4", "") + "4", [("", "not_json")], id="A11 a digit that fell out behind"),
        pytest.param(G.replace("sku", "s\nku"), [("", "not_json")], id="A8 a line end in a key"),
        pytest.param('So: {"invoice":{"no":"A"}}', [("", "additionalProperties")], id="C6 another shape, in prose"),
        pytest.param(f"{G}{DRAFT}", [("", "ambiguous")], id="E3 two in a row"),
        pytest.param("The invoice is A-17.", [("", "not_json")], id="E4 prose alone"),
        pytest.param(G[:-1] + '},"note":"ok"}', [("", "not_json")], id="closed too early"),
        pytest.param(f'"answer": {G},', [("", "not_json")], id="a piece of something larger"),
    ],
)
async def test_what_could_be_read_in_two_ways_is_asked_again(text: str, found: list[tuple[str, str]]):
    judged = await judge(text, standard=CONTRACT)

    assert [(violation.at, violation.rule) for violation in judged.violations][: len(found)] == found
    assert bool(judged.violations) is bool(found)
    assert all(violation.says for violation in judged.violations)


async def test_a_line_end_inside_a_string_is_kept_and_other_control_characters_are_not():
    judged = await judge(G.replace("A-17", "A-\n1\x007"), standard=CONTRACT)

    assert judged.record["number"] == "A-\n17"
    assert [(repair.name, repair.at) for repair in judged.repairs] == [
        ("raw_control_character", ""),
        ("control_character", "/number"),
    ]


async def test_what_is_wrong_with_the_record_is_told_of_the_reading_that_is_nearest():
    judged = await judge(f"Here: [{with_member(total='much', currency='usd')}]", standard=CONTRACT)

    assert [(violation.at, violation.rule) for violation in judged.violations] == [("/total", "type")]
    assert judged.record["currency"] == "USD"
    assert judged.harm == "prose"


async def test_places_of_repairs_are_places_of_the_record():
    class Counts(BaseModel):
        of: dict[str, int]

    contract = contract_for(target_from(Counts))
    wrapped = {"data": {"of": [{"key": "a/b", "value": "2"}, {"key": "c", "value": 1}]}}

    judged = await judge(json.dumps(wrapped), standard=contract)

    assert judged.record == {"of": {"a/b": 2, "c": 1}}
    assert [(repair.name, repair.at) for repair in judged.repairs] == [
        ("wrapper", ""),
        ("number_from_text", "/of/a~1b"),
    ]


async def test_what_was_settled_inside_a_wrapper_is_told_at_the_place_of_the_record():
    judged = await judge('{"result":' + G.replace("A-17", "A-17\\u0000") + "}", standard=CONTRACT)

    assert [(repair.name, repair.at) for repair in judged.repairs] == [
        ("control_character", "/number"),
        ("wrapper", ""),
    ]


async def test_a_choice_between_spellings_is_left_to_the_model():
    class Choice(BaseModel):
        size: Literal["a", "A"]
        value: int | str

    judged = await judge('{"size": " a", "value": "2"}', standard=contract_for(target_from(Choice)))

    assert [violation.at for violation in judged.violations] == ["/size"]
    assert judged.record["value"] == "2"


@pytest.mark.parametrize(
    ("text", "record"),
    [
        pytest.param('{"result": {"name": "x"}}', {"name": "x"}, id="a wrapper is no member too many"),
        pytest.param("{}", {}, id="an empty record"),
    ],
)
async def test_a_record_that_may_be_empty_is_not_taken_from_beside_its_wrapper(text: str, record: Any):
    judged = await judge(text, standard=TREES)

    assert (judged.record, judged.violations) == (record, ())


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"thought": "no record"}', id="thoughts"),
        pytest.param('{"type": "object", "properties": {"name": {"type": "string"}}}', id="schema"),
        pytest.param("The template is {} here.", id="empty braces in prose"),
        pytest.param('I saw {"note": 1} there.', id="something else in prose"),
        pytest.param('{"name": "a", "kids": [{"name": "b"}', id="cut behind a part"),
        pytest.param('Here: {"name": "a", "kids": [{"name": "b"}, {"name": "c"}]', id="cut behind all parts"),
        pytest.param('{"name": "a "quoted" b", "kids": [{"name": "c"}]}', id="a whole that cannot be read"),
        pytest.param('{name: "a", kids: [{"name": "c"}]}', id="keys without quotes"),
        pytest.param('"name": "a", "kids": [{"name": "c"}]', id="a beginning that is missing"),
        pytest.param('{"name": "</think> {\'name\': \'c\'}", "kids": [', id="cut, with thoughts in a string"),
    ],
)
async def test_a_part_is_never_taken_for_the_whole(text: str):
    assert (await judge(text, standard=TREES)).violations


@pytest.mark.parametrize("repairs", [True, False], ids=["mending", "not mending"])
async def test_neither_schema_nor_thoughts_are_a_record(repairs: bool):
    for text in (SCHEMA_ECHOED, '{"thinking": "x"}'):
        assert (await judge(text, standard=TREES, repairs=repairs)).violations


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"```json\n{G}\n```", id="fence"),
        pytest.param(f"<think></think>{G}", id="thoughts"),
        pytest.param(f"So: {G}", id="prose"),
        pytest.param(G[:-1] + ",}", id="comma"),
        pytest.param(json.dumps(G), id="encoded twice"),
        pytest.param(f"[{G}]", id="list of one"),
        pytest.param(with_member(currency="eur"), id="enum"),
        pytest.param("", id="empty"),
    ],
)
async def test_without_repairs_nothing_is_mended(text: str):
    judged = await judge(text, standard=CONTRACT, reasoning=G, repairs=False)

    assert judged.violations
    assert judged.repairs == ()
    assert (await judge(f" {G}\n", standard=CONTRACT, repairs=False)).violations == ()


@pytest.mark.parametrize(
    ("reasoning", "is_taken"),
    [
        pytest.param(G, True, id="the record alone"),
        pytest.param(f"First I list … so:\n```json\n{G}\n```\n", True, id="in a fence at the end"),
        pytest.param(f"{DRAFT}? No:\n{G}", True, id="the last of two"),
        pytest.param(" ".join('{"a": 1}' for _ in range(100)) + G, True, id="after many other values"),
        pytest.param(f"{G}\nThat is it.", False, id="words behind it"),
        pytest.param(f"{G}\n{WRONG}", False, id="the last is not valid"),
        pytest.param(f"So {G[:-1]}", False, id="cut"),
        pytest.param(f"Maybe {{ {G}", False, id="something open before it"),
        pytest.param(repr(RECORD), False, id="not JSON"),
        pytest.param("no record", False, id="prose"),
    ],
)
async def test_a_record_is_rescued_from_reasoning_only_where_it_ends_it(reasoning: str, is_taken: bool):
    for text in ("", " \n"):
        judged = await judge(text, standard=CONTRACT, reasoning=reasoning)

        assert bool(judged.violations) is not is_taken
        assert [repair.name for repair in judged.repairs] == ["rescued_from_reasoning"] * is_taken
        assert judged.harm == ("" if is_taken else "empty_with_reasoning")
        assert not judged.fits_wire


async def test_reasoning_is_not_read_where_there_is_an_answer():
    assert (await judge("I cannot say.", standard=CONTRACT, reasoning=G)).record is None


async def test_an_empty_answer_without_reasoning_shows_no_harm():
    judged = await judge("", standard=CONTRACT)

    assert [violation.rule for violation in judged.violations] == ["not_json"]
    assert judged.harm == ""


class SlowAfter:
    """A contract whose judgements take too long after the first few."""

    def __init__(self, judgements: int) -> None:
        self.shape = CONTRACT.shape
        self.left = judgements

    async def ajudge(self, value: Any, repairs: Any = ()) -> Any:
        self.left -= 1
        if self.left < 0:
            raise ValidationTimeout("too long")
        return await CONTRACT.ajudge(value, repairs)


@pytest.mark.parametrize(
    ("text", "judgements", "rule"),
    [
        pytest.param(with_member(currency="eur"), 1, "enum", id="an answer in other spellings"),
        pytest.param(f"{G}\n{DRAFT}", 1, "not_json", id="the second of two values"),
        pytest.param("", 0, "not_json", id="a record in the reasoning"),
    ],
)
async def test_what_cannot_be_checked_in_time_is_not_taken(text: str, judgements: int, rule: str):
    judged = await judge(text, standard=SlowAfter(judgements), reasoning=G)  # type: ignore[arg-type]

    assert [violation.rule for violation in judged.violations] == [rule]

"""Loops are noticed early, and long tables are not taken for loops."""

from __future__ import annotations

import json
import random
import time

import pytest

from extractor.model.loops import LoopWatch, RepetitionWatch, WhiteSpaceWatch

SENTENCE = (
    "Wait, let me look at the total once more, because the sum of the lines does not match what is printed below. "
)
LINE = {"description": "Widget, blue", "quantity": 1, "unit_price": 10.0, "amount": 10.0, "vat": "19 %"}
THREE_HUNDRED = json.dumps({"number": "A-17", "lines": [LINE] * 300})
PRINTED_ROW = "Consulting services, per hour            1 h      80.00 EUR      80.00 EUR\n"


def cut(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


def loop_in(content: str = "", reasoning: str = "", *, size: int = 7) -> str:
    watch = LoopWatch()
    pieces = [("content", piece) for piece in cut(content, size)] + [
        ("reasoning", each) for each in cut(reasoning, size)
    ]
    seen = [watch.look(**{"content": "", "reasoning": "", name: piece}) for name, piece in pieces]
    return next(filter(None, seen), "")


@pytest.mark.parametrize("size", [1, 7, 100, 511, 10_000])
@pytest.mark.parametrize(
    ("before", "after"),
    [pytest.param('{"number":', "", id="outside a string"), pytest.param('{"number":"A', 'B"}', id="inside a string")],
)
def test_512_white_space_characters_in_a_row_are_a_loop_and_511_are_not(before: str, after: str, size: int):
    assert loop_in(before + " \n\t " * 128 + after, size=size) == "white_space"
    assert loop_in(before + (" \n\t " * 128)[:-1] + "x" + after, size=size) == ""


def test_white_space_before_and_after_words_does_not_add_up():
    watch = WhiteSpaceWatch()

    for _ in range(100):
        watch.look(" " * 300)
        watch.look("x")
        watch.look(" " * 200 + "x" + " " * 200)
        watch.look("x")

    assert not watch.is_looping


@pytest.mark.parametrize("size", [1, 7, 1_000, 100_000])
def test_a_sentence_that_the_reasoning_repeats_for_ever_is_a_loop(size: int):
    assert loop_in(reasoning="First I list the lines. " + SENTENCE * 100, size=size) == "reasoning"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"lines":[' + '{"sku":"x1","qty":2},' * 1_400, id="rows without end"),
        pytest.param('{"note":"' + "and so on and so forth, " * 400, id="words inside a string"),
        pytest.param('{"note":"' + "a" * 20_000, id="one letter"),
        pytest.param('{"number":"' + "0" * 20_000, id="one digit"),
        pytest.param('{"note":"' + "\\n" * 10_000, id="escaped line breaks"),
        pytest.param("[" * 20_000, id="brackets"),
        pytest.param('{"note":"' + "請再檢查一次總金額是否正確無誤。" * 600, id="a sentence without spaces"),
    ],
)
def test_an_answer_that_repeats_itself_for_ever_is_a_loop(text: str):
    assert loop_in(text) == "content"


def test_a_loop_is_noticed_long_before_the_ceiling():
    watch = RepetitionWatch()
    taken = 0
    while not watch.is_looping:
        watch.look(SENTENCE)
        taken += len(SENTENCE)

    assert taken < 8_000


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(THREE_HUNDRED, id="300 equal invoice lines"),
        pytest.param(json.dumps({"lines": [LINE] * 300}, indent=2), id="300 equal lines, indented"),
        pytest.param(json.dumps({"lines": [LINE] * 300}, separators=(",", ":")), id="300 equal lines, compact"),
        pytest.param(json.dumps([{"sku": "x1", "qty": 2}] * 300), id="300 short rows"),
        pytest.param(json.dumps({"rows": [[0] * 20 for _ in range(60)]}), id="cells of zeros"),
        pytest.param(json.dumps({"rows": [{"n": number} | LINE for number in range(2_000)]}), id="numbered rows"),
        pytest.param(json.dumps({"text": "Chapter 1 " + "." * 500 + " 7"}), id="leader dots"),
        pytest.param(PRINTED_ROW * 300, id="300 printed rows"),
        pytest.param("- Consulting services per hour\n" * 300, id="300 list items without a number"),
        pytest.param(json.dumps({"text": PRINTED_ROW * 300}), id="300 printed rows in a string"),
        pytest.param((SENTENCE + "It is a clause of the contract. ") * 12, id="a clause twelve times"),
    ],
)
def test_tables_and_clauses_are_no_loop(text: str):
    assert loop_in(text) == ""
    assert loop_in(reasoning=text) == ""


def test_reasoning_that_counts_on_is_no_loop():
    text = " ".join(f"Line {number} says x{number}, quantity {number % 3}, so it goes in." for number in range(3_000))

    assert loop_in(reasoning=text) == ""


def test_a_table_that_ends_and_begins_again_is_counted_anew():
    table = json.dumps([LINE] * 300)

    assert loop_in(f'{table}"between","these"' * 5) == ""


def test_random_text_of_few_letters_is_no_loop():
    letters = random.Random(5)
    text = "".join(letters.choice('ab,"') for _ in range(50_000))

    assert loop_in(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a" * 2_047 + "b", id="nearly one letter"),
        pytest.param(("ab" * 511 + "c") * 2, id="nearly two letters"),
        pytest.param((" " * 511 + "x") * 4, id="long indents"),
        pytest.param(THREE_HUNDRED, id="rows"),
    ],
)
def test_watching_costs_the_same_for_each_character_whatever_the_text(text: str):
    whole = text * (2_000_000 // len(text))

    started = time.process_time()
    loop_in(whole, size=1_000)

    assert time.process_time() - started < 1.0

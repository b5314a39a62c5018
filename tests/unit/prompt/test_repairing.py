"""The question for the open places of an answer: what it shows, what it costs, and that it reads back."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.model.offline import OfflineModel
from extractor.prompt import ask, kept_beside, read_back, reask, repair, with_draft
from extractor.prompt.fencing import quoted
from extractor.prompt.keeping import MAX_KEPT
from extractor.prompt.layout import take_apart
from extractor.prompt.repairing import RULES
from extractor.records import (
    OpenField,
    Opening,
    Options,
    Page,
    Passage,
    Question,
    Shape,
    Violation,
    Window,
)

#: What one token of English and JSON is, in bytes.
BYTES_PER_TOKEN = 4
ANSWER = {
    "number": "A-17",
    "total": "41,5O",
    "seller": {"name": "ACME GmbH", "vat_id": None},
    "lines": [{"sku": f"S-{row}", "qty": row} for row in range(60)],
}


def closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def opening_of(*fields: OpenField, **schemas: Any) -> Opening:
    shape = Shape(name="invoice", schema=closed(schemas), expected_tokens=32)
    return Opening(shape=shape, fields=fields)


TOTAL = OpenField(name="total", at="/total", rules=("must be a number", "must be at least 0"))
SKU = OpenField(name="sku", at="/lines/3/sku", rules=("must be a string",))
OPENING = opening_of(TOTAL, SKU, total={"type": "number"}, sku={"type": "string"})
PASSAGES = (
    Passage(start=0, end=12, text="Invoice A-17"),
    Passage(start=40, end=55, text="Total 41.50 EUR"),
)


@pytest.fixture
def question(window: Window, invoice: Shape) -> Question:
    return ask(window, invoice, job_id="a", options=Options())


def tokens_of(question: Question) -> int:
    return sum(len(message.content.encode()) for message in question.messages) // BYTES_PER_TOKEN


def said(question: Question) -> str:
    return question.messages[1].content


def test_a_repair_shows_patch_passages_neighbours_and_rules_and_nothing_else(question: Question):
    asked = repair(question, opening=OPENING, passages=PASSAGES, kept=kept_beside(ANSWER, OPENING))

    layout = take_apart(asked.messages)
    assert asked.messages[0].content == RULES
    assert layout.words == "invoice: object\n  total: number\n  sku: string"
    assert layout.document == f"Invoice A-17\n[{layout.mark} left out]\nTotal 41.50 EUR"
    assert layout.kept == '"": {"number":"A-17"}\n"/lines/3": {"qty":3}'
    assert layout.failed == (
        'total: "/total" -> "must be a number; must be at least 0"\nsku: "/lines/3/sku" -> "must be a string"'
    )


def test_a_repair_is_the_next_round_of_its_question_and_is_held_to_the_patch(question: Question):
    asked = repair(question, opening=OPENING, passages=PASSAGES, kept="")

    assert (asked.round, asked.window, asked.options) == (2, question.window, question.options)
    assert (asked.shape, asked.expected_tokens, asked.thinking) == (OPENING.shape, 32, "none")


def test_the_rules_of_a_repair_are_short():
    assert len(RULES.encode()) <= 250 * BYTES_PER_TOKEN


def test_a_repair_of_one_place_is_a_few_hundred_tokens_whatever_the_document_is_long(invoice: Shape):
    text = "x" * 100_000
    long = Window(number=0, start=0, end=len(text), text=text, pages=(Page(number=1, start=0, end=len(text)),))
    first = ask(long, invoice, job_id="a", options=Options())
    opening = opening_of(TOTAL, total={"type": "number"})
    passages = (Passage(start=0, end=1_200, text="Total 41.50 EUR " * 75),)

    asked = repair(first, opening=opening, passages=passages, kept=kept_beside(ANSWER, opening))

    assert tokens_of(asked) <= 700
    assert tokens_of(asked) <= 0.03 * tokens_of(first)


def test_of_many_open_places_each_is_named_and_shown_with_a_little_beside_it(question: Question):
    names = [f"sku_{row}" for row in range(90)]
    fields = [OpenField(name=name, at=f"/lines/{row}/sku", rules=("must",)) for row, name in enumerate(names)]
    line = {"sku": "S", "qty": 7, "text": "t" * 10_000, **{f"m{number}": number for number in range(100)}}
    opening = opening_of(*fields, **{name: {"type": "string"} for name in names})

    back = read_back(
        repair(
            question, opening=opening, passages=(), kept=kept_beside({"lines": [line] * len(names)}, opening)
        ).messages
    )

    assert [field.name for field in back.fields] == names
    assert [at for at, part in back.kept.items() if part["qty"] == 7] == [f"/lines/{row}" for row in range(90)]


def test_what_stands_beside_open_places_is_bounded():
    opening = opening_of(*(OpenField(name=f"a{row}", at=f"/{row}/a") for row in range(5_000)))

    assert len(kept_beside([{"a": 1, "b": "b" * 100}] * 5_000, opening)) <= MAX_KEPT


def test_the_messages_give_the_open_places_and_what_stands_beside_them_back(question: Question):
    asked = repair(question, opening=OPENING, passages=PASSAGES, kept=kept_beside(ANSWER, OPENING))

    back = read_back(asked.messages)

    assert (back.schema, back.name) == (OPENING.shape.schema, "invoice")
    assert back.document == "Invoice A-17\n\nTotal 41.50 EUR"
    assert [(field.name, field.at, field.kind) for field in back.fields] == [
        ("total", "/total", "replace"),
        ("sku", "/lines/3/sku", "replace"),
    ]
    assert back.fields[0].rules == ("must be a number; must be at least 0",)
    assert back.kept == {"": {"number": "A-17"}, "/lines/3": {"qty": 3}}
    assert back.failing == {}


@pytest.mark.parametrize("kind", ["add", "remove"])
@pytest.mark.parametrize("name", ["lines", "add", "3_lines", "-", "remove-from"])
def test_a_list_that_is_too_short_or_too_long_is_told_as_one(question: Question, kind: Any, name: str):
    field = OpenField(name=name, at="/lines", kind=kind, rules=("must have 61 items",))
    opening = opening_of(field, **{name: {"type": "array", "items": {"type": "integer"}}})

    asked = repair(question, opening=opening, passages=PASSAGES, kept=kept_beside(ANSWER, opening))

    assert read_back(asked.messages).fields == (field,)
    assert f"`{kind} " in said(asked)
    assert list(read_back(asked.messages).kept)[-1] == "/lines/59"


def test_a_question_that_is_no_repair_has_no_open_places(question: Question):
    again = reask(question, answer="{}", violations=[Violation(at="/total", rule="type", says="must be a number")])

    assert [read_back(each.messages).fields for each in (question, again)] == [(), ()]
    assert [read_back(each.messages).kept for each in (question, again)] == [{}, {}]


def test_without_passages_the_whole_document_of_the_question_is_shown_under_its_mark(question: Question):
    asked = repair(question, opening=OPENING, passages=None, kept="")

    before, layout = take_apart(question.messages), take_apart(asked.messages)
    assert (layout.document, layout.mark, layout.has_passages) == (before.document, before.mark, False)
    assert read_back(asked.messages).document == read_back(question.messages).document


def test_of_a_part_of_a_document_its_context_is_shown_with_it(window: Window, invoice: Shape):
    part = replace(window, context=(Passage(start=5, end=20, text="Qty | Unit price"),))
    first = ask(part, invoice, job_id="a", options=Options())

    whole = repair(first, opening=OPENING, passages=None, kept="")
    parts = repair(first, opening=OPENING, passages=PASSAGES, kept="")

    assert read_back(whole.messages).context == ("Qty | Unit price",)
    assert read_back(whole.messages).document == window.text
    assert "take no value from the context" in said(whole)
    assert read_back(parts.messages).context == ()
    assert "context" not in said(parts)


def test_passages_stand_under_the_mark_of_their_document(question: Question):
    asked = repair(question, opening=OPENING, passages=PASSAGES, kept="")

    assert take_apart(asked.messages).mark == take_apart(question.messages).mark


def test_a_repair_may_follow_a_reask_or_a_repair(question: Question):
    again = reask(question, answer="{}", violations=[])
    first = repair(again, opening=OPENING, passages=None, kept="")
    second = repair(first, opening=OPENING, passages=PASSAGES, kept="")

    assert [first.round, second.round] == [3, 4]
    assert said(second) != said(repair(question, opening=OPENING, passages=PASSAGES, kept=""))
    assert len(said(second)) < len(said(first)) + len(PASSAGES[1].text)


def test_the_whole_document_cannot_be_had_from_passages(question: Question):
    part = repair(question, opening=OPENING, passages=PASSAGES, kept="")

    with pytest.raises(ValueError, match="passages of it only"):
        repair(part, opening=OPENING, passages=None, kept="")


def test_a_repair_that_failed_in_the_same_way_says_so_and_may_be_thought_about(question: Question):
    levels = [repair(question, opening=OPENING, passages=PASSAGES, kept="", level=level) for level in range(4)]

    assert [asked.thinking for asked in levels] == ["none", "little", "usual", "usual"]
    assert ["will fail again" in said(asked) for asked in levels] == [False, True, True, True]


def test_equal_repairs_are_equal_bytes_and_different_ones_are_not(question: Question):
    first = repair(question, opening=OPENING, passages=PASSAGES, kept="")
    same = repair(question, opening=OPENING, passages=PASSAGES, kept="")
    other = repair(replace(question, round=2), opening=OPENING, passages=PASSAGES, kept="")

    assert first == same
    assert said(other) != said(first)


def test_text_is_marked_as_left_out_wherever_it_is(question: Question):
    later = (Passage(start=5, end=8, text="one"), Passage(start=20, end=23, text="two"))

    layout = take_apart(repair(question, opening=OPENING, passages=later, kept="").messages)

    gap = f"[{layout.mark} left out]"
    assert layout.document == f"{gap}\none\n{gap}\ntwo"


def test_a_repair_can_be_drafted(question: Question):
    asked = repair(question, opening=OPENING, passages=PASSAGES, kept="")

    drafted = with_draft(asked, '{"total": 41.5, "sku": "S-3"}')

    assert read_back(drafted.messages) == read_back(asked.messages)


def test_the_offline_model_answers_a_repair_with_exactly_the_open_places(question: Question):
    lines = OpenField(name="lines", at="/lines", rules=("must hold objects",))
    opening = opening_of(
        TOTAL,
        lines,
        total={"type": ["number", "null"]},
        lines={"type": "array", "items": closed({"sku": {"type": "string"}, "qty": {"type": "integer"}})},
    )
    table = Passage(start=0, end=30, text="Lines\n\nsku | qty\nA-1 | 2\nA-2 | 5")
    asked = repair(question, opening=opening, passages=(table, PASSAGES[1]), kept="")

    text = OfflineModel(read_back)._answer(asked.messages)

    assert text == '{"total":null,"lines":[{"sku":"A-1","qty":2},{"sku":"A-2","qty":5}]}'


#: Pieces that look like our own syntax.
PIECES = st.sampled_from(
    [
        '" -> "',
        "add to ",
        "\n[0123456789ab left out]\n",
        "</kept 0123456789ab>",
        "\f",
        "\u2028",
        '"',
        "\\",
        ": ",
        "/",
        "~",
    ]
) | st.text(max_size=4)
TEXTS = st.lists(PIECES, max_size=4).map("".join)
FIELDS = st.builds(
    OpenField,
    name=TEXTS.filter(bool),
    at=TEXTS,
    kind=st.sampled_from(["replace", "add", "remove"]),
    rules=TEXTS.filter(bool).map(lambda text: (text,)),
)


@settings(max_examples=30)
@given(
    fields=st.lists(FIELDS, min_size=1, max_size=4, unique_by=lambda field: field.name),
    texts=st.lists(TEXTS, min_size=1, max_size=3),
    kept=st.dictionaries(TEXTS, st.dictionaries(TEXTS, TEXTS | st.integers() | st.booleans(), max_size=3), max_size=3),
)
def test_a_repair_is_read_back_exactly(fields: list[OpenField], texts: list[str], kept: dict[str, Any]):
    text = "\f".join(texts)
    whole = Window(number=0, start=0, end=len(text), text=text, pages=(Page(number=1, start=0, end=len(text)),))
    opening = opening_of(*fields, **{field.name: {"type": "string"} for field in fields})
    starts = list(accumulate((len(text) + 9 for text in texts), initial=0))
    passages = [Passage(start=at, end=at + len(text), text=text) for at, text in zip(starts, texts, strict=False)]
    lines = "\n".join(f"{quoted(at)}: {quoted(part)}" for at, part in kept.items())
    first = ask(whole, opening.shape, job_id="a", options=Options())

    for shown, document in ((passages, "\n\n".join(texts)), (None, text)):
        back = read_back(repair(first, opening=opening, passages=shown, kept=lines).messages)

        assert back.fields == tuple(fields)
        assert back.kept == kept
        assert back.document == document
        assert back.schema == opening.shape.schema

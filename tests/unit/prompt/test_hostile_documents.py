"""Whatever a document, an answer, a broken rule or a schema says, it stands inside one fence and nowhere else."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from extractor import jsontext, log
from extractor.ask import ask_until_valid
from extractor.grounds import Grounds
from extractor.prompt import ask, fencing, kept_beside, read_back, reading_words, reask, repair, repairing, with_draft
from extractor.prompt.asking import CLOSING, RULES
from extractor.prompt.keeping import MAX_TEXT
from extractor.prompt.reasking import MAX_ANSWER
from extractor.records import (
    Document,
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
from extractor.schema import contract_for, target_from
from extractor.testing import ScriptedModel, ports_for

JOB = "job"
#: Our own blocks, read without the code that wrote them.
BLOCK = re.compile(r"<(schema|document|answer|failed|passages|kept) ([0-9a-f]{12})>\n(.*?)\n</\1 \2>", re.DOTALL)
PLAIN = "Invoice A-17, total 41.50 EUR"


def one_page(text: str) -> Window:
    return Window(number=0, start=0, end=len(text), text=text, pages=(Page(number=1, start=0, end=len(text)),))


def two_pages(text: str) -> Window:
    """Return a window that holds `text` twice, on two pages."""
    length = len(text)
    pages = (Page(number=1, start=0, end=length), Page(number=2, start=length + 1, end=2 * length + 1))
    return Window(number=0, start=0, end=2 * length + 1, text=f"{text}\f{text}", pages=pages)


def shape_of(text: str) -> Shape:
    """Return a shape that says `text` wherever a caller can say something."""
    inner = {"type": "string", "title": text, "description": text, "enum": [text, "b"], "pattern": text}
    members = {
        text or "empty": inner,
        "shared": {"$ref": f"#/$defs/{text}"},
        "always": {"type": "string", "const": text},
        "list": {"type": "array", "items": {"type": "number", "description": text}},
        "odd": {"type": "object", "additionalProperties": {"description": text}},
        "one": {"anyOf": [{"type": "string", "title": text}, {"type": "null"}]},
    }
    root = {"type": "object", "properties": members, "required": list(members), "additionalProperties": False}
    described = root | {"title": text, "description": text, "$defs": {text: {"type": "string", "format": text}}}
    return Shape(name="invoice", schema=described, told={"/always": text, "/*": text, jsontext.pointer(text): text})


PLAIN_SHAPE = shape_of("plain")


def question_of(window: Window, shape: Shape = PLAIN_SHAPE) -> Question:
    return ask(window, shape, job_id=JOB, options=Options())


def blocks_of(question: Question) -> tuple[list[tuple[str, str, str]], str]:
    """Return (kind, mark, body) of each block in the user message, and what stands outside of them."""
    blocks: list[tuple[str, str, str]] = []
    outside: list[str] = []
    rest = question.messages[1].content
    while opening := BLOCK.match(rest):
        blocks.append((opening[1], opening[2], opening[3]))
        outside.append("#")
        rest = rest[opening.end() :].removeprefix("\n\n")
    return blocks, "".join([*outside, rest])


def marks() -> dict[str, str]:
    """Return what a well-informed attacker knows of the request that is to come."""
    (_, schema, _), (_, document, _) = blocks_of(question_of(one_page(PLAIN)))[0]
    wide = {ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789abcdef"}
    return {
        "schema": schema,
        "document": document,
        "SCHEMA": schema.upper(),
        "DOCUMENT": document.upper(),
        "schema_split": "\u200b".join(schema),
        "document_split": "\u200d".join(document),
        "schema_wide": schema.translate(wide),
        "document_wide": document.translate(wide),
    }


def hostile_texts() -> list[Any]:
    path = Path(__file__).resolve().parents[2] / "data" / "hostile" / "documents.json"
    known = marks()
    return [
        pytest.param(
            re.sub(r"\{([A-Za-z_]+)\}", lambda found: known.get(found[1], found[0]), row["text"])
            * row.get("repeat", 1),
            id=row["id"],
        )
        for row in json.loads(path.read_text("utf-8"))
    ]


HOSTILE = hostile_texts()
hostile = pytest.mark.parametrize("text", HOSTILE)


def as_read_by_people(text: str) -> str:
    """Return the text as somebody may read it who does not see case, width and what is not printed."""
    without = re.sub("[\u200b-\u200f\u2060\ufeff]", "", text)
    return without.translate({code + 0xFEE0: code for code in range(0x21, 0x7F)}).lower()


def assert_fenced(question: Question, kinds: list[str], outside: str, *, rules: str = RULES) -> dict[str, str]:
    """Return the bodies by kind of a question that is nothing but its blocks and our own words round them."""
    blocks, found_outside = blocks_of(question)
    assert [kind for kind, _, _ in blocks] == kinds
    assert found_outside == outside
    assert question.messages[0].content == rules
    assert len(question.messages) == 2
    bodies = {kind: body for kind, _, body in blocks}
    for _, mark, _ in blocks:
        for kind, own_mark, body in blocks:
            is_own = own_mark == mark and kind in {"document", "passages"}
            said = re.sub(rf"(?m)^\[{mark} (?:page \d+|left out)\]$", "", body) if is_own else body
            assert mark not in as_read_by_people(said)
    return bodies


def outside_of_reask(question: Question) -> str:
    return blocks_of(question)[1]


def without_marks(text: str, question: Question) -> str:
    """Return the text without the marks that `question` has, which a re-ask does not repeat elsewhere."""
    for _, mark, _ in blocks_of(question)[0]:
        digits = (f"[{digit}{digit.upper()}{wide(digit)}{wide(digit.upper())}]" for digit in mark)
        text = re.sub(
            "[\u00ad\u200b-\u200f\u2060\ufeff\U000e0001]*".join(digits), lambda found: "-" * len(found[0]), text
        )
    return text


def wide(text: str) -> str:
    return "".join(chr(ord(sign) + 0xFEE0) for sign in text)


def test_the_corpus_is_large_and_each_text_another():
    assert len({row.values[0] for row in HOSTILE}) == len(HOSTILE) >= 40


@hostile
def test_a_document_stands_in_its_fence_alone(text):
    question = question_of(one_page(text))

    bodies = assert_fenced(question, ["schema", "document"], "##" + CLOSING)
    assert bodies["document"] == text
    assert read_back(question.messages).document == text
    assert read_back(question.messages).schema == PLAIN_SHAPE.schema


@hostile
def test_a_document_of_two_pages_stands_in_its_fence_alone(text):
    question = question_of(two_pages(text))

    assert_fenced(question, ["schema", "document"], "##" + CLOSING)
    assert read_back(question.messages).document == f"{text}\f{text}"


@hostile
def test_a_schema_stands_in_its_fence_alone_and_each_line_is_ours(text):
    shape = shape_of(text)
    question = question_of(one_page(PLAIN), shape)

    bodies = assert_fenced(question, ["schema", "document"], "##" + CLOSING)
    back = reading_words.read(bodies["schema"])
    assert (back.schema, back.told) == (shape.schema, shape.told)
    assert read_back(question.messages).document == PLAIN
    assert len(bodies["schema"].splitlines()) == len(PLAIN_LINES)


PLAIN_LINES = blocks_of(question_of(one_page(PLAIN)))[0][0][2].splitlines()


@hostile
def test_an_echoed_answer_stands_in_its_fence_alone(text):
    broken = [Violation(at="/always", rule="const", says="must be plain")]
    first = question_of(one_page(PLAIN))
    same = reask(first, answer="x" * len(text), violations=broken)

    again = reask(first, answer=text, violations=broken)

    bodies = assert_fenced(again, ["schema", "document", "answer", "failed"], outside_of_reask(same))
    assert bodies["answer"] == without_marks(text[:MAX_ANSWER], first)
    assert bodies["failed"] == '"/always" -> "must be plain"'
    assert read_back(again.messages).failing == {"/always": "must be plain"}
    assert read_back(again.messages).document == PLAIN


@hostile
def test_a_broken_rule_stands_in_its_fence_alone_on_one_line(text):
    broken = [Violation(at=f"/{text}", rule="type", says=text), Violation(at="/b", rule="type", says=f"{text} {text}")]
    plain = [replace(violation, at=f"/{index}", says="plain") for index, violation in enumerate(broken)]
    first = question_of(one_page(PLAIN))
    same = reask(first, answer="{}", violations=plain)

    again = reask(first, answer="{}", violations=broken)

    bodies = assert_fenced(again, ["schema", "document", "answer", "failed"], outside_of_reask(same))
    assert len(bodies["failed"].splitlines()) == 2
    assert read_back(again.messages).failing == {
        without_marks(violation.at, first): without_marks(violation.says, first) for violation in broken
    }


@hostile
def test_everything_hostile_at_once_is_told_apart(text):
    shape = shape_of(text)
    broken = [Violation(at=f"/{text}", rule="type", says=text)]

    again = reask(question_of(two_pages(text), shape), answer=text, violations=broken)

    back = read_back(again.messages)
    assert (back.schema, back.document, back.failing) == (
        shape.schema,
        f"{text}\f{text}",
        {f"/{text}": text},
    )
    bodies = assert_fenced(again, ["schema", "document", "answer", "failed"], outside_of_reask(again))
    assert bodies["answer"] == text[:MAX_ANSWER]


def test_who_knows_every_mark_so_far_makes_us_take_the_next():
    text = PLAIN
    for _ in range(8):
        blocks, _ = blocks_of(question_of(one_page(text)))
        text += "".join(f"\n</{kind} {mark}>\n<{kind} {mark}>" for kind, mark, _ in blocks)

    bodies = assert_fenced(question_of(one_page(text)), ["schema", "document"], "##" + CLOSING)

    assert bodies["document"] == text


def test_a_mark_is_found_in_a_text_however_it_is_disguised():
    first = fencing.mark("document", key="k", absent_from=())

    for disguised in (first.upper(), "\u2060".join(first), "".join(chr(ord(digit) + 0xFEE0) for digit in first)):
        assert fencing.mark("document", key="k", absent_from=(disguised,)) != first


@pytest.mark.parametrize(
    "disguise",
    [
        pytest.param(str, id="as it is"),
        pytest.param(str.upper, id="in capitals"),
        pytest.param("\u200b".join, id="with characters of no width"),
        pytest.param(lambda mark: "\U000e0001\u00ad".join(mark.upper()), id="in capitals, with others of them"),
        pytest.param(wide, id="in wide forms"),
        pytest.param(lambda mark: wide(mark.upper()), id="in wide capitals"),
    ],
)
def test_no_mark_that_stands_is_repeated_in_a_draft_an_answer_or_a_rule(disguise):
    first = question_of(one_page(PLAIN))
    again = reask(first, answer="{}", violations=[])
    said = "".join(f"</{kind} {disguise(mark)}>" for kind, mark, _ in blocks_of(again)[0])
    struck = without_marks(said, again)
    assert struck != said
    assert len(struck) == len(said)

    drafted = with_draft(again, said).messages[1].content
    asked = reask(again, answer=said, violations=[Violation(at=f"/{said}", rule="type", says=said)])

    assert f">\n{struck}\n</draft " in drafted
    assert blocks_of(asked)[0][2][2] == struck
    assert read_back(asked.messages).failing == {f"/{struck}": struck}


def opening_of(shape: Shape = PLAIN_SHAPE, *, at: str = "/lines/0/sku", rule: str = "must be plain") -> Opening:
    return Opening(shape=shape, fields=(OpenField(name="sku", at=at, rules=(rule, rule)),))


def passages_of(text: str) -> tuple[Passage, ...]:
    """Return a window's worth of text twice, from further down a document."""
    length = len(text)
    return (Passage(start=9, end=9 + length, text=text), Passage(start=99 + length, end=99 + 2 * length, text=text))


REPAIR = ["schema", "passages", "kept", "failed"]


def assert_repair(question: Question, kinds: list[str] = REPAIR) -> dict[str, str]:
    """Return the bodies of a repair that is nothing but its blocks and our own words round them."""
    plain = repair(question_of(one_page(PLAIN)), opening=opening_of(), passages=passages_of(PLAIN), kept="")
    return assert_fenced(question, kinds, outside_of_reask(plain), rules=repairing.RULES)


@hostile
def test_passages_stand_in_their_fence_alone(text):
    asked = repair(question_of(one_page(PLAIN)), opening=opening_of(), passages=passages_of(text), kept="")

    bodies = assert_repair(asked)
    mark = blocks_of(asked)[0][1][1]
    assert bodies["passages"] == f"[{mark} left out]\n{text}\n[{mark} left out]\n{text}"
    assert read_back(asked.messages).document == f"{text}\n\n{text}"


@hostile
def test_the_whole_document_of_a_repair_stands_in_its_fence_alone(text):
    asked = repair(question_of(two_pages(text)), opening=opening_of(shape_of(text)), passages=None, kept="")

    assert_repair(asked, ["schema", "document", "kept", "failed"])
    assert read_back(asked.messages).document == f"{text}\f{text}"
    assert read_back(asked.messages).schema == shape_of(text).schema


@hostile
def test_what_is_kept_stands_in_its_fence_alone_each_part_on_a_line(text):
    answer = {"lines": [{"sku": text, text: text, "note": text}], "note": text}
    opening = opening_of(at="/lines/0/sku")
    first = question_of(one_page(PLAIN))

    asked = repair(first, opening=opening, passages=passages_of(PLAIN), kept=kept_beside(answer, opening))

    bodies = assert_repair(asked)
    assert len(bodies["kept"].splitlines()) == 1
    kept = read_back(asked.messages).kept["/lines/0"]
    assert kept["note"] == without_marks(text[:MAX_TEXT], first)
    assert "sku" not in kept


@hostile
def test_an_open_place_stands_in_its_fence_alone_on_one_line(text):
    opening = opening_of(at=jsontext.pointer("lines", 0, text), rule=text)
    first = question_of(one_page(PLAIN))

    asked = repair(first, opening=opening, passages=passages_of(PLAIN), kept="")

    bodies = assert_repair(asked)
    (field,) = read_back(asked.messages).fields
    assert len(bodies["failed"].splitlines()) == 1
    assert (field.name, field.at) == ("sku", without_marks(opening.fields[0].at, first))
    assert "".join(field.rules) == without_marks(f"{text}; {text}", first)


@hostile
def test_everything_hostile_in_a_repair_at_once_is_told_apart(text):
    answer = {text: [{"sku": text, "note": text}]}
    opening = opening_of(shape_of(text), at=jsontext.pointer(text, 0, "sku"), rule=text)
    first = question_of(two_pages(text), shape_of(text))

    asked = repair(first, opening=opening, passages=passages_of(text), kept=kept_beside(answer, opening))

    assert_repair(asked)
    back = read_back(asked.messages)
    assert (back.schema, back.document) == (shape_of(text).schema, f"{text}\n\n{text}")
    assert [field.at for field in back.fields] == [jsontext.pointer(text, 0, "sku")]


def test_who_knows_every_mark_of_a_repair_so_far_makes_us_take_the_next():
    text = PLAIN
    first = question_of(one_page(PLAIN))
    for _ in range(6):
        asked = repair(first, opening=opening_of(shape_of(text)), passages=passages_of(text), kept="")
        text += "".join(f"\n</{kind} {mark}>\n<{kind} {mark}>" for kind, mark, _ in blocks_of(asked)[0])

    bodies = assert_repair(repair(first, opening=opening_of(shape_of(text)), passages=passages_of(text), kept=""))

    assert bodies["passages"].count(text) == 2


@pytest.mark.anyio
@hostile
async def test_errors_and_logs_of_a_failed_extraction_hold_nothing_of_the_text(text, capfd):
    """A secret word goes with each hostile text, so that the words it shares with our messages do not matter."""
    log.configure("DEBUG")
    secret = f"zqxjkv{text}zqxjkv"
    window = one_page(secret)
    document = Document(
        text=secret, pages=window.pages, media_type="text/plain", sha256="0" * 64, converter="none", name=None
    )
    target = target_from({"type": "object", "properties": {"total": {"type": "number"}}, "required": ["total"]})
    contract = contract_for(target, open_objects="keep", nulls="absent", absence="say")
    question = ask(window, contract.shape, job_id=JOB, options=Options(max_attempts=3))
    # Prose round a record would be read for the record.
    prose = {"total": [secret]} if "{" in text else secret
    model = ScriptedModel(prose, {"total": secret}, {secret: secret})
    grounds = Grounds(document=document, target=target, is_looked_up=True)

    answer = await ask_until_valid(question, contract=contract, ports=ports_for(model), grounds=grounds)

    written = capfd.readouterr()
    assert answer.error is not None
    assert "zqxjkv" not in f"{answer.error} {answer.error!r} {written.out} {written.err}"

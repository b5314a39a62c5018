"""The question that follows a wrong answer: what it opens, what it shows, and what each identical failure changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from extractor.answer import ground
from extractor.following import HOPELESS, Failure, next_step
from extractor.freezing import Patch
from extractor.grounds import Grounds
from extractor.judging import judged_from
from extractor.prompt import ask
from extractor.prompt.layout import take_apart
from extractor.records import Document, Options, Page, Target, Violation, Window
from extractor.schema import contract_for


def closed(**members: Any) -> dict[str, Any]:
    return {"type": "object", "properties": members, "required": list(members), "additionalProperties": False}


TEXT = f"Order A-17\n{'Words that say nothing of it. ' * 200}\nTotal: 41.50 EUR\n{'More such words. ' * 300}\n"
SCHEMA = closed(
    number={"type": "string"}, total={"type": "number"}, tags={"type": "array", "items": {"type": "string"}}
)
TARGET = Target(schema=SCHEMA | {"minProperties": 1}, name="order", digest="order")
CONTRACT = contract_for(TARGET, open_objects="drop", nulls="absent", absence="say")
RIGHT = {"number": "A-17", "total": 41.5, "tags": []}
PAGES = (Page(number=1, start=0, end=len(TEXT)),)
DOCUMENT = Document(text=TEXT, pages=PAGES, media_type="text/plain", sha256="0" * 64, converter="none")
GROUNDS = Grounds(document=DOCUMENT, target=TARGET, is_looked_up=True)
WINDOW = Window(number=0, start=0, end=len(TEXT), text=TEXT, pages=PAGES)
WRONG_TOTAL = RIGHT | {"total": "no"}


def step_after(answer: Any, *, repeats: int = 0, grounds: Grounds = GROUNDS, **options: Any) -> Any:
    """Return what follows an answer; a text is one that could not be read."""
    judged = judged_from(CONTRACT.judge({} if isinstance(answer, str) else answer), answer)
    if isinstance(answer, str):
        unread = (Violation(at="", rule="not_json", says="must be JSON"),)
        judged = replace(judged, record=None, value=None, violations=unread, wire_violations=unread)
    evidence = ground(judged.record, DOCUMENT) if judged.record else {}
    failure = Failure(judged=judged, text=str(answer), repeats=repeats, evidence=evidence)
    base = ask(WINDOW, CONTRACT.shape, job_id="x_1", options=Options(**options))
    return next_step(base, failure, contract=CONTRACT, grounds=grounds)


@pytest.mark.parametrize(
    ("answer", "opened", "has_passages"),
    [
        pytest.param(WRONG_TOTAL, ("/total",), True, id="a wrong value, by passages"),
        pytest.param(RIGHT | {"total": None}, ("/total",), False, id="one not stated, in the whole document"),
        pytest.param(RIGHT | {"total": None, "number": 5}, ("/number", "/total"), False, id="both, in one question"),
        pytest.param("No.", ("",), False, id="no record: all of it"),
        pytest.param([RIGHT], ("",), False, id="no object: all of it"),
    ],
)
def test_what_is_opened_and_what_is_shown(answer, opened, has_passages):
    step = step_after(answer)

    assert step.opened == opened
    assert take_apart(step.question.messages).has_passages is has_passages
    assert isinstance(step.standard, Patch) is (opened != ("",))
    assert step.question.round == 2


@pytest.mark.parametrize(
    ("answer", "is_asked"),
    [
        pytest.param(WRONG_TOTAL, True, id="passages do"),
        pytest.param(RIGHT | {"total": None}, False, id="an absent value would need all of it"),
        pytest.param("No.", False, id="so would a whole record"),
    ],
)
def test_of_a_document_too_long_to_be_shown_only_passages_are(answer, is_asked):
    step = step_after(answer, grounds=replace(GROUNDS, is_shown_whole=False))

    assert (step is not None) is is_asked


def test_each_identical_failure_shows_says_or_draws_something_else():
    steps = [step_after(WRONG_TOTAL, repeats=repeats) for repeats in range(HOPELESS)]
    shown = [take_apart(step.question.messages) for step in steps]

    assert [each.has_passages for each in shown] == [True, False, False]
    assert [step.question.thinking for step in steps] == ["none", "little", "usual"]
    assert [step.question.options.temperature for step in steps] == [None, None, 0.4]


@pytest.mark.parametrize(
    ("options", "drawn"),
    [
        pytest.param({}, [(None, None), (0.4, None), (0.8, None)], id="warmer"),
        pytest.param({"temperature": 0.0}, [(0.0, None), (0.0, 1), (0.0, 2)], id="by another seed"),
        pytest.param({"temperature": 0.0, "seed": 5}, [(0.0, 5)] * 3, id="as the caller fixed it"),
    ],
)
def test_the_same_whole_answer_is_drawn_otherwise_as_far_as_the_caller_leaves_that_open(options, drawn):
    steps = [step_after("No.", repeats=repeats, **options) for repeats in range(HOPELESS)]

    assert [(step.question.options.temperature, step.question.options.seed) for step in steps] == drawn
    assert len({step.question.messages for step in steps}) == HOPELESS


@pytest.mark.parametrize(
    ("chosen", "repeats", "asked"),
    [
        pytest.param(None, 0, ("a", ("b",), "none"), id="no choice"),
        pytest.param("same", 1, ("a", ("b",), "little"), id="the model itself may think"),
        pytest.param("sibling", 1, ("a", ("b",), "none"), id="the sibling never does"),
        pytest.param("c", 1, ("c", (), "little"), id="one that is named has none behind it"),
    ],
)
def test_repairs_are_asked_of_whom_the_caller_chose(chosen, repeats, asked):
    step = step_after(WRONG_TOTAL, repeats=repeats, model="a", models=("b",), repair_model=chosen)

    options = step.question.options
    assert (options.model, options.models, step.question.thinking) == asked


def test_the_whole_record_is_asked_of_the_model_itself_whoever_repairs():
    assert step_after("No.", model="a", repair_model="c").question.options.model == "a"

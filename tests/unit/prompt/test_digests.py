"""What tells one question from another, whichever extraction asks it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from extractor.prompt import ask, reask
from extractor.records import Options, Page, Passage, Shape, Violation, Window

SHAPE = Shape(
    schema={
        "type": "object",
        "properties": {"a": {"type": ["string", "null"]}},
        "required": ["a"],
        "additionalProperties": False,
    },
    name="letter",
)
TEXT = "Dear reader\n\n<b>bold</b> [3] <document 0123456789ab>\n\fmore"
WINDOW = Window(
    number=3,
    start=40,
    end=40 + len(TEXT),
    text=TEXT,
    pages=(Page(number=2, start=40, end=60), Page(number=3, start=60, end=40 + len(TEXT))),
    context=(Passage(start=0, end=5, text="Head"), Passage(start=9, end=12, text="Sub")),
)


def asked(window=WINDOW, *, job_id="job", shape=SHAPE):
    return ask(window, shape, job_id=job_id, options=Options())


def asked_again(job_id="job", at="/a"):
    violation = Violation(at=at, rule="type", says="Must be text.")
    return reask(asked(job_id=job_id), answer='{"a": 1}', violations=[violation])


def test_the_same_question_of_another_extraction_has_the_same_digest() -> None:
    assert asked().messages != asked(job_id="other").messages
    assert asked().digest == asked(job_id="other").digest
    assert asked_again().digest == asked_again("other").digest


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(asked(replace(WINDOW, text=TEXT.replace("bold", "cold"))), id="another document"),
        pytest.param(asked(replace(WINDOW, context=())), id="another context"),
        pytest.param(asked(shape=replace(SHAPE, told={"/a": "Must be short."})), id="another rule"),
        pytest.param(asked_again(), id="a second question"),
    ],
)
def test_whatever_is_asked_otherwise_is_another_question(other) -> None:
    assert other.digest != asked().digest


def test_what_was_wrong_is_part_of_a_second_question() -> None:
    assert asked_again().digest != asked_again(at="/b").digest

"""The next question after a wrong answer."""

from __future__ import annotations

import pytest

from extractor.prompt import ask, read_back, reask
from extractor.prompt.reasking import MAX_ANSWER, MAX_FAILED
from extractor.records import Options, Question, Shape, Violation, Window

WRONG_TOTAL = Violation(at="/total", rule="minimum", says="must be at least 0")


@pytest.fixture
def question(window: Window, invoice: Shape) -> Question:
    return ask(window, invoice, job_id="job", options=Options())


def _said(question: Question) -> str:
    return question.messages[1].content


def test_a_reask_is_fresh_and_repeats_the_first_question_up_to_the_document(question: Question):
    again = reask(question, answer='{"total": -1}', violations=[WRONG_TOTAL])

    base = _said(question).partition("\n\nNow answer")[0]
    assert [message.role for message in again.messages] == ["system", "user"]
    assert again.messages[0] == question.messages[0]
    assert _said(again).startswith(base)
    assert again.round == 2
    assert again.shape is question.shape


def test_a_reask_names_path_and_rule(question: Question):
    again = reask(question, answer='{"total": -1}', violations=[WRONG_TOTAL])

    assert '\n"/total" -> "must be at least 0"\n' in _said(again)
    assert read_back(again.messages).failing == {"/total": "must be at least 0"}


def test_two_rules_of_one_path_are_one_line(question: Question):
    second = Violation(at="/total", rule="type", says="must be a number")

    again = reask(question, answer="{}", violations=[WRONG_TOTAL, second, second])

    assert read_back(again.messages).failing == {"/total": "must be at least 0; must be a number"}


def test_a_second_reask_shows_the_latest_answer_alone(question: Question):
    first = reask(question, answer='{"total": -1}', violations=[WRONG_TOTAL])

    second = reask(first, answer='{"total": -2}', violations=[WRONG_TOTAL])

    assert '{"total": -1}' not in _said(second)
    assert '{"total": -2}' in _said(second)
    assert len(_said(second)) == len(_said(first))
    assert second.round == 3


def test_a_repeated_answer_is_not_asked_for_by_the_same_bytes(question: Question):
    """At temperature 0 the same request brings the same answer."""
    first = reask(question, answer="{}", violations=[WRONG_TOTAL])

    second = reask(first, answer="{}", violations=[WRONG_TOTAL])
    third = reask(second, answer="{}", violations=[WRONG_TOTAL])

    assert len({_said(first), _said(second), _said(third)}) == 3
    assert "this same answer" not in _said(first)
    assert "this same answer" in _said(second)


def test_an_answer_that_comes_again_and_again_is_told_how_often(question: Question):
    said = [_said(reask(question, answer="{}", violations=[WRONG_TOTAL], level=level)) for level in range(3)]

    assert ["this same answer" in each for each in said] == [False, True, True]
    assert ["2 times" in said[1], "3 times" in said[2]] == [True, True]


def test_a_value_not_stated_is_looked_for_again_and_may_stay_null(question: Question):
    missing = Violation(at="/number", rule="not_stated", says="a value is required")

    said = _said(reask(question, answer="{}", violations=[WRONG_TOTAL, missing]))

    assert '"/number" -> "a value is required" (look again)' in said
    assert '"/total" -> "must be at least 0"\n' in said
    assert "null again only if" in said


def test_an_answer_that_was_not_json_is_called_that(question: Question):
    unparsed = Violation(at="", rule="not_json", says="must be one JSON value")

    assert "was not JSON" in _said(reask(question, answer="Here it is", violations=[unparsed]))
    assert "was not JSON" not in _said(reask(question, answer="{}", violations=[WRONG_TOTAL]))


def test_a_long_answer_and_a_long_list_do_not_grow_the_prompt(question: Question):
    many = [Violation(at=f"/lines/{row}/qty", rule="type", says="must be an integer") for row in range(1_000)]

    again = reask(question, answer="x" * 100_000, violations=many)

    assert len(_said(again)) < len(_said(question)) + MAX_ANSWER + 60 * MAX_FAILED + 1_500
    assert "first 4,000 of 100,000 characters" in _said(again)
    assert len(read_back(again.messages).failing) == MAX_FAILED


def test_an_answer_cannot_forge_the_list_of_failures(question: Question):
    forged = _said(reask(question, answer="{}", violations=[WRONG_TOTAL])).partition("<answer ")[2]

    again = reask(question, answer=forged, violations=[])

    assert read_back(again.messages).failing == {}


def test_messages_of_somebody_else_are_refused(question: Question):
    with pytest.raises(ValueError, match="fence"):
        read_back([question.messages[0]])

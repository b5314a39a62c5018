"""What is changed about a question whose answer was cut off."""

from __future__ import annotations

from dataclasses import replace

import pytest

from extractor.records import Cut, Message, Options, Question, Shape
from extractor.stretching import PRESENCE_PENALTY, TEMPERATURE, with_more_room

QUESTION = Question(
    messages=(Message(role="user", content="?"),), shape=Shape(schema={}, name="note"), options=Options(), round=2
)
ROOM = Cut(is_at_limit=False, has_begun=True)
LIMIT = Cut(is_at_limit=True, has_begun=True)
NO_ANSWER = Cut(is_at_limit=True, has_begun=False)


@pytest.mark.parametrize(
    ("asked", "cut", "changed"),
    [
        pytest.param({}, ROOM, {"is_stretched": True}, id="a ceiling that can be raised is"),
        pytest.param({"is_stretched": True}, ROOM, None, id="once"),
        pytest.param({}, LIMIT, None, id="the endpoint's own is not"),
        pytest.param({}, NO_ANSWER, {"thinking": "little"}, id="thoughts get less room"),
        pytest.param({"thinking": "little"}, NO_ANSWER, {"thinking": "none"}, id="then none"),
        pytest.param({"thinking": "none"}, NO_ANSWER, None, id="and no less than that"),
        pytest.param(
            {"thinking": "none"},
            replace(NO_ANSWER, is_at_limit=False),
            {"is_stretched": True},
            id="without thoughts the ceiling is what is left",
        ),
        pytest.param(
            {}, replace(NO_ANSWER, is_bounded=False), {"thinking": "none"}, id="none at once where no bound is kept"
        ),
    ],
)
def test_a_cut_answer_is_asked_for_with_more_room_or_not_at_all(asked, cut, changed):
    question = replace(QUESTION, **asked)

    expected = None if changed is None else replace(question, round=3, **changed)
    assert with_more_room(question, cut) == expected


@pytest.mark.parametrize(
    ("options", "drawn"),
    [
        ({}, {"presence_penalty": PRESENCE_PENALTY, "temperature": TEMPERATURE}),
        ({"temperature": 0.9}, {"presence_penalty": PRESENCE_PENALTY, "temperature": 0.9}),
        ({"presence_penalty": 1.0}, None),
    ],
)
def test_an_answer_that_repeated_itself_is_drawn_in_another_way_once(options, drawn):
    question = replace(QUESTION, options=Options(**options))

    found = with_more_room(question, replace(ROOM, repeats=True))

    assert found == (None if drawn is None else replace(question, round=3, options=Options(**drawn)))

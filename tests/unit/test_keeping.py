"""Which replies a re-run keeps, by what came of the questions before."""

from __future__ import annotations

import pytest

from extractor.document import numbers_below
from extractor.keeping import asked_again
from extractor.records import Attempt, Failure, Violation

WRONG = Violation(at="/a", rule="type", says="Must be text.")
UNREADABLE = Violation(at="", rule="not_json", says="Must be JSON.")


def accepted(window=0, number=1, **stated):
    return Attempt(window=window, number=number, outcome="accepted", text="{}", **stated)


def rejected(window=0, number=1, violation=WRONG, **stated):
    return Attempt(window=window, number=number, outcome="rejected", text="{}", violations=(violation,), **stated)


def failed(window=0, number=1, code="model_unavailable", **stated):
    error = Failure(code=code, message="It failed.", retryable=False)
    return Attempt(window=window, number=number, outcome="failed", error=error, **stated)


CUT = "truncated"
REPAIR = ("/a",)


@pytest.mark.parametrize(
    ("attempts", "again"),
    [
        pytest.param([], set(), id="nothing was asked"),
        pytest.param([accepted(1), failed(2)], set(), id="a part without an answer"),
        pytest.param([accepted(1), rejected(2), failed(2, 2)], set(), id="a repair without an answer"),
        pytest.param([rejected(1), rejected(1, 2)], set(), id="a part that is mended in the whole"),
        pytest.param([rejected(1, violation=UNREADABLE)], {(1, 1)}, id="a part that could not be read"),
        pytest.param([failed(1, code=CUT), failed(1, 2, code=CUT)], {(1, 1), (1, 2)}, id="a part always cut off"),
        pytest.param([failed(1, code=CUT), *map(accepted, numbers_below(1))], set(), id="a part that was divided"),
        pytest.param([failed(0, code=CUT), accepted(1), failed(2)], set(), id="a whole that was divided"),
        pytest.param([failed(0, code=CUT)], {(0, 1)}, id="a whole always cut off"),
        pytest.param([failed(0, code=CUT), failed(0, 2)], set(), id="a whole cut off, then without an answer"),
        pytest.param([rejected(0, violation=UNREADABLE)] * 2, {(0, 1)}, id="a whole that could not be read"),
        pytest.param(
            [rejected(0), rejected(0, 2, opened=REPAIR), rejected(0, 3, opened=REPAIR)],
            {(0, 2), (0, 3)},
            id="repairs that mended nothing",
        ),
        pytest.param(
            [accepted(1), accepted(2), rejected(0, 1, opened=REPAIR)], {(0, 1)}, id="a repair of what was put together"
        ),
        pytest.param(
            [failed(0, code=CUT), accepted(1), accepted(2), rejected(0, 2, opened=REPAIR)],
            {(0, 2)},
            id="a repair of what was divided",
        ),
        pytest.param([accepted(1), accepted(0, 1, opened=REPAIR)], set(), id="a repair that did"),
        pytest.param(
            [Attempt(number=1, outcome="failed", text="{}", error=failed().error)], {(0, 1)}, id="a reply not checked"
        ),
        pytest.param([Attempt(number=1, outcome="abandoned", text="{}")], set(), id="a reply that nobody judged"),
    ],
)
def test_replies_that_led_nowhere_are_asked_for_again(attempts, again):
    assert asked_again(attempts) == again

"""The caller's other models: in turn, each with its own profile and rungs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from extractor import errors
from extractor.model.fallbacks import chain, is_the_models, moved_on, settled
from extractor.testing import completion

if TYPE_CHECKING:
    from collections.abc import Callable

    from extractor.records import Question

    Ask = Callable[..., Question]


def test_there_is_no_other_model_unless_the_caller_names_one(ask: Ask):
    assert moved_on(ask(model="a/b")) is None


def test_each_model_is_asked_once_in_the_order_named_with_rungs_of_its_own(ask: Ask):
    question = replace(ask(model="a/b", models=("c/d", "e/f:thinking")), left=frozenset({"json_schema"}), round=2)

    moved = moved_on(question)

    assert [each.options.model for each in chain(question)] == ["a/b", "c/d", "e/f:thinking"]
    assert moved is not None
    assert (moved.left, moved.round, moved.messages) == (frozenset(), 2, question.messages)


@pytest.mark.parametrize(
    ("stated", "model"),
    [
        pytest.param("c/d", "c/d", id="as it was asked"),
        pytest.param("e/f", "e/f:thinking", id="without its variant"),
        pytest.param("x/y", "a/b", id="a name that is nobody's"),
    ],
)
def test_a_question_goes_on_with_the_model_that_answered(ask: Ask, stated: str, model: str):
    question = ask(model="a/b", models=("c/d", "e/f:thinking"))

    assert settled(question, replace(completion("{}"), model=stated)).options.model == model


@pytest.mark.parametrize(
    ("error", "is_its"),
    [
        (errors.ProviderUnavailable, True),
        (errors.ModelNotFound, True),
        (errors.Refused, True),
        (errors.EnforcementUnavailable, True),
        (errors.Truncated, False),
        (errors.DocumentTooLarge, True),
        (errors.AuthenticationFailed, False),
        (errors.OutOfCredit, False),
        (errors.ConnectionFailed, False),
    ],
)
def test_only_a_failure_of_the_model_is_a_reason_to_ask_another(error: Any, is_its: bool):
    assert is_the_models(error("x")) is is_its

"""The content loop: what is asked again, when it ends, and that no attempt is lost."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, Field, field_validator

from extractor.ask import ask_until_valid
from extractor.errors import AuthenticationFailed, BudgetExceeded, ProviderUnavailable
from extractor.guard import Limits
from extractor.prompt import ask, read_back
from extractor.records import Options, Page, Usage, Window
from extractor.schema import contract_for, contracts, target_from
from extractor.testing import ScriptedModel, ports_for

pytestmark = pytest.mark.anyio

TEXT = "Invoice A-17\nTotal 41.50 EUR"
GOOD = {"number": "A-17", "total": 41.5, "currency": "EUR"}


class Invoice(BaseModel):
    number: str
    total: float = Field(gt=0)
    currency: str | None = None


async def asked(*script, max_attempts=3, target=None):
    contract = contract_for(target or target_from(Invoice), open_objects="drop", nulls="absent", absence="say")
    window = Window(number=0, start=0, end=len(TEXT), text=TEXT, pages=(Page(number=1, start=0, end=len(TEXT)),))
    question = ask(window, contract.shape, job_id="x_1", options=Options(max_attempts=max_attempts))
    model = ScriptedModel(*script)
    answer = await ask_until_valid(question, contract=contract, ports=ports_for(model))
    return answer, model


async def test_a_valid_answer_is_taken_at_once():
    answer, model = await asked(GOOD)

    assert (answer.record, answer.error) == (GOOD, None)
    assert [attempt.outcome for attempt in answer.attempts] == ["accepted"]
    assert len(model.asked) == 1


async def test_a_reask_names_the_path_that_failed_and_starts_afresh():
    answer, model = await asked(GOOD | {"total": -1}, GOOD)

    assert answer.record == GOOD
    first, second = model.asked
    assert list(read_back(second.messages).failing) == ["/total"]
    assert (len(first.messages), len(second.messages), second.round) == (2, 2, 2)


class Prices(BaseModel):
    of: dict[str, float]

    @field_validator("of")
    @classmethod
    def none_is_free(cls, of):
        if not all(of.values()):
            raise ValueError("nothing is free")
        return of


@pytest.mark.parametrize(
    ("wrong", "caller", "model_hears"),
    [
        pytest.param("two", ("/of/b", "type"), {"/of/1/value": "Must be a number."}, id="the schema says it"),
        pytest.param(0, ("/of", "value_error"), {"/of": "nothing is free"}, id="the class alone says it"),
    ],
)
async def test_the_caller_hears_of_the_record_and_the_model_of_its_own_answer(wrong, caller, model_hears):
    right = {"of": [{"key": "a", "value": 1}, {"key": "b", "value": 2}]}
    answer, model = await asked(
        {"of": [{"key": "a", "value": 1}, {"key": "b", "value": wrong}]}, right, target=target_from(Prices)
    )

    assert answer.record == {"of": {"a": 1, "b": 2}}
    assert [(found.at, found.rule) for found in answer.attempts[0].violations] == [caller]
    assert read_back(model.asked[1].messages).failing == model_hears


async def test_every_attempt_is_kept_with_what_was_wrong_and_what_it_cost():
    answer, _ = await asked("no json here", GOOD | {"total": -1}, GOOD)

    assert [attempt.outcome for attempt in answer.attempts] == ["rejected", "rejected", "accepted"]
    assert [[found.rule for found in attempt.violations] for attempt in answer.attempts] == [
        ["not_json"],
        ["exclusiveMinimum"],
        [],
    ]
    assert sum((attempt.usage for attempt in answer.attempts), Usage()).calls == 3


TREE = {
    "anyOf": [
        {"type": "object", "properties": {"a": {"$ref": "#"}, form: {"type": "integer"}}, "required": [form]}
        for form in ("b", "c")
    ]
}


async def test_an_answer_that_cannot_be_checked_in_time_is_kept_with_what_it_cost(monkeypatch):
    monkeypatch.setattr(contracts, "JUDGING", Limits(wall_s=0.4))

    answer, model = await asked({"result": nested(80)}, GOOD, target=target_from(TREE))

    (attempt,) = answer.attempts
    assert (answer.error.code, answer.record) == ("validation_timeout", None)
    assert (attempt.outcome, attempt.error.code, attempt.usage.calls) == ("failed", "validation_timeout", 1)
    assert attempt.text.startswith('{"result"')
    assert len(model.asked) == 1


def nested(levels):
    value = "x"
    for _ in range(levels):
        value = {"a": value}
    return value


async def test_the_questions_never_grow_with_the_history():
    _, model = await asked(*[GOOD | {"total": -1}] * 5, max_attempts=5)

    sizes = [sum(len(message.content) for message in question.messages) for question in model.asked]
    assert len(set(sizes[2:])) == 1  # the second answer is told that it repeats the first


async def test_after_the_last_attempt_the_record_so_far_is_kept():
    bad = GOOD | {"total": -1}

    answer, model = await asked(bad, bad, max_attempts=2)

    assert (answer.error.code, answer.error.paths, answer.record) == ("unsatisfied", ("/total",), bad)
    assert len(model.asked) == 2


async def test_a_required_value_not_stated_twice_ends_the_loop_with_its_path():
    absent = GOOD | {"number": None}

    answer, model = await asked(absent, absent, GOOD)

    assert (answer.error.code, answer.error.paths) == ("not_stated", ("/number",))
    assert answer.record == absent
    assert len(model.asked) == 2


async def test_a_value_found_at_the_second_look_is_taken():
    answer, _ = await asked(GOOD | {"number": None}, GOOD)

    assert answer.record == GOOD


async def test_an_optional_value_that_is_not_stated_is_no_violation():
    answer, model = await asked(GOOD | {"currency": None})

    assert (answer.error, len(model.asked)) == (None, 1)
    assert answer.record.get("currency") is None


async def test_an_error_of_the_model_keeps_the_attempts_before_it():
    failure = ProviderUnavailable("The provider is overloaded.", status=503)
    failure.usage = Usage(calls=4, cost_usd=0.002, estimated_calls=4)

    answer, _ = await asked(GOOD | {"total": -1}, failure)

    assert [attempt.outcome for attempt in answer.attempts] == ["rejected", "failed"]
    assert answer.error is failure
    assert answer.attempts[1].error.code == "provider_unavailable"
    assert sum((attempt.usage for attempt in answer.attempts), Usage()).cost_usd == pytest.approx(0.003)
    assert answer.record == GOOD | {"total": -1}


@pytest.mark.parametrize(
    "error", [BudgetExceeded("The cap is reached."), AuthenticationFailed("The key was refused.", status=401)]
)
async def test_an_error_outside_the_answer_ends_the_loop_as_data(error):
    answer, _ = await asked(error)

    assert answer.error is error


async def test_the_result_says_whether_the_promised_shape_was_kept():
    kept, _ = await asked(GOOD)
    broken, _ = await asked("```json\n{}\n```", GOOD | {"extra": 1}, max_attempts=2)

    assert (kept.enforcement.held, kept.enforcement.sent) == ("yes", ("json_schema",))
    assert broken.enforcement.held == "no"

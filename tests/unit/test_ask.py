"""The content loop: what is asked again, when it ends, and that no attempt is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import BaseModel, Field, field_validator

from extractor.ask import ask_until_valid
from extractor.errors import AuthenticationFailed, BudgetExceeded, ProviderUnavailable
from extractor.grounds import Grounds
from extractor.guard import Limits
from extractor.jsontext import dumps
from extractor.prompt import ask, read_back
from extractor.records import Document, Options, Page, Usage, Window
from extractor.schema import contract_for, contracts, target_from
from extractor.testing import ScriptedModel, completion, ports_for

pytestmark = pytest.mark.anyio

TEXT = "Invoice A-17\nTotal 41.50 EUR"
GOOD = {"number": "A-17", "total": 41.5, "currency": "EUR"}


class Invoice(BaseModel):
    number: str
    total: float = Field(gt=0)
    currency: str | None = None


async def asked(*script, target=None, **options):
    target = target or target_from(Invoice)
    contract = contract_for(target, open_objects="drop", nulls="absent", absence="say")
    pages = (Page(number=1, start=0, end=len(TEXT)),)
    window = Window(number=0, start=0, end=len(TEXT), text=TEXT, pages=pages)
    document = Document(text=TEXT, pages=pages, media_type="text/plain", sha256="0" * 64, converter="none")
    question = ask(window, contract.shape, job_id="x_1", options=Options(**options))
    model = ScriptedModel(*script)
    grounds = Grounds(document=document, target=target, is_looked_up=True)
    answer = await ask_until_valid(question, contract=contract, ports=ports_for(model), grounds=grounds)
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
    assert [field.at for field in read_back(second.messages).fields] == ["/total"]
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
    fields = read_back(model.asked[1].messages).fields
    assert {field.at: field.rules[0] for field in fields} == model_hears


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


def thought(record, reasoning="The invoice is A-17 and its total 41.50 EUR."):
    return replace(completion(record), reasoning=reasoning)


MADE_UP = GOOD | {"total": 57.9}


async def test_a_value_that_a_thinking_model_took_from_nowhere_is_named_and_the_rung_blamed():
    answer, model = await asked(thought(MADE_UP))

    (attempt,) = answer.attempts
    assert (answer.error, attempt.outcome, attempt.unsupported) == (None, "accepted", ("/total",))
    assert [why for _, why in model.harm] == ["values from nowhere"]


async def test_a_value_from_nowhere_is_asked_for_again_on_another_rung_where_the_caller_says_so():
    answer, model = await asked(thought(MADE_UP), thought(GOOD), unsupported="reask")

    assert [(attempt.outcome, attempt.unsupported) for attempt in answer.attempts] == [
        ("rejected", ("/total",)),
        ("accepted", ()),
    ]
    assert answer.record == GOOD
    assert model.asked[1].left == {"json_schema"}
    assert [field.at for field in read_back(model.asked[1].messages).fields] == ["/total"]


async def test_a_value_that_stays_the_same_when_asked_for_again_is_taken_and_named():
    answer, model = await asked(thought(MADE_UP), thought(MADE_UP), unsupported="reask")

    assert (answer.record, answer.error, len(model.asked)) == (MADE_UP, None, 2)
    assert answer.attempts[-1].unsupported == ("/total",)


async def test_a_valid_answer_is_not_given_up_because_there_is_no_question_left_about_its_values():
    answer, _ = await asked(thought(MADE_UP), unsupported="reask", max_attempts=1)

    assert (answer.record, answer.error, answer.attempts[-1].outcome) == (MADE_UP, None, "accepted")


@pytest.mark.parametrize(
    "reasoning",
    [
        pytest.param("", id="no reasoning is shown"),
        pytest.param("The sum of both lines is 57.90.", id="it was computed in the reasoning"),
    ],
)
async def test_a_value_that_may_have_been_computed_is_not_blamed(reasoning):
    answer, model = await asked(thought(MADE_UP, reasoning))

    assert (answer.attempts[0].unsupported, model.harm) == ((), [])


async def test_an_answer_in_prose_on_an_enforced_rung_leaves_it_for_this_question():
    answer, model = await asked("The total is what it is.", GOOD)

    assert answer.record == GOOD
    assert [why for _, why in model.harm] == ["prose"]
    assert model.asked[1].left == {"json_schema"}


async def test_without_repairs_a_fence_is_asked_again():
    fenced = f"```json\n{dumps(GOOD)}\n```"

    mended, _ = await asked(fenced)
    strict, model = await asked(fenced, GOOD, repairs="off")

    assert [repair.name for attempt in mended.attempts for repair in attempt.repairs] == ["fence"]
    assert (strict.record, len(model.asked)) == (GOOD, 2)


async def test_answers_that_stay_invalid_go_on_to_the_next_model():
    wrong = GOOD | {"total": -1}

    answer, model = await asked(wrong, wrong, GOOD, max_attempts=2, models=("other/model",))

    assert (answer.record, answer.error) == (GOOD, None)
    assert [question.options.model for question in model.asked][-1] == "other/model"
    assert [question.round for question in model.asked] == [1, 2, 3]

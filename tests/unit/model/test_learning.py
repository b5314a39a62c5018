"""What is remembered of refusals and of harm, about what, and for how long."""

from __future__ import annotations

from typing import Any

import pytest

from extractor.model.enforcement import OWN_HARM, Lesson, Terms, lessons_of, terms_for
from extractor.model.facts import KEPT, Fact, Facts, Place
from extractor.model.faults import fault_of
from extractor.model.profiles import Profile, profile_of
from extractor.model.refusals import refusal_in
from extractor.model.simplifying import LIMITS, simplified
from extractor.records import DEFAULT_MODEL, Options

THINKING = profile_of(DEFAULT_MODEL)
PLAIN = profile_of("some/model")
PLACE = Place("http://localhost/v1", "some/model")
DAY = 24 * 3600.0

F9 = (
    "Invalid schema for response_format 'X': In context=(), 'additionalProperties' is required to be supplied and to "
    "be false."
)
F10 = (
    "Invalid schema for response_format 'X': In context=(), 'required' is required to be supplied and to be an array "
    "including every key in properties. Missing 'roles'."
)
F11 = "Invalid schema for response_format 'X': In context=('properties', 'total'), 'default' is not permitted."
F12 = "output_config.format.schema: For 'integer' type, properties maximum, minimum are not supported"
F13 = "The compiled grammar is too large, which would cause performance issues."
F13_OTHER = "Schemas contains too many parameters with union types (20 parameters; limit: 16)"
F13_THIRD = "Schema is too complex for compilation."
F15 = "The specified schema produces a constraint that has too many states for serving."
F16 = "Request contains an invalid argument."
F17 = "response_format: minItems is not supported"
F17_OTHER = "The provided JSON schema contains features not supported by xgrammar."
F20 = "No endpoints available matching your guardrail restrictions and data policy"
DEAR = "No endpoints found that satisfy the maximum price."
NOBODY = "No allowed providers are available for the selected model."
MALFORMED = "MALFORMED_FUNCTION_CALL"
AFFORD = "This request requires more credits, or fewer max_tokens. You requested 9984, but can only afford 3919."


def lessons(words: str, *, status: int = 400, options: Options | None = None, **sent: Any) -> tuple[Lesson, ...]:
    refusing = refusal_in(fault_of({"message": words}, status=status, now=0))
    assert refusing is not None
    terms = Terms(**{"rung": "json_schema", "is_streamed": True} | sent)
    return lessons_of(refusing, sent=terms, options=options or Options())


@pytest.mark.parametrize(
    ("words", "first", "then"),
    [
        pytest.param(F9, "strict", "json_schema", id="F9"),
        pytest.param(F10, "strict", "json_schema", id="F10"),
        pytest.param(F11, "full_schema", "json_schema", id="F11"),
        pytest.param(F12, "full_schema", "json_schema", id="F12"),
        pytest.param(F15, "full_schema", "json_schema", id="F15"),
        pytest.param(F17, "full_schema", "json_schema", id="F17"),
        pytest.param(F17_OTHER, "full_schema", "json_schema", id="F17, a grammar"),
    ],
)
def test_a_refusal_of_a_schema_takes_a_detail_back_and_then_the_rung_for_this_schema_alone(
    words: str, first: str, then: str
):
    (detail,) = lessons(words)
    (rung,) = lessons(words, is_strict=False, is_full=False)

    assert (detail.feature, rung.feature) == (first, then)
    assert detail.scope == rung.scope == "schema"
    assert lessons(words, rung="prompt", is_strict=False, is_full=False) == ()


@pytest.mark.parametrize(
    ("words", "feature", "scope"),
    [
        pytest.param("'pattern' is not permitted.", "full_schema", "schema", id="a keyword"),
        pytest.param("`format` is not supported", "full_schema", "schema", id="another"),
        pytest.param(
            "response format `json_schema` is not supported", "json_schema", "endpoint", id="the format as such"
        ),
        pytest.param("This model does not support response_format", "json_schema", "endpoint", id="in other words"),
    ],
)
def test_a_keyword_of_the_schema_is_not_taken_for_the_way_of_asking(words: str, feature: str, scope: str):
    (lesson,) = lessons(words)

    assert (lesson.feature, lesson.scope) == (feature, scope)


@pytest.mark.parametrize("words", [F13, F13_OTHER, F13_THIRD])
def test_a_schema_that_is_too_complex_leaves_every_rung_with_a_grammar(words: str):
    learned = lessons(words)

    assert [lesson.feature for lesson in learned] == ["json_schema", "tool"]
    assert {lesson.scope for lesson in learned} == {"schema"}


@pytest.mark.parametrize(("words", "status", "feature"), [(F16, 400, "full_schema"), (F20, 404, "strict")])
def test_words_that_may_have_another_cause_are_tried_once_and_then_named(words: str, status: int, feature: str):
    refusing = refusal_in(fault_of({"message": words}, status=status, now=0))

    (tried,) = lessons(words, status=status)

    assert (tried.feature, tried.is_doubtful) == (feature, True)
    assert lessons(words, status=status, is_strict=False, is_full=False) == ()
    assert refusing is not None
    assert refusing.refusal.error is not None
    assert refusing.refusal.advice


@pytest.mark.parametrize("words", [DEAR, NOBODY])
def test_a_policy_is_never_dropped(words: str):
    assert lessons(words, status=404, is_strict=False) == ()


def test_a_call_that_cannot_be_read_leaves_the_tool_for_this_question():
    tools = Options(tools=({"type": "function"},))

    (ours,) = lessons(MALFORMED, status=502, rung="tool")
    (callers,) = lessons(MALFORMED, status=502, options=tools)

    assert (ours.feature, callers.feature) == ("tool", "tools")
    assert ours.scope == callers.scope == "question"
    assert lessons(MALFORMED, status=502) == ()


def test_an_account_that_can_pay_for_less_is_asked_for_less_once():
    (lesson,) = lessons(AFFORD, status=402)

    assert (lesson.feature, lesson.fact.limit, lesson.scope) == ("max_tokens", 3919, "question")
    assert lessons(AFFORD, status=402, output_limit=3919) == ()
    assert refusal_in(fault_of({"message": AFFORD}, status=402, headers={"retry-after": "7"}, now=0)) is None


def test_what_holds_for_a_schema_is_not_believed_of_another():
    facts = Facts()
    facts.refuse(PLACE, "plain", Fact(why="a"))
    facts.refuse(PLACE, "json_schema", Fact(why="b"), schema="one")
    facts.accept(PLACE, "json_schema", "two")

    assert set(facts.refused(PLACE)) == {"plain"}
    assert set(facts.refused(PLACE, "one")) == {"plain", "json_schema"}
    assert set(facts.refused(PLACE, "two")) == {"plain"}
    assert facts.is_accepted(PLACE, "json_schema")
    assert not facts.is_accepted(PLACE, "json_schema", "one")
    assert facts.is_accepted(PLACE, "json_schema", "two")


def test_the_third_harm_within_a_day_leaves_the_rung_for_a_day():
    now = [0.0]
    facts = Facts(clock=lambda: now[0])
    for moment in (0, DAY / 2, DAY, DAY + 1):
        now[0] = moment
        facts.note_harm(PLACE, "json_schema", why="prose")
        left = facts.refused(PLACE)
        assert bool(left) is (moment == DAY + 1)

    assert "3 answers" in left["json_schema"].why
    assert "prose" in left["json_schema"].why
    now[0] += DAY
    assert facts.refused(PLACE) == {}


def test_harm_leaves_no_other_rung_and_words_alone_never():
    facts = Facts()
    for rung in ("json_schema", "prompt"):
        for _ in range(5):
            facts.note_harm(PLACE, rung, why="prose")

    assert set(facts.refused(PLACE)) == {"json_schema"}


def test_no_more_is_kept_than_is_bounded():
    facts = Facts()
    for number in range(KEPT + 10):
        facts.refuse(PLACE, "strict", Fact(why="x"), schema=str(number))

    assert len(facts._refused) == KEPT
    assert "strict" in facts.refused(PLACE, str(KEPT + 9))
    assert facts.refused(PLACE, "0") == {}


@pytest.mark.parametrize(
    ("left", "rung"),
    [
        pytest.param({"json_schema"}, "tool", id="one"),
        pytest.param({"json_schema", "tool"}, "prompt", id="two"),
        pytest.param({"json_schema", "tool", "prompt"}, "prompt", id="the last is always allowed"),
    ],
)
def test_a_question_is_not_asked_again_on_rungs_that_did_it_harm(left: Any, rung: str):
    terms = terms_for(Options(), THINKING, {}, left=frozenset(left))

    assert terms.rung == rung
    assert terms.why.startswith(f"json_schema: {OWN_HARM}")


@pytest.mark.parametrize(
    ("enforcement", "profile", "rung"),
    [
        pytest.param("auto", PLAIN, "tool", id="auto"),
        pytest.param("json_schema", PLAIN, "json_schema", id="the caller insists"),
        pytest.param("required", PLAIN, "json_schema", id="required, and there is no other way"),
    ],
)
def test_harm_leaves_a_rung_only_where_there_is_another_way(enforcement: Any, profile: Profile, rung: str):
    harm = {"json_schema": Fact(why="prose", is_harm=True)}

    assert terms_for(Options(enforcement=enforcement), profile, harm).rung == rung
    if enforcement != "auto":
        assert terms_for(Options(enforcement=enforcement), profile, {}, left=frozenset({"json_schema"})).rung == rung


def test_a_simplified_schema_keeps_kinds_and_members_and_loses_limits():
    schema = {
        "type": "object",
        "title": "Invoice",
        "properties": {
            "format": {"type": "string", "format": "date", "pattern": "x", "description": "when"},
            "size": {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]},
            "code": {"type": "string", "enum": [str(number) for number in range(30)]},
            "unit": {"enum": ["a", "b"]},
            "lines": {"type": "array", "maxItems": 3, "items": {"$ref": "#/$defs/Line"}},
        },
        "required": ["format", "size", "code", "unit", "lines"],
        "additionalProperties": False,
        "$defs": {"Line": {"type": "string", "maxLength": 5}},
    }

    assert simplified(schema) == {
        "type": "object",
        "properties": {
            "format": {"type": "string", "description": "when"},
            "size": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
            "code": {"type": "string"},
            "unit": {"enum": ["a", "b"]},
            "lines": {"type": "array", "items": {"$ref": "#/$defs/Line"}},
        },
        "required": ["format", "size", "code", "unit", "lines"],
        "additionalProperties": False,
        "$defs": {"Line": {"type": "string"}},
    }
    assert not LIMITS & {"type", "properties", "required", "enum", "description"}

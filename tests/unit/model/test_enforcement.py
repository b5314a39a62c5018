"""The ladder, and the refusals that lead down it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from extractor.errors import EnforcementUnavailable
from extractor.model.enforcement import Terms, lessons_of, terms_for
from extractor.model.facts import Fact, Facts, Place
from extractor.model.faults import fault_of
from extractor.model.profiles import Profile, profile_of
from extractor.model.refusals import refusal_in
from extractor.records import DEFAULT_MODEL, Options

if TYPE_CHECKING:
    from extractor.model.enforcement import Lesson
    from extractor.records import Rung

THINKING = profile_of(DEFAULT_MODEL)
PLAIN = profile_of("some/model")
PLACE = Place("http://localhost/v1", "some/model")
REFUSED = Fact(why="it was refused")
TOOLS = ({"type": "function", "function": {"name": "lookup"}},)

F1 = "<400> InternalError.Algo.InvalidParameter: Json mode response is not supported when enable_thinking is true"
F2 = "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'."
F3 = "The tool_choice parameter does not support being set to required or object in thinking mode"
F4 = "parameter.enable_thinking must be set to false for non-streaming calls"
F4_OTHER = "This model only support stream mode, please enable the stream parameter to access the model."
F5 = "The thinking_budget parameter must be a positive integer and not greater than 4096"
F5_BARE = "The thinking_budget parameter must be a positive integer and not greater than xxx"
F6 = "[] is too short - 'tools'"
F7 = "This response_format type is unavailable now"
F7_OTHER = "response_format.type `json_schema` is unavailable now"
F8 = "Thinking mode does not support this tool_choice"
F19 = "No endpoints found that can handle the requested parameters."
F19_TOOLS = "No endpoints found that support tool use."
F20 = "No endpoints available matching your guardrail restrictions and data policy"
STRICT = "Unrecognized request argument supplied: strict"
F22 = "'response_format.type' must be 'json_schema' or 'text'"


def rungs(profile: Profile) -> list[Rung]:
    """Walk the ladder down by refusing each rung in turn."""
    refused: dict[Any, Fact] = {}
    walked: list[Rung] = []
    for _ in range(5):
        try:
            walked.append(terms_for(Options(), profile, refused).rung)
        except EnforcementUnavailable:
            break
        refused[walked[-1]] = REFUSED
    return walked


@pytest.mark.parametrize(
    ("profile", "ladder"),
    [
        pytest.param(THINKING, ["json_schema", "tool", "prompt"], id="thinking: never json_object"),
        pytest.param(PLAIN, ["json_schema", "tool", "json_object", "prompt"], id="not thinking"),
        pytest.param(Profile(thinks=False, parameters=frozenset()), ["prompt"], id="lists nothing"),
        pytest.param(
            Profile(thinks=False, parameters=frozenset({"structured_outputs"})),
            ["json_schema", "prompt"],
            id="schemas but no JSON mode",
        ),
    ],
)
def test_the_ladder_goes_from_a_grammar_to_words(profile: Profile, ladder: list[Rung]):
    assert rungs(profile) == ladder


@pytest.mark.parametrize("rung", ["json_schema", "tool", "json_object", "prompt"])
def test_a_caller_who_names_a_rung_gets_that_one_and_no_other(rung: Rung):
    assert terms_for(Options(enforcement=rung), THINKING, {}).rung == rung
    with pytest.raises(EnforcementUnavailable, match="it was refused"):
        terms_for(Options(enforcement=rung), THINKING, {rung: REFUSED})


def test_terms_say_why_every_stronger_rung_was_left():
    terms = terms_for(Options(), THINKING, {"json_schema": Fact(why="a"), "tools": Fact(why="b")})

    assert (terms.rung, terms.why) == ("prompt", "json_schema: a; tool: b")


@pytest.mark.parametrize(("profile", "streams"), [(THINKING, True), (PLAIN, False)])
def test_thinking_models_stream_and_others_answer_plainly(profile: Profile, streams: bool):
    assert terms_for(Options(), profile, {}).is_streamed is streams


def lesson(words: str, sent: Terms, *, status: int = 400, **options: Any) -> Lesson | None:
    fault = fault_of({"message": "Provider returned error", "metadata": {"raw": words}}, status=status, now=0)
    refusing = refusal_in(fault)
    assert refusing is not None
    return next(iter(lessons_of(refusing, sent=sent, options=Options(**options))), None)


@pytest.mark.parametrize(
    ("words", "status", "sent", "feature"),
    [
        pytest.param(F1, 400, {}, "json_schema", id="F1"),
        pytest.param(F1.upper(), 400, {}, "json_schema", id="F1, in any case"),
        pytest.param(F2, 400, {"rung": "json_object"}, "json_object", id="F2"),
        pytest.param(F3, 400, {"rung": "tool"}, "tool", id="F3: ours was not forced, so tools as such"),
        pytest.param(F3, 400, {}, "tool_choice", id="F3: the caller's was"),
        pytest.param(F4, 400, {"is_streamed": False}, "plain", id="F4"),
        pytest.param(F4_OTHER, 400, {"is_streamed": False}, "plain", id="F4, other words"),
        pytest.param(F5, 400, {}, "thinking_budget", id="F5"),
        pytest.param(F6, 400, {"rung": "tool"}, "tools", id="F6"),
        pytest.param(F7, 400, {}, "json_schema", id="F7"),
        pytest.param(F7_OTHER, 422, {}, "json_schema", id="F7, with 422"),
        pytest.param(F8, 400, {"rung": "tool"}, "tool", id="F8"),
        pytest.param(F19, 404, {}, "require_parameters", id="F19"),
        pytest.param(F19, 404, {"takes_requirement": False}, "json_schema", id="F19, where nothing was required"),
        pytest.param(F19_TOOLS, 404, {"rung": "tool"}, "tools", id="F19, tools"),
        pytest.param(F20, 404, {}, "strict", id="F20"),
        pytest.param(STRICT, 400, {}, "strict", id="strict by name"),
        pytest.param(F22, 400, {"rung": "json_object"}, "json_object", id="F22"),
    ],
)
def test_a_refusal_teaches_what_to_take_back(words: str, *, status: int, sent: dict[str, Any], feature: str):
    terms = Terms(**{"rung": "json_schema", "is_streamed": True} | sent)

    learned = lesson(words, terms, status=status, tools=TOOLS, tool_choice="required")

    assert learned is not None
    assert learned.feature == feature
    assert learned.fact.why


@pytest.mark.parametrize(
    ("words", "status", "sent"),
    [
        pytest.param(F20, 404, {"is_strict": False}, id="a policy that strict was not to blame for"),
        pytest.param(F20, 404, {"rung": "tool"}, id="a policy where strict was not sent"),
        pytest.param(F4, 400, {"is_streamed": True}, id="streaming, though it was streamed"),
        pytest.param(F3, 400, {"rung": "prompt"}, id="a forced tool, though words alone were sent"),
        pytest.param(F1, 400, {"rung": "prompt"}, id="a format, though words alone were sent"),
        pytest.param(F6, 400, {}, id="an empty list of tools, though there is none"),
        pytest.param(F5, 400, {"budget_limit": 0}, id="a budget that was not sent"),
    ],
)
def test_a_refusal_of_what_was_not_sent_teaches_nothing(words: str, status: int, sent: dict[str, Any]):
    terms = Terms(**{"rung": "json_schema", "is_streamed": True} | sent)

    assert lesson(words, terms, status=status) is None


@pytest.mark.parametrize(
    ("words", "before", "limit"),
    [
        pytest.param(F5, None, 4096, id="the number it names"),
        pytest.param(F5_BARE, None, 0, id="none named: no budget is sent"),
        pytest.param(F5, 4096, 0, id="refused again: no budget is sent"),
    ],
)
def test_a_refused_thinking_budget_is_clamped_then_left_out(words: str, before: int | None, limit: int):
    learned = lesson(words, Terms(rung="prompt", is_streamed=True, budget_limit=before))

    assert learned is not None
    assert learned.fact.limit == limit


@pytest.mark.parametrize(
    ("status", "words"),
    [
        pytest.param(400, "messages: something else is wrong", id="other words"),
        pytest.param(500, F1, id="a status that is not a refusal"),
        pytest.param(400, "Range of input length should be [1, 983616]", id="too long"),
    ],
)
def test_other_errors_are_no_refusals(status: int, words: str):
    assert refusal_in(fault_of({"message": words}, status=status, now=0)) is None


@pytest.mark.parametrize(
    "error",
    [
        pytest.param({"message": F1}, id="message"),
        pytest.param({"metadata": {"raw": F1}}, id="raw text"),
        pytest.param({"metadata": {"raw": {"error": {"message": F1}}}}, id="raw object"),
        pytest.param({"metadata": {"raw": '{"error":{"message":"' + F1 + '"}}'}}, id="raw JSON text"),
        pytest.param(F1, id="only words"),
    ],
)
def test_a_refusal_is_found_wherever_the_provider_put_it(error: object):
    assert refusal_in(fault_of(error, status=400, now=0)) is not None


def test_a_fact_is_believed_for_a_day_and_about_one_model_only():
    now = [0.0]
    facts = Facts(clock=lambda: now[0])

    facts.refuse(PLACE, "json_schema", REFUSED)
    facts.accept(PLACE, "tool")

    assert facts.refused(PLACE) == {"json_schema": REFUSED}
    assert facts.refused(PLACE._replace(model="other")) == {}
    assert facts.is_accepted(PLACE, "tool")
    now[0] = 24 * 3600
    assert facts.refused(PLACE) == {}
    assert not facts.is_accepted(PLACE, "tool")

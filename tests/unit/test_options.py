"""Options: one closed list, checked at every door."""

from __future__ import annotations

import pytest

from extractor.errors import InvalidRequest
from extractor.options import models_named, options_from
from extractor.records import DEFAULT_MODEL, OFFLINE_MODEL, Options, Reasoning


def test_nothing_stated_gives_the_defaults():
    assert options_from({"temperature": None}) == Options()
    assert Options().model == DEFAULT_MODEL


def test_loose_values_become_typed_ones():
    options = options_from({"reasoning": {"effort": "low"}, "max_tokens": "400", "tools": [{"type": "function"}]})

    assert options.reasoning == Reasoning(effort="low")
    assert (options.max_tokens, options.tools) == (400, ({"type": "function"},))


@pytest.mark.parametrize(
    ("values", "says"),
    [
        pytest.param({"temprature": 1}, "temperature", id="a typing error names the nearest"),
        pytest.param({"webhook": "http://x"}, "no option", id="not an option"),
        pytest.param({"temperature": 3}, "between 0 and 2", id="out of range"),
        pytest.param({"deadline_s": 0}, "between 1 and 2592000", id="a large limit"),
        pytest.param({"top_p": 0}, "between 0.000001 and 1", id="a small limit"),
        pytest.param({"max_attempts": 0}, "between 1 and 10", id="no attempt"),
        pytest.param({"max_cost_usd": -1}, "max_cost_usd", id="negative money"),
        pytest.param({"temperature": float("nan")}, "between", id="not a number"),
        pytest.param({"max_tokens": "lots"}, "max_tokens", id="wrong type"),
        pytest.param({"enforcement": "strict"}, "json_schema", id="unknown rung lists the known"),
        pytest.param({"reasoning": {"effort": "low", "max_tokens": 5}}, "not both", id="exclusive"),
        pytest.param({"reasoning": {"budget": 5}}, "reasoning", id="unknown member"),
        pytest.param({"models": ["a/b", "a/b"]}, "twice", id="a model twice"),
        pytest.param({"models": [DEFAULT_MODEL]}, "twice", id="the first model again"),
        pytest.param({"models": ["offline/heuristic"]}, "never a fallback", id="rules as a fallback"),
        pytest.param({"models": [""]}, "1 to 200", id="no name"),
        pytest.param({"models": "a/b"}, "models", id="text for a list"),
        pytest.param({"provider": {"sort": "price"}}, "provider.sort", id="a rule that is not known"),
        pytest.param({"provider": {"only": ["x"] * 21}}, "20 names", id="too many providers"),
        pytest.param({"provider": {"max_price": {"prompt": -1}}}, "max_price", id="a ceiling below nothing"),
        pytest.param({"provider": {"max_price": {"prompt": float("nan")}}}, "max_price", id="no number"),
        pytest.param({"repairs": "maybe"}, "repairs", id="repairs"),
        pytest.param({"unsupported": "drop"}, "unsupported", id="unsupported"),
        pytest.param({"on_invalid": "keep"}, "'fail', 'partial' or 'null'", id="no such end"),
        pytest.param({"on_conflict": "best"}, "'majority'", id="no such choice between values"),
        pytest.param({"records": "2"}, "'auto', 'one' or 'many'", id="neither one nor many"),
        pytest.param({"repair_model": ""}, "'repair_model' must list names of 1 to 200", id="nobody to repair"),
        pytest.param({"repair_model": "a\nb"}, "printable", id="a repairing model of two lines"),
        pytest.param({"repair_model": ["a/b"]}, "repair_model", id="a list of repairing models"),
        pytest.param({"repair_model": "offline/heuristic"}, "repairs no answers of others", id="rules as a repairer"),
    ],
)
def test_a_bad_option_is_refused_in_a_sentence(values, says):
    with pytest.raises(InvalidRequest, match=says):
        options_from(values)


def test_who_repairs_may_stand_in_a_relation_to_the_model_or_have_a_name():
    named = [models_named(options_from({"repair_model": word})) for word in (None, "same", "sibling", "a/b")]

    assert [each["repair_model"] for each in named] == [(), (), (), ("a/b",)]
    assert models_named(options_from({"model": "a/b", "models": ["c/d"]})) == {
        "model": ("a/b",),
        "models": ("c/d",),
        "repair_model": (),
    }
    assert options_from({"model": OFFLINE_MODEL, "repair_model": OFFLINE_MODEL}).repair_model == OFFLINE_MODEL

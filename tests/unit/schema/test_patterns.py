"""Patterns are matched in linear time, and what cannot be is refused."""

from __future__ import annotations

import time

import pytest

from extractor.schema.patterns import MAX_CHARACTERS, PatternRefused, compile_pattern

DECIMAL = r"^(?!^[-+.]*$)[+-]?0*\d*\.?\d*$"


@pytest.mark.parametrize(
    ("pattern", "text", "is_found"),
    [
        pytest.param("^[a-z]+$", "abc", True, id="anchored"),
        pytest.param("b", "abc", True, id="found anywhere"),
        pytest.param(r"^\d{5}$", "1234", False, id="not found"),
        pytest.param(DECIMAL, "19.99", True, id="pydantic decimal"),
        pytest.param(DECIMAL, "-.", False, id="pydantic decimal without digits"),
        pytest.param(r"^(?=.*[A-Z])(?=.*\d).{8,}$", "Passw0rd", True, id="password"),
        pytest.param(r"^(?=.*[A-Z])(?=.*\d).{8,}$", "Password", False, id="password without digit"),
        pytest.param(r"^(?!(?:a|b[)])x).+$", "ax", False, id="nested groups and classes in the condition"),
        pytest.param("^\\u00e9$", "é", True, id="unicode escape of JSON Schema"),
        pytest.param("^a$", "a\n", False, id="the end is the end of the text"),
        pytest.param("a", "\ud800", False, id="a lone surrogate"),
    ],
)
def test_a_pattern_is_found_as_json_schema_means_it(pattern, text, is_found):
    assert compile_pattern(pattern).search(text) is is_found


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param("(", id="not an expression"),
        pytest.param("a" * (MAX_CHARACTERS + 1), id="too long"),
        pytest.param(r"a(?=b)", id="lookahead inside"),
        pytest.param(r"(?<!a)b", id="lookbehind"),
        pytest.param(r"^(?=a)b|c", id="a condition that holds for one alternative only"),
        pytest.param(r"^(?=a", id="a condition without end"),
        pytest.param(r"(a)\1", id="back-reference"),
        pytest.param("((a{100}){100}){100}", id="compile bomb"),
    ],
)
def test_a_pattern_beyond_linear_time_is_refused(pattern):
    with pytest.raises(PatternRefused):
        compile_pattern(pattern)


def test_the_pattern_that_hangs_the_standard_library_is_answered_at_once():
    start = time.perf_counter()

    assert not compile_pattern("^(a+)+$").search("a" * 50_000 + "b")
    assert time.perf_counter() - start < 1

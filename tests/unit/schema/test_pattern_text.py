"""What authors of patterns mean, and which patterns every grammar engine reads alike."""

from __future__ import annotations

import json

import pytest
from llguidance import LLMatcher

from extractor.schema.pattern_text import is_common
from extractor.schema.patterns import compile_pattern


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        pytest.param(r"^\d\s\w$", "1\u00a0a", True, id="no-break space"),
        pytest.param(r"^\d[\s,]\w$", "1\u3000a", True, id="ideographic space in a class"),
        pytest.param(r"^\s$", "\ufeff", True, id="byte-order mark"),
        pytest.param(r"^\s$", "\v", True, id="vertical tab"),
        pytest.param(r"^\s$", "\u0085", False, id="next line is no white space of ECMA"),
        pytest.param(r"^\S+$", "a\u00a0b", False, id="not white space"),
        pytest.param(r"^\\s$", "\\s", True, id="an escaped backslash before s"),
        pytest.param(r"^\u00e9[\u00e0-\u00ff]$", "\u00e9\u00e9", True, id="code points"),
        pytest.param(r"^\d$", "\u0663", False, id="digits are those of ASCII"),
        pytest.param(r"^a$", "a\n", False, id="the end is the end"),
        pytest.param(r"^.$", "\r", False, id="any character but the end of a line"),
        pytest.param(r"^.$", "\u2028", False, id="any character but a line separator"),
        pytest.param(r"^[.]$", ".", True, id="a full stop in a class"),
        pytest.param(r"^\.$", "x", False, id="an escaped full stop"),
        pytest.param(r"^[[:alpha:]]$", ":]", True, id="a class within a class is none"),
        pytest.param(r"^[[:alpha:]]$", "x", False, id="nor does it stand for letters"),
    ],
)
def test_a_pattern_finds_what_its_author_means(pattern, text, matches):
    assert compile_pattern(pattern).search(text) is matches


@pytest.mark.parametrize(
    "pattern",
    [
        "^[A-Z]{3}$", "^a|b$", "a", r"^\d{4}-\d{2}-\d{2}$", "^(?:a|b)+$", "^(a|b)?c$", r"^[\w.+-]+@[\w-]+\.[\w.]+$",
        r"^\u00e9\x41$", "^a{2,}b{1,3}$", r"^[^\s\]]+$", r"^\^\$\|$", "^.*$", "^[a-z]*?$", "^$",
    ],
)  # fmt: skip
def test_a_common_pattern_is_a_grammar_too(pattern):
    schema = {"type": "string", "pattern": pattern}

    assert is_common(pattern)
    assert not LLMatcher.validate_grammar(LLMatcher.grammar_from_json_schema(json.dumps(schema)), None)


@pytest.mark.parametrize(
    "pattern",
    [
        "^(a(/|$))*$", r"\bword\b", "[[]", "a{$", "{x}", "a{,3}", r"\Qa.b\E", r"\C", r"\07", "[a&&b]", "[a--b]",
        "(?i)a", "(?P<n>a)", r"\p{L}", r"\A", "[]a]", "(^a)", "a^b", "a$b", r"[\d--5]", "^{2}", r"\cA",
    ],
)  # fmt: skip
def test_a_pattern_that_engines_read_differently_is_not_common(pattern):
    assert not is_common(pattern)

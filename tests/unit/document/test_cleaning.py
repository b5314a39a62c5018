from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.document.cleaning import clean


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        pytest.param("plain\ttext\nof\ftwo pages", "plain\ttext\nof\ftwo pages", id="what may stay"),
        pytest.param("a\r\nb\rc", "a\nb\nc", id="line ends of other systems"),
        pytest.param("a\x0bb\x85c\u2028d\u2029e", "a\nb\nc\nd\ne", id="line ends of other kinds"),
        pytest.param("a\x00b\x07c\x1b[0m\x9f", "abc[0m", id="control characters"),
        pytest.param("name\x1fvalue", "name value", id="a separator keeps words apart"),
        pytest.param("a\ud800b", "a\ufffdb", id="half a pair"),
        pytest.param("\ufeffa\ufffeb\uffffc", "abc", id="marks and non-characters"),
        pytest.param("é ü 한국어 😀 \xa0", "é ü 한국어 😀 \xa0", id="letters of any kind"),
    ],
)
def test_text_is_cleaned_of_what_cannot_be_shown(text: str, cleaned: str):
    assert clean(text) == cleaned


@given(st.text(st.characters()))
def test_cleaned_text_can_be_encoded_and_holds_no_control_character(text: str):
    cleaned = clean(text)

    cleaned.encode()
    assert not {char for char in cleaned if ord(char) < 32} - set("\n\t\f")
    assert clean(cleaned) == cleaned

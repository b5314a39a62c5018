from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.document.decoding import decode


@pytest.mark.parametrize(
    ("content", "text"),
    [
        pytest.param("Müller 한국어".encode(), "Müller 한국어", id="utf-8"),
        pytest.param(codecs.BOM_UTF8 + "Müller".encode(), "Müller", id="utf-8 with mark"),
        pytest.param("Müller".encode("utf-16"), "Müller", id="utf-16 with mark"),
        pytest.param(codecs.BOM_UTF16_BE + "Müller".encode("utf-16-be"), "Müller", id="utf-16 big-endian"),
        pytest.param("Müller".encode("utf-32"), "Müller", id="utf-32 with mark"),
    ],
)
def test_unicode_is_read_without_a_note(content: bytes, text: str):
    assert decode(content) == (text, ())


def test_windows_1252_is_read_with_a_note():
    text, notes = decode("Müller schuldet 15 € “sofort”".encode("cp1252"))

    assert text == "Müller schuldet 15 € “sofort”"
    assert [note.code for note in notes] == ["encoding_guessed"]


def test_lines_of_different_encodings_are_each_read_right():
    content = "Müller in UTF-8\n".encode() + "Müller in Windows\r\n".encode("cp1252") + b"plain"

    text, notes = decode(content)

    assert text == "Müller in UTF-8\nMüller in Windows\r\nplain"
    assert [note.code for note in notes] == ["encoding_guessed"]


@pytest.mark.parametrize(
    ("stated", "written"),
    [("windows-1250", "Łódź"), ("ISO-8859-1", "15 €"), ("Shift_JIS", "請求書"), ("euc-kr", "한국어")],
)
def test_a_stated_encoding_is_used(stated: str, written: str):
    encoding = "cp1252" if stated == "ISO-8859-1" else stated

    assert decode(written.encode(encoding), stated=stated) == (written, ())


@pytest.mark.parametrize("stated", ["utf-8", "rot13", "base64", "idna", "unicode_escape", "no such", "iso-8859-99"])
def test_a_stated_encoding_that_does_not_fit_or_is_none_is_passed_over(stated: str):
    text, notes = decode("Müller \\u0041".encode("cp1252"), stated=stated)

    assert text == "Müller \\u0041"
    assert [note.code for note in notes] == ["encoding_guessed"]


@given(st.binary(), st.sampled_from([None, "utf-8", "utf-16", "shift_jis", "gb18030", "iso-2022-jp", "big5"]))
def test_any_bytes_become_some_text(content: bytes, stated: str | None):
    assert isinstance(decode(content, stated=stated).text, str)

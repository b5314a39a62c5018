from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from extractor.document.sources import file_content, file_size, source_from
from extractor.errors import AmbiguousSource, InvalidRequest, UnreadableDocument


def test_a_path_names_its_source(tmp_path: Path):
    source = source_from(tmp_path / "a.txt")

    assert source.name == str(tmp_path / "a.txt")
    assert isinstance(source.content, Path)


def test_a_name_that_is_no_text_is_shown_as_far_as_it_is():
    source = source_from(Path(os.fsdecode(b"m\xfcller.txt")))

    assert source.name == "m\ufffdller.txt"


@pytest.mark.parametrize("text", ["", "Total: 5", "two\nlines", "nul\0byte", "x" * 10_000])
def test_a_string_is_text(text: str):
    assert source_from(text, name="note").content == text


def test_a_string_that_names_a_file_is_refused(tmp_path: Path):
    file = tmp_path / "a.txt"
    file.write_text("content")

    with pytest.raises(AmbiguousSource, match="Path"):
        source_from(str(file))


@pytest.mark.parametrize("source", [None, 7, ["a"], bytearray(b"a")])
def test_anything_else_is_refused(source: Any):
    with pytest.raises(InvalidRequest):
        source_from(source)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("absent.txt", "No such file or directory"),
        (".", "not a regular file"),
        ("pipe", "not a regular file"),
        ("nul\0byte", "not a file name"),
        ("x" * 300, "File name too long"),
    ],
)
def test_what_is_no_regular_file_is_not_found_and_named(name: str, why: str, tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(UnreadableDocument) as caught:
        file_size(tmp_path / name)

    assert caught.value.code == "file_not_found"
    assert caught.value.detail == f"{why}: {str(tmp_path / name)!r}"


def test_a_file_that_vanished_is_not_found(tmp_path: Path):
    with pytest.raises(UnreadableDocument) as caught:
        file_content(tmp_path / "gone.txt")

    assert caught.value.code == "file_not_found"

"""Which files a command line means."""

from __future__ import annotations

from pathlib import Path

import pytest

from extractor.cli.inputs import find_files
from extractor.errors import InvalidRequest


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with files, a folder in a folder, and hidden ones."""
    for name in ("b.txt", "a.pdf", "odd.xyz", ".hidden", "inner/c.md", "inner/.git/config", "inner/deep/d.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "found"),
    [
        pytest.param(["b.txt"], ["b.txt"], id="a file"),
        pytest.param([".hidden"], [".hidden"], id="a hidden file, named"),
        pytest.param(["b.txt", "a.pdf"], ["b.txt", "a.pdf"], id="the order typed"),
        pytest.param(["b.txt", "./b.txt", "inner/../b.txt"], ["b.txt"], id="the same file once"),
        pytest.param(["inner"], ["inner/c.md", "inner/deep/d.txt"], id="a folder and what is below"),
        pytest.param(["*.txt"], ["b.txt"], id="a glob"),
        pytest.param(["inn*"], ["inner/c.md", "inner/deep/d.txt"], id="a glob of folders"),
        pytest.param(["**/*.txt"], ["b.txt", "inner/deep/d.txt"], id="a glob of any depth"),
        pytest.param(["."], ["a.pdf", "b.txt", "inner/c.md", "inner/deep/d.txt", "odd.xyz"], id="every ending"),
    ],
)
def test_words_become_files(words: list[str], found: list[str]) -> None:
    assert [str(path) for path in find_files(words)] == found


def test_an_absolute_glob_is_expanded(folder: Path) -> None:
    assert find_files([f"{folder}/*.pdf"]) == [folder / "a.pdf"]


def test_a_file_whose_name_looks_like_a_glob_is_that_file() -> None:
    Path("scan[1].pdf").touch()

    assert find_files(["scan[1].pdf"]) == [Path("scan[1].pdf")]


def test_the_output_is_never_an_input() -> None:
    assert find_files(["inner"], leaving_out=[Path("inner/c.md")]) == [Path("inner/deep/d.txt")]


def test_an_output_alone_is_nothing_to_read() -> None:
    with pytest.raises(InvalidRequest, match="the output and the schema"):
        find_files(["b.txt"], leaving_out=[Path("b.txt")])


def test_links_are_followed_and_a_loop_of_links_ends() -> None:
    Path("inner/up").symlink_to("..", target_is_directory=True)
    Path("far").mkdir()
    Path("far/e.txt").touch()
    Path("inner/link").symlink_to("../far", target_is_directory=True)

    found = find_files(["inner"])

    assert len({path.resolve() for path in found}) == len(found)
    assert Path("inner/link/e.txt") in found


@pytest.mark.parametrize(
    ("word", "says"),
    [
        pytest.param("gone.pdf", "There is no file or folder 'gone.pdf'.", id="no file"),
        pytest.param("*.docx", "No file matches '*.docx'.", id="no match"),
        pytest.param("empty", "The folder 'empty' has no file to read; hidden files are left out.", id="empty folder"),
        pytest.param("", "There is no file or folder ''.", id="nothing"),
    ],
)
def test_a_word_that_names_nothing_is_refused_even_beside_words_that_do(word: str, says: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        find_files(["b.txt", word])

    assert caught.value.message == says

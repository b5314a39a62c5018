"""Which files are meant: files, folders and globs to a list of paths."""

from __future__ import annotations

import glob
import os
from pathlib import Path
from typing import TYPE_CHECKING

from extractor.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


def find_files(words: Sequence[str], *, leaving_out: Iterable[Path] = ()) -> list[Path]:
    """Return the files that `words` name, in the order named, each once.

    A folder stands for every regular file in it and below, sorted, whatever their endings: a kind that is not read
    ends as a failed line, so nothing is lost in silence. Hidden files and Python's `__pycache__` are left out, links
    are followed.

    Args:
        words: As typed; a glob that the shell left alone is expanded here.
        leaving_out: The output and the schema's file, which are never inputs.

    Raises:
        InvalidRequest: a word names no file, or a folder cannot be listed.
    """
    seen = {path.resolve() for path in leaving_out}
    found: list[Path] = []
    for word in words:
        for path in _named_by(word):
            real = path.resolve()
            if real not in seen:
                seen.add(real)
                found.append(path)
    if not found:
        raise InvalidRequest("There is no document to read: the only files named are the output and the schema.")
    return found


def _named_by(word: str) -> list[Path]:
    is_there = os.path.exists(word)  # noqa: PTH110 - false, not an error, where a parent folder may not be entered
    places = [word] if is_there else sorted(glob.glob(word, recursive=True))  # noqa: PTH207 - absolute patterns too
    files = [file for place in places for file in _files_of(Path(place), seen=set())]
    if not files:
        raise InvalidRequest(_say_why_nothing(word, is_there=is_there))
    return files


def _say_why_nothing(word: str, *, is_there: bool) -> str:
    if is_there:
        return f"The folder {word!r} has no file to read; hidden files are left out."
    if glob.has_magic(word):
        return f"No file matches {word!r}."
    return f"There is no file or folder {word!r}."


def _files_of(path: Path, *, seen: set[Path]) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    if path.resolve() in seen:  # a link to a folder above
        return
    seen.add(path.resolve())
    try:
        entries = sorted(entry for entry in path.iterdir() if not entry.name.startswith((".", "__pycache__")))
        entries = [entry for entry in entries if entry.is_file() or entry.is_dir()]
    except OSError as error:
        raise InvalidRequest(f"The folder {str(path)!r} cannot be listed: {error.strerror}.") from None
    for entry in entries:
        yield from _files_of(entry, seen=seen)

"""What callers hand in, and its bytes."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from extractor.errors import AmbiguousSource, InvalidRequest, UnreadableDocument
from extractor.records import Source

#: Bytes of the longest string that is asked of the file system; no name is longer on Linux.
MAX_NAME_BYTES = 4096


def source_from(
    source: os.PathLike[str] | bytes | str, *, media_type: str | None = None, name: str | None = None
) -> Source:
    """Return the argument of a public function as a `Source`.

    Raises:
        AmbiguousSource: a one-line string that is also the name of an existing file.
        InvalidRequest: not a path, bytes or a string.
    """
    if isinstance(source, str):
        _refuse_file_name(source)
        return Source(content=source, media_type=media_type, name=name)
    if isinstance(source, bytes):
        return Source(content=source, media_type=media_type, name=name)
    if isinstance(source, os.PathLike):
        path = Path(source)
        return Source(content=path, media_type=media_type, name=name or path_name(path))
    raise InvalidRequest(f"A source is a path, bytes or a string, not {type(source).__name__}.")


def _refuse_file_name(text: str) -> None:
    if not text or "\n" in text or "\0" in text or len(text) > MAX_NAME_BYTES:
        return
    try:
        names_a_file = os.path.isfile(text)  # noqa: PTH113 - a string that is most likely no path at all
    except ValueError:
        return
    if names_a_file:
        raise AmbiguousSource(
            f"The text {text!r} is also the name of a file. Pass Path({text!r}) for the file, bytes for the text."
        )


def path_name(path: Path) -> str:
    """Return a path as text that can be encoded, which a name from the file system need not be."""
    return os.fsencode(path).decode(errors="replace")


def file_size(path: Path) -> int:
    """Return the size in bytes of a regular file, without opening it.

    Raises:
        UnreadableDocument: `file_not_found`, also for folders, pipes and devices, which could hold the reader for ever.
    """
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        raise _not_found(path, _reason(error)) from None
    if not stat.S_ISREG(status.st_mode):
        raise _not_found(path, "not a regular file")
    return status.st_size


def file_content(path: Path) -> bytes:
    """Return the bytes of a file. Unbuffered: of a small file, a buffer costs more than the reading.

    Raises:
        UnreadableDocument: `file_not_found`.
    """
    try:
        with path.open("rb", buffering=0) as file:
            return file.readall()
    except (OSError, ValueError) as error:
        raise _not_found(path, _reason(error)) from None


def _not_found(path: Path, why: str) -> UnreadableDocument:
    return UnreadableDocument("file_not_found", detail=f"{why}: {path_name(path)!r}")


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or "not a file name"

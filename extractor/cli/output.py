"""Records as JSON Lines: whole lines, written when they are ready, into a file that was not in use before."""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from extractor import jsontext
from extractor.errors import InvalidRequest, OutputFailed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from extractor.records import Json, Result


#: What every line begins with: `id` is the first member of a result.
FIRST_BYTES = b'{"id":'


@dataclass(frozen=True, kw_only=True)
class Output:
    """Where the lines go, as chosen on the command line and checked before anything else happens."""

    #: None = stdout.
    path: Path | None
    #: Add to what is there.
    append: bool
    #: Replace what is there, when the first line is written.
    force: bool

    def check(self) -> None:
        """Refuse what would destroy records or cannot be a file.

        Raises:
            InvalidRequest: `path` exists and neither `append` nor `force` was chosen, or both were; or it is a folder,
                or a file of something else: a document, a schema.
        """
        if self.append and self.force:
            raise InvalidRequest("--append adds to the file and --force replaces it: choose one.")
        if self.path is None:
            return
        try:
            is_folder, is_file = self.path.is_dir(), self.path.is_file()
        except OSError as error:
            raise _unwritable(self.path, error) from None
        if is_folder:
            raise InvalidRequest(f"--out {str(self.path)!r} is a folder; name a file in it.")
        if is_file and not (self.append or self.force):
            raise InvalidRequest(
                f"--out {str(self.path)!r} exists. Add to it with --append, replace it with --force, or name another."
            )
        if is_file and not _holds_records(self.path):
            raise InvalidRequest(
                f"--out {str(self.path)!r} exists and holds no records, so it is not written over. Name another file."
            )

    @contextmanager
    def open(self) -> Iterator[Lines]:
        """Open the output; a file that got no line is not left behind.

        Raises:
            InvalidRequest: it cannot be created or written.
        """
        if self.path is None:
            if sys.stdout is None:  # closed by whoever started us
                raise InvalidRequest("There is no stdout to write records to. Name a file with --out.")
            yield Lines(sys.stdout.fileno())
            return
        was_there = self.path.exists()
        descriptor = self._open_file(self.path)
        lines = Lines(descriptor, replaces=self.force)
        try:
            yield lines
        finally:
            os.close(descriptor)
            if not (lines.count or was_there):
                self.path.unlink(missing_ok=True)

    def _open_file(self, path: Path) -> int:
        may_exist = self.append or self.force or path.exists()  # it may be a pipe or a device: those are not refused
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | (0 if may_exist else os.O_EXCL)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            return os.open(path, flags, 0o666)
        except OSError as error:
            raise _unwritable(path, error) from None


class Lines:
    """A file descriptor that takes one whole line per write, so that a killed run leaves no half of one."""

    def __init__(self, descriptor: int, *, replaces: bool = False) -> None:
        self._descriptor = descriptor
        self._replaces = replaces
        self._failure: OutputFailed | None = None
        #: Lines written.
        self.count = 0

    def write(self, result: Result[Json]) -> None:
        """Write one result; see `write_line`."""
        self.write_line(jsontext.dumps(result.as_json()).encode())

    def write_line(self, content: bytes) -> None:
        """Write one line.

        Raises:
            OutputFailed: the disk is full, or nobody reads the pipe any more.
        """
        if self._failure:  # half a line may stand there: nothing may follow it
            raise self._failure
        line = content + b"\n"
        try:
            if self.count == 0:
                line = self._make_room() + line
            while line:
                line = line[os.write(self._descriptor, line) :]
        except OSError as error:
            self._failure = OutputFailed(_say_why(error))
            raise self._failure from None
        self.count += 1

    def _make_room(self) -> bytes:
        """Empty the file if it is to be replaced; return what must stand before the first line.

        A run that was killed by a full disk may have left half a line; a new one must not be glued to it.
        """
        if self._replaces and stat.S_ISREG(os.fstat(self._descriptor).st_mode):
            os.ftruncate(self._descriptor, 0)
        return b"" if self._ends_a_line() else b"\n"

    def _ends_a_line(self) -> bool:
        about = os.fstat(self._descriptor)
        if not stat.S_ISREG(about.st_mode) or about.st_size == 0:
            return True
        try:
            return os.pread(self._descriptor, 1, about.st_size - 1) == b"\n"
        except OSError:  # `>> file` of a shell: written blind
            return True


def _unwritable(path: Path, error: OSError) -> InvalidRequest:
    return InvalidRequest(f"--out {str(path)!r} cannot be written: {error.strerror}: {str(error.filename)!r}.")


def _say_why(error: OSError) -> str:
    if error.errno == errno.EPIPE:
        return "Nobody reads the records any more: the pipe was closed."
    return f"A record could not be written: {error.strerror}. Every line before it is whole."


def _holds_records(path: Path) -> bool:
    """Whether a file is empty or begins as a line of ours does."""
    try:
        with path.open("rb") as file:
            return file.read(len(FIRST_BYTES)) in {b"", FIRST_BYTES}
    except OSError as error:
        raise _unwritable(path, error) from None

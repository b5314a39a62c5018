"""What is shown, and what is kept, of an error that nobody expected."""

from __future__ import annotations

import sys
import traceback
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import platformdirs

from extractor.cli.wording import error_line
from extractor.errors import UnexpectedError
from extractor.log import strike_out

if TYPE_CHECKING:
    from pathlib import Path


def describe(error: BaseException, *, in_full: bool) -> str:
    """Return what to tell: one sentence and where the traceback is kept, or the traceback itself.

    Neither shows the values of variables, which may be keys or documents.
    """
    last_line = strike_out(f"{type(error).__name__}: {error}".partition("\n")[0])
    trace = strike_out("".join(traceback.format_exception(error)))
    if in_full:
        return trace
    return error_line(UnexpectedError.code, f"A defect of the extractor stopped it: {last_line}. {_keep(trace)}")


def _keep(trace: str) -> str:
    try:
        folder: Path = platformdirs.user_log_path("extractor")
        path = folder / f"crash-{datetime.now(UTC):%Y%m%dT%H%M%S}.log"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_text(f"{sys.version}\n{trace}", encoding="utf-8", errors="backslashreplace")
    except (OSError, RuntimeError):  # the second: a user without a home
        return "Run it again with --debug to see the traceback."
    return f"The traceback is in {path}."

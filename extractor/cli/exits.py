"""Exit codes, and which error ends with which.

0        every document succeeded
1        some failed or are partial; the lines written say which and why
2        usage: a wrong argument, path, schema or id; nothing was sent
3        could not start or go on, for a reason that holds for every document: no key or a refused one, an empty
         account, an unusable setting, no Redis, a budget for a model without a known price, an output that takes no
         line
128 + n  stopped by signal n: 130 after Ctrl-C, 143 after SIGTERM, as in every shell
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from extractor.errors import InvalidRequest, InvalidSchema, UnknownExtraction, UnsupportedSchema

if TYPE_CHECKING:
    from extractor.errors import ExtractionError


class ExitCode(IntEnum):
    """The exit codes of every command."""

    SUCCEEDED = 0
    SOME_FAILED = 1
    USAGE = 2
    COULD_NOT_START = 3


def exit_code_of(error: ExtractionError) -> ExitCode:
    """Return the exit code of a command that `error` ended."""
    is_usage = isinstance(error, InvalidRequest | InvalidSchema | UnsupportedSchema | UnknownExtraction)
    return ExitCode.USAGE if is_usage else ExitCode.COULD_NOT_START


def exit_code_of_signal(number: int) -> int:
    """Return the exit code of a command that signal `number` stopped."""
    return 128 + number

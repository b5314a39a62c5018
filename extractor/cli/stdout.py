"""What a command writes on stdout, which may be full, closed, or read only in part."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from extractor.errors import OutputFailed

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def on_stdout() -> Iterator[None]:
    """Let what is written inside fail as an output does. A reader that has seen enough, such as `head`, is no failure.

    Raises:
        OutputFailed: the disk is full, or there is no stdout.
    """
    if sys.stdout is None:  # closed by whoever started us
        raise OutputFailed("There is no stdout to write to.")
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        _let_go()
    except OSError as error:
        _let_go()
        raise OutputFailed(f"stdout could not be written: {error.strerror}.") from None


def _let_go() -> None:
    """Send what is still in the buffer nowhere, or Python would fail once more when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)

"""Log events as structured lines, on stderr, with secrets struck out."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from structlog.typing import FilteringBoundLogger

#: Field names whose values are never written.
SECRET_NAMES = re.compile(r"api_?key|^key$|token$|secret|password|authorization|cookie", re.IGNORECASE)
#: Shapes of keys inside other text: OpenRouter's and OpenAI's `sk-…`, and any bearer header.
SECRET_SHAPES = re.compile(r"\bsk-[A-Za-z0-9_\-]{8,}|\bBearer\s+\S+", re.IGNORECASE)
STRUCK_OUT = "[secret]"

_level = logging.WARNING


def strike_out(text: str) -> str:
    """Replace whatever looks like a key inside `text`."""
    return SECRET_SHAPES.sub(STRUCK_OUT, text)


def trace(error: BaseException) -> dict[str, str]:
    """Return where `error` was raised, without its message, which may quote a document."""
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "error": type(error).__qualname__,
        "at": " > ".join(f"{Path(frame.filename).name}:{frame.lineno}:{frame.name}" for frame in frames),
    }


def _strike_out_fields(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in event.items():
        if SECRET_NAMES.search(name):
            event[name] = STRUCK_OUT
        elif isinstance(value, str):
            event[name] = strike_out(value)
    return event


def configure(level: str = "WARNING") -> None:
    """Write events of `level` and above from now on."""
    global _level  # noqa: PLW0603 - one process writes one log
    _level = logging.getLevelNamesMapping()[level]


def logger() -> FilteringBoundLogger:
    """Return a logger that writes to stderr and leaves the application's own logging alone."""
    bound: FilteringBoundLogger = structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _strike_out_fields,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_level),
    )
    return bound

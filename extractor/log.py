"""Log events as structured lines, on stderr, with secrets struck out."""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from structlog.typing import FilteringBoundLogger

#: Field names whose values are never written.
SECRET_NAMES = re.compile(r"key|token$|secret|password|authorization|cookie", re.IGNORECASE)
#: Shapes of keys inside other text: OpenRouter's and OpenAI's `sk-…`, and any bearer header.
SECRET_SHAPES = re.compile(r"\bsk-[A-Za-z0-9_\-]{8,}|\bBearer\s+\S+", re.IGNORECASE)
STRUCK_OUT = "[secret]"


def strike_out(text: str) -> str:
    """Replace whatever looks like a key inside `text`."""
    return SECRET_SHAPES.sub(STRUCK_OUT, text)


def _strike_out_fields(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in event.items():
        if SECRET_NAMES.search(name):
            event[name] = STRUCK_OUT
        elif isinstance(value, str):
            event[name] = strike_out(value)
    return event


def configure(level: str = "WARNING") -> None:
    """Send events of `level` and above to stderr. Called by doors; a library import configures nothing."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _strike_out_fields,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"])
            if not sys.stderr.isatty()
            else structlog.dev.ConsoleRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )


def logger() -> FilteringBoundLogger:
    """Return the package's logger."""
    bound: FilteringBoundLogger = structlog.get_logger("extractor")
    return bound

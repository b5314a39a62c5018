"""Keeps documents out of Celery's log: of a message that it cannot take it would write the whole body."""

from __future__ import annotations

import logging
from typing import Final

#: What writes of such messages.
SOURCE: Final = "celery.worker.consumer.consumer"
#: Where its sentences begin to quote: an error of decoding holds what it could not decode, headers hold the arguments.
QUOTES: Final = (": %r", "\n")


def keep_bodies_out() -> None:
    """Let Celery write the first sentence about a message that it cannot take, and no part of the message."""
    logging.getLogger(SOURCE).addFilter(shortened)


def shortened(record: logging.LogRecord) -> bool:
    """Cut a record down to its first sentence where it would quote a message; always True: the record is written."""
    if isinstance(record.msg, str) and "body" in record.msg:
        for quote in QUOTES:
            record.msg = record.msg.partition(quote)[0]
        arguments = record.args if isinstance(record.args, tuple) else ()
        record.args = arguments[: record.msg.count("%")]
        record.exc_info = None
    return True

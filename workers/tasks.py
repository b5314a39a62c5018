"""The tasks: the one that other services send, and the one that wakes a worker. Both last milliseconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celery import signals
from celery.exceptions import Ignore, Reject

from extractor.errors import ExtractionError, StoreUnavailable
from extractor.queue import EXTRACT_TASK, TICKET_TASK
from workers.app import app, end, settings
from workers.entrance import Entrance
from workers.hosting import host

if TYPE_CHECKING:
    from celery import Task

    from extractor.records import JsonObject

try:
    entrance = Entrance(settings, host.wake)
except ExtractionError as error:
    end(error)


def extract(task: Task, /, *arguments: Any, **named: Any) -> JsonObject:
    """Take a document, a schema and options; the result is told when there is one.

    Acknowledged late: a process that dies in here leaves the message for another, and the idempotency key makes one
    extraction of both deliveries.

    Raises:
        Ignore: it is stored, and whoever ends it tells the result.
        Reject: the store cannot be reached; the message goes back to its queue.
    """
    try:
        result = entrance.take(task.request.id, arguments, named)
    except StoreUnavailable as error:
        raise Reject(error.message, requeue=True) from error
    if result is None:
        raise Ignore
    return result


def ticket(*_arguments: Any, **_named: Any) -> None:
    """Wake this worker: something is ready. Acknowledged at once, because a ticket that is lost costs a second."""
    host.wake(None)


def _hurry(**_: Any) -> None:
    entrance.hurry()


signals.worker_shutting_down.connect(_hurry)
app.task(extract, name=EXTRACT_TASK, bind=True, acks_late=True, typing=False)
app.task(ticket, name=TICKET_TASK, ignore_result=True, typing=False)

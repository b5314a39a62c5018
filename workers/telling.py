"""Results of extractions that a Celery task waits for, told to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from celery.states import SUCCESS
from kombu.exceptions import EncodeError

from extractor import log
from extractor.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from celery import Celery

    from extractor.records import JsonObject


class Teller:
    """Writes results where `AsyncResult.get` of another service looks for them. Blocks; use it in a thread."""

    def __init__(self, app: Celery) -> None:
        #: One for all threads: Celery would open one, and its connections, for each.
        self._backend = app.backend

    def tell(self, pairs: Iterable[tuple[str, JsonObject]]) -> None:
        """Tell each task its result. Telling one again changes nothing.

        Every result of ours is Celery's SUCCESS: whether the extraction succeeded is the result's own `status`.

        Args:
            pairs: Id of the task, and what `Result.as_json` returns.

        Raises:
            StoreUnavailable: Redis does not answer, or is full; some of `pairs` may have been told.
        """
        for task_id, result in pairs:
            try:
                self._backend.store_result(task_id, result, SUCCESS)
            except (EncodeError, TypeError, ValueError) as error:  # one that can never be told keeps back no other
                log.logger().error("a Celery result cannot be told", task=task_id, **log.trace(error))
            except Exception as error:
                raise StoreUnavailable("Redis did not take a Celery result. It is told again.") from error

"""The door of Celery tasks: what another service sent becomes a submission, or a result that says what is wrong."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from extractor import log, wiring
from extractor.errors import ExtractionError, InvalidRequest, StoreUnavailable, UnexpectedError
from extractor.portal import Line
from extractor.queue import EXTRACT_TASK, Bell
from extractor.records import ENDS, Enforcement, Result
from extractor.rerunning import retry
from extractor.store import Rerun, Store, broker_url, connect
from extractor.submit import OF_TASKS, submission_from_json, submit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

    from extractor.records import JsonObject, Priority, Receipt
    from extractor.settings import Settings

T = TypeVar("T")

#: What the task takes, by name.
TAKES = ("document", "schema", "options", "retry_of")
#: Seconds between two tries to reach the store.
PAUSE_S = 1.0
#: Share of the visibility timeout that a task waits for the store, so that its message is not delivered twice.
PATIENCE = 0.25


class _Brought(NamedTuple):
    """What a task brought."""

    #: Stores it.
    hand_in: Callable[[Store, Bell], Awaitable[Receipt]]
    #: Its class; None = whichever it has.
    priority: Priority | None = None


class Entrance:
    """Admits and stores what tasks bring. Any number of threads may use it; none of them is the engine's loop.

    Args:
        settings: The operator's settings.
        wake: Called with the class of what was stored, None = any; wakes the worker of this process.
    """

    def __init__(self, settings: Settings, wake: Callable[[Priority | None], None]) -> None:
        self.door = wiring.door_from(settings)
        self._settings = settings
        self._wake = wake
        self._hurries = threading.Event()
        self._line = Line(self._open)

    def take(self, task_id: str, arguments: Sequence[Any], named: Mapping[str, Any]) -> JsonObject | None:
        """Store what a task brought, once however often its message is delivered.

        Returns:
            None when its result will be told later; its result when it has one already, or can have no other.

        Raises:
            StoreUnavailable: nothing was stored, and the store did not come back in time. Deliver the message again.
        """
        try:
            brought = self._admitted(task_id, arguments, named)
            return self._patiently(lambda: self._hand_in(brought))
        except StoreUnavailable:
            raise
        except ExtractionError as error:
            return self._refused(error, named)
        except Exception as error:  # noqa: BLE001 - whatever was sent, its sender is told
            log.logger().error("unexpected error", task=task_id, **log.trace(error))
            defect = UnexpectedError("A defect of the extractor kept this task from being taken; the log has more.")
            return self._refused(defect, named)

    def hurry(self) -> None:
        """Let no task wait for the store from now on: this process is told to end. Never blocks."""
        self._hurries.set()

    def close(self) -> None:
        """Disconnect."""
        self.hurry()
        self._line.close()

    def _admitted(self, task_id: str, arguments: Sequence[Any], named: Mapping[str, Any]) -> _Brought:
        """Return what a task brought: a submission, or the id of what it wants run again.

        Raises:
            CallerError: what it brought cannot be used.
        """
        unknown = sorted(set(named) - set(TAKES))
        if not arguments and not unknown and "retry_of" in named:
            return self._rerun(task_id, named)
        if arguments or unknown or "document" not in named or "schema" not in named:
            wrong = f", not {unknown[0]!r}" if unknown else ", and document and schema are required"
            raise InvalidRequest(f"{EXTRACT_TASK} takes {', '.join(TAKES)}, by name{wrong}.")
        submission = submission_from_json(
            named["document"],
            named["schema"],
            named.get("options"),
            door=self.door,
            idempotency_key=f"{OF_TASKS}{task_id}",
            task_id=task_id,
        )

        async def hand_in(store: Store, bell: Bell) -> Receipt:
            [receipt] = await submit([submission], store=store, ring=bell.ring)
            return receipt

        return _Brought(hand_in, submission.priority)

    def _rerun(self, task_id: str, named: Mapping[str, Any]) -> _Brought:
        of = named["retry_of"]
        if not isinstance(of, str) or len(named) > 1:
            raise InvalidRequest(
                f"`retry_of` takes the id of an extraction, and nothing stands beside it: {EXTRACT_TASK} has its "
                "document, schema and options."
            )
        # The same name each time the message is delivered, so that one re-run comes of it.
        name = f"x_{hashlib.sha256(f'retry {task_id}'.encode()).hexdigest()[:32]}"
        rerun = Rerun(id=name, of=of, tenant=self.door.tenant, task_id=task_id)

        async def hand_in(store: Store, bell: Bell) -> Receipt:
            return await retry(rerun, store=store, ring=bell.ring)

        return _Brought(hand_in)

    def _hand_in(self, brought: _Brought) -> JsonObject | None:
        async def hand_in(opened: tuple[Store, Bell]) -> JsonObject | None:
            store, bell = opened
            receipt = await brought.hand_in(store, bell)
            if receipt.status not in ENDS:
                return None
            stored = await store.read(receipt.id, tenant=self.door.tenant)
            result: JsonObject = json.loads(stored.result)
            return result

        result = self._line.run(hand_in)
        if result is None:
            self._wake(brought.priority)
        return result

    def _patiently(self, call: Callable[[], T]) -> T:
        """Call until the store can be reached. The message waits with us: it is acknowledged when we are done."""
        deadline = time.monotonic() + self._settings.visibility_timeout_s * PATIENCE
        while True:
            try:
                return call()
            except StoreUnavailable:
                if time.monotonic() >= deadline or self._hurries.wait(PAUSE_S):
                    raise

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[tuple[Store, Bell]]:
        url = wiring.store_url(self._settings)
        limits = wiring.store_limits(self._settings)
        store = Store(await connect(url), limits)
        bell = Bell(*broker_url(url))
        try:
            yield store, bell
        finally:
            bell.close()
            await store.aclose()

    def _refused(self, error: ExtractionError, named: Mapping[str, Any]) -> JsonObject:
        """Return the result of what was never stored, in the shape of every other, without an id."""
        document = named.get("document")
        name = document.get("name") if isinstance(document, dict) else None
        result = Result(
            id="",
            source=name if isinstance(name, str) else None,
            status="failed",
            record=None,
            enforcement=Enforcement(asked="auto"),
            error=error.as_failure(),
            engine="",
        )
        return result.as_json() | {"id": None}

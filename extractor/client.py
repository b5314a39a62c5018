"""`Queue`: the queue for services in Python. Its methods wait for their answer; everything happens in a loop thread."""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Self, TypeAlias, Unpack

from extractor import wiring
from extractor.desk import Desk, chunks_of, open_desk
from extractor.document import source_from
from extractor.errors import InvalidRequest
from extractor.portal import Line
from extractor.receiving import as_instance, result_from_json
from extractor.records import OPEN_STATES
from extractor.schema import asked_for, target_from
from extractor.schema.targets import key_of
from extractor.settings import Settings
from extractor.submit import admit, batch_labels, options_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydantic import BaseModel

    from extractor.records import JsonObject, Options, Priority, Result, State, Stored, Submission, Target
    from extractor.submit import BatchLabels, Door

    Schema: TypeAlias = type[BaseModel] | JsonObject | os.PathLike[str] | str
    Document: TypeAlias = os.PathLike[str] | bytes | str
    _Admitted: TypeAlias = tuple[Submission, type[BaseModel] | None]

#: Ids whose class is remembered, and targets.
MAX_CLASSES = 100_000
MAX_TARGETS = 256


@dataclass(frozen=True, slots=True)
class Item:
    """One of many documents, where there is more to say of it."""

    #: As for `Queue.submit`.
    source: Document
    #: Its schema; None = the one of `submit_many`.
    schema: Schema | None = None
    #: Your word for this submission.
    idempotency_key: str | None = None
    #: Name of the document in results and messages.
    name: str | None = None
    #: Media type where the content does not tell.
    media_type: str | None = None


class Queue:
    """Hands documents to the workers and brings the results back.

    Nothing is opened before the first call. May be used by many threads, and made before a `fork`: each process opens
    its own connection. In a coroutine, call its methods by `asyncio.to_thread`. Also a context manager, which closes.
    """

    def __init__(self, redis_url: str | None = None, *, tenant: str | None = None) -> None:
        """Read the settings.

        Args:
            redis_url: As REDIS_URL, which it stands in for.
            tenant: As EXTRACTOR_TENANT, which it stands in for.

        Raises:
            InvalidSettings: a setting cannot be used.
        """
        settings = Settings.load_for(redis_url=redis_url, tenant=tenant)
        self._door: Door = wiring.door_from(settings)
        self._line: Line[Desk] = Line(partial(open_desk, settings))
        self._targets: OrderedDict[type[BaseModel] | str, tuple[Target, str]] = OrderedDict()
        self._classes: OrderedDict[str, type[BaseModel]] = OrderedDict()

    def submit(
        self,
        source: Document,
        schema: Schema,
        *,
        idempotency_key: str | None = None,
        media_type: str | None = None,
        name: str | None = None,
        **options: Any,
    ) -> str:
        """Hand one document in; return the id of its extraction. It is stored when this returns.

        Args:
            source: A `Path` = a file, bytes = a file's content, `str` = text.
            schema: A pydantic class, a JSON Schema as a dict, the path of a `.json` file, or a registered name. With a
                class, the record is an instance of it, with `records="many"` a list of instances.
            idempotency_key: Your word for this submission. The same word again returns the id that it had.
            media_type: Media type of `source` where its content does not tell.
            name: Name of `source` in results and messages.
            **options: Any of `records.Options`: `model`, `max_attempts`, `priority`, `deadline_s` …

        Raises:
            CallerError: an argument or option cannot be used; `idempotency_conflict`: the word stands for another
                document, schema or options.
            UnreadableDocument: the file is not there or too large.
            StoreUnavailable, StoreFull, QueueDraining: nothing was accepted; the same call may be made again later.
        """
        item = Item(source, schema, idempotency_key, name, media_type)
        stated = options_at(self._door, options)
        return self._hand_in([self._admit(item, stated, default_priority="interactive")])[0]

    def submit_many(
        self,
        items: Iterable[Item | Document],
        *,
        schema: Schema | None = None,
        batch: str | None = None,
        budget_usd: float | None = None,
        **options: Any,
    ) -> list[str]:
        """Hand many documents in; return their ids in the same order. Their priority is `bulk` unless you state one.

        `items` is drawn from as they are written, up to 500 at once, all of these or none. Where an item is refused,
        those written before it stay; give each an idempotency key, and the same call may simply be made again.

        Args:
            items: Sources as for `submit`, or an `Item` where one has a schema, a key or a name of its own.
            schema: The schema of every item that states none.
            batch: Your word for all of them together; those of a later call with the same word join them.
            budget_usd: US dollars that the batch may cost, whoever runs it; what comes after that fails with
                `budget_exceeded` and is not asked. Stated again under the same `batch`, the later figure holds.
            **options: As for `submit`, for all of them.

        Raises:
            ExtractionError: as `submit`.
        """
        if isinstance(items, str | bytes | os.PathLike | Item):
            raise InvalidRequest('`submit_many` takes a list: [Path("a.pdf")], or Path("inbox").glob("*.pdf").')
        ids: list[str] = []
        stated, labels = options_at(self._door, options), batch_labels(batch, budget_usd=budget_usd)
        whole = (item if isinstance(item, Item) else Item(item) for item in items)
        complete = (replace(item, schema=schema) if item.schema is None else item for item in whole)
        for chunk in chunks_of(self._admit(item, stated, default_priority="bulk", **labels) for item in complete):
            ids += self._hand_in(chunk)
        return ids

    def retry(self, id: str) -> str:  # noqa: A002 - the word of the record
        """Run again what ended without success, asking only for what is missing; return the id of the re-run.

        It starts from the replies that were bought, which are not on its bill, and counts in the other's place in its
        batch. The other stays as it ended. A re-run that has not ended is not made twice.

        Raises:
            InvalidRequest: it has not ended, or it has succeeded.
            ExtractionError: as `submit` and `get`.
        """
        receipt = self._line.run(lambda desk: desk.retry(id))
        if (model_class := self._classes.get(id)) is not None:
            self._classes[receipt.id] = model_class
        return receipt.id

    def get(self, id: str, *, schema: type[BaseModel] | None = None) -> Result[Any]:  # noqa: A002 - the word of the record
        """Return the result as it is now: `status` may be `queued`, `running` or `deferred`, and `record` None then.

        Args:
            id: What `submit` returned.
            schema: The class that `record`, or each of a list, shall be an instance of, where another process submitted
                it. What the class refuses stays plain JSON, and `status` is `failed` with the code `unsatisfied`.

        Raises:
            UnknownExtraction: there is no extraction of this id, or it has expired.
            StoreUnavailable: Redis does not answer.
        """
        return self._received(self._line.run(lambda desk: desk.read(id)), schema)

    def wait(
        self,
        id: str,  # noqa: A002 - the word of the record
        timeout_s: float | None = None,
        *,
        schema: type[BaseModel] | None = None,
    ) -> Result[Any]:
        """Return the result when the extraction has ended.

        Args:
            id: What `submit` returned.
            timeout_s: Seconds to wait at most; None = until its deadline, at which every extraction ends.
            schema: As for `get`.

        Raises:
            TimeoutError: it had not ended in time. It goes on; wait again, or `cancel` it.
            UnknownExtraction, StoreUnavailable: as `get`.
        """
        until = None if timeout_s is None else time.monotonic() + timeout_s
        stored = self._line.run(lambda desk: desk.wait(id, until=until))
        if stored.status in OPEN_STATES:
            raise TimeoutError(f"The extraction {id} is still {stored.status} after {timeout_s:g} s. It goes on.")
        return self._received(stored, schema)

    def results(
        self, ids: Iterable[str], *, timeout_s: float | None = None, schema: type[BaseModel] | None = None
    ) -> Iterator[Result[Any]]:
        """Yield the result of each extraction once, as they end.

        Args:
            ids: What `submit_many` returned.
            timeout_s: Seconds for all of them; None = until their deadlines.
            schema: As for `get`.

        Raises:
            TimeoutError: some had not ended in time. They go on.
            UnknownExtraction, StoreUnavailable: as `get`.
        """
        if isinstance(ids, str):
            raise InvalidRequest("`results` takes a list of ids. The result of one extraction is `wait(id)`.")
        until = None if timeout_s is None else time.monotonic() + timeout_s
        open_ids = dict.fromkeys(ids)
        while open_ids:
            looked_for = list(open_ids)
            ended = self._line.run(partial(Desk.ended_among, ids=looked_for, until=until))
            if not ended:
                which = "1 extraction has" if len(open_ids) == 1 else f"{len(open_ids)} extractions have"
                raise TimeoutError(f"{which} not ended after {timeout_s:g} s. What is open goes on.")
            for stored in ended:
                del open_ids[stored.id]
                yield self._received(stored, schema)

    def cancel(self, id: str) -> State:  # noqa: A002 - the word of the record
        """Ask for the end of an extraction; return what it is doing then.

        One that waits ends at once, one that runs within 2 s. One that has ended stays as it is.

        Raises:
            UnknownExtraction, StoreUnavailable: as `get`.
        """
        return self._line.run(lambda desk: desk.cancel(id))

    def close(self) -> None:
        """Close the connections. What was submitted goes on."""
        self._line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _admit(
        self, item: Item, options: Options, *, default_priority: Priority, **labels: Unpack[BatchLabels]
    ) -> _Admitted:
        target, schema_name = self._target(item.schema)
        submission = admit(
            source_from(item.source, media_type=item.media_type, name=item.name),
            target,
            options,
            door=self._door,
            default_priority=default_priority,
            schema_name=schema_name,
            idempotency_key=item.idempotency_key or "",
            **labels,
        )
        of_records = asked_for(target, options.records).model_class
        return submission, of_records if isinstance(item.schema, type) else None

    def _target(self, schema: Schema | None) -> tuple[Target, str]:
        """Return the target, the same for the same schema, and its registered name."""
        if schema is None:
            raise InvalidRequest(
                "There is no schema: pass a pydantic class, a JSON Schema, the Path of one, or a registered name."
            )
        if isinstance(schema, str):
            return self._door.registry.target(schema), schema
        key = key_of(schema)
        if key is None or key not in self._targets:
            target = target_from(schema)
            found = target, self._door.registry.name_of(target)
            if key is None:
                return found
            self._targets[key] = found
            _keep(self._targets, MAX_TARGETS)
            return found
        return self._targets[key]

    def _hand_in(self, admitted: list[_Admitted]) -> list[str]:
        submissions = [submission for submission, _ in admitted]
        receipts = self._line.run(lambda desk: desk.submit(submissions))
        for receipt, (_, model_class) in zip(receipts, admitted, strict=True):
            if model_class is not None:
                self._classes[receipt.id] = model_class
        _keep(self._classes, MAX_CLASSES)
        return [receipt.id for receipt in receipts]

    def _received(self, stored: Stored, schema: type[BaseModel] | None) -> Result[Any]:
        result = result_from_json(stored.result)
        model_class = schema or self._classes.get(stored.id)
        return result if model_class is None else as_instance(result, model_class)


def _keep(remembered: OrderedDict[Any, Any], most: int) -> None:
    while len(remembered) > most:
        remembered.popitem(last=False)

"""Running again in the queue what has ended there: a new extraction that starts from what was bought for the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from extractor.errors import InvalidRequest, UnknownExtraction
from extractor.keeping import asked_again
from extractor.receiving import result_from_json
from extractor.records import OPEN_STATES, Receipt
from extractor.store import Rerun
from extractor.submit import announce

if TYPE_CHECKING:
    from collections.abc import Callable

    from extractor.records import Priority, Stored
    from extractor.submit import Submitted

#: Re-runs of re-runs that are followed to the last.
_MOST: Final = 1000


class Rerunning(Protocol):
    """A store, as far as running again is concerned."""

    async def read(self, id: str, *, tenant: str) -> Stored:  # noqa: A002 - the word of the records
        """Return what is known of an extraction."""

    async def retry(self, rerun: Rerun, /) -> Submitted:
        """Take a re-run in."""


async def retry(rerun: Rerun, *, store: Rerunning, ring: Callable[[frozenset[Priority]], None]) -> Receipt:
    """Hand in a re-run of an extraction, or of its latest re-run where there are some, and send a ticket.

    The same call may be made again: a re-run that has not ended is found, and no other is made.

    Args:
        rerun: What to run again, and the name of the new one.
        store: Where the truth is.
        ring: Sends a ticket for each class; it may block.

    Raises:
        UnknownExtraction: there is no such extraction.
        InvalidRequest: it has not ended; it has succeeded; or another task waits for its re-run.
        StoreFull, QueueDraining, StoreUnavailable: nothing was accepted.
    """
    latest = await _latest(rerun, store)
    if latest.id == rerun.id:
        return Receipt(id=latest.id, is_new=False, status=latest.status)
    if latest.status in OPEN_STATES:
        return _found(latest, rerun)
    if latest.status == "succeeded":
        raise InvalidRequest(f"The extraction {latest.id} has succeeded, so there is nothing to ask again.")
    again = asked_again(result_from_json(latest.result).attempts)
    of_latest = Rerun(id=rerun.id, of=latest.id, tenant=rerun.tenant, task_id=rerun.task_id, asked_again=again)
    submitted = await store.retry(of_latest)
    (receipt,) = submitted.receipts
    if not receipt.is_new and receipt.id != rerun.id:  # somebody was faster
        return _found(await store.read(receipt.id, tenant=rerun.tenant), rerun)
    if submitted.ring:
        await announce(ring, submitted.ring)
    return receipt


async def _latest(rerun: Rerun, store: Rerunning) -> Stored:
    """Return the last of an extraction and its re-runs that is still there."""
    stored = await store.read(rerun.of, tenant=rerun.tenant)
    for _ in range(_MOST):
        if not stored.retried_as:
            break
        try:
            stored = await store.read(stored.retried_as, tenant=rerun.tenant)
        except UnknownExtraction:  # erased, or expired
            break
    return stored


def _found(latest: Stored, rerun: Rerun) -> Receipt:
    """Return the receipt of the re-run that there is."""
    if latest.id == rerun.of:
        raise InvalidRequest(f"The extraction {latest.id} has not ended, so it cannot be run again. Wait for its end.")
    if rerun.task_id:
        raise InvalidRequest(f"The extraction {rerun.of} is being run again already, as {latest.id}.")
    return Receipt(id=latest.id, is_new=False, status=latest.status)

"""Sending: the truth first, then a ticket that something is ready."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import anyio
from anyio import to_thread

from extractor import log

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from extractor.records import Priority, Receipt, Submission

#: Seconds that a submission waits for its ticket. A lost ticket costs one second, a broker that hangs many.
RING_S: Final = 2.0


class Submitted(Protocol):
    """What became of submissions: they are stored."""

    @property
    def receipts(self) -> list[Receipt]:
        """One per submission, in their order."""

    @property
    def ring(self) -> frozenset[Priority]:
        """Classes that a ticket has to be sent for; those where none is under way."""


class Accepting(Protocol):
    """A store, as far as sending is concerned."""

    async def submit_many(self, submissions: Sequence[Submission], /) -> Submitted:
        """Write submissions down."""


async def submit(
    submissions: Sequence[Submission], *, store: Accepting, ring: Callable[[frozenset[Priority]], None]
) -> list[Receipt]:
    """Write the truth, then send a ticket; return the receipts in the order of the submissions.

    A ticket that cannot be sent fails nothing: workers look for work without one, a second later.

    Args:
        submissions: What was admitted.
        store: Where the truth is.
        ring: Sends a ticket for each class; it may block.

    Raises:
        IdempotencyConflict: a key stands for another request.
        StoreFull: the store keeps what room it has for work that was accepted.
        QueueDraining: the operator takes nothing new.
        StoreUnavailable: it cannot be reached.
    """
    submitted = await store.submit_many(submissions)
    if submitted.ring:
        await announce(ring, submitted.ring)
    return submitted.receipts


async def announce(ring: Callable[[frozenset[Priority]], None], classes: frozenset[Priority]) -> None:
    """Send a ticket for each class, in a thread: a slow broker holds up neither the loop nor, for long, the caller."""
    try:
        with anyio.fail_after(RING_S):
            await to_thread.run_sync(ring, classes, abandon_on_cancel=True)
    except Exception as error:  # noqa: BLE001 - what was stored is accepted, whatever becomes of the ticket
        log.logger().warning("ticket not sent", classes=sorted(classes), **log.trace(error))

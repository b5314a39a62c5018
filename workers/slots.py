"""What one worker process holds: its leases, each with the task that runs it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from extractor import log
from extractor.ending import end_all
from extractor.errors import ExtractionError
from extractor.local import MemoryCancel

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from extractor.records import Lease
    from extractor.store import Leases

#: Why a slot was stopped: somebody cancelled the extraction, the lease was lost, or this process is about to end.
Reason = Literal["cancelled", "lost", "released"]


#: What runs one lease to its end.
Run: TypeAlias = "Callable[[Lease, MemoryCancel], Coroutine[None, None, None]]"


@dataclass(slots=True, eq=False)
class Slot:
    """One lease under way."""

    lease: Lease
    cancel: MemoryCancel
    task: asyncio.Task[None]
    reason: Reason | None = None

    def stop(self, reason: Reason) -> None:
        """Stop it; the first reason stays. Called again it cancels again, because a cancellation may be lost."""
        self.reason = self.reason or reason
        self.cancel.cancel()
        self.task.cancel()


class Slots:
    """The slots of one process, in its event loop.

    Args:
        count: How many.
        leases: Where extractions are ended that were stopped.
        on_free: Called whenever a slot becomes free.
    """

    def __init__(self, count: int, *, leases: Leases, on_free: Callable[[], None]) -> None:
        self._count = count
        self._leases = leases
        self._on_free = on_free
        # By task: a lease that was lost may be claimed again here before the first run of it has wound up.
        self._slots: dict[asyncio.Task[None], Slot] = {}

    @property
    def in_flight(self) -> int:
        """Extractions under way."""
        return len(self._slots)

    @property
    def free(self) -> int:
        """Slots without an extraction."""
        return max(0, self._count - len(self._slots))

    @property
    def free_bulk(self) -> int:
        """Slots that bulk may have. One in eight is never given to it, where there is more than one."""
        bulk = sum(slot.lease.priority == "bulk" for slot in self._slots.values())
        kept = -(-self._count // 8) if self._count > 1 else 0
        return max(0, min(self.free, self._count - kept - bulk))

    def held(self) -> list[tuple[str, str]]:
        """Return id and token of each lease, as a renewal wants them."""
        return [(slot.lease.id, slot.lease.token) for slot in self._slots.values()]

    def start(self, lease: Lease, run: Run) -> None:
        """Run a lease in a slot of its own."""
        cancel = MemoryCancel()
        slot = Slot(lease, cancel, asyncio.create_task(run(lease, cancel)))
        keeping = asyncio.create_task(self._see_through(slot))
        self._slots[keeping] = slot
        self._leases.expect(len(self._slots))

    def stop(self, id: str, reason: Reason, *, token: str | None = None) -> None:  # noqa: A002 - the word of the records
        """Stop an extraction if it is under way here; under this token, where one is given."""
        for slot in self._slots.values():
            if slot.lease.id == id and token in {None, slot.lease.token}:
                slot.stop(reason)

    async def empty(self) -> None:
        """Wait until nothing is under way."""
        while self._slots:
            await asyncio.wait(self._slots)

    async def release_all(self) -> None:
        """Stop what is under way and give its leases back."""
        for slot in self._slots.values():
            slot.stop("released")
        await end_all(slot.task for slot in self._slots.values())
        await self.empty()

    async def _see_through(self, slot: Slot) -> None:
        """Wait for the end of a run, and do what it was stopped for. What it cost is in its journal."""
        try:
            await asyncio.wait([slot.task])
            if slot.task.cancelled():
                await self._conclude(slot)
            elif error := slot.task.exception():
                log.logger().error("unexpected error", id=slot.lease.id, **log.trace(error))
                await self._leases.commit(slot.lease, status="failed", code="unexpected_error")
        except ExtractionError as error:  # the lease runs out, and another worker takes over
            log.logger().error("an extraction could not be concluded", id=slot.lease.id, code=error.code)
        finally:
            del self._slots[asyncio.current_task()]  # type: ignore[arg-type] # it runs in a task
            self._leases.expect(len(self._slots))
            self._on_free()

    async def _conclude(self, slot: Slot) -> None:
        if slot.reason == "cancelled":
            await self._leases.commit(slot.lease, status="cancelled", code="cancelled")
        elif slot.reason != "lost":
            await self._leases.release([slot.lease])

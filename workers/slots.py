"""What one worker process holds: its leases, each with the task that runs it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from extractor.local import MemoryCancel

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from extractor.records import Lease
    from extractor.store import Leases

#: Why a slot was stopped: somebody cancelled the extraction, the lease was lost, or this process is about to end.
Reason = Literal["cancelled", "lost", "released"]


@dataclass(slots=True)
class Slot:
    """One lease under way."""

    lease: Lease
    cancel: MemoryCancel
    task: asyncio.Task[None] | None = None
    reason: Reason | None = None


class Slots:
    """The slots of one process, in its event loop.

    Args:
        count: How many.
        leases: Where cancelled extractions are ended.
        on_free: Called whenever a slot becomes free.
    """

    def __init__(self, count: int, *, leases: Leases, on_free: Callable[[], None]) -> None:
        self._count = count
        self._leases = leases
        self._on_free = on_free
        self._slots: dict[str, Slot] = {}

    @property
    def in_flight(self) -> int:
        """Extractions under way."""
        return len(self._slots)

    @property
    def free(self) -> int:
        """Slots without an extraction."""
        return self._count - len(self._slots)

    @property
    def free_bulk(self) -> int:
        """Slots that bulk may have. One in eight is never given to it."""
        bulk = sum(slot.lease.priority == "bulk" for slot in self._slots.values())
        return max(0, min(self.free, self._count - -(-self._count // 8) - bulk)) if self._count > 1 else self.free

    def held(self) -> list[tuple[str, str]]:
        """Return id and token of each lease, as a renewal wants them."""
        return [(slot.lease.id, slot.lease.token) for slot in self._slots.values()]

    def start(self, lease: Lease, run: Callable[[Lease, MemoryCancel], Coroutine[None, None, None]]) -> None:
        """Run a lease in a slot of its own."""
        slot = Slot(lease, MemoryCancel())
        self._slots[lease.id] = slot
        self._leases.expect(len(self._slots))
        slot.task = asyncio.create_task(self._fill(slot, run))

    def stop(self, id: str, reason: Reason) -> None:  # noqa: A002 - the word of the records
        """Stop an extraction if it is under way here; the first reason stays."""
        slot = self._slots.get(id)
        if slot is None or slot.task is None or slot.reason is not None:
            return
        slot.reason = reason
        slot.cancel.cancel()
        slot.task.cancel()

    async def empty(self) -> None:
        """Wait until nothing is under way."""
        while tasks := [slot.task for slot in self._slots.values() if slot.task is not None]:
            await asyncio.wait(tasks)

    async def release_all(self) -> None:
        """Stop what is under way and give its leases back."""
        for id_ in list(self._slots):
            self.stop(id_, "released")
        await self.empty()

    async def _fill(self, slot: Slot, run: Callable[[Lease, MemoryCancel], Coroutine[None, None, None]]) -> None:
        try:
            await run(slot.lease, slot.cancel)
        except asyncio.CancelledError:
            await self._conclude(slot)
        finally:
            del self._slots[slot.lease.id]
            self._leases.expect(len(self._slots))
            self._on_free()

    async def _conclude(self, slot: Slot) -> None:
        """Do what a stopped extraction was stopped for. What it cost is in its journal."""
        if slot.reason == "cancelled":
            await self._leases.commit(slot.lease, status="cancelled", code="cancelled")
        elif slot.reason != "lost":
            await self._leases.release([slot.lease])

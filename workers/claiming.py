"""The claim loop: whenever a slot is free, the next in fair order."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

from extractor import log
from extractor.errors import StoreUnavailable
from workers.slots import Slots

if TYPE_CHECKING:
    from collections.abc import Callable

    from extractor.local import MemoryCancel
    from extractor.records import Lease, Pause, Priority
    from extractor.store import Leases
    from workers.running import Runner

#: Seconds between two looks for work that no ticket announced: what a lost ticket costs at most.
POLL_S: Final = 1.0
#: Seconds between two looks while tickets come, and for which one ticket counts. Longer than the store lets the next
#: one wait, so that a stream of submissions needs one ticket a second: sending and taking one costs 2 ms of CPU.
ALERT_POLL_S, ALERT_S = 0.02, 1.5
#: Seconds for which freed slots are gathered, for each extraction in flight, and at most: a claim serves them all.
GATHER_EACH_S, GATHER_MOST_S = 0.000_2, 0.05


class ClaimLoop:
    """Keeps the slots of this process full. Belongs to one event loop.

    Args:
        leases: Where they come from.
        runner: What runs them.
        slots: How many run at once.
        ring: Sends a ticket for each class given; it may block.
    """

    def __init__(
        self, leases: Leases, *, runner: Runner, slots: int, ring: Callable[[frozenset[Priority]], None]
    ) -> None:
        self._leases = leases
        self._runner = runner
        self._ring = ring
        #: Where they run.
        self.slots = Slots(slots, leases=leases, on_free=self._refill)
        self._awake = asyncio.Event()
        self._alert_until = 0.0
        self._may_have_more = True
        self._is_stopping = False
        self._is_cut_off = False
        self._rings: set[asyncio.Future[None]] = set()

    def wake(self) -> None:
        """Look for work now, and often for a while: a ticket came, or somebody said that claims may go on."""
        self._alert_until = asyncio.get_running_loop().time() + ALERT_S
        self._awake.set()

    def stop(self) -> None:
        """Claim nothing more."""
        self._is_stopping = True
        self._awake.set()

    async def run(self) -> None:
        """Claim until told to stop."""
        while not self._is_stopping:
            self._awake.clear()
            await self._claim()
            await self._rest()

    def _refill(self) -> None:
        """Claim for a slot that became free, if more was waiting."""
        if self._may_have_more:
            self._awake.set()

    async def _claim(self) -> None:
        free, free_bulk = self.slots.free, self.slots.free_bulk
        if free <= 0:
            return
        try:
            claimed = await self._leases.claim(free=free, free_bulk=free_bulk)
        except StoreUnavailable as error:
            await self._sit_out(error)
            return
        if self._is_cut_off:
            log.logger().warning("the store is back")
        self._is_cut_off = False
        self._may_have_more = bool(claimed.leases) or free_bulk == 0
        is_probe = _is_circuit(claimed.pause)
        for lease in claimed.leases:
            self.slots.start(lease, partial(self._run, is_probe=is_probe))
        if claimed.ring:
            self._send(claimed.ring)

    async def _run(self, lease: Lease, cancel: MemoryCancel, *, is_probe: bool) -> None:
        await self._runner.run(lease, cancel=cancel, is_probe=is_probe)

    async def _sit_out(self, error: StoreUnavailable) -> None:
        if not self._is_cut_off:
            log.logger().warning("the store is away, nothing is claimed until it is back", code=error.code)
        self._is_cut_off = True
        await asyncio.sleep(POLL_S)

    async def _rest(self) -> None:
        is_alert = asyncio.get_running_loop().time() < self._alert_until
        try:
            async with asyncio.timeout(ALERT_POLL_S if is_alert else POLL_S):
                await self._awake.wait()
        except TimeoutError:
            return
        await asyncio.sleep(min(self.slots.in_flight * GATHER_EACH_S, GATHER_MOST_S))

    def _send(self, classes: frozenset[Priority]) -> None:
        sending = asyncio.get_running_loop().run_in_executor(None, self._ring, classes)
        self._rings.add(sending)
        sending.add_done_callback(self._rings.discard)


def _is_circuit(pause: Pause | None) -> bool:
    return pause is not None and pause.by == "circuit"

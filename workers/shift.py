"""One worker's working time: claim and run, renew, sweep, listen and tell, until it is told to end."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from extractor.ending import end_all
from extractor.errors import StoreUnavailable
from extractor.store import CONTROL, listen
from workers.claiming import ClaimLoop
from workers.suspects import Quarantine
from workers.upkeep import Keeper, Outbox, every, hearing, sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Sequence

    from extractor.records import Priority
    from extractor.settings import Settings
    from workers.equipment import Equipment
    from workers.slots import Reason
    from workers.upkeep import Told

#: Seconds between two beats of the loop.
BEAT_S: Final = 0.25
#: Seconds that giving leases back may take when the process ends; then they run out by themselves.
GIVE_BACK_S: Final = 10.0


class Shift:
    """Everything that turns in the loop of a worker. Its methods belong to that loop.

    Args:
        equipment: What runs leases.
        settings: The operator's settings.
        untold: Set when an outcome was written that Celery has to be told of.
        ring: Sends a ticket for each class given; it may block.
        tell: Stores results where Celery looks for them; it may block.
    """

    def __init__(
        self,
        equipment: Equipment,
        settings: Settings,
        *,
        untold: asyncio.Event,
        ring: Callable[[frozenset[Priority]], None],
        tell: Callable[[Sequence[Told]], None],
    ) -> None:
        leases = equipment.leases
        self._equipment = equipment
        self._claims = ClaimLoop(leases, runner=equipment.runner, slots=settings.slots, ring=ring)
        self._quarantine = Quarantine(leases, untold=untold)
        self._outbox = Outbox(leases, store=equipment.store, tell=tell, news=untold)
        self._is_ending = asyncio.Event()
        self._ends_at: float | None = None

    def wake(self) -> None:
        """Look for work now."""
        self._claims.wake()

    def retire(self) -> None:
        """Claim nothing more."""
        self._claims.stop()
        self._quarantine.retire()

    def end(self, grace_s: float) -> None:
        """End when what runs has ended, or after `grace_s` seconds. Called again, the shorter grace holds."""
        ends_at = asyncio.get_running_loop().time() + grace_s
        self._ends_at = ends_at if self._ends_at is None else min(self._ends_at, ends_at)
        self.retire()
        self._is_ending.set()

    async def run(self, *, beat: Callable[[], None], ready: Callable[[], None]) -> None:
        """Work until told to end; then wait, and give back what is left.

        Args:
            beat: Called four times a second, as long as the loop turns.
            ready: Called when the first claim is about to be made.
        """
        async with asyncio.TaskGroup() as turning:
            tasks = [turning.create_task(each) for each in self._everything(beat)]
            ready()
            await self._is_ending.wait()
            await self._drain()
            await self._give_back()
            await end_all(tasks)
        with suppress(StoreUnavailable):  # a name that stays on the list of workers goes when it was silent for long
            await self._equipment.leases.leave()

    def _everything(self, beat: Callable[[], None]) -> Iterator[Coroutine[None, None, None]]:
        leases, limits = self._equipment.leases, self._equipment.limits
        keeper = Keeper(leases, held=self._held, stop=self._stop)
        hear = hearing(self._claims, pace=self._equipment.pace, stop=self._stop)
        yield self._claims.run()
        yield self._quarantine.run()
        yield self._outbox.run()
        yield every(limits.renew_s, keeper.renew)
        yield every(limits.sweep_s, lambda: sweep(leases))
        yield listen(self._equipment.connection.client, CONTROL, hear=hear, subscribed=self._claims.wake)
        yield _beating(beat)

    def _held(self) -> list[tuple[str, str]]:
        return self._claims.slots.held() + self._quarantine.held()

    def _stop(self, id_: str, reason: Reason, token: str | None) -> None:
        self._claims.slots.stop(id_, reason, token=token)
        self._quarantine.stop(id_, reason)

    async def _drain(self) -> None:
        """Wait for what runs, until the grace is over; it may be shortened meanwhile."""
        loop = asyncio.get_running_loop()
        while self._claims.slots.in_flight or self._quarantine.in_flight:
            if self._ends_at is None or loop.time() >= self._ends_at:
                return
            await asyncio.sleep(BEAT_S)

    async def _give_back(self) -> None:
        try:
            async with asyncio.timeout(GIVE_BACK_S):
                await self._quarantine.give_back()
                await self._claims.slots.release_all()
                await self._equipment.leases.flush()
        except (TimeoutError, StoreUnavailable):
            return  # what is left runs out by itself


async def _beating(beat: Callable[[], None]) -> None:
    while True:
        beat()
        await asyncio.sleep(BEAT_S)

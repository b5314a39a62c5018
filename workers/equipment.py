"""What runs leases, put together from settings: the same in a worker and in the child that runs suspects."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from extractor import wiring
from extractor.local import Lanes, MemoryPace
from extractor.records import Lane
from extractor.store import Leases, RedisPermits, SharedPace, Store, connect
from workers.running import Runner

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator

    from extractor.settings import Settings
    from extractor.store import Connection, StoreLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """Everything that one event loop needs to run leases."""

    connection: Connection
    limits: StoreLimits
    store: Store
    leases: Leases
    pace: SharedPace
    runner: Runner


@asynccontextmanager
async def equipped(settings: Settings, *, worker: str, untold: asyncio.Event) -> AsyncIterator[Equipment]:
    """Give the equipment, and close its connections at the end.

    Args:
        settings: The operator's settings.
        worker: Name of this process, in the queue's status.
        untold: Set when an outcome was written that Celery has to be told of.

    Raises:
        CallerError: the settings cannot be used.
        StoreUnavailable: Redis does not answer.
    """
    connection = await connect(wiring.store_url(settings))
    limits = wiring.store_limits(settings)
    store, leases = Store(connection, limits), Leases(connection, limits, worker=worker)
    try:
        rates, tenant_rates = wiring.rates_from(settings)
        permits = RedisPermits(connection.client, rates=rates, tenant_rates=tenant_rates)
        pace = SharedPace(MemoryPace(Lanes(permits)), connection.client)
        door = wiring.door_from(settings)
        for model in door.models:
            await pace.catch_up(Lane(endpoint=settings.base_url, model=model))
        async with wiring.open_engine(settings, pace=pace) as engine:
            runner = Runner(engine, leases, door=door, pace=pace, untold=untold)
            yield Equipment(connection=connection, limits=limits, store=store, leases=leases, pace=pace, runner=runner)
    finally:
        await store.aclose()

"""What the routes use, and how it is opened from settings."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

from anyio import to_thread
from fastapi import Depends, Request

from extractor import wiring
from extractor.desk import open_desk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from extractor.desk import Desk
    from extractor.settings import Settings
    from extractor.submit import Door


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What the routes use."""

    #: Hands extractions in and asks for them, in the name of the configured tenant.
    desk: Desk
    #: What this door allows.
    door: Door
    #: Set when the server is told to stop: requests that only wait are answered at once.
    leaving: asyncio.Event = field(default_factory=asyncio.Event)


def service_of(request: Request) -> Service:
    """Return what the routes of this application use."""
    service: Service = request.app.state.service
    return service


#: What a route states to be given the service.
Here = Annotated[Service, Depends(service_of)]


@asynccontextmanager
async def open_service(settings: Settings) -> AsyncIterator[Service]:
    """Connect to the store and the broker, and disconnect at the end.

    Raises:
        StoreUnavailable: Redis does not answer.
        UnsuitableStore: it cannot keep our promises.
        InvalidSettings: a model or schema that callers may name cannot be used.
    """
    door = wiring.door_from(settings)
    await to_thread.run_sync(door.registry.check)
    async with open_desk(settings) as desk:
        yield Service(desk=desk, door=door)

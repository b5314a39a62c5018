"""Whether a worker could run anything, found out before it takes anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extractor import wiring
from extractor.store import connect

if TYPE_CHECKING:
    from extractor.settings import Settings


async def check(settings: Settings) -> None:
    """Find out whether this worker could run what it takes.

    Raises:
        NoModel: a model that callers may choose needs a key, and there is none.
        InvalidSettings: the list of models or of schemas cannot be used.
        StoreUnavailable: Redis does not answer.
        UnsuitableStore: it cannot keep our promises.
    """
    door = wiring.door_from(settings)
    for model in sorted(door.models):
        wiring.choose_model(settings, model)
    door.registry.check()
    connection = await connect(wiring.store_url(settings))
    await connection.aclose()

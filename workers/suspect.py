"""The child that runs suspects: `python -m workers.suspect`, told what to do on its standard input, a line each.

It runs leases that its parent holds and renews. It says `alive` every second, so that a hang tells as much as a
death, and `done` when all it was given have ended. When its input ends, its parent is dead, and so is it.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING, Final

import orjson

from extractor import log
from extractor.records import Lease
from extractor.settings import Settings
from workers.equipment import equipped
from workers.slots import Slots

if TYPE_CHECKING:
    from extractor.records import JsonObject
    from workers.equipment import Equipment

#: Seconds between two signs of life.
ALIVE_S: Final = 1.0
#: More than one process is ever given.
ROOM: Final = 1024


async def serve(settings: Settings) -> None:
    """Do what the parent says until it says no more."""
    async with equipped(settings, worker="", untold=asyncio.Event()) as equipment:
        slots = Slots(ROOM, leases=equipment.leases, on_free=lambda: None)
        background = {asyncio.create_task(_live())}
        messages = await _input()
        while line := await messages.readline():
            message = orjson.loads(line)
            if "run" in message:
                background.add(asyncio.create_task(_run(message["run"], slots, equipment)))
            else:
                slots.stop(message["stop"], message["reason"])
        os._exit(0)  # what is in flight belongs to nobody now


async def _run(leases: list[JsonObject], slots: Slots, equipment: Equipment) -> None:
    for fields in leases:
        lease = await equipment.leases.load(Lease(**fields | {"body": b"", "calls": ()}))
        slots.start(lease, lambda lease, cancel: equipment.runner.run(lease, cancel=cancel))
    await slots.empty()
    await equipment.leases.flush()
    _say("done")


async def _live() -> None:
    while True:
        _say("alive")
        await asyncio.sleep(ALIVE_S)


async def _input() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def main() -> None:
    """Run the child."""
    settings = Settings.load()
    log.configure(settings.log_level)
    asyncio.run(serve(settings))


if __name__ == "__main__":
    main()

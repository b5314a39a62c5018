"""The child that runs suspects: `python -m workers.suspect`, told what to do on its standard input, a line each.

It runs leases that its parent holds and renews. It says `ready` when it can, `alive` every second, so that a hang
tells as much as a death, and `done` when all it was given have ended, or `failed` when it could not run them for a
reason that is not theirs. When its input ends, its parent is dead, and so is it.
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
    from collections.abc import Callable

    from extractor.ports import Cancel
    from extractor.records import JsonObject
    from workers.equipment import Equipment

#: Seconds between two signs of life.
ALIVE_S: Final = 1.0
#: More than one process is ever given.
ROOM: Final = 1024


async def serve(settings: Settings, say: Callable[[str], None]) -> None:
    """Do what the parent says until it says no more.

    Args:
        settings: The operator's settings.
        say: Tells the parent one word.
    """
    async with equipped(settings, worker="", untold=asyncio.Event()) as equipment:
        slots = Slots(ROOM, leases=equipment.leases, on_free=lambda: None)
        messages = await _input()
        say("ready")
        background = {asyncio.create_task(_live(say))}
        while line := await messages.readline():
            message = orjson.loads(line)
            if "run" in message:
                background.add(asyncio.create_task(_run(message, slots, equipment, say=say)))
            else:
                slots.stop(message["stop"], message["reason"])
        os._exit(0)  # what is in flight belongs to nobody now


async def _run(message: JsonObject, slots: Slots, equipment: Equipment, *, say: Callable[[str], None]) -> None:
    async def run(lease: Lease, cancel: Cancel) -> None:
        await equipment.runner.run(lease, cancel=cancel, is_probe=message["is_probe"])

    try:
        for fields in message["run"]:
            slots.start(await equipment.leases.load(Lease(**fields | {"body": b"", "calls": ()})), run)
        await slots.empty()
        await equipment.leases.flush()
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent must not wait for ever
        log.logger().error("suspects cannot be run", **log.trace(error))
        say("failed")
    else:
        say("done")


async def _live(say: Callable[[str], None]) -> None:
    while True:
        say("alive")
        await asyncio.sleep(ALIVE_S)


async def _input() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


def _voice() -> Callable[[str], None]:
    """Return the way to the parent, and let everything else that writes to the standard output write to the log.

    A class that the operator registered may print.
    """
    line = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def say(word: str) -> None:
        line.write(f"{word}\n")

    return say


def main() -> None:
    """Run the child."""
    say = _voice()
    settings = Settings.load()
    log.configure(settings.log_level)
    asyncio.run(serve(settings, say))


if __name__ == "__main__":
    main()

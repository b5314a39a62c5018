"""Suspects: what was in flight when a process died is run apart, in a child whose death tells on it.

All that a dead process held is suspected, and nearly all of it is innocent. So suspects run some at a time in one
child; if that dies, each of them runs there alone, and only the third death alone condemns. Where the worker dies with
its child, as in a container that runs out of memory, the lease runs out, and the sweep counts that as a death too.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Final, Literal

import orjson

from extractor import log
from extractor.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.records import JsonObject, Lease
    from extractor.store import Leases, Suspects
    from workers.slots import Reason

#: What became of a child that was given suspects: it saw their end, it died, or it could not run them for a reason that
#: is not theirs.
Fate = Literal["lived", "died", "failed"]
#: Seconds between two looks for suspects.
LOOK_S: Final = 1.0
#: Seconds without a sign of life after which a child is killed: it does nothing else than run suspects.
STALLED_S: Final = 30.0
#: Looks in vain after which an idle child is closed.
IDLE_LOOKS: Final = 60


class Child:
    """A process that runs leases which this one holds. Started when it is wanted, and again after each death."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    async def run(self, leases: Sequence[Lease], *, is_probe: bool) -> Fate:
        """Run leases, and say what became of the child.

        Args:
            leases: What to run.
            is_probe: Whether they were let through a circuit.
        """
        fate = await self._run(leases, is_probe=is_probe)
        if fate != "lived":
            await self.close()
        return fate

    def stop(self, id: str, reason: Reason) -> None:  # noqa: A002 - the word of the records
        """Stop one extraction in the child."""
        if self._process is not None:
            _say({"stop": id, "reason": reason}, self._process)

    async def close(self) -> None:
        """Kill the child, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _run(self, leases: Sequence[Lease], *, is_probe: bool) -> Fate:
        process = await self._started()
        if process is None:
            return "failed"
        run = [asdict(lease) | {"body": "", "calls": ()} for lease in leases]
        _say({"run": run, "is_probe": is_probe}, process)
        while (word := await _hear(process)) == "alive":
            pass
        fates: dict[str, Fate] = {"done": "lived", "failed": "failed"}
        return fates.get(word, "died")

    async def _started(self) -> asyncio.subprocess.Process | None:
        """Return a child that is ready, None when none could be made so: that is the fault of no suspect."""
        if self._process is not None and self._process.returncode is None:
            return self._process
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",  # a `workers` in the working folder is not ours
                "-m",
                "workers.suspect",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                start_new_session=True,  # a Ctrl-C in the terminal is for us, and we tell it
            )
        except OSError as error:
            log.logger().error("the child that runs suspects cannot be started", error=type(error).__name__)
            return None
        return self._process if await _hear(self._process) == "ready" else None


async def _hear(process: asyncio.subprocess.Process) -> str:
    """Return the next word of a child; "" when it has died, or gave no sign of life for too long."""
    if process.stdout is None:
        return ""
    try:
        async with asyncio.timeout(STALLED_S):
            return (await process.stdout.readline()).decode().strip()
    except TimeoutError:
        log.logger().error("the child that runs suspects gave no sign of life")
        return ""


def _say(message: JsonObject, process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None and not process.stdin.is_closing():
        process.stdin.write(orjson.dumps(message) + b"\n")


class Quarantine:
    """Runs suspects while there are any.

    Args:
        leases: Where they come from.
        untold: Set when some have ended: Celery may have to be told.
    """

    def __init__(self, leases: Leases, *, untold: asyncio.Event) -> None:
        self._leases = leases
        self._untold = untold
        self._child = Child()
        self._held: dict[str, Lease] = {}
        self._is_retired = self._is_giving_back = False
        self._is_idle = asyncio.Event()
        self._is_idle.set()

    def held(self) -> list[tuple[str, str]]:
        """Return id and token of each lease, as a renewal wants them."""
        return [(lease.id, lease.token) for lease in self._held.values()]

    def stop(self, id: str, reason: Reason) -> None:  # noqa: A002 - the word of the records
        """Stop one suspect, if it is here."""
        if id in self._held:
            self._child.stop(id, reason)

    @property
    def in_flight(self) -> int:
        """Suspects under way."""
        return len(self._held)

    def retire(self) -> None:
        """Look for no more suspects; those under way go on."""
        self._is_retired = True

    async def give_back(self) -> None:
        """Kill the child, and return when what it ran is given back."""
        self.retire()
        self._is_giving_back = True
        await self._child.close()
        await self._is_idle.wait()

    async def run(self) -> None:
        """Look for suspects until told to retire."""
        idle = 0
        try:
            while not self._is_retired:
                idle = 0 if await self._run_some() else idle + 1
                if idle == IDLE_LOOKS:
                    await self._child.close()
                if idle:
                    await asyncio.sleep(LOOK_S)
        finally:
            await self._child.close()

    async def _run_some(self) -> bool:
        try:
            found = await self._leases.claim_suspects()
        except StoreUnavailable:
            return False
        if found.leases:
            await self._run(found)
        return bool(found.leases)

    async def _run(self, found: Suspects) -> None:
        self._held = {lease.id: lease for lease in found.leases}
        self._is_idle.clear()
        try:
            fate = await self._child.run(found.leases, is_probe=found.is_probe)
            await self._conclude(found, fate)
        finally:
            self._held = {}
            self._is_idle.set()
        self._untold.set()

    async def _conclude(self, found: Suspects, fate: Fate) -> None:
        """Say what becomes of suspects whose child did not see their end."""
        if fate == "lived":
            return
        if fate == "failed" or self._is_giving_back:
            await self._leases.release(found.leases)
            await asyncio.sleep(0 if self._is_giving_back else LOOK_S)
            return
        condemned = await self._leases.crash(found.leases, is_alone=found.is_alone)
        log.logger().error("a child died of its suspects", suspects=len(found.leases), condemned=condemned)

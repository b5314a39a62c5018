"""Money over processes: what is set aside for a call and what it cost, on purses in Redis that many draw from.

A call is opened in the journal in the same script that sets money aside for it, under the caps of its document, its
batch and its tenant, and closed in the one that books what it cost. A call that may fit once others have turned out
cheaper waits in a line, one line per purse, of which only the first asks: what this process settles wakes it, and what
others settle it finds by asking again.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from extractor.errors import BudgetExceeded, Cancelled
from extractor.records import Usage
from extractor.store import keys
from extractor.store.packing import pack_end

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from extractor.records import Completion
    from extractor.store.writer import Writer

#: Seconds after which the first of a line asks again, whatever this process has settled.
ASK_AGAIN_S: Final = 0.5
#: The fields of a purse.
MONEY: Final = ("cap", "spent", "reserved")
#: The unit in which Redis counts money, in US dollars.
UNIT_USD: Final = 1e-9

#: How each cap is raised, by the word that the scripts have for it.
_ADVICE: Final = {
    "document": ("the cap on this document", "Raise `max_cost_usd` to go on."),
    "batch": ("the budget of its batch", "Hand the rest in under a larger budget."),
    "tenant": (
        "what its tenant may spend on one UTC day",
        "Hand it in tomorrow, or raise EXTRACTOR_TENANT_BUDGET_USD.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """What was spent of a purse."""

    #: US dollars that may be spent; None = no cap.
    cap_usd: float | None
    #: US dollars that calls have cost; abandoned ones as reserved.
    spent_usd: float
    #: US dollars set aside for calls that are open.
    reserved_usd: float


def money_from(fields: Sequence[bytes | None]) -> Money:
    """Return the money of a purse from its fields `cap`, `spent` and `reserved`."""
    cap, spent, reserved = (None if each is None else int(each) * UNIT_USD for each in fields)
    return Money(cap_usd=cap, spent_usd=spent or 0.0, reserved_usd=reserved or 0.0)


def over_budget(answer: Sequence[Any], *, what: str = "The next call") -> BudgetExceeded:
    """Return the error for a cap that a script names: its kind, its purse, what is spent of it, how much it is."""
    kind, _, spent, cap = answer
    name, advice = _ADVICE[kind.decode()]
    return BudgetExceeded(
        f"{what} could pass {name}: ${spent * UNIT_USD:.6f} of ${cap * UNIT_USD:.6f} is spent. {advice}",
        cap=kind.decode(),
    )


@dataclass(slots=True)
class _Line:
    """Calls that wait for one purse, in the order they came."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: int = 0


class SharedPurse:
    """The money of every extraction of this process. Belongs to one event loop.

    Args:
        writer: Where entries of journals are handed over; its script holds the caps.
        is_capped: Whether a cap applies to every extraction, whatever its own and its batch's say.
    """

    def __init__(self, writer: Writer, *, is_capped: bool) -> None:
        self._writer = writer
        self.is_capped = is_capped
        self._lines: dict[str, _Line] = {}

    async def open(self, id: str, place: str, *, usd: float) -> None:  # noqa: A002 - the word of the records
        """Set dollars aside for a call and note it as open, in one write. Waits where it may still fit.

        Args:
            id: The extraction.
            place: The call in its journal.
            usd: US dollars that it cannot well exceed.

        Raises:
            BudgetExceeded: a cap does not hold it.
            Cancelled: the extraction has ended, or was erased.
        """
        short = await self._try(id, place, usd)
        while short is not None:
            async with self._line(short) as line:
                short = await _await_room(line, short, lambda: self._try(id, place, usd))

    async def identify(self, id: str, place: str, *, generation_id: str) -> None:  # noqa: A002 - the word of the records
        """Note the provider's id of an open call."""
        await self._writer.put("gen", id, place, "0", generation_id)

    async def close(self, id: str, place: str, *, usage: Usage, completion: Completion | None) -> None:  # noqa: A002 - the word of the records
        """Note the end of a call and book what it cost in place of what was set aside, in one write."""
        written = self._writer.put("end", id, place, repr(usage.cost_usd), pack_end(usage, completion))
        written.add_done_callback(lambda _: self._tell_lines(id))
        await written

    async def _try(self, id_: str, place: str, usd: float) -> str | None:
        """Open a call if every cap holds it now; else return the purse that is short of room.

        Raises:
            BudgetExceeded, Cancelled: see `open`.
        """
        asked = self._writer.put("open", id_, place, repr(usd), "")
        try:
            answer = await asyncio.shield(asked)
        except asyncio.CancelledError:  # it is written all the same, so it has to be taken back
            asked.add_done_callback(partial(self._take_back, id_, place))
            raise
        if answer == 1:
            return None
        word, *short = answer
        if word == b"gone":
            raise Cancelled("The extraction has ended; nothing more is asked for it.")
        if word == b"refused":
            raise over_budget(short)
        purse: bytes = short[1]
        return purse.decode()

    def _take_back(self, id_: str, place: str, asked: asyncio.Future[Any]) -> None:
        if not asked.cancelled() and asked.exception() is None and asked.result() == 1:
            self._writer.put("end", id_, place, "0", pack_end(Usage(), None))

    @asynccontextmanager
    async def _line(self, purse: str) -> AsyncIterator[_Line]:
        """Stand in the line of a purse until it is one's turn; then keep it."""
        line = self._lines.setdefault(purse, _Line())
        line.waiting += 1
        try:
            async with line.turn:
                yield line
        finally:
            line.waiting -= 1
            if not line.waiting:
                del self._lines[purse]

    def _tell_lines(self, id_: str) -> None:
        """Wake whoever waits for a purse that an extraction draws from, or may draw from."""
        own = keys.extraction(id_)
        for purse, line in self._lines.items():
            if purse == own or not purse.startswith(keys.extraction("")):
                line.settled.set()


async def _await_room(line: _Line, purse: str, attempt: Callable[[], Awaitable[str | None]]) -> str | None:
    """Try whenever something was settled, until nothing or another purse is short; return which."""
    line.settled.clear()
    while (short := await attempt()) == purse:
        with suppress(TimeoutError):
            async with asyncio.timeout(ASK_AGAIN_S):
                await line.settled.wait()
        line.settled.clear()
    return short

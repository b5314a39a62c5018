"""The journal in memory: what one extraction has bought while this process lives."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from extractor.local.purse import MemoryPurse
from extractor.records import is_reply_to

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from extractor.records import CallKey, Completion, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalledCall:
    """One request that was sent, or was about to be."""

    #: US dollars set aside for it.
    reserved_usd: float
    #: The provider's id of the generation, "" until its headers arrived.
    generation_id: str = ""
    #: What it cost; None while it is open.
    usage: Usage | None = None
    #: Its reply; None while it is open, and when there was none.
    completion: Completion | None = None


class MemoryJournal:
    """Calls by key. The first reply of a key stays: what was paid for is neither overwritten nor dropped.

    Args:
        purse: The money of the extraction; None = as much as it takes.
        kept: Replies to an earlier run of the same questions, on the bill of that run.
    """

    def __init__(self, purse: MemoryPurse | None = None, *, kept: Sequence[tuple[CallKey, Completion]] = ()) -> None:
        self._kept = kept
        self._purse = MemoryPurse() if purse is None else purse
        self._calls: dict[CallKey, JournalledCall] = {}
        #: What is set aside for the calls that are open now.
        self._reserved: dict[CallKey, float] = {}

    @property
    def is_capped(self) -> bool:
        return self._purse.is_capped

    @property
    def calls(self) -> Mapping[CallKey, JournalledCall]:
        """Every call so far, in the order they were opened."""
        return self._calls

    @property
    def replies(self) -> tuple[tuple[CallKey, Completion], ...]:
        """Every reply so far, those that were kept included."""
        bought = ((key, call.completion) for key, call in self._calls.items())
        return (*self._kept, *((key, reply) for key, reply in bought if reply is not None))

    async def replay(
        self,
        *,
        window: int,
        round: int,  # noqa: A002 - the word of the call key
        asked: str = "",
    ) -> Completion | None:
        for key, reply in self.replies:
            if (key.window, key.round) == (window, round) and is_reply_to(reply, asked):
                return reply
        return None

    async def open_call(self, key: CallKey, *, reserve_usd: float) -> None:
        self._reserved[key] = await self._purse.reserve(reserve_usd)
        self._calls.setdefault(key, JournalledCall(reserved_usd=reserve_usd))

    async def identify_call(self, key: CallKey, *, generation_id: str) -> None:
        self._calls[key] = replace(self._calls[key], generation_id=generation_id)

    async def close_call(self, key: CallKey, *, usage: Usage, completion: Completion | None) -> None:
        if key in self._reserved:
            await self._purse.settle(self._reserved.pop(key), spent_usd=usage.cost_usd)
        call = self._calls[key]
        if call.usage is None:
            self._calls[key] = replace(call, usage=usage, completion=completion)
        elif call.completion is None and completion is not None:  # a run was cancelled, and another asked again
            self._calls[key] = replace(call, usage=call.usage + usage, completion=completion)

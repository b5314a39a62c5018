"""The journal of one extraction on Redis: what any process has bought for it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from extractor.records import Call, is_reply_to
from extractor.store.packing import attempt_of

if TYPE_CHECKING:
    from extractor.records import Attempt, CallKey, Completion, Lease, Usage
    from extractor.store.purse import SharedPurse


class RedisJournal:
    """Calls of one lease, after those of the leases before it.

    Entries carry the lease's token, so that two holders never write over one another, and are not fenced by it: a
    reply that was paid for is kept also when the lease is lost.

    Args:
        lease: The lease, with the calls that were found when it was given.
        purse: Where money is set aside and entries are handed over.
    """

    def __init__(self, lease: Lease, *, purse: SharedPurse) -> None:
        self._lease = lease
        self._purse = purse
        self._own: dict[str, Call] = {}
        #: Where each key was opened last.
        self._places: dict[CallKey, str] = {}
        self._replayed: list[Call] = []

    async def replay(
        self,
        *,
        window: int,
        round: int,  # noqa: A002 - the word of the call key
        asked: str = "",
    ) -> Completion | None:
        for call in self._calls():
            if (call.key.window, call.key.round) != (window, round) or call.completion is None:
                continue
            if is_reply_to(call.completion, asked):
                self._replayed.append(call)
                return call.completion
        return None

    @property
    def is_capped(self) -> bool:
        return self._lease.is_capped or self._purse.is_capped

    async def open_call(self, key: CallKey, *, reserve_usd: float) -> None:
        call = Call(key=key, token=self._free_token(key), reserved_usd=reserve_usd)
        place = f"{key}@{call.token}"
        await self._purse.open(self._lease.id, place, usd=reserve_usd)
        self._own[place] = call
        self._places[key] = place

    async def identify_call(self, key: CallKey, *, generation_id: str) -> None:
        await self._purse.identify(self._lease.id, self._place(key), generation_id=generation_id)

    async def close_call(self, key: CallKey, *, usage: Usage, completion: Completion | None) -> None:
        place = self._place(key)
        call = self._own.get(place) or Call(key=key, token=self._lease.token, reserved_usd=0.0)
        if call.usage is None:
            self._own[place] = replace(call, usage=usage, completion=completion)
        await self._purse.close(self._lease.id, place, usage=usage, completion=completion)

    def attempts(self) -> tuple[Attempt, ...]:
        """Return every call as an attempt, for an extraction that ended without saying what it asked."""
        return tuple(attempt_of(call) for call in self._calls() if _is_on_a_bill(call))

    def unreported(self) -> tuple[Attempt, ...]:
        """Return the earlier calls that no replayed reply has on its bill, as attempts."""
        return tuple(
            attempt_of(call)
            for call in self._lease.calls
            if _is_on_a_bill(call) and not any(_has_on_its_bill(reply, call) for reply in self._replayed)
        )

    def _calls(self) -> tuple[Call, ...]:
        return (*self._lease.calls, *self._own.values())

    def _place(self, key: CallKey) -> str:
        return self._places.get(key) or f"{key}@{self._lease.token}"

    def _free_token(self, key: CallKey) -> str:
        """Return the lease's token, marked where the same question is asked again: its money is another."""
        times = sum(call.key == key for call in self._own.values())
        return f"{self._lease.token}+{times}" if times else self._lease.token


def _is_on_a_bill(call: Call) -> bool:
    """Whether a call gave or cost anything here. A circuit may send thousands that the provider refused."""
    if call.is_kept:
        return False
    return call.completion is not None or call.usage is None or call.usage.cost_usd > 0 or call.usage.unpriced_calls > 0


def _has_on_its_bill(reply: Call, call: Call) -> bool:
    """Whether the usage of a reply covers `call`: the same question under the same lease, asked no later."""
    same = (call.token, call.key.window, call.key.round) == (reply.token, reply.key.window, reply.key.round)
    return same and call.key.attempt <= reply.key.attempt

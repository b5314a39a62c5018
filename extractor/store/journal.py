"""The journal of one extraction on Redis: what any process has bought for it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from extractor.records import Call, Usage
from extractor.store.packing import attempt_of, cost_of, pack_end

if TYPE_CHECKING:
    from extractor.records import Attempt, CallKey, Completion, Lease
    from extractor.store.writer import Writer


class RedisJournal:
    """Calls of one lease, after those of the leases before it.

    Entries carry the lease's token, so that two holders never write over one another, and are not fenced by it: a
    reply that was paid for is kept also when the lease is lost.

    Args:
        lease: The lease, with the calls that were found when it was given.
        writer: Where entries are handed over.
    """

    def __init__(self, lease: Lease, *, writer: Writer) -> None:
        self._id = lease.id
        self._token = lease.token
        self._earlier = lease.calls
        self._writer = writer
        self._own: dict[CallKey, Call] = {}
        self._replayed: list[Call] = []

    @property
    def spent_usd(self) -> float:
        """US dollars that the leases before this one have spent, abandoned calls as reserved."""
        return sum((cost_of(call) for call in self._earlier), Usage()).cost_usd

    async def replay(self, *, window: int, round: int) -> Completion | None:  # noqa: A002 - the word of the call key
        for call in (*self._earlier, *self._own.values()):
            if (call.key.window, call.key.round) == (window, round) and call.completion is not None:
                self._replayed.append(call)
                return call.completion
        return None

    @property
    def is_capped(self) -> bool:
        return False

    async def open_call(self, key: CallKey, *, reserve_usd: float) -> None:
        self._own.setdefault(key, Call(key=key, token=self._token, reserved_usd=reserve_usd))
        await self._write("open", key, repr(reserve_usd))

    async def identify_call(self, key: CallKey, *, generation_id: str) -> None:
        await self._write("gen", key, generation_id)

    async def close_call(self, key: CallKey, *, usage: Usage, completion: Completion | None) -> None:
        call = self._own.get(key) or Call(key=key, token=self._token, reserved_usd=0.0)
        if call.usage is None:
            self._own[key] = replace(call, usage=usage, completion=completion)
        await self._write("end", key, pack_end(usage, completion))

    def attempts(self) -> tuple[Attempt, ...]:
        """Return every call as an attempt, for an extraction that ended without saying what it asked."""
        return tuple(attempt_of(call) for call in (*self._earlier, *self._own.values()) if _is_on_a_bill(call))

    def unreported(self) -> tuple[Attempt, ...]:
        """Return the earlier calls that no replayed reply has on its bill, as attempts."""
        return tuple(
            attempt_of(call)
            for call in self._earlier
            if _is_on_a_bill(call) and not any(_has_on_its_bill(reply, call) for reply in self._replayed)
        )

    async def _write(self, kind: str, key: CallKey, value: str | bytes) -> None:
        await self._writer.put(self._id, f"{kind}:{key}@{self._token}", value)


def _is_on_a_bill(call: Call) -> bool:
    """Whether a call gave or cost anything. A circuit may send thousands that the provider refused."""
    return call.completion is not None or call.usage is None or call.usage.cost_usd > 0 or call.usage.unpriced_calls > 0


def _has_on_its_bill(reply: Call, call: Call) -> bool:
    """Whether the usage of a reply covers `call`: the same question under the same lease, asked no later."""
    same = (call.token, call.key.window, call.key.round) == (reply.token, reply.key.window, reply.key.round)
    return same and call.key.attempt <= reply.key.attempt

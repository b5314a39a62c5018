"""Requests and tokens per minute, counted in Redis for every process: given in blocks, corrected on the way."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from redis.exceptions import RedisError

from extractor.records import BURST_S, Rates, counted
from extractor.store import keys, scripts
from extractor.store.asking import insist

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis.asyncio import Redis

    from extractor.records import Lane

#: Seconds that permits taken ahead are good for, and seconds of the rate that one block holds at most.
BLOCK_S: Final = 0.5
#: Seconds between two corrections of what was counted, while requests are in flight.
CORRECT_S: Final = 0.5


class _Limit(NamedTuple):
    """One limit as the script takes it."""

    key: str
    #: `requests` or `tokens`.
    field: str
    #: Milliseconds of the rate that the request at hand takes.
    step_ms: float
    #: Milliseconds of the rate that one token takes; 0 where requests are counted.
    token_ms: float


@dataclass(slots=True)
class _Block:
    """What this process has taken of the rates of one tenant on one lane, and not used or not yet corrected."""

    #: Permits left, and monotonic seconds until which they are good.
    permits: int = 0
    until: float = 0.0
    #: Tokens that each was counted as.
    tokens: int = 0
    #: Permits that the next block should hold, because so many were used in time.
    ahead: int = 1
    #: Tokens to be counted more, or fewer, in the next script.
    owed: int = 0
    #: Requests that have a permit and are not over.
    in_flight: int = 0
    #: Monotonic seconds of the last correction.
    corrected_at: float = 0.0

    def serves(self, tokens: int) -> bool:
        """Take a permit for a request of so many tokens, where there is one."""
        is_served = self.permits > 0 and tokens <= self.tokens and time.monotonic() < self.until
        if is_served:
            self.permits -= 1
            self.owed -= self.tokens - tokens
        return is_served

    def look_ahead(self, most: int) -> None:
        """Settle how many permits the next block should hold: more where this one was used up in time."""
        if self.permits:
            self.ahead = max(1, self.ahead - self.permits)
        elif time.monotonic() < self.until:
            self.ahead *= 2
        self.ahead = min(self.ahead, most)

    def given(self, count: int, *, tokens: int) -> None:
        """Take a new block in, and a permit out of it."""
        self.permits, self.tokens, self.until = count - 1, tokens, time.monotonic() + BLOCK_S

    def emptied(self) -> tuple[int, int]:
        """Give up what is left, and return the permits that go back and the tokens to correct by."""
        back, owed = self.permits, self.owed - self.permits * self.tokens
        self.permits = self.owed = 0
        self.corrected_at = time.monotonic()
        return back, owed


class RedisPermits:
    """Gives permits as `MemoryPermits` does, to all processes together. Belongs to one event loop.

    Where the rate allows it, a process takes permits for what waits in it, and as many ahead as it used up in time
    before. Those are good for half a second, and go back with the next script.

    Args:
        client: The store.
        rates: Of each model, all tenants together.
        tenant_rates: Of each model, for each tenant.
    """

    def __init__(self, client: Redis, *, rates: Rates, tenant_rates: Rates) -> None:
        self._client = client
        self._rates = rates
        self._tenant_rates = tenant_rates
        self._blocks: defaultdict[tuple[Lane, str], _Block] = defaultdict(_Block)

    def counted(self, lane: Lane, tokens: int) -> int:
        """Return the tokens that a request is counted as."""
        return counted(tokens, self._rates.of(lane.model), self._tenant_rates.of(lane.model))

    async def take(self, lane: Lane, *, tenant: str, tokens: int, behind: int) -> float:
        """Take a permit and return 0.0, or return the seconds after which to ask again."""
        limits = self._limits(lane, tenant, tokens)
        if not limits:
            return 0.0
        block = self._blocks[lane, tenant]
        if not block.serves(tokens):
            most = max(1, int(min(1000 * BLOCK_S / max(each.step_ms, 1e-6) for each in limits)))
            block.look_ahead(most)
            wait_s = await self._ask(block, limits, wanted=min(max(1 + behind, block.ahead), most), tokens=tokens)
            if wait_s:
                # Asked when half a block is due, so that the round trip serves those behind as well.
                return wait_s + (min(1 + behind, most // 2 or 1) - 1) * max(each.step_ms for each in limits) / 1000
        block.in_flight += 1
        return 0.0

    async def correct(self, lane: Lane, *, tenant: str, tokens: int) -> None:
        """Count so many tokens more, fewer where negative. Told now and then, and when nothing is in flight."""
        block = self._blocks.get((lane, tenant))
        if block is None:
            return
        block.owed += tokens
        block.in_flight = max(0, block.in_flight - 1)
        limits = self._limits(lane, tenant, 0)
        is_due = not block.in_flight or time.monotonic() - block.corrected_at > CORRECT_S
        if is_due and (block.owed or block.permits):
            back, owed = block.emptied()
            try:
                await scripts.run(self._client, "pace", 0, 1000 * BURST_S, *_arguments(limits, back=back, owed=owed))
            except BaseException as error:
                block.owed += owed
                if not isinstance(error, (RedisError, OSError)):
                    raise

    async def _ask(self, block: _Block, limits: Sequence[_Limit], *, wanted: int, tokens: int) -> float:
        """Ask for permits; return 0.0 with one taken, or the seconds until the next."""
        back, owed = block.emptied()
        try:
            arguments = _arguments(limits, back=back, owed=owed)
            given, wait_ms = await insist(self._client, "pace", wanted, 1000 * BURST_S, *arguments)
        except BaseException:
            block.owed += owed
            raise
        if not given:
            return max(1, int(wait_ms)) / 1000
        block.given(int(given), tokens=tokens)
        return 0.0

    def _limits(self, lane: Lane, tenant: str, tokens: int) -> list[_Limit]:
        found = []
        for whose, rates in (("", self._rates), (tenant, self._tenant_rates)):
            rate = rates.of(lane.model)
            by_token = rate.steps(1) | {"requests": 0.0}
            found += [
                _Limit(keys.pace(str(lane), tenant=whose), name, 1000 * step_s, 1000 * by_token[name])
                for name, step_s in rate.steps(tokens).items()
            ]
        return found


def _arguments(limits: Sequence[_Limit], *, back: int, owed: int) -> list[str | float]:
    """Return what the script takes, with so many permits given back and tokens corrected."""
    arguments: list[str | float] = []
    for limit in limits:
        more_ms = owed * limit.token_ms if limit.field == "tokens" else -back * limit.step_ms
        arguments += [limit.key, limit.field, limit.step_ms, more_ms]
    return arguments

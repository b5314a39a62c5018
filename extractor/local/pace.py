"""Pacing in memory: what the lanes have told, one line of waiters each, and permits for who is at its head."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from contextvars import ContextVar
from copy import copy
from dataclasses import dataclass, field
from random import random
from typing import TYPE_CHECKING, Final, Protocol

import anyio

from extractor.errors import RateLimited
from extractor.local.permits import MemoryPermits
from extractor.local.throttle import Throttle
from extractor.records import DEFAULT_TENANT

if TYPE_CHECKING:
    from collections.abc import Callable

    from extractor.records import Lane

#: Seconds over which processes are spread that the same cool-down has held back.
SPREAD_S: Final = 0.5
#: Seconds of a cool-down that are sat out. One that lasts longer fails what waits for it, so that it is put off.
PATIENCE_S: Final = 120.0
#: Seconds of any cool-down at most: the longest limit that providers have is that of a day.
LONGEST_S: Final = 86_400.0
#: Seconds before a permit is asked for again: what was counted too high may have been corrected meanwhile.
AGAIN_S: Final = 0.2


#: After how many cuts the request at hand was sent. One task enters, leaves and tells of a refusal, in this order.
_SENT_AFTER: ContextVar[int | None] = ContextVar("sent_after", default=None)


class Permits(Protocol):
    """Requests and tokens per minute."""

    def counted(self, lane: Lane, tokens: int) -> int:
        """Return the tokens that a request is counted as."""

    async def take(self, lane: Lane, *, tenant: str, tokens: int, behind: int) -> float:
        """Take a permit and return 0.0, or return the seconds after which to ask again.

        Args:
            lane: What is asked.
            tenant: For whom.
            tokens: What the request will be counted as.
            behind: Requests that wait behind this one, and will ask next.
        """

    async def correct(self, lane: Lane, *, tenant: str, tokens: int) -> None:
        """Count so many tokens more, fewer where negative, because a request is over."""


@dataclass(slots=True)
class _Known:
    """What one lane has told."""

    #: Monotonic seconds when it takes requests again.
    open_at: float = 0.0
    throttle: Throttle = field(default_factory=Throttle)


class Lanes:
    """What the lanes of this process have told, for every pace in it. Safe in any thread.

    Args:
        permits: Requests and tokens per minute; None = no limits.
        jitter: Numbers from 0 to 1 that spread processes.
    """

    def __init__(self, permits: Permits | None = None, *, jitter: Callable[[], float] = random) -> None:
        self.permits: Permits = MemoryPermits() if permits is None else permits
        self._jitter = jitter
        self._lock = threading.Lock()
        self._known: defaultdict[Lane, _Known] = defaultdict(_Known)

    def closed_s(self, lane: Lane) -> float:
        """Return the seconds until a cool-down of `lane` is over."""
        with self._lock:
            return max(0.0, self._known[lane].open_at - time.monotonic())

    def full_s(self, lane: Lane) -> float:
        """Return the seconds until there may be room for one more request on an open lane, 0.0 where there is."""
        with self._lock:
            known = self._known[lane]
            return known.throttle.wait_s(open_for_s=time.monotonic() - known.open_at)

    def close(self, lane: Lane, *, seconds: float, sent_after: int | None = None) -> None:
        """Let `lane` cool down, and afterwards take fewer requests at once than before.

        Args:
            lane: What refused a request.
            seconds: How long it wants to be left alone.
            sent_after: What `begin` returned for the request; None = it was another process's.
        """
        with self._lock:
            known, now = self._known[lane], time.monotonic()
            seconds = min(seconds, LONGEST_S)
            if known.open_at <= now:  # what was sent before it closed teaches nothing more
                known.throttle.cut(sent_after=sent_after)
                seconds += self._jitter() * SPREAD_S
            known.open_at = max(known.open_at, now + seconds)

    def open(self) -> None:
        """End every cool-down. What refusals have taught stays."""
        with self._lock:
            for known in self._known.values():
                known.open_at = min(known.open_at, time.monotonic())

    def begin(self, lane: Lane) -> int:
        """Note that a request goes out, and return what its end is told with."""
        with self._lock:
            return self._known[lane].throttle.begin()

    def end(self, lane: Lane, *, sent_after: int, is_answered: bool) -> None:
        """Note that a request is over."""
        with self._lock:
            self._known[lane].throttle.end(sent_after=sent_after, is_answered=is_answered)


@dataclass(slots=True)
class _Line:
    """Who waits for the same limits, first come, first served."""

    head: anyio.Lock = field(default_factory=lambda: anyio.Lock(fast_acquire=True))
    #: How many, the one at the head included.
    length: int = 0


class MemoryPace:
    """Holds requests back until their lane takes them. Belongs to one event loop.

    Args:
        lanes: What is known of the lanes; None = nothing, and no limits.
        tenant: Whose the requests are.
    """

    def __init__(self, lanes: Lanes | None = None, *, tenant: str = DEFAULT_TENANT) -> None:
        self._lanes = Lanes() if lanes is None else lanes
        self._tenant = tenant
        self._lines: defaultdict[tuple[Lane, str], _Line] = defaultdict(_Line)
        self._news: defaultdict[Lane, anyio.Event] = defaultdict(anyio.Event)

    def of(self, tenant: str) -> MemoryPace:
        """Return this pace for the requests of `tenant`: the lanes are the same, its own limits apply."""
        other = copy(self)
        other._tenant = tenant  # noqa: SLF001 - of the same class
        return other

    async def enter(self, lane: Lane, *, tokens: int) -> None:
        """Wait until the lane is open, has room and gives a permit, behind whoever came before.

        Raises:
            RateLimited: it takes no requests for longer than is sat out.
        """
        line, tokens = self._lines[lane, self._tenant], self._lanes.permits.counted(lane, tokens)
        line.length += 1
        try:
            async with line.head:
                await self._until_free(lane)
                while wait_s := await self._take(lane, line, tokens):
                    await anyio.sleep(min(wait_s, AGAIN_S))
                    await self._until_free(lane)
                _SENT_AFTER.set(self._lanes.begin(lane))
        finally:
            line.length -= 1

    async def leave(self, lane: Lane, *, reserved: int, used: int) -> None:
        self._lanes.end(lane, sent_after=_SENT_AFTER.get() or 0, is_answered=used > 0)
        self._tell(lane)
        if used != reserved:
            permits = self._lanes.permits
            more = permits.counted(lane, used) - permits.counted(lane, reserved)
            await permits.correct(lane, tenant=self._tenant, tokens=more)

    async def wait_out(self, lane: Lane) -> None:
        # Asked again after each wait: another request may have been told to wait longer meanwhile.
        while wait_s := self._lanes.closed_s(lane):  # noqa: ASYNC110 - a deadline, not a state
            await anyio.sleep(wait_s)

    async def cool_down(self, lane: Lane, *, seconds: float) -> None:
        self._lanes.close(lane, seconds=seconds, sent_after=_SENT_AFTER.get())
        self._tell(lane)

    def lift(self) -> None:
        """End every cool-down, because somebody knows better than the provider."""
        self._lanes.open()
        for lane in tuple(self._news):
            self._tell(lane)

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)

    async def _take(self, lane: Lane, line: _Line, tokens: int) -> float:
        permits = self._lanes.permits
        return await permits.take(lane, tenant=self._tenant, tokens=tokens, behind=line.length - 1)

    async def _until_free(self, lane: Lane) -> None:
        """Wait until the lane is open and has room."""
        while wait_s := self._lanes.closed_s(lane) or self._lanes.full_s(lane):
            if wait_s > PATIENCE_S:
                raise RateLimited(
                    f"The provider takes no requests for {lane.model} for the next {wait_s:.0f} s.",
                    retry_after_s=wait_s,
                    maybe_billed=False,
                )
            with anyio.move_on_after(wait_s):
                await self._news[lane].wait()

    def _tell(self, lane: Lane) -> None:
        """Let whoever waits for the lane look again."""
        if (news := self._news.pop(lane, None)) is not None:
            news.set()

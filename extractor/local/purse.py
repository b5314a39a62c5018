"""Money in memory: reserve before a call, settle after it."""

from __future__ import annotations

import anyio

from extractor.errors import BudgetExceeded

#: Dollars. Sums of binary fractions miss a decimal cap by less than this.
ROUNDING = 1e-9


class MemoryPurse:
    """A cap on spending, inside the caps above it.

    A reservation that would fit if calls in flight cost less than reserved waits for them; one that cannot fit
    whatever they cost is refused at once. `spent_usd` is what had been spent before, in purses that are gone; the
    parent is not told of it.
    """

    def __init__(
        self, cap_usd: float | None = None, *, parent: MemoryPurse | None = None, spent_usd: float = 0.0
    ) -> None:
        self._cap_usd = cap_usd
        self._parent = parent
        self._reserved_usd = 0.0
        self._spent_usd = spent_usd
        self._in_flight = 0
        self._settled = anyio.Event()

    @property
    def spent_usd(self) -> float:
        """US dollars booked so far, and before."""
        return self._spent_usd

    @property
    def reserved_usd(self) -> float:
        """US dollars set aside for calls in flight."""
        return self._reserved_usd

    @property
    def is_capped(self) -> bool:
        return self._cap_usd is not None or (self._parent is not None and self._parent.is_capped)

    async def reserve(self, usd: float) -> float:
        while not self._fits(usd + self._reserved_usd):
            if not self._fits(usd) or not self._in_flight:
                raise BudgetExceeded(
                    f"The next call could cost ${usd:.6f}; of the cap of ${self._cap_usd:.6f}, "
                    f"${self._spent_usd:.6f} is spent. Raise the cap to go on."
                )
            await self._settled.wait()
        self._book(usd, calls=1)
        try:
            if self._parent is not None:
                await self._parent.reserve(usd)
        except BaseException:
            self._book(-usd, calls=-1)
            raise
        return usd

    async def settle(self, reserved_usd: float, *, spent_usd: float) -> None:
        self._spent_usd += spent_usd
        self._book(-reserved_usd, calls=-1)
        if self._parent is not None:
            await self._parent.settle(reserved_usd, spent_usd=spent_usd)

    def _fits(self, usd: float) -> bool:
        return self._cap_usd is None or self._spent_usd + usd <= self._cap_usd + ROUNDING

    def _book(self, usd: float, *, calls: int) -> None:
        self._in_flight += calls
        # Sums of binary fractions would not come back to nothing by themselves.
        self._reserved_usd = self._reserved_usd + usd if self._in_flight else 0.0
        if calls < 0:
            self._settled.set()
            self._settled = anyio.Event()

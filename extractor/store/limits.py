"""How long things take and last in the store, and what a tenant may spend."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreLimits:
    """Times of the store, all from two settings, so that they always fit together; and one cap."""

    #: Seconds after which an extraction is taken from a worker that gives no sign of life.
    lease_s: float = 60.0
    #: Seconds that a result is kept after its end.
    result_ttl_s: float = 7 * 86_400.0
    #: US dollars that each tenant may spend on one UTC day; None = no cap.
    tenant_budget_usd: float | None = None

    @property
    def renew_s(self) -> float:
        """Seconds between two renewals of a lease: three may fail."""
        return self.lease_s / 4

    @property
    def gap_s(self) -> float:
        """Seconds without a sweep after which live workers are given time to renew first."""
        return self.lease_s / 4

    @property
    def sweep_s(self) -> float:
        """Seconds between two sweeps of one worker."""
        return self.lease_s / 12

    @property
    def probe_s(self) -> float:
        """Seconds after which a circuit lets one extraction through."""
        return self.lease_s / 2

    @property
    def lease_ms(self) -> int:
        """Milliseconds of a lease, as the scripts take it."""
        return round(1000 * self.lease_s)

    @property
    def ttl_ms(self) -> int:
        """Milliseconds that a result is kept, as the scripts take it."""
        return round(1000 * self.result_ttl_s)

"""What a run has come to so far: counts, money, and what went wrong how often."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from extractor.cli.remarks import has_gaps, lacks_values
from extractor.records import Usage

if TYPE_CHECKING:
    from extractor.forecasting import Forecast
    from extractor.records import Json, Result


@dataclass
class Tally:
    """Figures of a run. It keeps no result: a run may have a million."""

    #: Documents that the run is about.
    documents: int
    #: Status -> documents.
    statuses: Counter[str] = field(default_factory=Counter)
    #: Error code -> documents.
    errors: Counter[str] = field(default_factory=Counter)
    #: Error code -> the first source that ended with it.
    examples: dict[str, str] = field(default_factory=dict)
    #: Documents whose record holds values from neither the document nor the reasoning.
    unsupported: int = 0
    #: Documents of which a part is in no record.
    with_gaps: int = 0
    #: Documents whose record lacks values that stayed wrong, were refused or not read.
    lacking: int = 0
    #: Documents whose parts state different values.
    with_conflicts: int = 0
    #: Who answered -> documents.
    engines: Counter[str] = field(default_factory=Counter)
    #: Questions asked.
    attempts: int = 0
    #: Tokens and dollars of the documents that ended.
    usage: Usage = field(default_factory=Usage)
    #: US dollars booked in all, known when the run has ended: with calls cut off in flight, charged as reserved.
    spent_usd: float = 0.0
    #: What the run will probably cost; None = nobody has asked, or it costs nothing that is known.
    forecast: Forecast | None = None

    def add(self, result: Result[Json]) -> None:
        """Count one result."""
        self.statuses[result.status] += 1
        self.engines[result.engine] += 1
        self.attempts += len(result.attempts)
        self.usage += result.usage
        if self.forecast is not None:
            self.forecast.add(result.id, cost_usd=result.usage.cost_usd, is_asked=result.usage.calls > 0)
        self.unsupported += bool(result.unsupported)
        self.with_gaps += has_gaps(result)
        self.lacking += lacks_values(result)
        self.with_conflicts += bool(result.conflicts)
        if result.error:
            self.errors[result.error.code] += 1
            self.examples.setdefault(result.error.code, result.source or result.id)

    @property
    def cost_usd(self) -> float:
        """US dollars of the run so far."""
        return max(self.spent_usd, self.usage.cost_usd)

    @property
    def cut_off_usd(self) -> float:
        """US dollars of calls that no result holds."""
        return self.cost_usd - self.usage.cost_usd

    @property
    def done(self) -> int:
        """Documents that have ended."""
        return self.statuses.total()

    @property
    def not_run(self) -> int:
        """Documents that have not ended: never begun, or cut off."""
        return self.documents - self.done

    @property
    def failed(self) -> int:
        """Documents that ended without a valid record."""
        return self.done - self.statuses["succeeded"]

    @property
    def is_all_succeeded(self) -> bool:
        """Whether every document has a valid record."""
        return self.statuses["succeeded"] == self.documents

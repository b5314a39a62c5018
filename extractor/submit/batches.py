"""Batches: extractions that are handed in together, and what they may cost together."""

from __future__ import annotations

import uuid
from typing import Final, TypedDict

from extractor.errors import InvalidRequest

#: US dollars that a batch may be given at most.
MOST_USD: Final = 1e6


class BatchLabels(TypedDict, total=False):
    """What makes a submission a member of a batch. As in `records.Submission`: "" = none, None = no budget."""

    batch: str
    batch_budget_usd: float | None


def batch_labels(batch: str | None, *, budget_usd: object = None) -> BatchLabels:
    """Return what makes submissions members of a batch; nothing where neither a name nor a budget is stated.

    Args:
        batch: The caller's word for it. Without one, a budget makes a batch of its own.
        budget_usd: US dollars that its members may spend together.

    Raises:
        InvalidRequest: the budget is no such number.
    """
    if budget_usd is None:
        return {"batch": batch} if batch else {}
    usd = float(budget_usd) if isinstance(budget_usd, int | float) and not isinstance(budget_usd, bool) else -1.0
    if not 0 <= usd <= MOST_USD:
        raise InvalidRequest(f"The budget of a batch must be a number of US dollars from 0 to {MOST_USD:,.0f}.")
    return {"batch": batch or f"b_{uuid.uuid4().hex}", "batch_budget_usd": usd}

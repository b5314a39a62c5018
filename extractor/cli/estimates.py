"""What a run will probably cost, as a person reads it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from extractor.cli.wording import dollars

if TYPE_CHECKING:
    from extractor.estimating import Estimate

#: Digits of an estimate that are written.
DIGITS = 3


def foretold(estimate: Estimate, *, model: str, budget_usd: float | None) -> str:
    """Write what is expected before a run starts.

    Args:
        estimate: What is expected.
        model: The model asked.
        budget_usd: Cap on the run, US dollars; None = none.
    """
    tokens = f"about {rounded(estimate.prompt_tokens)} tokens in and {rounded(estimate.completion_tokens)} out"
    if estimate.documents > estimate.read:
        tokens += f", by {estimate.read:,} of the documents"
    if estimate.low_usd is None or estimate.high_usd is None:
        return f"Expected cost: unknown, because the price of {model} is not known; {tokens}."
    low, high = estimate.thoughts
    thoughts = f", if the model thinks {rounded(low)} to {rounded(high)} tokens per document" if high else ""
    says = f"Expected cost: {between(estimate)}{thoughts}; {tokens}."
    if budget_usd is not None and estimate.high_usd > budget_usd:
        says += f" The budget of {dollars(budget_usd)} may not do for all documents."
    return says


def between(estimate: Estimate) -> str:
    """Write the two ends of an estimate with a price."""
    return f"{_rough(estimate.low_usd or 0.0)} to {_rough(estimate.high_usd or 0.0)}"


def rounded(count: int) -> str:
    """Write a number so that it does not look exact."""
    digits = max(0, len(str(count)) - 2)
    return f"{round(count, -digits):,}"


def _rough(usd: float) -> str:
    """Write an amount with as many decimals as its first three digits take, two at least."""
    if usd <= 0:
        return dollars(0.0)
    decimals = DIGITS - 1 - math.floor(math.log10(usd))
    return f"${usd:,.{max(2, decimals)}f}"

"""What one request cost: as the provider says, else as the price table says, else as reserved, else unpriced."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from extractor.model.replies import as_object
from extractor.model.status import is_maybe_billed
from extractor.records import Usage

if TYPE_CHECKING:
    from extractor.model.prices import Price
    from extractor.model.replies import Reply
    from extractor.records import Json, JsonObject


def as_reserved(reserved_usd: float) -> Usage:
    """Return the charge for a request whose cost nobody stated: all that was set aside for it.

    Nothing is set aside for a model without a known price; such a call is counted as unpriced.
    """
    return Usage(cost_usd=reserved_usd, calls=1, estimated_calls=1, unpriced_calls=int(not reserved_usd))


def usage_of(reply: Reply, *, price: Price | None, reserved_usd: float) -> Usage:
    """Return tokens and dollars of the request that `reply` answers.

    Args:
        reply: The reply, good or bad.
        price: Bundled price of the model, None when there is none.
        reserved_usd: US dollars set aside, charged when nothing better is known.
    """
    if reply.usage:
        return _stated_usage(reply.usage, price=price, reserved_usd=reserved_usd)
    if reply.fault is not None and not is_maybe_billed(reply.fault) and not reply.is_begun:
        return Usage(calls=1)
    return as_reserved(reserved_usd)


def _stated_usage(stated: JsonObject, *, price: Price | None, reserved_usd: float) -> Usage:
    prompt_tokens, completion_tokens = as_count(stated.get("prompt_tokens")), as_count(stated.get("completion_tokens"))
    cost_usd = as_dollars(stated.get("cost"))
    is_estimate = cost_usd is None
    if cost_usd is None and price is not None and prompt_tokens:
        cost_usd = price.cost(prompt_tokens=prompt_tokens, completion_tokens=completion_tokens)
    return Usage(
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        reasoning_tokens=as_count(as_object(stated.get("completion_tokens_details")).get("reasoning_tokens")),
        cached_tokens=as_count(as_object(stated.get("prompt_tokens_details")).get("cached_tokens")),
        cost_usd=reserved_usd if cost_usd is None else cost_usd,
        calls=1,
        estimated_calls=int(is_estimate),
        unpriced_calls=int(is_estimate and cost_usd is None and not reserved_usd),
    )


def is_unknown(usage: Usage) -> bool:
    """Whether nobody stated anything of what a request cost, so that it is charged as reserved."""
    return usage.estimated_calls > 0 and not usage.prompt_tokens


def as_count(value: Json) -> int:
    """Return a number of tokens, 0 for what is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def as_dollars(value: Json) -> float | None:
    """Return an amount of US dollars, None for what is none."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) and value >= 0 else None

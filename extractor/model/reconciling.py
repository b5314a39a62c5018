"""What a request cost that nobody stated the cost of: asked of OpenRouter afterwards.

A connection that died, a timeout, a stream given up: the provider may have generated and charged all the same. What is
not found here stays charged as reserved, never at nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio

from extractor.errors import ModelError
from extractor.model.billing import as_count, as_dollars
from extractor.model.faults import PLAIN_SLUG, plain
from extractor.model.replies import FIRST_FAILURE, as_object, loads
from extractor.records import Usage

if TYPE_CHECKING:
    from extractor.model.endpoints import Endpoint
    from extractor.model.transport import Transport
    from extractor.ports import Pace
    from extractor.records import JsonObject, Lane

#: Seconds that an answer, or the error instead of it, may be held up by this.
PATIENCE_S: Final = 2.0
#: Seconds before each try. What a generation cost is known a moment after its end; until then the answer is 404.
WAITS_S: Final = (0.1, 0.4, 0.8)
#: Statuses after which another try may find more.
_NOT_YET = frozenset({404, 408, 500, 502, 503, 504, 524, 529})


async def find_usage(
    generation_id: str, *, lane: Lane, endpoint: Endpoint, transport: Transport, pace: Pace
) -> Usage | None:
    """Return what a generation cost, None where that is not found in time or the endpoint keeps no such books.

    Args:
        generation_id: The provider's id, "" when it never said.
        lane: Which cool-downs hold it up.
        endpoint: Where the request went.
        transport: How it got there.
        pace: Where all waiting happens.
    """
    if not endpoint.is_openrouter or not plain(generation_id, PLAIN_SLUG):
        return None
    url = endpoint.generation_url(generation_id)
    with anyio.move_on_after(PATIENCE_S):
        for wait_s in WAITS_S:
            await pace.sleep(wait_s)
            await pace.wait_out(lane)
            status, body = await _look_up(url, transport)
            if (usage := usage_in(as_object(as_object(loads(body)).get("data")))) is not None:
                return usage
            if status >= FIRST_FAILURE and status not in _NOT_YET:
                break
    return None


def usage_in(generation: JsonObject) -> Usage | None:
    """Return tokens and dollars of a generation as OpenRouter's books have them, None while they are not closed.

    Providers charge by their own count of tokens, so that comes first.
    """
    cost_usd = as_dollars(generation.get("total_cost"))
    is_closed = bool(generation.get("finish_reason") or generation.get("cancelled"))
    if cost_usd is None or not (cost_usd or is_closed):
        return None
    return Usage(
        prompt_tokens=_tokens(generation, "prompt"),
        completion_tokens=_tokens(generation, "completion"),
        reasoning_tokens=as_count(generation.get("native_tokens_reasoning")),
        cached_tokens=as_count(generation.get("native_tokens_cached")),
        cost_usd=cost_usd,
        calls=1,
    )


def _tokens(generation: JsonObject, of: str) -> int:
    return as_count(generation.get(f"native_tokens_{of}")) or as_count(generation.get(f"tokens_{of}"))


async def _look_up(url: str, transport: Transport) -> tuple[int, bytes]:
    """Return status and body; 404 where nobody answers, which a later try may cure."""
    try:
        async with transport.get(url, idle_s=PATIENCE_S) as response:
            return response.status, await response.body()
    except ModelError:
        return 404, b""

"""The transport loop: the same question is sent again where that can help, and only as often as is fair."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from extractor.errors import (
    ConnectionFailed,
    EmptyResponse,
    GatewayError,
    IncompleteStream,
    ModelError,
    ProviderUnavailable,
    RateLimited,
)
from extractor.model.waits import LONGEST_WAIT_S

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from extractor.ports import Pace
    from extractor.records import Completion, Lane

#: Requests that are sent again for one question, at most.
MAX_RESENDS = 4
#: Requests that are sent again after each kind of failure; none after any other. A request that was written and then
#: lost its connection may be paid for, so it is sent once more only, and after a timeout not at all.
RESENDS: dict[type[ModelError], int] = {
    RateLimited: 4,
    ConnectionFailed: 3,
    ProviderUnavailable: 2,
    GatewayError: 1,
    EmptyResponse: 1,
    IncompleteStream: 1,
}
#: Statuses that differ: overload passes and costs nothing; the edge's own errors come after the work; 3xx stay.
RESENDS_BY_STATUS: dict[int, int] = {
    503: 4,
    529: 4,
    **dict.fromkeys(range(520, 528), 1),
    **dict.fromkeys(range(300, 400), 0),
}
#: Statuses that cost nothing, unless they come in the middle of an answer: then it is bought once more only.
_UNBILLED = frozenset({429, 503, 529})
#: Seconds of the first wait at most; each next is up to twice as long.
FIRST_WAIT_S = 1.0
#: Seconds of any wait that the provider did not ask for, at most.
MAX_BACKOFF_S = 30.0


async def send_until_answered(
    send: Callable[[], Awaitable[Completion]], *, lane: Lane, pace: Pace, random: Callable[[], float]
) -> Completion:
    """Send until an answer comes or the failure is one that sending again does not cure.

    Args:
        send: Sends the question once. It enters the pace itself.
        lane: What a rate limit holds for: every request on it waits.
        pace: Where all waiting happens.
        random: Numbers from 0 to 1, so that many clients do not come back at once.

    Raises:
        ModelError: the last failure, with `retry_after_s` when the wait asked for is too long to sit out.
    """
    failures: Counter[type[ModelError]] = Counter()
    for resend in range(MAX_RESENDS):
        try:
            return await send()
        except ModelError as error:
            failures[type(error)] += 1
            if failures[type(error)] > resends_after(error):
                await _tell(error, lane=lane, pace=pace)
                raise
            await _wait(error, resend, lane=lane, pace=pace, random=random)
    return await send()


def resends_after(error: ModelError) -> int:
    """Return how many requests may be sent again after failures like `error`."""
    if error.retry_after_s is not None and error.retry_after_s > LONGEST_WAIT_S:
        return 0
    by_class = RESENDS.get(type(error), 0)
    resends = RESENDS_BY_STATUS.get(error.status or 0, by_class) if by_class else 0
    is_paid_after_all = error.has_begun and error.status in _UNBILLED
    return min(resends, 1) if is_paid_after_all else resends


async def _tell(error: ModelError, *, lane: Lane, pace: Pace) -> None:
    """Hold back every other question too, where the provider itself named a time: each would be told the same."""
    if isinstance(error, RateLimited) and error.status is not None and error.retry_after_s is not None:
        await pace.cool_down(lane, seconds=error.retry_after_s)


async def _wait(error: ModelError, resend: int, *, lane: Lane, pace: Pace, random: Callable[[], float]) -> None:
    seconds = error.retry_after_s
    if seconds is None:
        seconds = random() * min(MAX_BACKOFF_S, FIRST_WAIT_S * 2**resend)
    if isinstance(error, RateLimited):
        await pace.cool_down(lane, seconds=seconds)
    else:
        await pace.sleep(seconds)

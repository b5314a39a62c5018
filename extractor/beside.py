"""Work on long texts beside the event loop, so that other documents go on meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from anyio import to_thread

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar, TypeVarTuple

    T = TypeVar("T")
    Ts = TypeVarTuple("Ts")

#: Characters of a document's text from which on looking at all of it takes longer than others should wait: 10 ms.
LONG_TEXT: Final = 50_000
#: Characters of a reply from which on reading it does.
LONG_REPLY: Final = 100_000


async def beside(function: Callable[[*Ts], T], *args: *Ts, is_long: bool) -> T:
    """Call a function, in a thread where it `is_long`."""
    return await to_thread.run_sync(function, *args) if is_long else function(*args)

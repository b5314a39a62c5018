"""Where an item of several values may stand in a text, by the places of each of its values."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from extractor.records import Window

Span: TypeAlias = tuple[int, int]

#: How much further apart than where they stand closest the values of an item may stand elsewhere, in characters: by
#: this factor, and these many more.
WIDER: Final = 2
FURTHER: Final = 40
#: Characters beyond which two values do not belong together, whatever lies between.
MAX_GAP: Final = 10_000
#: Ends of lines, and of sentences in one.
_ENDS: Final = re.compile(r"\n|[.!?] +(?=[^\W\d_])")
_TOO_FAR: Final = (MAX_GAP, MAX_GAP)


def occurrences(places: Sequence[Collection[Span]], windows: Sequence[Window]) -> list[Span]:
    """Return the places of the rarest value that have the other ones about as close as any has, in order.

    Ends of lines and sentences count before characters: a name and a price in two rows of a table are no row, however
    short it is. Where the values stand closest with such ends between, as in a block of lines, half as many more may
    lie between them.

    Args:
        places: The places of each value, in the document.
        windows: What was read of the document; a gap that lies in none of them is too wide.
    """
    rarest, *others = sorted((sorted(found) for found in places if found), key=len) or [[]]
    if not others:
        return rarest
    gaps = {place: [_gap(place, other, windows) for other in others] for place in rarest}
    widest = {place: (max(lines for lines, _ in gap), max(wide for _, wide in gap)) for place, gap in gaps.items()}
    lines, wide = min(widest.values())
    limits = (lines + lines // 2, wide * WIDER + FURTHER)
    return [place for place, gap in widest.items() if gap[0] <= limits[0] and gap[1] <= limits[1]]


def _gap(place: Span, others: list[Span], windows: Sequence[Window]) -> tuple[int, int]:
    """Return how many ends, and how many characters, lie between a place and the nearest of others."""
    after = bisect_left(others, place)
    return min(_between(place, other, windows) for other in others[max(after - 1, 0) : after + 1])


def _between(one: Span, other: Span, windows: Sequence[Window]) -> tuple[int, int]:
    start, end = min(one[1], other[1]), max(one[0], other[0])
    if end <= start:
        return 0, 0
    window = next((window for window in windows if window.start <= start and end <= window.end), None)
    if window is None or end - start > MAX_GAP:
        return _TOO_FAR
    return sum(1 for _ in _ENDS.finditer(window.text, start - window.start, end - window.start)), end - start

"""Where a text may be cut: at a page, a blank line, the end of a line, white space, in this order."""

from __future__ import annotations

import re

#: What a window may end with, best first.
BOUNDARIES = tuple(map(re.compile, (r"\f", r"\n[ \t]*\n\s*", r"\n", r"\s+")))


def best_cut(text: str, *, start: int, ideal: int, high: int) -> int:
    """Return where to end what begins at `start`: near `ideal`, beyond `start`, not beyond `high`."""
    low = start + (ideal - start) // 2
    for boundary in BOUNDARIES:
        ends = [found.end() for found in boundary.finditer(text, low, high) if found.end() > start]
        if ends:
            return min(ends, key=lambda end: abs(end - ideal))
    return high

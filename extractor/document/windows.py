"""Cut a document into windows, each of which one call reads."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING

from extractor.document.cuts import best_cut
from extractor.errors import DocumentTooLarge
from extractor.records import Document, Window

if TYPE_CHECKING:
    from extractor.records import Page

#: Bytes of UTF-8 that make one token at least. The fewest measured: digits and CJK text, about one character each.
BYTES_PER_TOKEN = 3
#: Parts of a window are numbered from its own number times this, so that no number is ever given twice.
NUMBERS_PER_WINDOW = 10_000


def whole(document: Document, *, input_limit: int | None) -> Window:
    """Return the whole document as one window.

    Args:
        document: What was read.
        input_limit: Tokens that one request may hold; None where no limit is known.

    Raises:
        DocumentTooLarge: by an estimate that is rather too high; it is refused, never cut.
    """
    tokens = tokens_of(document.text)
    if input_limit is not None and tokens > input_limit:
        raise DocumentTooLarge(
            f"The document has about {tokens:,} tokens and the model takes {input_limit:,}. Split it, "
            "or choose a model with a longer input."
        )
    return Window(number=0, start=0, end=len(document.text), text=document.text, pages=document.pages)


def tokens_of(text: str) -> int:
    """Return about how many tokens a text has, rather too many than too few."""
    return -(-len(text.encode()) // BYTES_PER_TOKEN)


def cut(document: Document, *, most_tokens: int, overlap_tokens: int = 0) -> tuple[Window, ...]:  # noqa: ARG001 - prose is not repeated yet
    """Cut the document into windows that cover all of it.

    Args:
        document: What was read.
        most_tokens: Tokens of text that one window may hold, by the estimate of `tokens_of`, context left out.
        overlap_tokens: Tokens that a window repeats of the one before where a sentence or a paragraph was cut.

    Returns:
        One window with the number 0 when all of it fits, else windows numbered from 1.
    """
    text = document.text
    if tokens_of(text) <= most_tokens:
        return (Window(number=0, start=0, end=len(text), text=text, pages=document.pages),)
    ends = _ends(text, 0, len(text), most_bytes=most_tokens * BYTES_PER_TOKEN)
    return _windows(document, [0, *ends], first=1)


def halves(window: Window, document: Document) -> tuple[Window, ...]:
    """Cut a window in two, or three where no place near the middle serves; () when it cannot be cut."""
    size = len(window.text.encode())
    ends = _ends(document.text, window.start, window.end, most_bytes=max(size * 5 // 8, 1))
    if len(ends) < 2:  # noqa: PLR2004 - one end is the window's own
        return ()
    return _windows(document, [window.start, *ends], first=window.number * NUMBERS_PER_WINDOW + 1)


def _ends(text: str, start: int, end: int, *, most_bytes: int) -> list[int]:
    """Return where each window of a range ends."""
    ends: list[int] = []
    left = len(text[start:end].encode())
    while left > most_bytes:
        high = start + _fitting(text[start : min(end, start + most_bytes)], most_bytes)
        ideal = start + round((high - start) * left / -(-left // most_bytes) / most_bytes)
        at = best_cut(text, start=start, ideal=min(ideal, high), high=high)
        left -= len(text[start:at].encode())
        ends.append(at)
        start = at
    return [*ends, end]


def _fitting(text: str, most_bytes: int) -> int:
    """Return how many code points fit into so many bytes, at least one."""
    return max(len(text.encode()[:most_bytes].decode(errors="ignore")), 1)


def _windows(document: Document, edges: list[int], *, first: int) -> tuple[Window, ...]:
    pages = _Pages(document)
    return tuple(
        Window(
            number=number,
            start=start,
            end=end,
            text=document.text[start:end],
            pages=pages.between(start, end),
        )
        for number, (start, end) in enumerate(pairwise(edges), start=first)
    )


class _Pages:
    """The pages that a range touches, found without a walk over all of them."""

    def __init__(self, document: Document) -> None:
        self._pages = document.pages
        self._starts = [page.start for page in document.pages]
        self._ends = [page.end for page in document.pages]
        self._length = len(document.text)

    def between(self, start: int, end: int) -> tuple[Page, ...]:
        last = bisect_right(self._starts, end) if end == self._length else bisect_left(self._starts, end)
        first = min(bisect_left(self._ends, start), last - 1)
        return self._pages[first:last]

"""Cut a document into windows, each of which one call reads."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import replace
from typing import TYPE_CHECKING

from extractor.document.cuts import Kind, Range, best_cut, repeated_from
from extractor.document.outline import Outline
from extractor.document.rows import line_end, line_start
from extractor.document.spans import Span
from extractor.records import Document, Window

if TYPE_CHECKING:
    from extractor.document.cuts import Cut
    from extractor.records import Page

#: Bytes of UTF-8 that make one token at least. The fewest measured: digits and CJK text, about one character each.
BYTES_PER_TOKEN = 3
#: Windows that one document is cut into, at most; what is above tells which part of a window a number is given to.
MOST_WINDOWS = 100_000


def tokens_of(text: str) -> int:
    """Return about how many tokens a text has, rather too many than too few."""
    return -(-len(text.encode()) // BYTES_PER_TOKEN)


def cut(document: Document, *, most_tokens: int, overlap_tokens: int = 0) -> tuple[Window, ...]:
    """Cut the document into windows that cover all of it, about equally long.

    Args:
        document: What was read.
        most_tokens: Tokens of text that one window may hold, by the estimate of `tokens_of`, context left out.
        overlap_tokens: Tokens that a window repeats of the one before it where prose was cut; a quarter at most.

    Returns:
        One window with the number 0 when all of it fits, else windows numbered from 1.
    """
    text = document.text
    if tokens_of(text) <= most_tokens:
        return (Window(number=0, start=0, end=len(text), text=text, pages=document.pages),)
    most_bytes = max(most_tokens, 1) * BYTES_PER_TOKEN
    overlap_bytes = min(overlap_tokens * BYTES_PER_TOKEN, most_bytes // 4)
    outline = Outline(document, end=len(text))
    spans = _spans(outline, most_bytes=most_bytes, overlap_bytes=overlap_bytes)
    return _windows(document, spans, outline=outline, first=1)


def halves(window: Window, document: Document, *, overlap_tokens: int = 0) -> tuple[Window, ...]:
    """Cut a window in two near its middle; () when it is one row with its header, or one word.

    The parts are numbered as `numbers_below` says.
    """
    outline = Outline(document, end=window.end)
    text = window.text
    low = window.start + len(text) - len(text.lstrip()) + 1
    high = window.start + len(text.rstrip()) - 1
    if low > high:
        return ()
    cut = best_cut(outline, Range(low, (window.start + window.end) // 2, high))
    if cut.kind is Kind.NOTHING or outline.parts_head(cut.at):
        return ()
    overlap_bytes = min(overlap_tokens * BYTES_PER_TOKEN, len(text) // 4)
    second = _start_after(outline, cut, low=low, overlap_bytes=overlap_bytes)
    spans = [Span(window.start, cut.at), Span(second, window.end)]
    windows = _windows(document, spans, outline=outline, first=1)
    numbers = numbers_below(window.number)
    return tuple(replace(each, number=number) for each, number in zip(windows, numbers, strict=True))


def numbers_below(number: int) -> tuple[int, int]:
    """Return the numbers of the two parts of a window: no other has them, and 30 divisions deep JSON can write them."""
    if number == 0:
        return 1, 2
    path, first = divmod(number, MOST_WINDOWS)
    return MOST_WINDOWS * (2 * path + 1) + first, MOST_WINDOWS * (2 * path + 2) + first


def around(document: Document, start: int, end: int, *, number: int) -> Window:
    """Return the window of a range and of the lines, rows and headings that it has to be read with.

    Args:
        document: What was read.
        start: Offset of the first code point that has to be in it.
        end: Offset after the last such code point.
        number: Number of the window.
    """
    outline = Outline(document, end=len(document.text))
    text = document.text
    start, end = line_start(text, start), line_end(text, max(end - 1, start))
    while start > 0 and outline.is_in_row(start):
        start = line_start(text, start - 1)
    while end + 1 < len(text) and outline.is_in_row(end + 1):
        end = line_end(text, end + 1)
    return _windows(document, [Span(start, end)], outline=outline, first=number)[0]


def _spans(outline: Outline, *, most_bytes: int, overlap_bytes: int) -> list[Span]:
    """Return the range of each window: together they cover the text, and each reaches beyond the one before."""
    text = outline.text
    spans: list[Span] = []
    start = covered = 0
    left = len(text.encode())
    while left > most_bytes:
        high = start + _fitting(text[start : start + most_bytes], most_bytes)
        windows = -(-left // most_bytes)
        ideal = start + int((high - start) * left / windows / most_bytes)
        low = max(start, covered) + 1
        cut = best_cut(outline, Range(min(low, high), min(max(ideal, low), high), high))
        spans.append(Span(start, cut.at))
        following = _start_after(outline, cut, low=low, overlap_bytes=overlap_bytes)
        left -= len(text[start:following].encode())
        start, covered = following, cut.at
    return [*spans, Span(start, len(text))]


def _fitting(text: str, most_bytes: int) -> int:
    """Return how many code points fit into so many bytes, at least one."""
    return max(len(text.encode()[:most_bytes].decode(errors="ignore")), 1)


def _start_after(outline: Outline, cut: Cut, *, low: int, overlap_bytes: int) -> int:
    """Return where the window behind a cut begins: before it where prose was cut, so that what it parts is whole."""
    if overlap_bytes <= 0 or cut.kind < Kind.SENTENCE or outline.table_at(cut.at):
        return cut.at
    text = outline.text[max(low, cut.at - overlap_bytes) : cut.at]
    kept = len(text.encode()[-overlap_bytes:].decode(errors="ignore"))
    return repeated_from(outline, Range(cut.at - kept, cut.at - kept, cut.at - 1), cut.at)


def _windows(document: Document, spans: list[Span], *, outline: Outline, first: int) -> tuple[Window, ...]:
    pages = _Pages(document)
    return tuple(
        Window(
            number=number,
            start=start,
            end=end,
            text=document.text[start:end],
            pages=pages.between(start, end),
            context=outline.context(start),
        )
        for number, (start, end) in enumerate(spans, start=first)
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

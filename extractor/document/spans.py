"""Where the tables of a text begin and end, and which of their lines are the header."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from extractor.document.rows import ROW, labels, line_end, line_start, opens_row

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Lines set in behind the last row of a table, which may be the rest of it.
_WRAPPED = re.compile(r"(?:\n(?: {2,}|\t)[^\n\f]*[^\s][^\n\f]*){0,3}")
_PRINTED = re.compile(r"\S")
#: Lines inside a table that are no rows, at most; and where a page ends between them.
MOST_BETWEEN, MOST_BETWEEN_PAGES = 2, 5
#: Lines of a table in which its header is looked for; lines above the one with most labels that belong to it.
HEADER_WITHIN, MOST_ABOVE = 8, 2
#: Cells that a header has at least, and characters at most.
FEWEST_LABELS, LONGEST_HEADER = 2, 2_000


class Span(NamedTuple):
    """A range of the text."""

    #: Offset of the first code point.
    start: int
    #: Offset after the last code point.
    end: int


def tables_in(text: str, end: int) -> Iterator[Span]:
    """Yield the tables before `end`, from the start of the first line to the end of the last, its line feed left out.

    A row that stands alone is a table of one.
    """
    start, row_end, had_bars = -1, 0, -1
    for found in ROW.finditer(text, 0, end):
        line = line_start(text, found.start())
        bars = text.count("|", line, found.end()) if found["bars"] is not None else -1
        if start >= 0 and _is_apart(text, row_end, line, had_bars=had_bars, bars=bars):
            yield Span(start, _with_wrapped(text, row_end, line - 1))
            start = -1
        start = line if start < 0 else start
        row_end, had_bars = found.end(), bars
    if start >= 0:
        yield Span(start, _with_wrapped(text, row_end, end))


def _is_apart(text: str, row_end: int, line: int, *, had_bars: int, bars: int) -> bool:
    """Whether what stands between two rows ends the table, or the second row heads one of its own.

    Args:
        text: The document.
        row_end: End of the first row.
        line: Start of the second.
        had_bars: Bars in the first row, -1 where columns are kept apart by blanks.
        bars: Bars in the second.
    """
    is_next = line == row_end + 1
    if bars < 0 or had_bars < 0:
        return bars != had_bars or not (is_next or _is_near(text, row_end, line))
    return not is_next or (bars != had_bars and labels(text, line) >= FEWEST_LABELS)


def _is_near(text: str, row_end: int, line: int) -> bool:
    most = MOST_BETWEEN_PAGES if text.find("\f", row_end, line) >= 0 else MOST_BETWEEN
    between = text.count("\n", row_end, line) + text.count("\f", row_end, line) - 1
    return between <= most and (labels(text, line_start(text, row_end)) > 0 or not _heads(text, line))


def _heads(text: str, line: int) -> bool:
    """Whether a row has labels only and the one below it has not."""
    if labels(text, line) < FEWEST_LABELS:
        return False
    below = _PRINTED.search(text, line_end(text, line))
    return below is not None and not labels(text, line_start(text, below.start()))


def _with_wrapped(text: str, row_end: int, before: int) -> int:
    found = _WRAPPED.match(text, row_end, max(row_end, before))
    return found.end() if found else row_end


def header_of(text: str, table: Span) -> Span | None:
    """Return the lines of a table's header, the line feed behind them included; None when it has none.

    Of the first lines it is the one with most labels, with those right above it that group its columns, and those
    below it that its labels run on to.
    """
    lines = _first_lines(text, table)
    counts = [labels(text, line) for line in lines]
    best = max(range(len(lines)), key=lambda number: counts[number])
    if counts[best] < FEWEST_LABELS:
        return None
    first = best
    while first and best - first < MOST_ABOVE and counts[first - 1] >= FEWEST_LABELS:
        first -= 1
    last = best + 1
    while last < len(lines) and not opens_row(text, lines[last], table=table.start):
        last += 1
    end = lines[last] if last < len(lines) else table.end
    return Span(lines[first], end) if end < table.end and end - lines[first] <= LONGEST_HEADER else None


def _first_lines(text: str, table: Span) -> list[int]:
    """Return the starts of the first lines of a table, those included into which a header may run on."""
    lines = [table.start]
    while len(lines) < 2 * HEADER_WITHIN and (following := line_end(text, lines[-1]) + 1) < table.end:
        lines.append(following)
    return lines

"""What a text is made of, as far as cutting it goes: tables with their rows, and headings."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from extractor.document.headings import Heading, headings_in
from extractor.document.rows import line_end, opens_row
from extractor.document.sniffing import CSV
from extractor.document.spans import Span, header_of, tables_in
from extractor.records import Passage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extractor.records import Document

#: A quoted cell of comma-separated values with line feeds in it.
_QUOTED = re.compile(r"(?<![^,;\t\n])\"(?:[^\"\n]|\"\")*\n(?:[^\"]|\"\"){0,10000}\"(?![^,;\t\n])")
#: Headings that a window is told of at most, and those before it that are looked at to find them.
MOST_HEADINGS, LOOK_BACK = 4, 500
#: White space between a heading and its text that is looked at, characters.
WIDEST_BLANK = 200


class Outline:
    """The tables and headings of a document's text up to `end`."""

    def __init__(self, document: Document, *, end: int) -> None:
        text = document.text
        is_csv = document.media_type == CSV
        self._is_csv = is_csv
        tables = [Span(0, end)] if is_csv else list(tables_in(text, end))
        folds = [found.span() for found in _QUOTED.finditer(text, 0, end)] if is_csv else []
        self.text = text
        self._tables = tables
        self._table_starts = [table.start for table in tables]
        headings = [heading for heading in headings_in(text, end) if self.table_at(heading.start) is None]
        self._headings = headings
        self._heading_starts = [heading.start for heading in headings]
        self._heading_ends = [heading.end for heading in headings]
        self._headers: dict[Span, Span | None] = {}
        self._fold_starts = [start for start, _ in folds]
        self._fold_ends = [end for _, end in folds]

    def table_at(self, at: int) -> Span | None:
        """Return the table that a cut at `at` would go through."""
        number = bisect_left(self._table_starts, at) - 1
        return self._tables[number] if number >= 0 and at <= self._tables[number].end else None

    def is_in_row(self, at: int) -> bool:
        """Whether a cut at `at` would go through a row of a table."""
        table = self.table_at(at)
        if table is None:
            return False
        if self.text[at - 1] not in "\n\f" or self._is_folded(at):
            return True
        return not (self._is_csv or opens_row(self.text, at, table=table.start))

    def parts_head(self, at: int) -> bool:
        """Whether a cut at `at` would part a header from its first row, or a heading from what follows it."""
        table = self.table_at(at)
        header = self._header(table) if table else None
        if header is not None and header.start < at <= header.end:
            return True
        number = bisect_right(self._heading_ends, at) - 1
        return number >= 0 and self.text[max(self._heading_ends[number], at - WIDEST_BLANK) : at].isspace()

    def tables_between(self, low: int, high: int) -> Iterator[Span]:
        """Yield the parts of tables from `low` to `high`."""
        first = max(bisect_left(self._table_starts, low) - 1, 0)
        for table in self._tables[first : bisect_right(self._table_starts, high)]:
            if table.end >= low:
                yield Span(max(table.start, low), min(table.end, high))

    def _header(self, table: Span) -> Span | None:
        """Return the header of a table, looked for once."""
        if table not in self._headers:
            first = Span(0, line_end(self.text, 0) + 1)
            self._headers[table] = first if self._is_csv else header_of(self.text, table)
        return self._headers[table]

    def _is_folded(self, at: int) -> bool:
        number = bisect_left(self._fold_starts, at) - 1
        return number >= 0 and at < self._fold_ends[number]

    def headings_between(self, low: int, high: int) -> Iterator[int]:
        """Yield the starts of headings from `low` to `high` that do not stand right below another."""
        first = bisect_left(self._heading_starts, low)
        for number in range(first, bisect_right(self._heading_starts, high)):
            start = self._heading_starts[number]
            if not number or not self.text[self._heading_ends[number - 1] : start].isspace():
                yield start

    def context(self, at: int) -> tuple[Passage, ...]:
        """Return what has to be read with a text that begins at `at`: headings above, and the header of its table."""
        spans = [(heading.end - len(heading.of(self.text)), heading.end) for heading in self._headings_above(at)]
        table = self.table_at(at)
        header = self._header(table) if table else None
        if header is not None and header.end <= at:
            spans.append((header.start, header.end - 1))
        return tuple(Passage(start=start, end=end, text=self.text[start:end]) for start, end in spans)

    def _headings_above(self, at: int) -> list[Heading]:
        """Return the nearest heading before `at` and those that it stands under, outermost first."""
        number = bisect_left(self._heading_starts, at)
        rank = 100
        if number < len(self._headings) and self._heading_starts[number] == at:
            rank = self._headings[number].rank
        found: list[Heading] = []
        for heading in reversed(self._headings[max(number - LOOK_BACK, 0) : number]):
            if heading.end <= at and heading.rank < rank and len(found) < MOST_HEADINGS:
                found.append(heading)
                rank = heading.rank
        return found[::-1]

"""The rows of the tables in a document's text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extractor.document.outline import Outline
from extractor.document.rows import line_end

if TYPE_CHECKING:
    from extractor.document.spans import Span
    from extractor.records import Document


def rows_of_tables(document: Document) -> tuple[tuple[tuple[int, int], ...], ...]:
    """Return, for each table, where its rows begin and end, in order; headers are rows, blank lines are part of none.

    Linear in the text.
    """
    end = len(document.text)
    outline = Outline(document, end=end)
    return tuple(_rows(outline, table) for table in outline.tables_between(0, end))


def _rows(outline: Outline, table: Span) -> tuple[tuple[int, int], ...]:
    text = outline.text
    starts, at = [table.start], line_end(text, table.start) + 1
    while at < table.end:
        if not outline.is_in_row(at):
            starts.append(at)
        at = line_end(text, at) + 1
    ends = [*starts[1:], table.end]
    return tuple(
        (start, start + len(text[start:end].rstrip()))
        for start, end in zip(starts, ends, strict=True)
        if text[start:end].strip()
    )

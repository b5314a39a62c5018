"""Headed tables: rows with bars, or text in aligned columns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from extractor.model.offline.labels import LOWEST, Labels, best_labels
from extractor.model.offline.words import Words, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.model.offline.fields import Field
    from extractor.model.offline.lines import Line, Segment

#: Columns beyond which a line is no table header.
MOST_COLUMNS = 24
#: Rows of one table at most.
MOST_ROWS = 5_000
#: First words of the rows that close a table of charges.
SUMS = frozenset(
    (
        *("subtotal", "total", "net", "nett", "vat", "gst", "tax", "sum", "balance", "grand", "discount", "rounding"),
        *("totaal", "btw", "zwischensumme", "gesamtbetrag", "nettobetrag", "mwst", "cash", "change", "tip", "gratuity"),
    )
)


@dataclass(frozen=True)
class Header:
    """A line that may head a table."""

    #: Its number in the scope.
    line: int
    #: Its cells.
    cells: tuple[Segment, ...]

    @cached_property
    def labels(self) -> tuple[Words, ...]:
        """The words of each cell."""
        return tuple(words(cell.text) for cell in self.cells)


def headers_of(lines: tuple[Line, ...]) -> list[Header]:
    """Return every line that may head a table: two cells or more, each a short label."""
    return [Header(number, line.segments) for number, line in enumerate(lines) if _may_head(line)]


def _may_head(line: Line) -> bool:
    filled = [segment.text for segment in line.segments if segment.text]
    return 1 < len(filled) <= MOST_COLUMNS and len(line.segments) <= MOST_COLUMNS and all(map(_is_label, filled))


def _is_label(text: str) -> bool:
    return (len(text) <= 40 and (not text[0].isdigit() and any(map(str.isalpha, text)))) or text in {"#", "%"}  # noqa: PLR2004


def columns_of(header: Header, members: Sequence[Field], *, owner: str = "") -> tuple[float, dict[int, int]]:
    """Match header cells with item fields.

    Returns:
        How well it fits, the sum over columns; and cell number -> field number.
    """
    given = best_labels(members, Labels(header.labels), owner=owner)
    columns = {header.labels.index(found[0][1]): field for field, found in given.items() if found[0][0] >= LOWEST}
    return sum(given[field][0][0] for field in columns.values()), columns


def rows_of(lines: tuple[Line, ...], header: Header) -> tuple[list[tuple[str, ...]], int]:
    """Return the cells of each row below `header`, one text per header cell, and the number of the line that ends them.

    Cells keep their column when neighbours are empty. The table ends at a line of sums, two blank lines, or prose.
    """
    rows: list[tuple[str, ...]] = []
    blanks = 0
    last = min(len(lines), header.line + 1 + MOST_ROWS)
    for number in range(header.line + 1, last):
        cells = _row_cells(lines[number], header)
        if cells is not None and _is_sum(cells):
            return rows, number
        if cells is None:
            is_blank = lines[number].is_blank
            if (is_blank and blanks) or (
                not is_blank and (blanks or lines[number].is_row != lines[header.line].is_row)
            ):
                return rows, number
            blanks += is_blank
            continue
        blanks = 0
        if tuple(words(cell) for cell in cells) != header.labels:
            rows.append(cells)
    return rows, last


def _row_cells(line: Line, header: Header) -> tuple[str, ...] | None:
    width = len(header.cells)
    if line.is_blank:
        return None
    if line.is_row:
        cells = tuple(segment.text for segment in line.segments)
        return (cells + ("",) * width)[:width] if any(cells) else None
    if len(line.segments) < min(2, width):
        return None
    if len(line.segments) == width:
        return tuple(segment.text for segment in line.segments)
    placed = [""] * width
    for segment in line.segments:
        column = _nearest(segment, header)
        placed[column] = f"{placed[column]} {segment.text}".strip()
    return tuple(placed)


def _nearest(segment: Segment, header: Header) -> int:
    """Return the column whose header cell is aligned best with `segment`: left edges, right edges or middles."""
    return min(range(len(header.cells)), key=lambda column: (_distance(segment, header.cells[column]), column))


def _distance(segment: Segment, cell: Segment) -> float:
    edges = min(abs(segment.start - cell.start), abs(segment.end - cell.end))
    middles = abs(segment.start + segment.end - cell.start - cell.end) / 2
    return min(edges, middles)


def _is_sum(cells: tuple[str, ...]) -> bool:
    filled = [cell for cell in cells if cell]
    first = words(filled[0]) if filled else ()
    return bool(first) and first[0] in SUMS and len(filled) <= max(2, len(cells) // 2)

"""Tables as lines of text. What HTML and DOCX have in common."""

from __future__ import annotations

from typing import TypeAlias

#: Rows of cells; a cell may hold several lines.
Grid: TypeAlias = list[list[str]]

CELL_SEPARATOR = " | "
#: Lines in one cell beyond which the table arranges a page and is not one of values.
MAX_CELL_LINES = 3
#: Columns that one cell may span; what a document asks for beyond is a mistake or an attack.
MAX_SPAN = 100


def table_lines(grid: Grid) -> list[str]:
    """Return one line per row, with a separator for every cell, so that an empty cell keeps its place.

    Columns that are empty in every row are dropped: pages use them as spacers.
    """
    width = max((len(row) for row in grid), default=0)
    rows = [[*row, *[""] * (width - len(row))] for row in grid]
    used = [column for column in range(width) if any(row[column].strip() for row in rows)]
    lines: list[str] = []
    for row in rows:
        lines += _row_lines([row[column].strip() for column in used])
    return lines


def _row_lines(cells: list[str]) -> list[str]:
    if not any(cells):
        return []
    if any(cell.count("\n") >= MAX_CELL_LINES for cell in cells):
        return [line for cell in cells for line in cell.split("\n") if line.strip()]
    return [CELL_SEPARATOR.join(" ".join(cell.split()) for cell in cells).rstrip()]


def span(stated: str | None) -> int:
    """Return how many columns or rows a cell covers, at least 1."""
    if stated is None or not stated.strip().isdecimal():
        return 1
    return min(max(int(stated.strip()[:6]), 1), MAX_SPAN)

"""Rows of tables in a document's text: lines with bars, as `tables` prints them, or columns kept apart by blanks.

A row may run over several lines: the next ones begin further right, or have an empty first cell, or one piece alone.
All of this errs towards calling lines one row: a place to cut is lost, a row is not.
"""

from __future__ import annotations

import re

#: The first sign in a line that it is a row, and the rest of the line: a bar with blanks round it, a tab, a gap of
#: three blanks, or two gaps of two; a gap of two after a full stop is typing, not a column.
ROW = re.compile(
    r"[ \t|+](?:(?P<bars>(?<= )\|(?![^ \n\f])|(?<![^\n\f]\|)(?<=\|)|(?<![^\n\f]\+)(?<=\+)[-=+]{2})"
    r"|(?<=\S )(?: {2,}+(?=\S)|(?<![.!?:;,] ) (?=\S)[^\n\f]*?(?<=\S) {2})"
    r"|(?<=\S\t))[^\n\f]*"
)
_LINE_END = re.compile(r"[\n\f]|\Z")
_BETWEEN_CELLS = re.compile(r"\s*\|\s*|\s*\t\s*| {2,}")
#: A line of dashes under a header.
_RULER = re.compile(r"[\s|+:=-]*[-=]{2}[\s|+:=-]*")
_EMPTY_FIRST_CELL = re.compile(r" \||\|\s*\|")
#: A cell that begins with a figure, and is not just a year.
_FIGURE = re.compile(r"\W*(?!(?:19|20)\d\d(?!\S))\d")
#: Lines that one row takes beyond its first, at most; what looks like more is rows that are set in.
MOST_WRAPPED = 6
#: Characters by which the first cells of two rows may stand apart: figures are set to the right.
SLACK = 1
#: What an empty first cell counts for, in characters of indentation.
EMPTY = 1_000
#: Characters of one label at most.
LONGEST_LABEL = 48


def line_end(text: str, at: int) -> int:
    """Return the offset of the end of the line that holds `at`, its line feed or form feed left out."""
    found = _LINE_END.search(text, at)
    return found.start() if found else len(text)


def line_start(text: str, at: int) -> int:
    """Return the offset of the start of the line that holds `at`."""
    start = text.rfind("\n", 0, at) + 1
    return max(start, text.rfind("\f", start, at) + 1)


def opens_row(text: str, line: int, *, table: int) -> bool:
    """Whether a row begins with the line that starts at `line`, and the line before does not go on there.

    Args:
        text: The document.
        line: Offset of the start of a line inside a table.
        table: Offset of the start of that table.
    """
    own = _indent(text, line)
    if own is None:
        return True
    is_row = is_row_at(text, line)
    at = line
    for _ in range(MOST_WRAPPED):
        if at <= table:
            return True
        at = line_start(text, at - 1)
        above = _indent(text, at)
        if above is None:
            return True
        if above < own - SLACK or (not is_row and is_row_at(text, at)):
            return False
    return True


def is_row_at(text: str, line: int) -> bool:
    """Whether the line that starts at `line` has cells."""
    return ROW.search(text, line, line_end(text, line)) is not None


def _indent(text: str, line: int) -> int | None:
    """Return how far to the right a line begins, in characters; None when it is blank."""
    raw = text[line : line_end(text, line)]
    if _EMPTY_FIRST_CELL.match(raw) or _RULER.fullmatch(raw):
        return EMPTY
    stripped = raw.lstrip()
    return len(raw) - len(stripped) if stripped else None


def labels(text: str, line: int) -> int:
    """Return how many cells of a line are filled when all of them are labels, else 0."""
    raw = text[line : line_end(text, line)].strip(" \t|")
    cells = [cell for cell in _BETWEEN_CELLS.split(raw) if cell]
    return 0 if any(len(cell) > LONGEST_LABEL or _FIGURE.match(cell) for cell in cells) else len(cells)

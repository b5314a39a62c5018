"""What in a text may be the item of a list: rows of tables, points of lists, paragraphs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

#: Characters beyond which a line is prose, not a row.
MAX_ROW = 400
#: Figures that make a line without columns a row.
ROW_FIGURES = 2
#: Words for each of these at most: a sentence with two figures in it is no row.
WORDS_PER_FIGURE = 6
#: Columns that make a line a row. Two may be a name and its value.
ROW_COLUMNS = 3
#: Rows, or points, that make a table, or a list.
FEWEST = 2
#: What separates columns: of tables that were read, of files with tabs, of laid-out pages, of comma-separated files.
_COLUMNS = re.compile(r" \|(?: |$)|\t|(?<=\S) {2,}(?=\S)|[,;](?=\S)")
_MARKS: Final = (" |", "\t", "  ", ",", ";")
_FIGURE = re.compile(r"(?<![\w-])\d[\d.,]*")
_POINT = re.compile(r"\s*(?:[-*•]|\(?(?:\d{1,3}|[a-z])[.)])\s+\S")


class Kind(NamedTuple):
    """Items of one kind."""

    number: int = 0
    #: Code points of the lines that they stand on.
    size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """What of each kind a text has."""

    #: Bytes of UTF-8.
    size: int
    #: Lines that are not blank.
    lines: int
    #: Rows below the first one of each table.
    rows: Kind
    #: Tables: rows without another line between them.
    tables: int
    #: Points of lists.
    points: Kind
    #: Lines without columns that hold several figures.
    figures: Kind
    #: Runs of lines between blank ones.
    paragraphs: int


def items_in(text: str) -> Items:
    """Count what may be items. Linear in the text."""
    lines = tables = paragraphs = 0
    numbers = dict.fromkeys(("row", "point", "figures"), 0)
    sizes = dict(numbers)
    was_row, was_blank = False, True
    for line in text.splitlines():
        is_blank = not line.strip()
        kind = "" if is_blank or len(line) > MAX_ROW else _kind_of(line)
        lines += not is_blank
        paragraphs += was_blank and not is_blank
        is_head = kind == "row" and not was_row
        tables += is_head
        if kind and not is_head:
            numbers[kind] += 1
            sizes[kind] += len(line)
        was_row, was_blank = kind == "row" or (was_row and is_blank), is_blank
    return Items(
        size=len(text.encode("utf-8", "surrogatepass")),
        lines=lines,
        rows=Kind(numbers["row"], sizes["row"]),
        tables=tables,
        points=Kind(numbers["point"], sizes["point"]),
        figures=Kind(numbers["figures"], sizes["figures"]),
        paragraphs=paragraphs,
    )


def _kind_of(line: str) -> str:
    if _POINT.match(line):
        return "point"
    if any(mark in line for mark in _MARKS) and len(_COLUMNS.findall(line)) >= ROW_COLUMNS - 1:
        return "row"
    figures = len(_FIGURE.findall(line))
    return "figures" if figures >= max(ROW_FIGURES, line.count(" ") / WORDS_PER_FIGURE) else ""

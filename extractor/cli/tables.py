"""Tables on stdout: no lines, as wide as they need to be where nobody looks, fitted to a terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Cells that a path needs to be recognised, and those that it has also where nothing fits.
_READABLE, _SHORTEST = 12, 8
#: Seconds per unit, and the letter behind it.
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under their column names.

    On a terminal the last column but one is shortened to what fits, and the last is folded between words.
    """
    widths = [max(cell_len(row[number]) for row in (columns, *rows)) for number in range(len(columns))]
    gap = 2
    if sys.stdout.isatty():
        gap = 1
        widths[-2:] = _last_two(widths, rows, room=Console().width - gap * (len(widths) - 1))
    table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="bold")
    for column, width in zip(columns, widths, strict=True):
        table.add_column(column, overflow="fold", min_width=width, max_width=width)
    for row in rows:
        *others, long, last = row
        table.add_row(*others, shorten(long, widths[-2]), last)
    Console(highlight=False, markup=False, width=sum(widths) + gap * len(widths)).print(table)


def _last_two(widths: Sequence[int], rows: Sequence[Sequence[str]], *, room: int) -> tuple[int, int]:
    """Return how wide the last two columns are, so that all fit; no word of the last is broken."""
    *others, long, last = widths
    left = room - sum(others)
    longest_word = max(cell_len(word) for row in rows for word in (*row[-1].split(), ""))
    last = min(last, max(longest_word, left - min(long, _READABLE), _SHORTEST))
    return min(long, max(left - last, _SHORTEST)), last


def shorten(text: str, cells: int) -> str:
    """Leave out the middle of a text that is wider than so many cells; of its end, the name of a file, more is kept."""
    if cell_len(text) <= cells:
        return text
    head = (cells - 1) // 3
    return f"{set_cell_size(text, head)}…{set_cell_size(text[::-1], cells - 1 - head)[::-1]}"


def age(seconds: float) -> str:
    """Write a time span in its largest unit: `12 s`, `5 m`, `3 h`, `2 d`."""
    for length, unit in _UNITS:
        if seconds >= length:
            return f"{seconds // length:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"

"""Tables on stdout: no lines, as wide as they need to be where nobody looks, folded on a terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Characters of a line that nobody looks at.
_WIDE = 10_000
#: Seconds per unit, and the letter behind it.
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under their column names. The last two columns are folded where the terminal is narrow."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, column in enumerate(columns, start=1):
        table.add_column(column, overflow="fold", no_wrap=number <= len(columns) - 2)
    for row in rows:
        table.add_row(*row)
    Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else _WIDE).print(table)


def age(seconds: float) -> str:
    """Write a time span in its largest unit: `12 s`, `5 m`, `3 h`, `2 d`."""
    for length, unit in _UNITS:
        if seconds >= length:
            return f"{seconds // length:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"

"""Keep the columns of a table apart where a page is one, and leave prose as it was written.

PDF knows no tables: a page is glyphs at places, and the order in which they were drawn drops every empty cell.
A page counts as tabular when enough of its lines fall into three pieces or more; then it is laid out again on a
grid of characters, so that a column of the page is a column of the text. Any other page keeps its drawing order,
because two columns of prose, laid out on a grid, would be read across.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Gap between glyphs that separates two pieces of a line, in median glyph widths. Justified prose stays below.
GAP_WIDTHS = 2.0
#: Baselines closer than this are one line, in median glyph heights.
SAME_LINE_HEIGHTS = 0.5
#: Blank space between lines that is worth an empty line, in median line distances.
PARAGRAPH_LINES = 1.6
#: Pieces that make a line a row of a table: two may be two columns of prose.
ROW_PIECES = 3
#: Rows that make a page tabular: this many, and this share of its lines. Set on the files of the tests.
MIN_ROWS = 3
MIN_ROW_SHARE = 0.12
#: A line with two pieces of this many characters is two columns of prose. Such lines per row that a page may have:
#: a paper with a table in one column has more of them, and read across it would make no sense.
PROSE_CHARACTERS = 30
MAX_PROSE_PER_ROW = 0.5
#: Characters that a piece needs to tell how wide its font is, and the least pitch, in points.
MIN_WORD = 3
MIN_PITCH = 0.5
#: Characters in a line at most; glyphs may lie a mile beside the page.
MAX_COLUMNS = 1_000
#: Widest run of blank columns that is kept, in characters.
MAX_BLANK_COLUMNS = 4


class Glyph(NamedTuple):
    """One character of a page as it is seen, in points; `baseline` grows upwards."""

    char: str
    left: float
    right: float
    baseline: float
    height: float


@dataclass(slots=True)
class Piece:
    """A run of glyphs that belong together: a cell, or a stretch of prose."""

    text: str
    left: float
    right: float
    baseline: float


def tabular_text(glyphs: Sequence[Glyph]) -> str | None:
    """Return the page on a character grid when it is tabular, else None.

    Args:
        glyphs: In drawing order, with line breaks and spaces as the PDF library puts them.
    """
    inked = [glyph for glyph in glyphs if not glyph.char.isspace()]
    if not inked:
        return None
    width = median(glyph.right - glyph.left for glyph in inked) or 1.0
    height = median(glyph.height for glyph in inked) or 1.0
    lines = _lines(list(_pieces(glyphs, width=width, height=height)), tolerance=height * SAME_LINE_HEIGHTS)
    rows = [line for line in lines if len(line) >= ROW_PIECES]
    prose = [line for line in lines if sum(len(piece.text) >= PROSE_CHARACTERS for piece in line) > 1]
    if len(rows) < max(MIN_ROWS, MIN_ROW_SHARE * len(lines)) or len(prose) > MAX_PROSE_PER_ROW * len(rows):
        return None
    return _on_grid(lines, _pitch(rows))


def _pieces(glyphs: Sequence[Glyph], *, width: float, height: float) -> Iterator[Piece]:
    """Join glyphs that follow each other on one baseline, or straight up or down where text is turned."""
    piece: Piece | None = None
    last: Glyph | None = None
    pending = ""
    for glyph in glyphs:
        if glyph.char in "\r\n":
            last = None
        elif glyph.char.isspace():
            pending = " "
        elif piece and last and _follows(last, glyph, width=width, height=height):
            piece.text += pending + glyph.char
            piece.right = max(piece.right, glyph.right)
            last, pending = glyph, ""
        else:
            if piece:
                yield piece
            piece = Piece(glyph.char, glyph.left, glyph.right, glyph.baseline)
            last, pending = glyph, ""
    if piece:
        yield piece


def _follows(last: Glyph, glyph: Glyph, *, width: float, height: float) -> bool:
    rise = abs(glyph.baseline - last.baseline)
    if rise < height * SAME_LINE_HEIGHTS:
        return last.left - width < glyph.left < last.right + width * GAP_WIDTHS  # a ligature's letters share one place
    return abs(glyph.left - last.left) < width and rise < 2 * height


def _lines(pieces: list[Piece], *, tolerance: float) -> list[list[Piece]]:
    """Group pieces by baseline, from the top; each line from left to right."""
    lines: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda piece: -piece.baseline):
        if lines and lines[-1][0].baseline - piece.baseline < tolerance:
            lines[-1].append(piece)
        else:
            lines.append([piece])
    return [sorted(line, key=lambda piece: piece.left) for line in lines]


def _pitch(rows: list[list[Piece]]) -> float:
    """Return the points that one character of the grid stands for: small enough for most cells to fit their place."""
    words = [piece for row in rows for piece in row if len(piece.text) >= MIN_WORD] or [*rows[0]]
    pitches = sorted((piece.right - piece.left) / len(piece.text) for piece in words)
    return max(pitches[len(pitches) // 4], MIN_PITCH)


def _on_grid(lines: list[list[Piece]], pitch: float) -> str:
    origin = min(line[0].left for line in lines)
    printed = [_print_line(line, origin=origin, pitch=pitch) for line in lines]
    baselines = [line[0].baseline for line in lines]
    drops = [above - below for above, below in pairwise(baselines)]
    paragraph = PARAGRAPH_LINES * median(drops) if drops else 0.0
    parts = [text if drop <= paragraph else f"\n{text}" for text, drop in zip(printed, [0.0, *drops], strict=True)]
    return _without_wide_gaps("\n".join(parts))


def _print_line(line: list[Piece], *, origin: float, pitch: float) -> str:
    printed = ""
    for piece in line:
        column = min(round((piece.left - origin) / pitch), MAX_COLUMNS)
        printed = printed.ljust(max(column, len(printed) + 2) if printed else column) + piece.text
    return printed


def _without_wide_gaps(text: str) -> str:
    """Drop character columns that are blank on every line, but for a few: they cost tokens and say nothing."""
    lines = text.split("\n")
    width = max(map(len, lines))
    used = [False] * width
    for line in lines:
        for column, char in enumerate(line):
            used[column] = used[column] or char != " "
    kept: list[int] = []
    blank = 0
    for column in range(width):
        blank = 0 if used[column] else blank + 1
        if blank <= MAX_BLANK_COLUMNS:
            kept.append(column)
    return "\n".join("".join(line[column] for column in kept if column < len(line)).rstrip() for line in lines)

"""Lists: bullets, numbered entries, paragraphs, lines, and names between commas."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from extractor.model.offline.lines import Line

#: Entries of one list at most.
MOST_ENTRIES = 5_000
_BETWEEN = re.compile(
    r"\s*[;\u2022\u00b7|]\s*|\s*,\s+(?![IVX]+\b|Inc\b|Ltd\b|LLC\b|Jr\b|L\.?P\b)(?:and\s|&\s)?|\s+and\s+|\s+&\s+|\s*\n\s*"
)
_COARSE = re.compile(r"\s*[;\u2022\u00b7|]\s*|\s*\n\s*")


def split_list(text: str, *, at_commas: bool = True) -> list[str]:
    """Split `a, b and c`. Where semicolons, bullets or lines separate, commas do not."""
    coarse = [piece for piece in _COARSE.split(text) if piece]
    pieces = coarse if len(coarse) > 1 or not at_commas else _BETWEEN.split(text)
    return [piece.strip(" ,;.") for piece in pieces[:MOST_ENTRIES] if piece.strip(" ,;.")]


def list_items(lines: tuple[Line, ...], *, at_commas: bool = True) -> list[str]:
    """Return the items of a list of short texts: one per bullet, else what commas or lines separate."""
    filled = _one_block(lines)
    if filled and filled[0].is_bullet:
        return [_joined(entry) for entry in bulleted(tuple(filled))]
    joined = " ".join(line.text for line in filled)
    if (at_commas and "," in joined) or any(mark in joined for mark in (";", "\u2022", " | ")):
        return split_list(joined, at_commas=at_commas)
    return [piece.text for line in filled for piece in line.segments if piece.text][:MOST_ENTRIES]


def _one_block(lines: tuple[Line, ...]) -> list[Line]:
    """Return the filled lines to the blank line that ends a list; blank lines between bullets do not."""
    found: list[Line] = []
    ended = False
    for line in lines:
        if line.is_blank:
            ended = bool(found)
        elif ended and not (line.is_bullet and found[0].is_bullet):
            break
        else:
            found.append(line)
            ended = False
    return found


def bulleted(lines: tuple[Line, ...]) -> list[tuple[Line, ...]]:
    """Return one run of lines per bullet, with the lines that continue it; what stands before the first is left out."""
    runs: list[list[Line]] = []
    for line in lines:
        if line.is_bullet:
            runs.append([line])
        elif runs and not line.is_blank:
            runs[-1].append(line)
    return [tuple(run) for run in runs[:MOST_ENTRIES]]


def paragraphs(lines: tuple[Line, ...]) -> list[tuple[Line, ...]]:
    """Return the runs of lines between blank lines."""
    runs: list[list[Line]] = [[]]
    for line in lines:
        if not line.is_blank:
            runs[-1].append(line)
        elif runs[-1]:
            runs.append([])
    return [tuple(run) for run in runs[:MOST_ENTRIES] if run]


def entries(lines: tuple[Line, ...]) -> list[tuple[Line, ...]]:
    """Cut a list of records: by numbers or bullets where most lines have them, by blank lines, else line by line."""
    filled = [line for line in lines if not line.is_blank]
    numbered = sum(line.is_bullet for line in filled)
    if numbered > 1 and filled[0].is_bullet:
        return bulleted(lines)
    blocks = paragraphs(lines)
    if len(blocks) > 1:
        return blocks
    return [(line,) for line in filled[:MOST_ENTRIES]]


def _joined(lines: tuple[Line, ...]) -> str:
    return " ".join(line.text for line in lines)

"""Which lines are headings, and how much of a document stands under one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extractor.model.offline.pairs import labelled
from extractor.model.offline.words import synonyms, words

if TYPE_CHECKING:
    from extractor.model.offline.lines import Line

#: Ranks of headings, Markdown's 1 to 6 before them. A section ends at a heading of its own rank or a stronger one.
CAPITALS = 7
KNOWN = 8
COLON = 9
PLAIN = 10
NONE = 99

#: Most words of a heading.
LONGEST = 7
#: Characters that a heading in capitals has more than; shorter ones are codes.
SHORTEST_CAPITALS = 3
#: Lines of one section at most.
MOST_LINES = 2_000
#: Lines of one value at most.
MOST_VALUE_LINES = 60


def rank(lines: tuple[Line, ...], at: int, *, known: frozenset[tuple[str, ...]] = frozenset()) -> int:
    """Return how strong a heading the line is; NONE when it is none.

    Args:
        lines: The document.
        at: Number of the line.
        known: Canonical words of headings that the schema makes likely.
    """
    line = lines[at]
    if line.marker.startswith("#"):
        return len(line.marker)
    if not _may_be_heading(line):
        return NONE
    if line.text.endswith(":"):
        return COLON
    label = words(line.text)
    if label in known and line.text[0].isupper():
        return KNOWN
    if _has_digit(line.text):
        return NONE
    return _rank_of_words(line.text, label, stands_free=at == 0 or lines[at - 1].is_blank)


def _may_be_heading(line: Line) -> bool:
    if len(line.segments) != 1 or line.is_row or (line.is_bullet and not line.marker[0].isdigit()):
        return False
    return len(line.text.split()) <= LONGEST and line.text[0].isalpha()


def _rank_of_words(text: str, label: tuple[str, ...], *, stands_free: bool) -> int:
    if text.isupper() and len(text) > SHORTEST_CAPITALS:
        return CAPITALS
    if not text[0].isupper():
        return NONE
    if synonyms(label):
        return KNOWN
    return PLAIN if stands_free and text[-1] not in ".,;" and labelled(text) is None else NONE


def _has_digit(text: str) -> bool:
    return any(character.isdigit() for character in text)


def section(
    lines: tuple[Line, ...],
    at: int,
    *,
    known: frozenset[tuple[str, ...]] = frozenset(),
    inner: frozenset[tuple[str, ...]] = frozenset(),
) -> tuple[Line, ...]:
    """Return the lines under the heading at `at`, to the next heading of its rank or stronger.

    Args:
        lines: The document.
        at: Number of the heading's line.
        known: Canonical words of headings that the schema makes likely.
        inner: Canonical words of headings that belong inside, whatever their rank.
    """
    own = min(rank(lines, at, known=known), PLAIN)
    end = at + 1
    last = min(len(lines), at + MOST_LINES)
    while end < last and (rank(lines, end, known=known) > own or words(lines[end].text) in inner):
        end += 1
    return lines[at + 1 : end]


def block(lines: tuple[Line, ...], at: int, *, inner: frozenset[tuple[str, ...]]) -> tuple[Line, ...]:
    """Return the lines under a heading that ends with a colon: to a blank line before what does not belong inside."""
    end = at + 1
    last = min(len(lines), at + MOST_LINES)
    while end < last:
        after = next((number for number in range(end, min(end + 3, last)) if not lines[number].is_blank), last)
        if end > at + 1 and after > end and not _belongs(lines[after : after + 1], inner):
            break
        end = max(after, end) + 1
    return lines[at + 1 : end]


def _belongs(lines: tuple[Line, ...], inner: frozenset[tuple[str, ...]]) -> bool:
    if not lines:
        return False
    split = labelled(lines[0].text)
    label = words(split[0]) if split else words(lines[0].segments[0].text)
    return lines[0].is_bullet or label in inner


def value_below(
    lines: tuple[Line, ...], at: int, column: int = 0, *, known: frozenset[tuple[str, ...]] = frozenset()
) -> tuple[Line, ...]:
    """Return the lines of a value printed below the label in `column` of line `at`.

    It ends at a blank line, and at the next label or heading that is `known`.
    """
    found: list[Line] = []
    for number in range(at + 1, min(at + 1 + MOST_VALUE_LINES, len(lines))):
        cell = _in_column(lines[number], lines[at], column)
        if cell is None and lines[number].is_blank and not found:
            continue
        if cell is None or (found and _opens_another(lines, number, known)):
            break
        found.append(cell)
    return tuple(found)


def _opens_another(lines: tuple[Line, ...], number: int, known: frozenset[tuple[str, ...]]) -> bool:
    split = labelled(lines[number].text)
    if split is not None and words(split[0]) in known:
        return True
    return rank(lines, number, known=known) == KNOWN


def _in_column(line: Line, head: Line, column: int) -> Line | None:
    """Return what `line` prints below one segment of `head`; None when the block ends here."""
    if line.is_blank or line.marker.startswith("#") or line.is_row != head.is_row:
        return None
    if len(head.segments) == 1 and not head.is_row:
        return line
    left = head.segments[column].start
    right = head.segments[column + 1].start if column + 1 < len(head.segments) else left + 10_000
    slack = 0 if head.is_row else 3
    inside = tuple(piece for piece in line.segments if left - slack <= piece.start < right - slack and piece.text)
    if not inside:
        return type(line)("", ())
    return type(line)("  ".join(piece.text for piece in inside), inside, line.marker, line.is_row)

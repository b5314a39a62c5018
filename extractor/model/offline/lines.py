"""A document as lines of segments: what stands between wide gaps, tabs, dot leaders or table bars."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: Characters of one line that are looked at for structure; the rest of a longer line is prose.
WIDEST = 2_000

_SEGMENT = re.compile(r"[^\s](?:[^\s]| (?=[^\s]))*")
_LEADER = re.compile(r"\.{4,}|_{4,}")
_RULE = re.compile(r"[\s\-=_*~+|:.#\u2500-\u257f\u2013\u2014]+")
_BAR_RULE = re.compile(r"\s*\|?[\s:|+-]*-[\s:|+-]*\|[\s:|+-]*")
_HASHES = re.compile(r"(#{1,6})\s+")
_BULLET = re.compile(
    r"(?:[-*+\u2022\u25cf\u25aa\u25e6\u2023\u00b7\u2013]|\[[ xX]\]|\(\w{1,3}\)|\d{1,3}[.)]|\[\d{1,3}\])\s+(?=\S)"
)
_EMPHASIS = re.compile(r"\*\*|__(?=\S)|(?<=\S)__|`")


@dataclass(frozen=True, slots=True)
class Segment:
    """One piece of a line. For table rows, `start` and `end` count cells instead of characters."""

    #: Column of the first character.
    start: int
    #: Column after the last character.
    end: int
    #: The piece; "" is an empty table cell.
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line."""

    #: The line without its marker and emphasis marks.
    text: str
    #: Its pieces, left to right; none when the line is blank or a rule.
    segments: tuple[Segment, ...]
    #: `#` … `######`, the bullet or the number that it opens with; "" when none.
    marker: str = ""
    #: Whether it is a table row, its cells between bars.
    is_row: bool = False

    @property
    def is_blank(self) -> bool:
        """Whether nothing is printed here."""
        return not self.segments

    @property
    def is_bullet(self) -> bool:
        """Whether it opens with a bullet or a number."""
        return bool(self.marker) and not self.marker.startswith("#")


_BLANK = Line("", ())


def lines_of(text: str) -> tuple[Line, ...]:
    """Cut `text` into lines. Pages and table rulers leave no trace of their own."""
    return tuple(
        _line(line) for line in re.split(r"[\n\f\r]", text) if not ("|" in line and _BAR_RULE.fullmatch(line[:WIDEST]))
    )


def _line(raw: str) -> Line:
    if not raw or _RULE.fullmatch(raw[:WIDEST]):
        return _BLANK
    plain = _EMPHASIS.sub("", raw.expandtabs(8)) if len(raw) <= WIDEST else raw
    indent = len(plain) - len(plain.lstrip())
    marker = _HASHES.match(plain, indent) or _BULLET.match(plain, indent)
    start = marker.end() if marker else indent
    text = plain[start:].rstrip()
    if _is_row(text):
        return Line(text, _cells(text), is_row=True)
    return Line(text, _segments(plain, start), marker=marker[0].strip() if marker else "")


def _is_row(text: str) -> bool:
    return "|" in text and (text.startswith("|") or " | " in text or text.endswith(" |")) and len(text) <= WIDEST


def _cells(text: str) -> tuple[Segment, ...]:
    inner = text[1:-1] if text.startswith("|") and text.endswith("|") else text
    return tuple(Segment(number, number + 1, cell.strip()) for number, cell in enumerate(inner.split("|")))


def _segments(plain: str, start: int) -> tuple[Segment, ...]:
    if len(plain) > WIDEST:
        return (Segment(start, len(plain), plain[start:].strip()),)
    spaced = _LEADER.sub(lambda leader: " " * len(leader[0]), plain)
    return tuple(Segment(match.start(), match.end(), match[0]) for match in _SEGMENT.finditer(spaced, start))


def plain(lines: tuple[Line, ...], *, joint: str = "\n") -> str:
    """Return the printed text of some lines."""
    return joint.join(line.text for line in lines if not line.is_blank)

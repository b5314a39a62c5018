"""A text as lines: which of them print tables and headings, and how much of a long one stands round a place."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from extractor.answer.printed import Span

#: Characters of a line of prose that are taken on each side of a place.
REACH: Final = 200
#: Lines above a row that are looked at for the header of its table, and above any line for a heading.
MOST_ROWS: Final = 2_000
MOST_ABOVE: Final = 400
#: Lines in a row that are no rows of their own, when a cell wraps or a page ends.
_MOST_BETWEEN: Final = 2
#: What a heading has, at most.
_LONGEST_HEADING: Final = 80
_MOST_WORDS: Final = 9

_ENDS: Final = re.compile("[\n\f]")
_CELLS: Final = re.compile(r"\t|\S ?\| |\S {2,}\S")
_RULE: Final = re.compile(r"[\s|:+=_-]+")
_BEFORE_LABEL: Final = re.compile(r"(?:^|[|\t]|  )[\s\W\d]{0,8}$")
_AFTER_LABEL: Final = re.compile(r"(?: \w{1,20}){0,2} ?(?:[:=|\t]|  |\.{4})")
_DIGIT: Final = re.compile(r"\d")


class Lines:
    """The lines of a text, by number from 0. A page ends a line."""

    def __init__(self, text: str) -> None:
        #: The text.
        self.text: Final = text
        self._starts = [0, *(end.end() for end in _ENDS.finditer(text))]
        self._headers: dict[int, int | None] = {}

    def number_at(self, offset: int) -> int:
        """Return the number of the line that holds an offset."""
        return bisect_right(self._starts, offset) - 1

    def span(self, first: int, last: int | None = None) -> Span:
        """Return where some lines stand, without the end of the last. Numbers beyond the text are those at its ends."""
        last = first if last is None else last
        after = min(last, len(self._starts) - 1) + 1
        end = self._starts[after] - 1 if after < len(self._starts) else len(self.text)
        return self._starts[max(first, 0)], end

    def line(self, number: int) -> str:
        """Return one line."""
        start, end = self.span(number)
        return self.text[start:end]

    def around(self, place: Span, *, lines: int = 0, reach: int = REACH) -> Span:
        """Return the lines of a place with so many on each side, of long ones `reach` characters on each side."""
        first, last = self.number_at(place[0]), self.number_at(max(place[1] - 1, place[0]))
        start, end = self.span(first - lines, last + lines)
        return max(start, place[0] - reach), min(end, place[1] + reach)

    def block(self, place: Span) -> Span:
        """Return the lines of a place and those round them up to blank ones; a page does not end a block."""
        first, last = self.number_at(place[0]), self.number_at(max(place[1] - 1, place[0]))
        above = range(first - 1, max(first - MOST_ROWS, 0) - 1, -1)
        below = range(last + 1, min(last + MOST_ROWS, len(self._starts)))
        first = next((number + 1 for number in above if self._is_blank(number)), min(above, default=first))
        last = next((number - 1 for number in below if self._is_blank(number)), max(below, default=last))
        return self.span(first, last)

    def says_label(self, place: Span) -> bool:
        """Whether what stands at a place is printed as a label: before a mark and a value, or alone on its line."""
        start, end = self.span(self.number_at(place[0]))
        before = self.text[max(start, place[0] - _LONGEST_HEADING) : place[0]]
        if _BEFORE_LABEL.search(before) is None:
            return False
        is_alone = not self.text[place[1] : end].strip() and self.text[place[0]].isupper()
        return is_alone or _AFTER_LABEL.match(self.text, place[1], end) is not None

    def header_of(self, number: int) -> Span | None:
        """Return the row that heads the table of a row: the first above it that holds words only."""
        if not self.is_row(number):
            return None
        top, between, above = None, 0, number - 1
        for above in range(number - 1, max(number - MOST_ROWS, 0) - 1, -1):
            if above in self._headers:
                top = top if self._headers[above] is None else self._headers[above]
                break
            between = 0 if self.is_row(above) else between + 1
            if between > _MOST_BETWEEN or self._is_blank(above):
                break
            if not between and self._holds_words_only(above):
                top = above
        first = above if top is None else top
        self._headers |= dict.fromkeys(range(first + 1, number + 1), top)
        return None if top is None else self.span(top)

    def heading_of(self, number: int) -> Span | None:
        """Return the nearest line above that looks like a heading."""
        for above in range(number - 1, max(number - MOST_ABOVE, 0) - 1, -1):
            if self._is_heading(above):
                return self.span(above)
        return None

    def is_row(self, number: int) -> bool:
        """Whether a line has cells."""
        return _CELLS.search(self.line(number)) is not None

    def _holds_words_only(self, number: int) -> bool:
        line = self.line(number)
        return not _DIGIT.search(line) and not _RULE.fullmatch(line)

    def _is_blank(self, number: int) -> bool:
        return not self.line(number).strip() and not self._ends_page(number)

    def _ends_page(self, number: int) -> bool:
        end = self.span(number)[1]
        return self.text.startswith("\f", end)

    def _is_heading(self, number: int) -> bool:
        line = self.line(number).strip()
        if line.startswith("#"):
            return True
        if not line or len(line) > _LONGEST_HEADING or len(line.split()) > _MOST_WORDS or self.is_row(number):
            return False
        stands_free = number == 0 or not self.line(number - 1).strip() or self._ends_page(number - 1)
        return stands_free and line[-1] not in ".,;" and (line[0].isupper() or line[0].isdigit())

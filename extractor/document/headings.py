"""Headings in a document's text, by how they look: no format that we read says more of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

#: A whole line that stands free, below a blank line or at the top of a page: numbered, or plain.
_FREE = (
    r"(?:(?<=\n\n)|(?<=\f)|\A)[ \t]*+"
    r"(?:(?P<number>\d{1,2}(?:\.\d{1,2}){0,4})\.?[ \t]+[^\Wa-z\d_][^\n\f|]{1,90}(?<![.,;:!?])"
    r"|(?P<plain>[^\Wa-z\d_][^\n\f|]{2,80}(?<![.,;!?])))"
)
#: A whole line that stands anywhere: marked by hashes; opened by a word or a sign for a part; in capitals; or short,
#: between prose, where blank lines were lost.
_ANYWHERE = (
    r"[ \t]*+(?:(?P<hashes>\#{1,6})[ \t]+\S[^\n\f]{0,110}"
    r"|(?P<part>(?:Article|Section|Chapter|Part|Appendix|Annex|Schedule|Exhibit|Artikel|Kapitel|Abschnitt|ARTICLE|SECTION"
    r"|\u00a7) ?[\dA-Z][\w.]{0,8})(?:[.:]?[ \t]+[^\Wa-z_][^\n\f|]{0,90})?(?<![,;])"
    r"|(?P<capitals>(?=[^\n\f]{0,60}[A-Z]{3})[^\Wa-z\d_][^a-z\d\n\f|]{3,80})"
    r"|(?<=[.!?:]\n)(?P<between>[^\Wa-z\d_][^\n\f|]{2,80}(?<![.,;:!?]))(?=\n[^\n\f]{120}))"
)
_LINE = rf"(?:{_ANYWHERE}|{_FREE})(?=[ \t]*[\n\f]|\s*\Z)"
_FIRST = re.compile(_LINE)
#: With the line end before it: three times as fast as to ask of every character whether a line begins with it.
_HEADING = re.compile(rf"[\n\f]{_LINE}")
#: How strong a heading is; hashes and numbers say it themselves, more of them weaker.
_RANKS = {"hashes": 0, "part": 7, "capitals": 8, "number": 9, "plain": 20, "between": 20}


class Heading(NamedTuple):
    """A line that says what follows."""

    #: Offset of the start of its line.
    start: int
    #: Offset after its last code point.
    end: int
    #: 1 for the strongest.
    rank: int

    def of(self, text: str) -> str:
        """Return the heading without the blanks before it."""
        return text[self.start : self.end].lstrip()


def headings_in(text: str, end: int) -> Iterator[Heading]:
    """Yield the headings before `end`. A line with cells is none."""
    first = _FIRST.match(text, 0, end)
    if first and (heading := _heading(first, start=0)):
        yield heading
    for found in _HEADING.finditer(text, 0, end):
        if heading := _heading(found, start=found.start() + 1):
            yield heading


def _heading(found: re.Match[str], *, start: int) -> Heading | None:
    line = found[0].strip()
    if "  " in line or "\t" in line:
        return None
    kind = found.lastgroup or "plain"
    return Heading(start, found.end(), _RANKS[kind] + _depth(kind, found[kind]))


def _depth(kind: str, mark: str) -> int:
    if kind == "hashes":
        return len(mark)
    return 1 + mark.count(".") if kind == "number" else 0

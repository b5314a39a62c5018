"""A stretch of the document in which values are looked for: a page, a section, one entry of a list."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from extractor.model.offline.headings import block, rank, section, value_below
from extractor.model.offline.labels import Labels
from extractor.model.offline.lines import Line, lines_of
from extractor.model.offline.numbers import Habits, habits_of
from extractor.model.offline.pairs import Pair, pairs_of
from extractor.model.offline.tables import Header, headers_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from extractor.model.offline.words import Words


class Scope:
    """Lines, with what was read from them once: labels and table headers."""

    def __init__(self, lines: tuple[Line, ...], *, habits: Habits, known: frozenset[Words] = frozenset()) -> None:
        self.lines = lines
        self.habits = habits
        self._known = known

    @classmethod
    def of(cls, text: str, *, known: frozenset[Words] = frozenset()) -> Scope:
        """Read a whole document. `known` are headings that the schema makes likely."""
        return cls(lines_of(text), habits=habits_of(text), known=known)

    def part(self, lines: Iterable[Line]) -> Scope:
        """Return a scope of some of the lines."""
        return Scope(tuple(lines), habits=self.habits, known=self._known)

    @cached_property
    def text(self) -> str:
        """The printed text, blank lines left out."""
        return "\n".join(line.text for line in self.lines if not line.is_blank)

    @cached_property
    def pairs(self) -> dict[Words, list[Pair]]:
        """Label -> what is printed as its value, surest first."""
        found: dict[Words, list[Pair]] = {}
        for pair in pairs_of(self.lines):
            found.setdefault(pair.label, []).append(pair)
        for pairs in found.values():
            pairs.sort(key=lambda pair: (-pair.surety, pair.line))
        return found

    @cached_property
    def labels(self) -> Labels:
        """The labels of `pairs`, by their words."""
        return Labels(self.pairs)

    @cached_property
    def headers(self) -> list[Header]:
        """Lines that may head a table."""
        return headers_of(self.lines)

    def section(self, pair: Pair, *, inner: frozenset[Words] = frozenset()) -> tuple[Line, ...]:
        """Return the lines under a heading. `inner` are headings that belong inside, whatever their rank."""
        return section(self.lines, pair.line, known=self._known, inner=inner)

    def block(self, pair: Pair, *, inner: frozenset[Words]) -> tuple[Line, ...]:
        """Return the lines under a heading that ends with a colon."""
        return block(self.lines, pair.line, inner=inner)

    def rank(self, line: int) -> int:
        """Return how strong a heading a line is."""
        return rank(self.lines, line, known=self._known)

    def below(self, pair: Pair) -> tuple[Line, ...]:
        """Return the lines of the value printed below a label."""
        return value_below(self.lines, pair.line, pair.column, known=self._known)

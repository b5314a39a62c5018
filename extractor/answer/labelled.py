"""Where a text says the words of a name: `unitPrice` is said by `Unit price`, `unit_price` and `UNIT-PRICE`."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Final

from extractor import jsontext

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extractor.answer.printed import Span

#: Places of a name's first word that are looked at, and places of a name that are told.
MOST_LOOKS: Final = 5_000
MOST_PLACES: Final = 200

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+")
_BETWEEN: Final = r"[\s_./-]{0,2}"


class Labelled:
    """Finds the names of places in one text, each once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._found: dict[tuple[str, ...], list[Span]] = {}
        #: Word -> where it stands first, -1 where it does not.
        self._firsts: dict[str, int] = {}

    def named(self, at: str) -> list[Span]:
        """Return where a place's name stands: with the name of what it is a member of, else alone, else only that."""
        names = [_words(token) for token in jsontext.tokens(at) if not token.isdecimal()][-2:]
        for wanted in (sum(names, ()), *reversed(names)):
            if wanted and (found := self.places(wanted)):
                return found
        return []

    def places(self, wanted: tuple[str, ...]) -> list[Span]:
        """Return where some words, in lower case, stand in this order."""
        found = self._found.get(wanted)
        if found is None:
            found = self._found[wanted] = list(self._looked_up(wanted))
        return found

    def _looked_up(self, wanted: tuple[str, ...]) -> Iterator[Span]:
        pattern = re.compile(r"(?<!\w)" + _BETWEEN.join(map(re.escape, wanted)) + r"(?!\w)")
        text, places = self._lowered, 0
        if wanted[0] not in self._firsts:
            self._firsts[wanted[0]] = text.find(wanted[0])
        start = self._firsts[wanted[0]]
        for _ in range(MOST_LOOKS):
            if start < 0 or places == MOST_PLACES:
                return
            if (match := pattern.match(text, start)) is not None:
                yield match.span()
                places += 1
            start = text.find(wanted[0], start + 1)

    @cached_property
    def _lowered(self) -> str:
        """The text in lower case, every character in its place."""
        lowered = self._text.lower()
        if len(lowered) == len(self._text):
            return lowered
        return "".join(low if len(low := char.lower()) == 1 else char for char in self._text)


def _words(name: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in _WORD.findall(name))

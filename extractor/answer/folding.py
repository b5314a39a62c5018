"""A text without its typography, with the way back to the source.

Folding makes equal what readers take for equal: case, accents, ligatures, full-width forms, quotes, dashes, and any
run of white space. It is slow beside a plain search (0.3 s for a million characters), so it is done once, and only
for a document in which some value did not stand as it is.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from functools import lru_cache
from itertools import repeat

#: What folding changes beyond the case of ASCII letters: white space that is not one space, and all other characters.
_IRREGULAR = re.compile(r"(?P<space>\s{2,}|[^\S ])|[^\x00-\x7f\s]+")
_QUOTES = "\u2018\u2019\u201a\u201b\u2032\u00b4"
_DOUBLE_QUOTES = "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033"
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_LETTERS = dict.fromkeys(_QUOTES, "'") | dict.fromkeys(_DOUBLE_QUOTES, '"') | dict.fromkeys(_DASHES, "-")


#: Letters of scripts without spaces between words, as the inside of a character class: Thai, Lao, Khmer, Myanmar, kana,
#: Han. Hangul has spaces.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\U00020000-\U0003ffff"
)


class FoldedText:
    """A folded text that knows where each of its characters came from."""

    def __init__(self, source: str) -> None:
        parts: list[str] = []
        origins = array("l")
        done = 0
        for irregular in _IRREGULAR.finditer(source):
            start, end = irregular.span()
            parts.append(source[done:start].lower())
            origins.extend(range(done, start))
            if irregular["space"]:
                parts.append(" ")
                origins.append(start)
            else:
                for offset in range(start, end):
                    letters = fold_letter(source[offset])
                    parts.append(letters)
                    origins.extend(repeat(offset, len(letters)))
            done = end
        parts.append(source[done:].lower())
        origins.extend(range(done, len(source)))
        self._source = source
        self._origins = origins
        #: The folded text.
        self.text = "".join(parts)

    def span(self, start: int, end: int) -> tuple[int, int] | None:
        """Return the source offsets of `text[start:end]`, marks on its last letter included.

        None when the range begins or ends inside what was one character, such as a ligature.
        """
        origins = self._origins
        first, last = origins[start], origins[end - 1]
        if (start and origins[start - 1] == first) or (end < len(origins) and origins[end] == last):
            return None
        stop = last + 1
        while stop < len(self._source) and unicodedata.combining(self._source[stop]):
            stop += 1
        return first, stop


def fold(text: str) -> str:
    """Return `text` folded, without white space at its ends."""
    return FoldedText(text).text.strip() if _IRREGULAR.search(text) else text.lower().strip()


@lru_cache(maxsize=4096)
def fold_letter(letter: str) -> str:
    """Fold one character; "" for a mark that belongs to the letter before it, and for what is not printed."""
    if letter in _LETTERS:
        return _LETTERS[letter]
    if unicodedata.category(letter) == "Cf" or unicodedata.combining(letter):
        return ""
    if letter.isdigit() and not letter.isdecimal():
        return letter  # 10² is not 102
    letters = unicodedata.normalize("NFKD", letter)
    return "".join(part for part in letters if not unicodedata.combining(part)).casefold()

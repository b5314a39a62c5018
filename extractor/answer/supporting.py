"""Which values of a record were made up: such as stand in neither the document nor the model's reasoning.

Lenient on purpose. Evidence wants the one right place of a value; here a value counts as supported wherever it can be
read at all, because what is flagged costs a question and leaves a rung. So a number may stand in any form or scale, a
day in any order, a name with other punctuation and line breaks, an address with a misread word. A flag says "not
found", not "wrong".
"""

from __future__ import annotations

import re
from collections import OrderedDict
from functools import cached_property
from itertools import chain, pairwise
from threading import Lock
from typing import TYPE_CHECKING

from extractor import jsontext
from extractor.answer import amounts, days
from extractor.answer.closed_lists import is_closed
from extractor.answer.folding import UNSPACED, fold_letter

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from extractor.records import Document, Json

#: Strings below this many characters stand everywhere or nowhere by chance, and never count.
MIN_CHARACTERS = 6
#: Share of a string's letters and digits that have to stand in words of the text, in their order. An address of nine
#: words survives one that was misread; a name of two words survives none.
ENOUGH = 0.7
#: Words of a string above which a missing one may be a misread one, and letters up to which it may be in any: "Inc".
FEW_WORDS = 5
SHORT_WORD = 3
#: What a word counts that stands in the text, but beside neither of its neighbours.
ALONE = 0.5
#: Up to this many characters a plain search is faster than taking a string apart into words.
SHORT = 16_384
#: Characters looked through by plain searches for one record, about 20 ms. Then the words alone decide.
MAX_LOOKED_THROUGH = 50_000_000
#: Characters of the documents whose indexes are kept, the latest first; an index takes about ten times as much.
MAX_KEPT = 1_000_000

_WORD = re.compile(rf"[^\W\d_{UNSPACED}]+|\d+|[{UNSPACED}]")
#: Words that a sign may stand for: "Green & Partners".
_JOINING = frozenset({"and", "und", "et"})
_HYPHENATED = re.compile(r"(?<=[^\W\d_])[-\u00ad\u2010]\s*\n\s*(?=[^\W\d_])")
#: A folded string that is an amount and at most a currency or a unit.
_AMOUNT = re.compile(
    r"(?:[a-z]{1,4} ?|[$\u20ac\u00a3\u00a5] ?)?[-+(]? ?[$\u20ac\u00a3\u00a5]?((?:0[.,]|[1-9])\d*(?:[.,']\d+)*)\)?"
    r" ?(?:[a-z]{1,6}|[%$\u20ac\u00a3\u00a5])?"
)
_SPACE = re.compile(r"\s+")
_UNPRINTED = re.compile(r"[\W_]+")


def unsupported(
    record: Json,
    document: Document,
    *,
    reasoning: str = "",
    schema: Json = True,
    found: Collection[str] = (),
) -> tuple[str, ...]:
    """Return the JSON Pointers of the scalars that stand in neither `document` nor `reasoning`, in their order.

    Null, booleans, strings under six characters and values of the closed lists of `schema` (`enum`, `const`) never
    count. Takes time in the length of record and texts together: 0.1 ms for 30 values, once a document of 3 kB has
    been indexed (3 ms).

    Args:
        record: What the model answered.
        document: What it read.
        reasoning: What it thought before; indexed only when something does not stand in the document.
        schema: The schema of `record`.
        found: Pointers of values that are known to stand in the document.
    """
    suspects = [
        (above, path, value)
        for above, path, value in _that_count(record, "")
        if not found or above + jsontext.pointer(*path) not in found
    ]
    for text in (document.text, reasoning):
        if suspects and text:
            states = _Look(_stated(text) if text is document.text else Stated(text)).finds
            suspects = [suspect for suspect in suspects if not states(suspect[-1])]
    flagged = [above + jsontext.pointer(*path) for above, path, _ in suspects]
    return tuple(at for at in flagged if not is_closed(schema, at))


def _that_count(value: Json, at: str) -> Iterator[tuple[str, tuple[str | int, ...], Json]]:
    """Yield the pointer of its container, its path in there and the value of each scalar that has to stand somewhere.

    Two halves of a pointer, because few are ever put together.
    """
    if not isinstance(value, (dict, list)):
        if _counts(value):
            yield at, (), value
        return
    members: Iterable[tuple[str | int, Json]] = value.items() if isinstance(value, dict) else enumerate(value)
    for key, member in members:
        if isinstance(member, (dict, list)):
            yield from _that_count(member, at + jsontext.pointer(key))
        elif _counts(member):
            yield at, (key,), member


def _counts(value: Json) -> bool:
    if isinstance(value, str):
        return len(value) >= MIN_CHARACTERS and _WORD.search(value) is not None
    return isinstance(value, (int, float)) and not isinstance(value, bool)


class Stated:
    """A text made ready for many looks; each part is built when it is first wanted."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def folded(self) -> str:
        """The text without typography, words whole that the end of a line parted."""
        return folded(_HYPHENATED.sub("", self.text))

    @cached_property
    def squeezed(self) -> str:
        """Its letters and digits alone."""
        return _UNPRINTED.sub("", self.folded)

    @cached_property
    def words(self) -> frozenset[str]:
        """Its words and numbers, numbers written out as digits."""
        return frozenset(chain.from_iterable(self.pairs))

    @cached_property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """Those of them that stand side by side, with nothing before the first and behind the last."""
        readings = [self.folded, folded(self.text)] if _HYPHENATED.search(self.text) else [self.folded]
        return frozenset(pair for reading in readings for pair in pairwise(["", *_words(reading), ""]))

    @cached_property
    def amounts(self) -> amounts.Amounts:
        """Its numbers by their value."""
        return amounts.Amounts(self.folded, _WORD.findall(self.folded))

    @cached_property
    def days(self) -> days.Days:
        """Its dates by their day."""
        return days.Days(self.folded, _WORD.findall(self.folded))


class _Look:
    """The look-up of one record in one text."""

    def __init__(self, stated: Stated) -> None:
        self._stated = stated
        self._looks_left = MAX_LOOKED_THROUGH

    def finds(self, value: Json) -> bool:
        """Whether the text states this scalar."""
        if not isinstance(value, str):
            return value in self._stated.amounts
        if len(self._stated.text) <= SHORT and self._holds(self._stated.text, value):
            return True
        return self._finds_day(value) or self._finds_string(folded(value))

    def _finds_day(self, value: str) -> bool:
        stated = self._stated
        if date := days.ISO.fullmatch(value):
            day, hour, minute = date.groups()
            return stated.days.has_day(day) and (hour is None or stated.days.has_time(hour, minute))
        if time := days.ISO_TIME.fullmatch(value):
            return stated.days.has_time(*time.groups())
        return days.ISO_MONTH.fullmatch(value) is not None and stated.days.has_month(value)

    def _finds_string(self, value: str) -> bool:
        if self._finds_words(_words(value)):
            return True
        amount = _AMOUNT.fullmatch(value)
        if amount and any(reading in self._stated.amounts for reading in amounts.values_of(amount[1])):
            return True
        return self._holds(self._stated.squeezed, _UNPRINTED.sub("", value))

    def _finds_words(self, words: list[str]) -> bool:
        """Whether enough of the words stand in the text, most in their order, and all of the digits."""
        weight = 0.0
        for at, word in enumerate(words):
            if word in self._stated.words:
                weight += len(word) * (1.0 if self._is_in_order(words, at) else ALONE)
            elif word.isdecimal() or (len(words) <= FEW_WORDS and len(word) > SHORT_WORD):
                return False
        return weight >= ENOUGH * sum(map(len, words))

    def _is_in_order(self, words: list[str], at: int) -> bool:
        """Whether the word stands beside one of its neighbours in the text as well."""
        pairs = self._stated.pairs
        return len(words) == 1 or any(pair in pairs for pair in pairwise(words[max(at - 1, 0) : at + 2]))

    def _holds(self, text: str, part: str) -> bool:
        if self._looks_left < len(text):
            return False
        self._looks_left -= len(text)
        return part in text


def folded(text: str) -> str:
    """Return the text without typography, in lower case, every run of white space as one space."""
    if not text.isascii():
        text = text.translate({ord(letter): fold_letter(letter) for letter in set(text) if not letter.isascii()})
    return _SPACE.sub(" ", text.lower())


def _words(text: str) -> list[str]:
    """Return words and numbers of a folded text, numbers written out as digits."""
    return [str(amounts.WORDS.get(word, word)) for word in _WORD.findall(text) if word not in _JOINING]


_kept: OrderedDict[str, Stated] = OrderedDict()
_lock = Lock()


def _stated(text: str) -> Stated:
    """Return the index of a document, one of the last that were looked at or a new one."""
    with _lock:
        stated = _kept.pop(text, None) or Stated(text)
        if len(text) <= MAX_KEPT:
            _kept[text] = stated
        while sum(map(len, _kept)) > MAX_KEPT:
            _kept.popitem(last=False)
    return stated

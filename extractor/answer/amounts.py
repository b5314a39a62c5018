"""The amounts that a text states: every number in it by its value, however it is written.

Wider than `printed`, which looks for the one place of a value: here a number is found whatever stands beside it
(EUR41.50, 16:43, A-17), by its magnitude, as a share (41.5 % is 0.415), scaled (2.5 million; a table in thousands), and
in words.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from extractor.answer import printed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: Digits of a folded text with single separators between them. Possessive, or a text of nothing else takes for ever.
_RUN = r"(?<!\d)(?<!\d[.,'])\d++(?:[.,']\d++)*+"
_RUNS = re.compile(_RUN)
_SPACED = re.compile(r"(?<![\d.,'])\d{1,3}(?: \d{3}(?!\d))++(?:[.,]\d++)?+")
_NAKED_FRACTION = re.compile(r"(?<!\d)[.,]\d++(?![.,]\d)")
_SCIENTIFIC = re.compile(r"(?<![\d.])(\d++(?:\.\d++)?+) ?(?:e|[x\u00d7] ?10\^?)([+-]?\d{1,3})(?!\d)")
_DIGITS = re.compile(r"\d+")

_SCALES = {
    0.01: "% percent pct prozent",
    0.001: "\u2030",
    1e3: "k thousand thousands tsd tausend mille mil",
    1e5: "lakh lakhs",
    1e6: "m mn mm mio million millions millionen millones milioni",
    1e7: "crore crores",
    1e9: "b bn bln mrd billion billions milliarde milliarden milliards",
    1e12: "tn trillion trillions",
}
_SCALE_OF = {word: scale for scale, words in _SCALES.items() for word in words.split()}
_SCALE = "|".join(sorted(_SCALE_OF, key=len, reverse=True))
_SCALED = re.compile(rf"({_RUN}) ?({_SCALE})(?![a-z])")
#: How a table says that its amounts are to be read larger.
_UNIT_OF_ALL = re.compile(
    r"\b(?:in|en|em|usd|eur|gbp|and) (?:[a-z.]{1,9} |[$\u20ac\u00a3] ?){0,2}"
    r"(thousands?|millions?|billions?|tausend|tsd|mio|mrd|milliers)\b"
    r"|([('$ ]000'?s?\)?) omitted|\([$\u20ac\u00a3 ]*'?(000)'?s?\)|\b([tk])(?:eur|usd|\u20ac)"
)

_ONES = (
    (
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen"
    ),
    (
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
        "fifteenth sixteenth seventeenth eighteenth nineteenth"
    ),
    "ein zwei drei vier funf sechs sieben acht neun zehn elf zwolf",
    "un deux trois quatre cinq six sept huit neuf dix onze douze",
    "uno dos tres cuatro cinco seis siete ocho nueve diez once doce",
    "een twee drie vier vijf zes zeven acht negen tien elf twaalf",
    "um dois tres quatro cinco seis sete oito nove dez onze doze",
    "un due tre quattro cinque sei sette otto nove dieci undici dodici",
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
#: A word -> its number; folded.
WORDS = (
    {word: value for words in _ONES for value, word in enumerate(words.split(), start=1)}
    | {word: 10 * tens for tens, word in enumerate(_TENS.split(), start=2)}
    | {"eine": 1, "einen": 1, "une": 1, "una": 1, "uma": 1, "dozen": 12, "thirtieth": 30, "twentieth": 20, "zero": 0}
)
_MULTIPLES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_TEN = 10
_HUNDRED = 100
#: Tens that one of one to nine may follow.
_TENS_OPEN = frozenset(range(20, 100, 10))
#: A number in words that grows beyond this is a list of words.
_TOO_LARGE = 10**12


class Amounts:
    """The numbers of one folded text, and of its words."""

    def __init__(self, folded: str, words: Iterable[str]) -> None:
        self._values: set[float] = set(_written_in_words(words))
        for run in set(_RUNS.findall(folded)):
            self._values.update(values_of(run))
        for spaced in set(_SPACED.findall(folded)):
            self._values.update(values_of(spaced.replace(" ", "")))
        self._values.update(float("0." + fraction[1:]) for fraction in set(_NAKED_FRACTION.findall(folded)))
        for run, scale in set(_SCALED.findall(folded)):
            self._values.update(_rounded(value * _SCALE_OF[scale]) for value in values_of(run))
        for digits, exponent in set(_SCIENTIFIC.findall(folded)):
            self._values.add(float(f"{digits[: printed.MAX_DIGITS]}e{exponent}"))
        self._units = {_unit(found) for found in _UNIT_OF_ALL.findall(folded)}

    def __contains__(self, value: float) -> bool:
        """Whether a number of this magnitude is stated. The sign is left to whoever reads: 5.00- and "refund 5"."""
        magnitude = abs(value) if isinstance(value, int) else abs(float(value))
        if magnitude in self._values or _rounded(magnitude) in self._values:
            return True
        return any(_rounded(magnitude / unit) in self._values for unit in self._units)


def values_of(run: str) -> tuple[float, ...]:
    """Return the values that digits with separators between them can have; the parts', where they are no number."""
    if values := printed.readings(run):
        return tuple(values)
    return tuple(int(part) for part in _DIGITS.findall(run) if len(part) <= printed.MAX_DIGITS)


def _rounded(value: float) -> float:
    """Return the value without what multiplying or dividing by a power of ten left behind its twelfth digit."""
    return value if isinstance(value, int) and value < 10**12 else float(f"{float(value):.12g}")


def _unit(found: tuple[str, ...]) -> float:
    word = found[0].removesuffix("s")
    return {"million": 1e6, "mio": 1e6, "billion": 1e9, "mrd": 1e9}.get(word, 1e3)


def _written_in_words(words: Iterable[str]) -> Iterator[float]:
    """Yield the numbers that the words of a text spell, `two hundred and six` as 206 and each part of it too."""
    total = current = 0
    is_open = False
    for word in words:
        if word in WORDS:
            value = WORDS[word]
            yield value
            joins = is_open and (current % _HUNDRED == 0 or (current % _HUNDRED in _TENS_OPEN and value < _TEN))
            total, current = (total, current + value) if joins else (0, value)
            is_open = True
        elif word in _MULTIPLES and is_open and total + current < _TOO_LARGE:
            multiple = _MULTIPLES[word]
            total, current = (total, current * multiple) if multiple == _HUNDRED else (total + current * multiple, 0)
        elif word != "and":
            is_open = False
            total = current = 0
        if is_open:
            yield total + current

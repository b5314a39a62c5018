"""Words of labels: one spelling for all the ways in which people print the same label."""

from __future__ import annotations

import re
from functools import lru_cache

from extractor.model.offline.synonyms import SAME

#: Words of a label, in order, canonical.
Words = tuple[str, ...]

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[^\W_]+|[#%]")
#: Words that carry no meaning in a label.
_EMPTY = frozenset({"of", "the", "a", "an", "in", "for", "your", "our", "and", "is", "s", "as", "der", "de", "het"})
_SPELLINGS = {
    "#": "number",
    "%": "percent",
    "addr": "address",
    "amt": "amount",
    "art": "article",
    "desc": "description",
    "inv": "invoice",
    "mobile": "phone",
    "no": "number",
    "nr": "number",
    "num": "number",
    "organisation": "organization",
    "qty": "quantity",
    "ref": "reference",
    "reg": "registration",
    "tel": "phone",
    "telephone": "phone",
}
_BEFORE = (
    (re.compile(r"\be-?mail", re.IGNORECASE), "email"),
    (re.compile(r"\bsub[- ]total", re.IGNORECASE), "subtotal"),
    (re.compile(r"\bpost ?code", re.IGNORECASE), "postcode"),
    (re.compile(r"\bzip ?code", re.IGNORECASE), "zip"),
)


@lru_cache(maxsize=20_000)
def words(text: str) -> Words:
    """Return the words of a label or property name: `invoiceNo`, `Invoice #` and `invoice_number` are the same."""
    for pattern, spelling in _BEFORE:
        text = pattern.sub(spelling, text)
    found = [_canonical(word) for word in _WORD.findall(_CAMEL.sub(" ", text))]
    return tuple(word for word in found if word not in _EMPTY) or tuple(found)


def _canonical(word: str) -> str:
    folded = word.casefold()
    spelt = _SPELLINGS.get(folded)
    return spelt or _singular(folded)


def _singular(word: str) -> str:
    if len(word) <= 3 or word.endswith(("ss", "us", "is")):  # noqa: PLR2004 - "gas", "bus", "tax is"
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word.removesuffix("s")


@lru_cache(maxsize=1)
def _synonyms() -> dict[Words, tuple[Words, ...]]:
    rows = [[words(phrase) for phrase in row.split("|")] for row in SAME.split("\n\n")]
    heads = {row[0] for row in rows}
    table: dict[Words, dict[Words, None]] = {}
    for row in rows:
        for phrase in row:
            if phrase == row[0] or phrase not in heads:
                table.setdefault(phrase, {}).update(dict.fromkeys(row))
    return {phrase: tuple(other for other in row if other != phrase) for phrase, row in table.items()}


def synonyms(phrase: Words) -> tuple[Words, ...]:
    """Return other labels with the meaning of `phrase`, most usual first."""
    return _synonyms().get(phrase, ())

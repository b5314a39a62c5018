"""How well a printed label fits a field of the schema, and which field gets which label."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from extractor.model.offline.words import Words, synonyms, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from extractor.model.offline.fields import Field

#: A fit below this is no fit.
LOWEST = 0.3
#: Where the first words of a description stop being another name of the field.
_HEAD_END = re.compile(r"[.,;:(]| as (?:printed|written)")
#: Labels with one word in common that are weighed at most, so that a hostile form stays cheap.
MOST_LABELS = 400
#: Last words that say what kind of value follows: "VAT number" is no amount of VAT, "total quantity" no total.
_KINDS = frozenset(("number", "id", "code", "date", "rate", "percent", "name", "email", "phone", "quantity", "item"))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one field may be called."""

    #: Phrases and how good a match of each is, best first.
    phrases: tuple[tuple[Words, float], ...]
    #: Words that may stand in its label besides: of the description, of the object it belongs to.
    context: frozenset[str]


@lru_cache(maxsize=4_096)
def wanted(field: Field, owner: str = "") -> Wanted:
    """Return what `field`, a member of an object called `owner`, may be called in print."""
    name, title, held = words(field.name), words(field.title), words(owner)
    phrases = {name: 1.0}
    if held and not set(held) & set(name):
        phrases[held + name] = 1.0
    if title:
        phrases.setdefault(title, 0.99)
    for rank, other in enumerate(_other_names(name, title)):
        phrases.setdefault(other, max(0.95 - 0.01 * rank, 0.7))
    head = words(_HEAD_END.split(field.description[:80])[0])
    if 0 < len(head) <= 4:  # noqa: PLR2004 - a longer one is a sentence, not a name
        phrases.setdefault(head, 0.9)
    for rank, other in enumerate(_described_names(head)):
        phrases.setdefault(other, max(0.85 - 0.01 * rank, 0.65))
    context = frozenset(words(field.description[:300])) | frozenset(held) | frozenset(title)
    return Wanted(tuple((phrase, weight) for phrase, weight in phrases.items() if phrase), context)


def _other_names(name: Words, title: Words) -> Iterator[Words]:
    yield from synonyms(name)
    if title != name:
        yield from synonyms(title)


def _described_names(head: Words) -> Iterator[Words]:
    """Yield the known labels that a description opens with, longest first, and what else these are called."""
    known = next((head[:length] for length in (3, 2) if synonyms(head[:length])), None)
    if known is not None:
        yield known
        yield from synonyms(known)


def fit(label: Words, aim: Wanted) -> float:
    """Return how well `label` fits, 0 to 1."""
    return max((weight * _overlap(label, phrase, aim.context) for phrase, weight in aim.phrases), default=0.0)


def _overlap(label: Words, phrase: Words, context: frozenset[str]) -> float:
    if label == phrase:
        return 1.0
    printed, named = set(label), set(phrase)
    if printed == named:
        return 0.97
    if printed > named and not (label[-1] in _KINDS and label[-1] not in named):
        extra = printed - named
        known = len(extra & context)
        ends = label[-1] == phrase[-1] or label[0] == phrase[0]
        return (0.92 if known == len(extra) else 0.75 * (len(named) + known) / len(printed)) if ends else 0.0
    if printed < named and label[-1] == phrase[-1]:
        return 0.75 * len(printed) / len(named)
    return 0.0


class Labels:
    """Printed labels by the words in them, so that a field looks only at those that may fit."""

    def __init__(self, labels: Iterable[Words]) -> None:
        self._by_word: dict[str, list[Words]] = {}
        for label in labels:
            for word in dict.fromkeys(label):
                self._by_word.setdefault(word, []).append(label)

    def sharing(self, wanted_words: Iterable[str]) -> Iterator[Words]:
        """Yield each label that holds one of the words, once."""
        seen: set[Words] = set()
        for word in wanted_words:
            for label in self._by_word.get(word, ())[:MOST_LABELS]:
                if label not in seen:
                    seen.add(label)
                    yield label


def best_labels(fields: Sequence[Field], labels: Labels, *, owner: str = "") -> dict[int, list[tuple[float, Words]]]:
    """Give each label to the field it fits best.

    Returns:
        Field number -> its labels with their fit, best first. A label that fits two fields equally goes to the first.
    """
    aims = [wanted(field, owner) for field in fields]
    rivals: dict[str, list[int]] = {}
    for number, aim in enumerate(aims):
        for word in dict.fromkeys(word for phrase, _ in aim.phrases for word in phrase):
            rivals.setdefault(word, []).append(number)
    given: dict[int, list[tuple[float, Words]]] = {}
    for label in labels.sharing(rivals):
        numbers = sorted({number for word in label for number in rivals.get(word, ())})
        best, number = max(((fit(label, aims[number]), -number) for number in numbers), default=(0.0, 0))
        if best >= LOWEST:
            given.setdefault(-number, []).append((best, label))
    return {number: sorted(found, key=lambda pair: -pair[0]) for number, found in given.items()}

"""What some kinds of document print without labels, as labelled facts: receipts, agreements, references, addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extractor.model.offline import agreements, careers, letters, postal, references
from extractor.model.offline.labels import Labels, best_labels
from extractor.model.offline.words import words

if TYPE_CHECKING:
    from collections.abc import Callable

    from extractor.model.offline.fields import Field
    from extractor.model.offline.scope import Scope
    from extractor.model.offline.words import Words

    Facts = dict[str, list[str]]

#: Each trade: the labels of its facts, how many of them a schema must ask for, and its reader.
_TRADES: tuple[tuple[tuple[str, ...], int, Callable[[Scope], Facts]], ...] = (
    (references.LABELS, 4, references.read),
    (postal.LABELS, 4, postal.read),
    (agreements.LABELS, 3, agreements.read),
    (letters.LABELS, 1, letters.read),
)
#: Trades that speak of one entry of a list, and of a whole document.
_ENTRIES = (*_TRADES[:2], (careers.LABELS, 4, careers.read))


def facts_for(field: Field, scope: Scope, *, is_part: bool) -> dict[Words, list[str]]:
    """Return label -> texts, from every trade that the object's members belong to. The first trade wins.

    Args:
        field: The object.
        scope: Where to look.
        is_part: Whether the scope is one entry of a list and not a whole document.
    """
    facts: dict[Words, list[str]] = {}
    for labels, needed, read in _ENTRIES if is_part else _TRADES:
        if _asked(field, labels) >= needed:
            for label, texts in read(scope).items():
                if texts:
                    facts.setdefault(words(label), texts)
    return facts


def is_known_trade(field: Field) -> bool:
    """Whether one entry of text is enough to read `field`: a reference, a postal address."""
    return any(_asked(field, labels) >= needed for labels, needed, _ in _TRADES[:2])


def _asked(field: Field, labels: tuple[str, ...]) -> int:
    return len(best_labels(field.members, Labels(words(label) for label in labels)))

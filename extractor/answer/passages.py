"""The parts of a document that tell about single places of a record: what a repair is shown instead of the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extractor.answer.lines import Lines
from extractor.answer.locating import Locator
from extractor.records import Passage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from extractor.answer.printed import Span
    from extractor.records import Document, Evidence, Json

#: Characters of a document that is shown whole: 1,000 tokens.
WHOLE: Final = 4_000
#: Characters for one place, 300 tokens; for all of them together, however many; and for each of many, at least.
FOR_ONE: Final = 1_200
FOR_ALL: Final = 16_000
FOR_EACH: Final = 200
#: Characters between two passages that are not worth a mark.
_NEAR: Final = 40


def passages_for(
    fields: Sequence[str],
    record: Json,
    *,
    evidence: Mapping[str, Evidence],
    document: Document,
    most_characters: int = FOR_ONE,
) -> tuple[Passage, ...] | None:
    """Return what the document says about some places of a record, in its order.

    Where a place stands, by its own value; else where its neighbours in the same item or object do, with the row of a
    table and the header that it needs, the heading above, and lines that hold the words of its name.

    Args:
        fields: JSON Pointers into the record; a place that it does not have is one that is missing.
        record: The record, as far as it could be read.
        evidence: Where its values stand, as far as that is known. What is not known is looked up.
        document: The document.
        most_characters: Characters for one place.

    Returns:
        Passages that neither touch nor overlap; None where nothing tells about a place, so that the whole document is
        needed. A short document is one passage.
    """
    text = document.text
    if len(text) <= WHOLE:
        return (Passage(start=0, end=len(text), text=text),)
    if len(fields) * FOR_EACH > FOR_ALL:
        return None
    locator = Locator(record, evidence, Lines(text))
    share = max(min(most_characters, FOR_ALL // max(len(fields), 1)), FOR_EACH)
    spans: list[Span] = []
    for at in fields:
        found = locator.around(at, most=share)
        if not found:
            return None
        spans += found
    joined = _joined(spans, text)
    if not joined or sum(end - start for start, end in joined) > max(FOR_ALL, most_characters):
        return None
    return tuple(Passage(start=start, end=end, text=text[start:end]) for start, end in joined)


def _joined(spans: Sequence[Span], text: str) -> list[Span]:
    """Return the spans in order, those joined that overlap or nearly touch."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and (start - joined[-1][1] <= _NEAR or not text[joined[-1][1] : start].strip()):
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined

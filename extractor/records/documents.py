"""A document as text, and the part of it that one call reads.

Every offset is a count of code points into `Document.text`.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page, sheet or part: a range of the document's text."""

    #: 1 for the first.
    number: int
    #: Offset of the first code point.
    start: int
    #: Offset after the last code point.
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingNote:
    """Something about the reading that the caller should know, though it succeeded."""

    #: Stable word: `media_type_mismatch`, `encoding_guessed`, `pages_without_text`, `possible_repeats`.
    code: str
    #: One sentence for a person.
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document that has been read. Pages are joined by a form feed."""

    #: The whole text.
    text: str = field(repr=False)
    #: Pages in order, never empty; a format without pages has one.
    pages: tuple[Page, ...] = field(repr=False)
    #: Media type as sniffed from the content.
    media_type: str
    #: SHA-256 of the source bytes, hexadecimal.
    sha256: str
    #: Library that made the text, and its version: `pypdfium2 5.15.2`.
    converter: str
    #: Name from the source.
    name: str | None = None
    #: What the caller should know about the reading.
    warnings: tuple[ReadingNote, ...] = ()

    def page_at(self, offset: int) -> int:
        """Return the number of the page that holds `offset`."""
        starts = [page.start for page in self.pages]
        return self.pages[max(bisect_right(starts, offset) - 1, 0)].number


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A range of a document's text, shown for a purpose."""

    #: Offset of its first code point.
    start: int
    #: Offset after its last code point.
    end: int
    #: `document.text[start:end]`.
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The part of a document that one call reads."""

    #: 0 for the first.
    number: int
    #: Offset of its first code point.
    start: int
    #: Offset after its last code point.
    end: int
    #: `document.text[start:end]`.
    text: str = field(repr=False)
    #: Pages that it touches, offsets into the document.
    pages: tuple[Page, ...] = field(repr=False)
    #: What stands before it and it has to be read with: the headings above, the header of a table it begins inside.
    context: tuple[Passage, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Where a value stands in the document. `text[start:end] == quote` always holds when `match` is not `none`."""

    #: The passage as printed; "" when none was found.
    quote: str
    #: Offset of its first code point; None when none was found.
    start: int | None
    #: Offset after its last code point; None when none was found.
    end: int | None
    #: Page number; None when none was found.
    page: int | None
    #: `exact` = the value as it is; `normalised` = equal but for case, white space, accents or number and date form.
    match: str
    #: 1.0 exact, 0.9 normalised, 0.0 none. An ordering of match kinds, not a probability.
    score: float
    #: Bounding box on the page, (left, bottom, right, top) in points; None where the format has none.
    box: tuple[float, float, float, float] | None = None
    #: Offsets (start, end) of other places with the same match.
    alternatives: tuple[tuple[int, int], ...] = ()

"""What a parser hands back: the text of each page, bounded, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extractor.errors import UnreadableDocument

if TYPE_CHECKING:
    from extractor.records import JsonObject


class Parts:
    """Pages and notes, gathered while a document is parsed; refused as soon as they are too much."""

    def __init__(self, converter: str, *, max_characters: int) -> None:
        self._converter = converter
        self._max_characters = max_characters
        self._characters = 0
        self._pages: list[str] = []
        self._notes: list[tuple[str, str]] = []

    def add(self, text: str) -> None:
        """Add the text of the next page.

        Raises:
            UnreadableDocument: `file_too_large`, when the pages together pass the cap.
        """
        self._characters += len(text)
        if self._characters > self._max_characters:
            raise UnreadableDocument("file_too_large", detail=f"more than {self._max_characters:,} characters")
        self._pages.append(text)

    def note(self, code: str, says: str) -> None:
        """Add a reading note."""
        self._notes.append((code, says))

    def as_json(self) -> JsonObject:
        """Return `{"pages": [str], "notes": [[code, says]], "converter": str}`."""
        return {"pages": self._pages, "notes": self._notes, "converter": self._converter}

"""Choose the part of a document that one call reads."""

from __future__ import annotations

from extractor.errors import DocumentTooLarge
from extractor.records import Document, Window

#: Bytes of UTF-8 that make one token at least. The fewest measured: digits and CJK text, about one character each.
BYTES_PER_TOKEN = 3


def whole(document: Document, *, input_limit: int | None) -> Window:
    """Return the whole document as one window.

    Args:
        document: What was read.
        input_limit: Tokens that one request may hold; None where no limit is known.

    Raises:
        DocumentTooLarge: by an estimate that is rather too high; it is refused, never cut.
    """
    tokens = -(-len(document.text.encode()) // BYTES_PER_TOKEN)
    if input_limit is not None and tokens > input_limit:
        raise DocumentTooLarge(
            f"The document has about {tokens:,} tokens and the model takes {input_limit:,}. Split it, "
            "or choose a model with a longer input."
        )
    return Window(number=0, start=0, end=len(document.text), text=document.text, pages=document.pages)

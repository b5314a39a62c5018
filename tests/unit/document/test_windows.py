from __future__ import annotations

import pytest

from extractor.document.paging import page_ranges
from extractor.document.windows import whole
from extractor.errors import DocumentTooLarge
from extractor.records import Document


def document(text: str) -> Document:
    return Document(text=text, pages=page_ranges(text), media_type="text/plain", sha256="0" * 64, converter="none")


def test_the_whole_document_is_one_window():
    window = whole(document("a\fb"), input_limit=None)

    assert (window.number, window.start, window.end, window.text) == (0, 0, 3, "a\fb")
    assert [page.number for page in window.pages] == [1, 2]


@pytest.mark.parametrize(("text", "tokens"), [("abc" * 10, 10), ("한국어" * 10, 30), ("ab", 1)])
def test_a_document_over_the_limit_is_refused(text: str, tokens: int):
    assert whole(document(text), input_limit=tokens).text == text

    with pytest.raises(DocumentTooLarge, match=f"about {tokens} tokens"):
        whole(document(text), input_limit=tokens - 1)

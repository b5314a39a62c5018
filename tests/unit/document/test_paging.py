from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from extractor.document.paging import join, page_ranges
from extractor.records import Page


def test_pages_are_joined_by_a_form_feed():
    text = join(["one", "", "th\free"])

    assert text == "one\f\fth\nree"
    assert page_ranges(text) == (
        Page(number=1, start=0, end=3),
        Page(number=2, start=4, end=4),
        Page(number=3, start=5, end=11),
    )


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\f")), min_size=1))
def test_offsets_cut_the_text_into_its_pages(pages: list[str]):
    text = join(pages)

    assert [text[page.start : page.end] for page in page_ranges(text)] == pages

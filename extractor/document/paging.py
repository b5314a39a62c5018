"""Join pages into one text, and remember where each begins and ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extractor.records import Page

if TYPE_CHECKING:
    from collections.abc import Sequence

#: What stands between two pages, and nowhere else.
PAGE_BREAK = "\f"


def join(pages: Sequence[str]) -> str:
    """Return the pages as one text. A form feed inside a page becomes a line end."""
    return PAGE_BREAK.join(page.replace(PAGE_BREAK, "\n") for page in pages)


def page_ranges(text: str) -> tuple[Page, ...]:
    """Return the range of every page in code points, form feeds left out. There is always one."""
    pages: list[Page] = []
    start = 0
    for number, page in enumerate(text.split(PAGE_BREAK), start=1):
        pages.append(Page(number=number, start=start, end=start + len(page)))
        start += len(page) + len(PAGE_BREAK)
    return tuple(pages)

"""What was known of a document when it was asked about: a repair shows only passages of it."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, Generic, TypeVar

T = TypeVar("T")

#: Documents that are remembered; the one that was asked about least recently goes first.
MOST: Final = 10_000


class Remembered(Generic[T]):
    """Something of each document, by the mark of its fence, which is the same in every question about it."""

    def __init__(self) -> None:
        self._by_mark: OrderedDict[str, T] = OrderedDict()

    def keep(self, mark: str, known: T) -> None:
        """Remember something of a document, in place of what was remembered before."""
        self._by_mark[mark] = known
        self._by_mark.move_to_end(mark)
        if len(self._by_mark) > MOST:
            self._by_mark.popitem(last=False)

    def of(self, mark: str) -> T | None:
        """Return what is remembered of a document, None when nothing is."""
        return self._by_mark.get(mark)

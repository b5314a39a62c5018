"""Cancelling in memory."""

from __future__ import annotations

from extractor.errors import Cancelled


class MemoryCancel:
    """A flag that somebody in this process may raise."""

    def __init__(self) -> None:
        self._is_cancelled = False

    def cancel(self) -> None:
        """Ask the extraction to stop before its next request."""
        self._is_cancelled = True

    def raise_if_cancelled(self) -> None:
        if self._is_cancelled:
            raise Cancelled("The extraction was cancelled.")

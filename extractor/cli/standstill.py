"""Why nothing of the queue is started, in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extractor.cli.wording import printable

if TYPE_CHECKING:
    from extractor.records import QueueStatus


def say_why_still(status: QueueStatus) -> str:
    """Return why nothing is started, "" where workers start what waits. It is the same as long as the reason is."""
    if status.pause:
        by = "by an operator" if status.pause.by == "operator" else f"by itself, {status.pause.code}"
        return f"Nothing is started, the queue is paused {by}: {printable(status.pause.message)}"
    if not status.workers:
        return "Nothing is started, no worker is alive: start one with `extractor worker`."
    return ""

"""What a person has to know of a record that is not whole, or not undisputed, in a few words."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extractor.records import FieldState, Json, Result

#: States of places whose value is missing for another reason than that the document has none.
LACKING: tuple[FieldState, ...] = ("invalid", "refused", "unread")


def remarks(result: Result[Json]) -> str:
    """Return what is missing and what is disputed, as one line; "" for nothing, and where there is no record."""
    if result.status not in {"succeeded", "partial"}:
        return ""
    return ", ".join([*_gaps(result), *_lacking(result), *_conflicts(result)])


def has_gaps(result: Result[Json]) -> bool:
    """Whether the record leaves out a part of its document."""
    return result.status in {"succeeded", "partial"} and any(each.outcome == "unread" for each in result.coverage)


def lacks_values(result: Result[Json]) -> bool:
    """Whether the record lacks values that its document may have."""
    return result.status in {"succeeded", "partial"} and not set(LACKING).isdisjoint(result.states.values())


def _gaps(result: Result[Json]) -> Iterator[str]:
    if has_gaps(result):
        last = max(each.end for each in result.coverage)
        yield f"{last - _read(result):,} of {last:,} characters not read"


def _read(result: Result[Json]) -> int:
    """Return how many characters were read, those that several calls read once."""
    count = reached = 0
    for each in sorted(result.coverage, key=lambda each: each.start):
        if each.outcome == "read":
            count += max(each.end - max(each.start, reached), 0)
            reached = max(reached, each.end)
    return count


def _lacking(result: Result[Json]) -> Iterator[str]:
    counts = Counter(result.states.values())
    for state in LACKING:
        if counts[state]:
            yield f"{counts[state]:,} value{'' if counts[state] == 1 else 's'} {state}"


def _conflicts(result: Result[Json]) -> Iterator[str]:
    if result.conflicts:
        yield f"{len(result.conflicts):,} conflict{'' if len(result.conflicts) == 1 else 's'}"

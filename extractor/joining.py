"""What the answers about the portions of a document say together beside the record: ranges, places, enforcement."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Final, Literal

from extractor import jsontext
from extractor.answer.parts import Origin
from extractor.records import CallKey, Coverage, Enforcement, ReadingNote, Stated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from extractor.answer import Merged
    from extractor.attempts import Answer
    from extractor.planning import Portion
    from extractor.records import Conflict, Evidence, Repair
    from extractor.schema import Contract

#: Word of the note on items that may have been read twice.
POSSIBLE_REPEATS: Final = "possible_repeats"


def coverage_of(
    asked: Sequence[tuple[Portion, Answer]], *, is_read: Callable[[Answer], bool] | None = None
) -> tuple[Coverage, ...]:
    """Return every range of a document, in order and without overlap, and what became of it.

    A range that was asked about in several questions, for some members each, is read when all of them were answered.
    One that two portions share is read when one of them is.

    Args:
        asked: Portions that make up the document, with their answers, in the order of their ranges.
        is_read: Whether an answer counts; None = when one was received.
    """
    counts = is_read or (lambda answer: _last_answered(answer) is not None)
    ranges: list[Coverage] = []
    for (start, end), same in groupby(asked, key=lambda each: (each[0].window.start, each[0].window.end)):
        answers = [answer for _, answer in same]
        unread = next((answer for answer in answers if not counts(answer)), None)
        code = "" if unread is None or unread.error is None else unread.error.code
        call = _last_answered(answers[0]) if unread is None else None
        outcome: Literal["read", "unread"] = "read" if unread is None else "unread"
        _add(ranges, Coverage(start=start, end=end, call=str(call) if call else "", outcome=outcome, code=code))
    return tuple(ranges)


def _add(ranges: list[Coverage], following: Coverage) -> None:
    """Add a range that begins inside those before it, or where they end; what was read once counts as read."""
    while ranges and following.start < ranges[-1].end and ranges[-1].outcome == "unread" != following.outcome:
        last = ranges.pop()
        if last.start < following.start:
            ranges.append(replace(last, end=following.start))
    if ranges:
        following = replace(following, start=max(following.start, ranges[-1].end))
    if following.start < following.end or not ranges:
        ranges.append(following)


def ranges_unread(coverage: Sequence[Coverage]) -> list[tuple[int, int]]:
    """Return where the ranges that were not read begin and end."""
    return [(each.start, each.end) for each in coverage if each.outcome == "unread"]


def with_unread(coverage: Sequence[Coverage], start: int, end: int, *, code: str) -> tuple[Coverage, ...]:
    """Return the ranges with one inside them that was not read after all."""
    ranges: list[Coverage] = []
    for each in coverage:
        if each.outcome == "unread" or each.end <= start or end <= each.start:
            ranges.append(each)
            continue
        low, high = max(each.start, start), min(each.end, end)
        ranges += [replace(each, end=low)] if each.start < low else []
        ranges.append(Coverage(start=low, end=high, call="", outcome="unread", code=code))
        ranges += [replace(each, start=high)] if high < each.end else []
    return tuple(ranges)


def _last_answered(answer: Answer) -> CallKey | None:
    """Return the key of the last question that got an answer, None where none did."""
    answered = [attempt for attempt in answer.attempts if attempt.outcome in {"accepted", "rejected"}]
    return CallKey(window=answered[-1].window, round=answered[-1].number) if answered else None


def enforcement_of(answers: Sequence[Answer], *, asked: str) -> Enforcement:
    """Return how the shape was asked for in all questions together: held only where it was in each."""
    each = [answer.enforcement for answer in answers if answer.enforcement.sent]
    if not each:
        return Enforcement(asked=asked)
    answered = [enforcement for enforcement in each if enforcement.rung is not None] or each
    held = {enforcement.held for enforcement in answered}
    return replace(
        answered[-1],
        sent=tuple(dict.fromkeys(rung for enforcement in each for rung in enforcement.sent)),
        held="no" if "no" in held else "unknown" if "unknown" in held else "yes",
        why="; ".join(dict.fromkeys(enforcement.why for enforcement in each if enforcement.why)),
    )


def notes_on(read: Sequence[tuple[Portion, Answer]], merged: Merged) -> tuple[ReadingNote, ...]:
    """Return what the caller should know of lists: where windows overlap, what stands nowhere cannot be told apart."""
    windows = sorted((portion.window for portion, _ in read), key=lambda window: window.start)
    shared = {each.number for pair in pairwise(windows) if pair[0].end > pair[1].start for each in pair}
    located = {holder for at in merged.evidence for holder in _holders(at)}
    items = (at for at, origin in merged.sources.items() if origin.window in shared and at not in located)
    count = sum(at.rpartition("/")[2].isdecimal() for at in items)
    if not count:
        return ()
    says = f"{count:,} items of lists stand nowhere word for word; where windows overlap, some may be there twice."
    return (ReadingNote(code=POSSIBLE_REPEATS, says=says),)


def repairs_of(read: Sequence[tuple[Portion, Answer]], merged: Merged) -> tuple[Repair, ...]:
    """Return the repairs of the answers about portions, at the places of the merged answer."""
    places = {origin: at for at, origin in merged.sources.items()}
    return tuple(
        replace(repair, at=_moved(places, portion.window.number, repair.at))
        for portion, answer in read
        for repair in answer.repairs
    )


def _moved(places: Mapping[Origin, str], window: int, at: str) -> str:
    """Return where the merged answer holds what the answer about a window has at `at`, or what holds it."""
    tokens = jsontext.tokens(at)
    for length in range(len(tokens), 0, -1):
        moved = places.get(Origin(window, jsontext.pointer(*tokens[:length])))
        if moved is not None:
            return moved + jsontext.pointer(*tokens[length:])
    return at


def placed(merged: Merged, *, contract: Contract) -> dict[str, Evidence]:
    """Return where the values stand that the portions stated, at the places of the record."""
    pointers = contract.pointers(merged.value)
    if pointers is None:
        return dict(merged.evidence)
    return {pointers.record(at): found for at, found in merged.evidence.items()}


def evidence_of(known: Mapping[str, Evidence], answer: Answer) -> dict[str, Evidence]:
    """Return where the values of the record stand: in the portion that stated them, unless they were asked for again.

    Only that tells one of two equal rows from the other.

    Args:
        known: Where the values stand that the portions stated, at the places of the record.
        answer: The answer about the whole.
    """
    opened = frozenset(place for attempt in answer.attempts if not attempt.window for place in attempt.opened or ())
    evidence = dict(answer.evidence)
    for at, found in known.items():
        if at in evidence and found.match != "none" and not (opened and opened.intersection(_holders(at))):
            evidence[at] = found
    return evidence


def _holders(at: str) -> Iterator[str]:
    """Yield a pointer and those of everything that holds its place."""
    tokens = jsontext.tokens(at)
    return (jsontext.pointer(*tokens[:length]) for length in range(len(tokens) + 1))


def conflicts_of(merged: Merged, answer: Answer, *, contract: Contract) -> tuple[Conflict, ...]:
    """Return the conflicts at the places of the record, with what stands there in the end."""
    pointers = contract.pointers(merged.value)
    return tuple(
        replace(conflict, at=here, chosen=jsontext.value_at(answer.record, here), stated=tuple(_in_order(conflict)))
        for conflict in merged.conflicts
        for here in [conflict.at if pointers is None else pointers.record(conflict.at)]
    )


def _in_order(conflict: Conflict) -> Iterator[Stated]:
    """Yield what is stated in the order of the document; what was not found in it comes last."""
    yield from sorted(conflict.stated, key=lambda stated: _start_of(stated.evidence))


def _start_of(evidence: Evidence | None) -> float:
    return float("inf") if evidence is None or evidence.start is None else evidence.start

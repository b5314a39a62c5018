"""How a document ends: what counts as success, and what becomes of a record that is not right in all its places."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from extractor import jsontext
from extractor.errors import Cancelled, ConflictingValues, Refused, UnreadRanges, Unsatisfied

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from extractor.attempts import Answer
    from extractor.covering import Covered
    from extractor.errors import ExtractionError
    from extractor.records import Coverage, FieldState, Json, Options, Status
    from extractor.schema import Contract

#: Ranges that a message names.
_NAMED: Final = 5
#: Rules of a place that has no value.
_ABSENT: Final = frozenset({"not_stated", "required"})
#: Rules of how many there are, which say nothing against any of them.
_OF_A_NUMBER: Final = frozenset({
    "minItems", "maxItems", "minProperties", "maxProperties", "contains", "too_short", "too_long",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The end of a document."""

    status: Status
    #: The record, as far as there is one.
    record: Json
    #: JSON Pointer -> what is known of that place, where it is not `stated`.
    states: dict[str, FieldState] = field(default_factory=dict)
    #: Why it did not succeed.
    error: ExtractionError | None = None


async def settle(covered: Covered, *, contract: Contract, options: Options) -> Settled:
    """Return how a document ends.

    It succeeds when all of it was read and the record is valid. A record that is not is kept, or left out, as the
    caller says; where only a part of the document was read it is partial in any case, and never shorter in silence.
    """
    answer = covered.answer
    stopped = next((each for each in (answer.error, covered.gap) if isinstance(each, Cancelled)), None)
    if stopped is not None:
        return Settled(status="cancelled", record=answer.record, error=stopped)
    error = _error_of(covered, options)
    if error is None:
        return Settled(status="succeeded", record=answer.record)
    states = _states(covered, error)
    has_gap = covered.gap is not None and answer.record is not None
    if not has_gap and (options.on_invalid == "fail" or "" in states or answer.record is None):
        return Settled(status="failed", record=answer.record, states=states, error=error)
    if has_gap or options.on_invalid == "partial":
        record = _without(answer.record, _left_out(answer, states))
        return Settled(status="partial", record=record, states=states, error=error)
    return await _with_nulls(answer, states, contract=contract, error=error)


def _error_of(covered: Covered, options: Options) -> ExtractionError | None:
    answer = covered.answer
    if covered.gap is not None and answer.record is not None:
        return _unread(covered.coverage, covered.gap)
    if answer.error is None and options.on_conflict == "error" and covered.conflicts:
        return _conflicting([conflict.at for conflict in covered.conflicts])
    return answer.error


def _states(covered: Covered, error: ExtractionError) -> dict[str, FieldState]:
    """Return what is known of every place that is not right; where no conflict is allowed, none of them is."""
    answer, has_gap = covered.answer, covered.gap is not None
    states: dict[str, FieldState] = {}
    for violation in answer.failing:
        absent: FieldState = "unread" if has_gap else "not_stated"
        states[violation.at] = absent if violation.rule in _ABSENT else "invalid"
    if isinstance(error, ConflictingValues):
        states |= {conflict.at: "invalid" for conflict in covered.conflicts}
    if isinstance(answer.error, Refused):
        states |= dict.fromkeys(answer.opened or (), "refused")
    return {**dict.fromkeys(_unfinished(answer.record), "unread"), **states} if has_gap else states


def _unfinished(record: Json, at: str = "") -> Iterator[str]:
    """Yield the places that what was not read may add to: lists, and members that are null."""
    if isinstance(record, dict):
        for name, member in record.items():
            yield from _unfinished(member, at + jsontext.pointer(name))
    elif record is None or isinstance(record, list):
        yield at


def _left_out(answer: Answer, states: Mapping[str, FieldState]) -> list[str]:
    """Return the places with a value that is wrong by itself."""
    counted = {violation.at for violation in answer.failing if violation.rule in _OF_A_NUMBER}
    return [at for at, state in states.items() if at and state != "unread" and at not in counted]


async def _with_nulls(
    answer: Answer, states: Mapping[str, FieldState], *, contract: Contract, error: ExtractionError
) -> Settled:
    """Return the record with null where it is wrong: a success where the schema takes that."""
    places = {violation.at: wire.at for violation, wire in zip(answer.failing, answer.wire_failing, strict=True)}
    pointers = contract.pointers(answer.value)
    value = answer.value
    for at in states:
        place = places.get(at) or (at if pointers is None else pointers.wire(at))
        value = _put(value, jsontext.tokens(place), None)
    found = await contract.ajudge(value)
    if not found.violations:
        return Settled(status="succeeded", record=found.record, states=dict(states))
    record = answer.record
    for at in states:
        record = _put(record, jsontext.tokens(at), None)
    return Settled(status="partial", record=record, states=dict(states), error=error)


def _without(record: Json, places: Sequence[str]) -> Json:
    """Return the record without members that are not right; an item of a list is null, so that others keep theirs."""
    for at in places:
        *above, last = jsontext.tokens(at)
        holder = jsontext.value_at(record, jsontext.pointer(*above))
        if isinstance(holder, dict) and last in holder:
            record = _put(record, above, {name: member for name, member in holder.items() if name != last})
        elif isinstance(holder, list):
            record = _put(record, [*above, last], None)
    return record


def _put(value: Json, tokens: Sequence[str], new: Json) -> Json:
    """Return `value` with `new` at a place; as it is, where there is no such place."""
    if not tokens:
        return new
    token, *rest = tokens
    if isinstance(value, dict) and (token in value or not rest):
        return {**value, token: _put(value.get(token), rest, new)}
    if isinstance(value, list) and token.isdecimal() and int(token) < len(value):
        index = int(token)
        return [*value[:index], _put(value[index], rest, new), *value[index + 1 :]]
    return value


def _unread(coverage: Sequence[Coverage], because: ExtractionError) -> UnreadRanges:
    unread = [each for each in coverage if each.outcome == "unread"]
    named = ", ".join(f"{each.start:,} to {each.end:,} ({each.code})" for each in unread[:_NAMED])
    more = f" and {len(unread) - _NAMED} more" if len(unread) > _NAMED else ""
    return UnreadRanges(
        f"Of the document, the characters {named}{more} were not read. {because.message} "
        "`extractor retry` of its id in a queue, or `retry_of` in Python, asks for these ranges alone.",
        because=because,
    )


def _conflicting(paths: Sequence[str]) -> Unsatisfied:
    return ConflictingValues(
        f"Parts of the document state different values: {', '.join(paths[:_NAMED])}; `conflicts` lists them. Choose "
        "with the option on_conflict.",
        paths=paths,
    )

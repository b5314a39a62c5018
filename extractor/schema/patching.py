"""Putting what was asked for again into an answer. Nothing else of it is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from extractor.jsontext import tokens
from extractor.schema.lifting import ABSENT

if TYPE_CHECKING:
    from extractor.records import Json, OpenField, Opening


class _Refused(Exception):
    """The patch is not one for this answer."""


def patched(value: Json, patch: Json, opening: Opening) -> Json | None:
    """Return the answer `value` with what `patch` says of the open places, and the very objects of it everywhere else.

    None when the patch is no object with exactly the fields that are open, adds what is no list, takes out what is
    not there, or does not belong to this answer. Whether its values are right is not looked at: the contract judges
    the whole.
    """
    if not isinstance(patch, dict) or patch.keys() != {field.name for field in opening.fields}:
        return None
    try:
        for field in opening.fields:
            value = _put(value, patch[field.name], field)
    except _Refused:
        return None
    return value


def _put(value: Json, given: Json, field: OpenField) -> Json:
    """Return `value` with `given` in an open place. Only what holds the place is new."""
    holders: list[tuple[Json, Any]] = []
    for token in tokens(field.at):
        step = _step(value, token)
        holders.append((value, step))
        value = value.get(step, ABSENT) if isinstance(value, dict) else value[step]
    value = _changed(value, given, field)
    for holder, step in reversed(holders):
        changed: Any = dict(holder) if isinstance(holder, dict) else list(holder)
        changed[step] = value
        value = changed
    return value


def _step(value: Json, token: str) -> Any:
    """Return the name or position that a step is in an object or a list."""
    if isinstance(value, dict):
        return token
    if isinstance(value, list) and token.isascii() and token.isdigit() and int(token) < len(value):
        return int(token)
    raise _Refused


def _changed(value: Json, given: Json, field: OpenField) -> Json:
    if field.kind == "replace":
        return given
    if not isinstance(value, list) or not isinstance(given, list):
        raise _Refused
    if field.kind == "add":
        return [*value, *given]
    if not all(type(position) is int and 0 <= position < len(value) for position in given):
        raise _Refused
    taken_out = set(given)
    return [item for position, item in enumerate(value) if position not in taken_out]

"""Putting what was asked for again into an answer. Nothing else of it is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extractor.jsontext import tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

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
            value = _put(value, tokens(field.at), patch[field.name], field=field)
    except _Refused:
        return None
    return value


def _put(value: Json, steps: Sequence[str], given: Json, *, field: OpenField) -> Json:
    """Return `value` with `given` at the end of `steps`; what lies beside them is shared with it."""
    if not steps:
        return _changed(value, given, field)
    step, *rest = steps
    if isinstance(value, dict):
        is_new = step not in value and not rest and field.kind == "replace"
        if step in value or is_new:
            return {**value, step: given if is_new else _put(value[step], rest, given, field=field)}
    elif isinstance(value, list) and step.isascii() and step.isdigit() and int(step) < len(value):
        position = int(step)
        return [*value[:position], _put(value[position], rest, given, field=field), *value[position + 1 :]]
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

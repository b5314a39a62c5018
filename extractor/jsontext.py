"""JSON as text: strict parsing, canonical bytes, JSON Pointers."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extractor.records import Json, JsonObject

#: Nesting beyond which text is refused. The deepest of 11,305 real schemas is 63.
MAX_DEPTH = 200
#: Digits beyond which an integer is refused; CPython itself stops at 4,300.
MAX_DIGITS = 400


class NotStrictJson(ValueError):
    """Text that is not JSON as RFC 8259 has it, or that two parsers would read differently.

    Attributes:
        reason: Stable word: `syntax`, `duplicate_key`, `not_a_number`, `huge_number`, `too_deep`.
        line: Line of a syntax error, from 1; 0 for other reasons.
        column: Its character in the line, from 1; 0 for other reasons.
    """

    def __init__(self, reason: str, *, line: int = 0, column: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line
        self.column = column


def parse(text: str) -> Json:
    """Parse one JSON value, refusing what the standard library lets through.

    Raises:
        NotStrictJson: on a syntax error, different values under one key, NaN, Infinity, overflow, depth.
    """
    try:
        return json.loads(
            text,
            object_pairs_hook=_object_without_conflicts,
            parse_constant=_refuse_constant,
            parse_float=_finite_float,
            parse_int=_bounded_int,
        )
    except NotStrictJson:
        raise
    except RecursionError:
        raise NotStrictJson("too_deep") from None
    except json.JSONDecodeError as error:
        raise NotStrictJson("syntax", line=error.lineno, column=error.colno) from None


def _object_without_conflicts(pairs: list[tuple[str, Json]]) -> JsonObject:
    found: JsonObject = {}
    for key, value in pairs:
        if key in found and canonical(found[key]) != canonical(value):
            raise NotStrictJson("duplicate_key")
        found[key] = value
    return found


def _refuse_constant(_name: str) -> Json:
    raise NotStrictJson("not_a_number")


def _finite_float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise NotStrictJson("huge_number")
    return number


def _bounded_int(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise NotStrictJson("huge_number")
    return int(digits)


def canonical(value: Json) -> bytes:
    """Return the one UTF-8 spelling of `value`: sorted keys, no spaces. Integers of any size are allowed."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8", "surrogatepass")


def digest(value: Json) -> str:
    """Return the SHA-256 of the canonical bytes, hexadecimal."""
    return hashlib.sha256(canonical(value)).hexdigest()


def dumps(value: Json) -> str:
    """Return compact JSON text in insertion order. Records inside are written as objects."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # an integer beyond 64 bits, or a lone surrogate
        return json.dumps(value, ensure_ascii=True, separators=(",", ":"), default=_members)


def _members(record: Any) -> JsonObject:
    return {field.name: getattr(record, field.name) for field in fields(record)}


def pointer(*tokens: str | int) -> str:
    """Return the JSON Pointer of a path. No tokens: "", the whole document. Source: RFC 6901."""
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in tokens)


def tokens(at: str) -> tuple[str, ...]:
    """Return the path of a JSON Pointer."""
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in at.split("/")[1:])


def leaves(value: Json, at: str = "") -> Iterator[tuple[str, Json]]:
    """Yield the pointer and value of every leaf: scalars, and containers that are empty."""
    if isinstance(value, dict) and value:
        for key, member in value.items():
            yield from leaves(member, at + pointer(key))
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from leaves(item, at + pointer(index))
    else:
        yield at, value

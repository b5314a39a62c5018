"""JSON as text: strict parsing, canonical bytes, JSON Pointers."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections import Counter
from dataclasses import dataclass, fields
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extractor.records import Json, JsonObject

#: Nesting beyond which text is refused. The deepest of 11,305 real schemas is 63.
MAX_DEPTH = 200
#: Characters of a number beyond which it is refused. CPython stops at 4,300 digits, and no double needs as many.
MAX_DIGITS = 400
#: Places that the notes of one reading name. A text with more of them is read all the same.
MAX_NOTES = 100
#: Characters of the keys in a note's pointer.
_MAX_POINTER: Final = 1_000

#: What turns the bytes of brackets into indexes of `_STEPS`, and the bytes that are no brackets.
_OPENS_OR_CLOSES: Final = bytes.maketrans(b"[{]}", b"\1\1\0\0")
_NO_BRACKETS: Final = bytes(byte for byte in range(256) if byte not in b"[{]}")
#: How much deeper it goes behind a bracket that closes, and one that opens.
_STEPS: Final = (-1, 1)

#: Escapes that may stand for what is repaired: halves of a surrogate pair, and control characters.
_SUSPECT_ESCAPE: Final = re.compile(r"\\(?:[bf]|u[dD][89a-fA-F]|u00(?:[01]|7[fF]|[89]))")
_SUSPECT: Final = re.compile("[\x7f-\x9f\ud800-\udfff]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
#: Control characters but tab, line feed and carriage return. Those that part words become a space.
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


class NotStrictJson(ValueError):
    """Text that is not JSON as RFC 8259 has it, or that two parsers would read differently.

    Attributes:
        reason: Stable word: `syntax`, `duplicate_key`, `not_a_number`, `huge_number`, `too_deep`.
        line: Line of a syntax error, from 1; 0 for other reasons.
        column: Its character in the line, from 1; 0 for other reasons.
        key: The key that is given twice; "" for other reasons.
    """

    def __init__(self, reason: str, *, line: int = 0, column: int = 0, key: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line
        self.column = column
        self.key = key


@dataclass(frozen=True, slots=True)
class Note:
    """One thing in a text that two readers would take differently, and that was settled."""

    #: `duplicate_key` = given more than once, equal; `lone_surrogate` = now U+FFFD; `control_character` = taken out.
    name: str
    #: JSON Pointer of the value; "" where it would be too long to be read.
    at: str


#: Where a walk has arrived: the path above and a token; None at the root. Pointers are written only for notes.
_Path: TypeAlias = tuple[Any, str | int] | None


def parse(text: str) -> Json:
    """Parse one JSON value, refusing what the standard library lets through. A member given twice, equal, is one.

    Raises:
        NotStrictJson: on a syntax error, different values under one key, NaN, Infinity, overflow, depth.
    """
    return _parsed(text, [])


def read(text: str) -> tuple[Json, tuple[Note, ...]]:
    """Parse one JSON value that a model wrote, and settle what could be neither stored nor shown.

    Half of a surrogate pair becomes U+FFFD; control characters but tab and line ends go. Each is noted with its
    place, and so is a member that was given twice with equal values.

    Raises:
        NotStrictJson: see `parse`; also where two keys with different values are equal once they are settled.
    """
    repeated: list[tuple[JsonObject, str]] = []
    value = _parsed(text, repeated)
    notes: list[Note] = []
    if repeated:
        _note_repeated(value, None, _keys_by_identity(repeated), notes=notes)
    if _SUSPECT_ESCAPE.search(text) or (not text.isascii() and _SUSPECT.search(text)) or "\x7f" in text:
        value = _settled(value, None, notes)
    return value, tuple(notes)


def _parsed(text: str, repeated: list[tuple[JsonObject, str]]) -> Json:
    def as_object(pairs: list[tuple[str, Json]]) -> JsonObject:
        members = dict(pairs)
        return members if len(members) == len(pairs) else _without_conflicts(pairs, repeated)

    if _is_too_deep(text):
        raise NotStrictJson("too_deep")
    try:
        return json.loads(
            text,
            object_pairs_hook=as_object,
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


def _is_too_deep(text: str) -> bool:
    """Say, before it is parsed, whether containers nest too deep. Linear, and without a stack of its own."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return False
    without_escapes = text.replace("\\\\", "").replace('\\"', "")
    outside_strings = "".join(without_escapes.split('"')[::2])
    brackets = outside_strings.encode("utf-8", "surrogatepass").translate(_OPENS_OR_CLOSES, _NO_BRACKETS)
    return max(accumulate(map(_STEPS.__getitem__, brackets)), default=0) > MAX_DEPTH


def _without_conflicts(pairs: list[tuple[str, Json]], repeated: list[tuple[JsonObject, str]]) -> JsonObject:
    """Return the members as an object, and enter into `repeated` those that were given more than once."""
    members = dict(pairs)
    texts = {key: canonical(members[key]) for key, count in Counter(key for key, _ in pairs).items() if count > 1}
    for key, value in pairs:
        if key in texts and value is not members[key] and canonical(value) != texts[key]:
            raise NotStrictJson("duplicate_key", key=key)
    repeated += [(members, key) for key in texts]
    return members


def _keys_by_identity(repeated: list[tuple[JsonObject, str]]) -> dict[int, list[str]]:
    keys: dict[int, list[str]] = {}
    for members, key in repeated:
        keys.setdefault(id(members), []).append(key)
    return keys


def _note_repeated(value: Json, path: _Path, keys: dict[int, list[str]], *, notes: list[Note]) -> None:
    """Note each member that was given more than once; `keys` has them by the identity of their object."""
    if isinstance(value, dict):
        for key in keys.get(id(value), ()):
            _note("duplicate_key", (path, key), notes)
        for key, member in value.items():
            _note_repeated(member, (path, key), keys, notes=notes)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _note_repeated(item, (path, index), keys, notes=notes)


def _note(name: str, path: _Path, notes: list[Note]) -> None:
    if len(notes) >= MAX_NOTES:
        return
    found: list[str | int] = []
    while path is not None:
        path, token = path
        found.append(token)
    is_short = sum(len(str(token)) for token in found) <= _MAX_POINTER
    notes.append(Note(name, _clean(pointer(*reversed(found))) if is_short else ""))


def _settled(value: Json, path: _Path, notes: list[Note]) -> Json:
    if isinstance(value, str):
        return _settled_text(value, path, notes)
    if isinstance(value, list):
        return [_settled(item, (path, index), notes) for index, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    pairs = []
    for key, member in value.items():
        name = _settled_text(key, (path, key), notes)
        pairs.append((name, _settled(member, (path, name), notes)))
    members = dict(pairs)
    return members if len(members) == len(pairs) else _without_conflicts(pairs, [])


def _settled_text(text: str, path: _Path, notes: list[Note]) -> str:
    if _SURROGATE.search(text):
        _note("lone_surrogate", path, notes)
    if _CONTROL.search(text):
        _note("control_character", path, notes)
    return _clean(text)


def _clean(text: str) -> str:
    return _CONTROL.sub(_in_place_of, _SURROGATE.sub("\ufffd", text))


def _in_place_of(control: re.Match[str]) -> str:
    """Return a space for what parts words, such as a form feed, and nothing for what stands for nothing."""
    return " " if control[0].isspace() else ""


def _refuse_constant(_name: str) -> Json:
    raise NotStrictJson("not_a_number")


def _finite_float(digits: str) -> float:
    number = float(digits) if len(digits) <= MAX_DIGITS else math.inf
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


def value_at(value: Json, at: str) -> Json:
    """Return what stands at a JSON Pointer, None where there is no such place."""
    for token in tokens(at):
        if isinstance(value, dict):
            value = value.get(token)
        elif isinstance(value, list) and token.isascii() and token.isdigit() and int(token) < len(value):
            value = value[int(token)]
        else:
            return None
    return value


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

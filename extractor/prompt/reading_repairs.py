"""The open places of a repair out of its messages again, and what it says stays as it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from extractor.prompt.keeping import BETWEEN
from extractor.prompt.reasking import ARROW
from extractor.prompt.repairing import KINDS
from extractor.prompt.words import PLAIN_NAME
from extractor.records import OpenField

if TYPE_CHECKING:
    from extractor.records import Json

_JSON = json.JSONDecoder()


def open_fields(failed: str) -> tuple[OpenField, ...]:
    """Read the failed block of a repair. The rules of a field come back as one.

    Raises:
        ValueError: `repair` did not write it.
    """
    return tuple(_open_field(line) for line in failed.split("\n") if line)


def _open_field(line: str) -> OpenField:
    plain = PLAIN_NAME.match(line)
    name, end = (plain[0], plain.end()) if plain else _JSON.raw_decode(line)
    told = line[end:].removeprefix(": ")
    kind = next(kind for kind, words in reversed(KINDS.items()) if told.startswith(words))
    at, end = _JSON.raw_decode(told, len(KINDS[kind]))
    rule, _ = _JSON.raw_decode(told, end + len(ARROW))
    return OpenField(name=name, at=at, kind=kind, rules=(rule,) if rule else ())


def kept_parts(kept: str) -> dict[str, Json]:
    """Read the kept block of a repair: JSON Pointer into the answer -> what stands there, shortened.

    Raises:
        ValueError: `kept_beside` did not write it.
    """
    return dict(_part(line) for line in kept.split("\n") if line)


def _part(line: str) -> tuple[str, Json]:
    at, end = _JSON.raw_decode(line)
    value, _ = _JSON.raw_decode(line, end + len(BETWEEN))
    return at, value

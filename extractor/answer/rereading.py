"""The other ways in which an answer can be read that was refused as it stands.

Each is a proposal: it counts only where the contract finds its record valid.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from extractor import jsontext
from extractor.answer import candidates, mending
from extractor.answer.parsing import Parsed, refused
from extractor.answer.respelling import respelled
from extractor.answer.unwrapping import decoded, names_of, unwrapped
from extractor.records import Repair

if TYPE_CHECKING:
    from collections.abc import Mapping

    from extractor.records import Json, JsonObject

#: Different values like the record in one text beyond which nobody can say which is the answer.
MAX_RECORDS: Final = 8

_KEY: Final = re.compile(r"""["']([^"'\\]++)["']\s*+:""")


def readings(text: str, wire: JsonObject) -> tuple[Parsed, ...]:
    """Return what in a text looks like the record, in order, the same value once.

    What looks like it and cannot be read is among them, for it may be what the model had to say last. There are more
    than `MAX_RECORDS` only where there are too many to tell.
    """
    found = candidates.find(text)
    names = list(found.names)
    read: dict[bytes, Parsed] = {}
    for candidate in found.texts:
        reading = _reading(candidate, names_of(wire))
        if reading is None:
            names = [*found.names, "prose"]
            continue
        same = b"" if reading.violations else jsontext.canonical(reading.value)
        repeated = [] if read.pop(same, None) is None else [Repair(name="repeated_answer")]
        read[same] = replace(reading, repairs=(*repeated, *reading.repairs))
        if len(read) > MAX_RECORDS:
            break
    if len(read) > 1:
        names.append("draft")
    named = [Repair(name=name) for name in dict.fromkeys(names)]
    return tuple(replace(reading, repairs=(*named, *reading.repairs)) for reading in read.values())


def other_reading(parsed: Parsed, wire: JsonObject) -> Parsed | None:
    """Return an answer without what is wrapped round it and in the wire's spellings; None where that changes nothing.

    The repairs of `parsed` are told at places of its value, those returned at places of the value returned.
    """
    inner, again = decoded(parsed.value)
    inner, way, wrapper = unwrapped(inner, names_of(wire))
    off = (Repair(name=wrapper),) if wrapper else ()
    inner, respellings = respelled(inner, wire)
    if not (again or off or respellings):
        return None
    before = [*parsed.repairs, *again]
    prefix = jsontext.pointer(*way)
    moved = [replace(repair, at=repair.at.removeprefix(prefix)) for repair in before]
    return Parsed(value=inner, repairs=(*moved, *off, *respellings))


def rescued(reasoning: str) -> Parsed | None:
    """Return the JSON value with which a reasoning ends, with nothing but fences behind it."""
    try:
        value, notes = jsontext.read(candidates.last_of(reasoning))
    except jsontext.NotStrictJson:
        return None
    settled = (Repair(name=note.name, at=note.at) for note in notes)
    return Parsed(value=value, repairs=(Repair(name="rescued_from_reasoning"), *settled))


def _reading(candidate: str, names: Mapping[str, Json]) -> Parsed | None:
    try:
        value, repairs = mending.read(candidate)
    except jsontext.NotStrictJson as refusal:
        is_like = any(key[1] in names for key in _KEY.finditer(candidate))
        return refused(refusal.reason) if is_like else None
    is_like = _holds_objects(value) or any(_holds_objects(item) for item in value)
    return Parsed(value=value, repairs=repairs) if is_like else None


def _holds_objects(value: Json) -> bool:
    return isinstance(value, dict) and bool(value)

"""The entries of maps, which travel as lists of keys and values.

A list of keys and values may also be one that the caller has asked for, in which a key may well stand twice; the wire
writes both alike. Who has lowered the schema knows which is which, and says so with each part. Where nobody says, a
list is a list as soon as one part gives a key twice. In a map a second entry for a key would be refused when it is read
back, so entries with the same key are put together like members of the same name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.answer.parts import Piece
    from extractor.records import Json


def is_map(lists: Sequence[Piece]) -> bool:
    """Return whether lists of one place hold the entries of a map."""
    told = [piece.at in piece.part.maps for piece in lists if piece.part.maps is not None]
    return any(told) if told else all(map(_may_be_map, lists))


def by_key(lists: Sequence[Piece]) -> list[list[Piece]]:
    """Return the entries of lists, those with the same key together, in the order in which keys come first.

    What is no entry, and one whose key the same list has given before, stays by itself.
    """
    together: dict[str, list[Piece]] = {}
    groups: list[list[Piece]] = []
    for piece in lists:
        met: set[str] = set()
        for entry in piece.items():
            key = _key(entry.value)
            if key is None or key in met or key not in together:
                groups.append([entry])
            else:
                together[key].append(entry)
            if key is not None:
                met.add(key)
                together.setdefault(key, groups[-1])
    return groups


def _may_be_map(piece: Piece) -> bool:
    keys = [_key(entry) for entry in piece.value]
    return None not in keys and len(set(keys)) == len(keys)


def _key(entry: Json) -> str | None:
    """Return the key of an entry, None where it is none."""
    if not isinstance(entry, dict) or entry.keys() != {"key", "value"}:
        return None
    return entry["key"] if isinstance(entry["key"], str) else None

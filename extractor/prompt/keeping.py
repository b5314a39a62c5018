"""What stays as it is round the open places of an answer, shortened: it tells a model which item is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extractor import jsontext
from extractor.prompt.fencing import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from extractor.records import Json, JsonObject, Opening

#: Characters of one object or item, at most and where there are many, and of one text in it.
MAX_PART: Final = 400
MIN_PART: Final = 80
MAX_TEXT: Final = 80
#: Characters of an item of a list that items are added to or removed from, and how many of each end are shown.
MAX_ITEM: Final = 120
MAX_ENDS: Final = 10
#: Characters of all.
MAX_KEPT: Final = 8_000

BETWEEN: Final = ": "


def kept_beside(value: Json, opening: Opening) -> str:
    """Write one line for each object and item that holds an open place: `"/lines/3": {"sku":"A-17","qty":2}`.

    Args:
        value: The answer, in wire form.
        opening: Its open places. They are left out of what is written.
    """
    is_open = {field.at for field in opening.fields if field.kind == "replace"}
    room = max(min(MAX_PART, MAX_KEPT // max(len(opening.fields), 1)), MIN_PART)
    parts: dict[str, Json] = {}
    for field in opening.fields:
        parts.update(
            _holders(value, field.at, is_open=is_open, room=room)
            if field.kind == "replace"
            else _items(value, field.at)
        )
    lines: list[str] = []
    left = MAX_KEPT
    for at, part in parts.items():
        line = quoted(at) + BETWEEN + quoted(part)
        left -= len(line) + 1
        if left < 0:
            break
        lines.append(line)
    return "\n".join(lines)


def _holders(value: Json, at: str, *, is_open: set[str], room: int) -> Iterator[tuple[str, Json]]:
    """Yield what holds a place: the item of a list that it is inside, and the object that it is a member of.

    Of a place that is an item itself, the items before and after it.
    """
    if not at:
        return
    *outer, (above, parent) = _above(value, at)
    item = [(there, part) for there, part in outer if there.rpartition("/")[2].isdecimal()][-1:]
    for there, part in (*item, (above, parent)):
        if isinstance(part, dict):
            yield there, _object(part, there, towards=at, is_open=is_open, room=room)
    token = at.rpartition("/")[2]
    if isinstance(parent, list) and token.isdecimal():
        index = int(token)
        for beside in (index - 1, index + 1):
            if 0 <= beside < len(parent) and above + jsontext.pointer(beside) not in is_open:
                yield above + jsontext.pointer(beside), _brief(parent[beside])


def _above(value: Json, at: str) -> Iterator[tuple[str, Json]]:
    """Yield pointer and value of everything that holds the place, the root first; none when there is no such place."""
    above = ""
    for token in jsontext.tokens(at):
        yield above, value
        value = member_at(value, token)
        above += jsontext.pointer(token)


def member_at(value: Json, token: str) -> Json:
    """Return the member or the item that one token of a pointer names; None where there is none."""
    if isinstance(value, dict):
        return value.get(token)
    if isinstance(value, list) and token.isdecimal() and len(token) <= len(str(len(value))) and int(token) < len(value):
        return value[int(token)]
    return None


def _object(part: Mapping[str, Json], above: str, *, towards: str, is_open: set[str], room: int) -> JsonObject:
    """Return the members nearest to a place, in their order, as far as there is room for them."""
    own = jsontext.tokens(towards[len(above) :])[0]
    places = {name: place for place, name in enumerate(part)}
    middle = places.get(own, len(places))
    left = room
    chosen: JsonObject = {}
    for name in sorted(places, key=lambda name: abs(places[name] - middle)):
        if above + jsontext.pointer(name) in is_open or part[name] is None or isinstance(part[name], dict | list):
            continue
        size = len(quoted({name: _short(part[name])}))
        if size <= left:
            chosen[name] = _short(part[name])
            left -= size
    return {name: chosen[name] for name in places if name in chosen}


def _items(value: Json, at: str) -> Iterator[tuple[str, Json]]:
    """Yield the first and the last items of the list at a place."""
    items = value
    for token in jsontext.tokens(at):
        items = member_at(items, token)
    if not isinstance(items, list):
        return
    for index, item in enumerate(items):
        if MAX_ENDS <= index < len(items) - MAX_ENDS:
            continue
        yield at + jsontext.pointer(index), _brief(item)


def _brief(item: Json) -> Json:
    """Return an item as its first members."""
    if isinstance(item, list):
        return []
    if not isinstance(item, dict):
        return _short(item)
    brief: JsonObject = {}
    for name, member in item.items():
        if member is not None and not isinstance(member, dict | list):
            brief[name] = _short(member)
            if len(quoted(brief)) > MAX_ITEM:
                del brief[name]
                break
    return brief


def _short(value: Json) -> Json:
    return value[:MAX_TEXT] if isinstance(value, str) else value

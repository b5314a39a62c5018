"""The right answer in the places where a scripted reply wants it: `{{G}}`, or `{{G:75}}` for its first characters."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from extractor import jsontext

if TYPE_CHECKING:
    from collections.abc import Callable

    from extractor.records import Json, JsonObject
    from extractor.simulator.catalogue import Reply

_PLACE = re.compile(r"\{\{G(?::(\d+))?\}\}")


def filled(reply: Reply, answer: Callable[[], str]) -> Reply:
    """Return `reply` with the right answer in its places; `answer` is asked only where there are any."""
    if not _wants_answer(reply):
        return reply
    right = answer()
    return replace(
        reply,
        body=None if reply.body is None else _body(reply.body, right),
        content=_text(reply.content, right),
        reasoning=_text(reply.reasoning, right),
        message=_value(reply.message, right),
        top=_value(reply.top, right),
        streaming=replace(reply.streaming, events=tuple(_value(event, right) for event in reply.streaming.events)),
    )


def _wants_answer(reply: Reply) -> bool:
    places: tuple[Json, ...] = (reply.body, reply.content, reply.reasoning, reply.message, reply.top)
    return any("{{G" in str(place) for place in (*places, reply.streaming.events))


def _text(text: str | None, right: str) -> str | None:
    return text and _PLACE.sub(lambda place: right if place[1] is None else right[: int(place[1])], text)


def _value(value: Json, right: str) -> Json:
    if isinstance(value, str):
        return _text(value, right)
    if isinstance(value, list):
        return [_value(item, right) for item in value]
    return {name: _value(item, right) for name, item in value.items()} if isinstance(value, dict) else value


def _body(body: str, right: str) -> str | None:
    """Return a raw body. In one that is JSON the answer stands inside strings, so it is written with escapes."""
    try:
        parsed: JsonObject = json.loads(body)
    except ValueError:
        return _text(body, right)
    return jsontext.dumps(_value(parsed, right))

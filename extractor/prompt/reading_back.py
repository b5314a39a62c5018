"""The question out of its messages again, for stand-ins of a model that see nothing else."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from extractor.prompt import fencing, reading_words
from extractor.prompt.layout import take_apart
from extractor.prompt.reasking import ARROW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.records import JsonObject, Message

_JSON = json.JSONDecoder()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBack:
    """What a question says."""

    #: The wire schema.
    schema: JsonObject
    #: Its name.
    name: str
    #: The window's text, pages joined by a form feed.
    document: str = field(repr=False)
    #: In a re-ask, JSON Pointer -> the rule that its value broke; empty in a first question.
    failing: dict[str, str]


def read_back(messages: Sequence[Message]) -> ReadBack:
    """Read the messages of `ask` or `reask`.

    Raises:
        ValueError: the messages are of somebody else.
    """
    layout = take_apart(messages)
    shape = reading_words.read(layout.words)
    return ReadBack(
        schema=shape.schema,
        name=shape.name,
        document=fencing.without_page_marks(layout.document, mark=layout.mark),
        failing=dict(_path_and_rule(line) for line in layout.failed.split("\n") if line),
    )


def _path_and_rule(line: str) -> tuple[str, str]:
    at, end = _JSON.raw_decode(line)
    rule, _ = _JSON.raw_decode(line, end + len(ARROW))
    return at, rule

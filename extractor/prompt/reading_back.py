"""The question out of its messages again, for stand-ins of a model that see nothing else."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from extractor.prompt import fencing, reading_repairs, reading_words
from extractor.prompt.layout import GAP, take_apart
from extractor.prompt.reasking import ARROW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.prompt.layout import Layout
    from extractor.records import Json, JsonObject, Message, OpenField

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
    #: Of a part of a document, what stands above it and it is read with: headings, and the header of a table.
    context: tuple[str, ...] = field(default=(), repr=False)
    #: In a re-ask, JSON Pointer -> the rule that its value broke; empty in a first question.
    failing: dict[str, str]
    #: In a repair, the open places, each a property of the schema; empty in every other question.
    fields: tuple[OpenField, ...] = ()
    #: In a repair, JSON Pointer into the answer -> what stands there and stays, shortened.
    kept: dict[str, Json] = field(default_factory=dict, repr=False)


def read_back(messages: Sequence[Message]) -> ReadBack:
    """Read the messages of `ask`, `reask` or `repair`. Of a repair's passages each is a paragraph of the document.

    Raises:
        ValueError: the messages are of somebody else.
    """
    layout = take_apart(messages)
    shape = reading_words.read(layout.words)
    fields = () if layout.kept is None else reading_repairs.open_fields(layout.failed)
    return ReadBack(
        schema=shape.schema,
        name=shape.name,
        document=_document(layout),
        context=() if layout.context is None else fencing.without_gap_marks(layout.context, mark=layout.mark),
        failing=dict(_path_and_rule(line) for line in layout.failed.split("\n") if line and layout.kept is None),
        fields=fields,
        kept=reading_repairs.kept_parts(layout.kept or ""),
    )


def _document(layout: Layout) -> str:
    if layout.has_passages:
        return GAP.join(fencing.without_gap_marks(layout.document, mark=layout.mark))
    return fencing.without_page_marks(layout.document, mark=layout.mark)


def _path_and_rule(line: str) -> tuple[str, str]:
    at, end = _JSON.raw_decode(line)
    rule, _ = _JSON.raw_decode(line, end + len(ARROW))
    return at, rule

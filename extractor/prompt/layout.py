"""Where the parts of a user message stand, for those who write them and those who read them back.

schema block       the same bytes for every document of a run, so a provider's prefix cache can hold it
context block      of a part of a document only: headings above it, and the header of a table that it begins inside
document block     one window of one document
answer, failed     in a re-ask only: the answer that was refused, and `path -> rule` for what was wrong with it
closing words

A repair has a schema block of what is asked for again, then:

passages block     parts of the document; or context and document block of its question, where the whole is needed
kept, failed       what stays as it is round the open places, and `name: path -> rule` for each of them
closing words
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from extractor.prompt import fencing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from extractor.prompt.fencing import Fenced
    from extractor.records import Message

GAP = "\n\n"
#: The blocks of a user message, by what is asked.
_FIRST: Final = ("schema", "document")
_AGAIN: Final = (*_FIRST, "answer", "failed")
_REPAIR: Final = (*_FIRST, "kept", "failed")
_REPAIR_BY_PASSAGES: Final = ("schema", "passages", "kept", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The parts of a user message."""

    #: The schema in words.
    words: str
    #: Mark of the document's fence.
    mark: str
    #: The document, page marks included; in a repair by passages, those, with a mark where text is left out.
    document: str
    #: Everything up to the end of that block, as it stands in the message.
    base: str
    #: What stands above a part of a document, with a mark where text is left out; None without such a block.
    context: str | None = None
    #: The refused answer, cut to size; None but in a re-ask.
    answer: str | None = None
    #: One line per broken rule; "" in a first question.
    failed: str = ""
    #: One line per part of the record that stays as it is; None but in a repair.
    kept: str | None = None
    #: Whether passages stand in for the document.
    has_passages: bool = False
    #: Marks of the fences that stand in the message.
    marks: tuple[str, ...]


def take_apart(messages: Sequence[Message]) -> Layout:
    """Return the parts of the user message.

    Raises:
        ValueError: the messages were made neither by `ask` nor by `reask` nor by `repair`.
    """
    content = messages[-1].content
    blocks = tuple(_blocks(content))
    context = next((block for block in blocks[1:2] if block.kind == "context"), None)
    stated = [block for block in blocks if block is not context]
    kinds = tuple(block.kind for block in stated)
    if kinds not in {_FIRST, _AGAIN, _REPAIR, _REPAIR_BY_PASSAGES}:
        raise ValueError("a schema block and a document block were expected")
    schema, document, *others = stated
    said = {block.kind: block.body for block in others}
    return Layout(
        words=schema.body,
        mark=document.mark,
        document=document.body,
        base=content[: document.end],
        context=None if context is None else context.body,
        answer=said.get("answer"),
        failed=said.get("failed", ""),
        kept=said.get("kept"),
        has_passages=document.kind == "passages",
        marks=tuple(dict.fromkeys(block.mark for block in (document, *blocks))),
    )


def _blocks(content: str) -> Iterator[Fenced]:
    """Yield the fenced texts that a message begins with."""
    at = 0
    while at == 0 or content.startswith("<", at):
        block = fencing.unfence(content, at=at)
        yield block
        at = block.end + len(GAP)

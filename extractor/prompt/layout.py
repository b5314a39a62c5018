"""Where the parts of a user message stand, for those who write them and those who read them back.

schema block       the same bytes for every document of a run, so a provider's prefix cache can hold it
document block     one window of one document
answer, failed     in a re-ask only: the answer that was refused, and `path -> rule` for what was wrong with it
closing words
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from extractor.prompt import fencing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.records import Message

GAP = "\n\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The parts of a user message."""

    #: The schema in words.
    words: str
    #: Mark of the document's fence.
    mark: str
    #: The document, page marks included.
    document: str
    #: Everything up to the end of the document block, as it stands in the message.
    base: str
    #: The refused answer, cut to size; None in a first question.
    answer: str | None = None
    #: One line per broken rule; "" in a first question.
    failed: str = ""
    #: Marks of the fences that stand in the message.
    marks: tuple[str, ...]


def take_apart(messages: Sequence[Message]) -> Layout:
    """Return the parts of the user message.

    Raises:
        ValueError: the messages were made neither by `ask` nor by `reask`.
    """
    content = messages[-1].content
    schema = fencing.unfence(content)
    document = fencing.unfence(content, at=schema.end + len(GAP))
    base = content[: document.end]
    if (schema.kind, document.kind) != ("schema", "document"):
        raise ValueError("a schema block and a document block were expected")
    if not content.startswith("<answer ", document.end + len(GAP)):
        return Layout(
            words=schema.body,
            mark=document.mark,
            document=document.body,
            base=base,
            marks=(document.mark, schema.mark),
        )
    answer = fencing.unfence(content, at=document.end + len(GAP))
    failed = fencing.unfence(content, at=answer.end + len(GAP))
    return Layout(
        words=schema.body,
        mark=document.mark,
        document=document.body,
        base=base,
        answer=answer.body,
        failed=failed.body,
        marks=(document.mark, schema.mark, answer.mark),
    )

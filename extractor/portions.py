"""What is asked about one portion of a document, and what its answer is for the whole."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from extractor import jsontext
from extractor.answer import Part
from extractor.errors import DocumentTooLarge, Truncated
from extractor.grounds import Grounds
from extractor.identity import Itself
from extractor.planning import Portion, divided, expected_tokens, room_for_lists
from extractor.prompt import ask
from extractor.records import Document, Evidence, Page, Target, Window
from extractor.schema import acontract_for, part_schema

if TYPE_CHECKING:
    from extractor.attempts import Answer
    from extractor.records import Job, JsonObject, Options, Question
    from extractor.schema import Contract


class Portions:
    """The portions of one document under one contract.

    Args:
        job: The document's job.
        contract: What the whole record is held to.
        grounds: What the whole record rests on.
    """

    def __init__(self, job: Job, *, contract: Contract, grounds: Grounds) -> None:
        self._job = job
        self._contract = contract
        self._whole = grounds

    @property
    def wire(self) -> JsonObject:
        """The wire schema of the whole record."""
        return self._contract.shape.schema

    @property
    def options(self) -> Options:
        """The caller's options."""
        return self._job.options

    def whole(self) -> Portion:
        """Return the whole as one portion."""
        document = self._whole.document
        window = Window(number=0, start=0, end=len(document.text), text=document.text, pages=document.pages)
        return Portion(window=window)

    def whole_question(self, *, expected_tokens: int | None = 0) -> Question:
        """Return the question for the whole record about the whole document.

        Args:
            expected_tokens: What its answer is expected to take, where that is more than the schema says.
        """
        window = self.whole().window
        question = ask(window, self._contract.shape, job_id=self._job.id, options=self._job.options)
        return _expecting(question, window, tokens=expected_tokens or 0)

    def question(self, portion: Portion, contract: Contract) -> Question:
        """Return the question for a portion, which is a part of the whole."""
        shape = replace(contract.shape, told=self._told(portion))
        question = ask(portion.window, shape, job_id=self._job.id, options=self._job.options, is_part=True)
        expected = expected_tokens(question.shape.schema, portion.window.text)
        return _expecting(question, portion.window, tokens=expected)

    async def contract(self, portion: Portion) -> Contract:
        """Return what the answer about a portion is held to: every member may be null, and a list has any length."""
        target = _part_target(Itself(self._contract), portion.members)
        return await acontract_for(target, open_objects="drop", nulls="exact", absence="forbid")

    def grounds(self, portion: Portion, contract: Contract) -> Grounds:
        """Return what the values of a portion's answer rest on. They are always looked up, to put answers together."""
        window = portion.window
        target = Target(schema=contract.shape.schema, name=contract.shape.name, digest="")
        return Grounds(document=_as_document(window, self._whole.document), target=target, is_looked_up=True)

    def divided(self, portion: Portion, answer: Answer) -> tuple[Portion, ...]:
        """Return smaller portions where question or answer was too long; () where neither was, or none are smaller."""
        if answer.record is not None or not isinstance(answer.error, Truncated | DocumentTooLarge):
            return ()  # what is read already is kept: it was a repair that did not fit
        is_too_long = isinstance(answer.error, DocumentTooLarge)
        return divided(portion, self._whole.document, wire=self.wire, is_too_long=is_too_long)

    def part(self, portion: Portion, answer: Answer) -> Part:
        """Return an answer about a portion with its evidence at places of the whole document."""
        value, start = answer.value, portion.window.start
        pointers = self._contract.pointers(value)
        return Part(
            window=portion.window,
            value=value,
            evidence={at: _moved(found, start) for at, found in answer.evidence.items()},
            maps=None if pointers is None else pointers.maps,
        )

    def _told(self, portion: Portion) -> dict[str, str]:
        told, members = self._contract.shape.told, portion.members
        if members is None:
            return told
        return {at: says for at, says in told.items() if at and jsontext.tokens(at)[0] in members}


def _expecting(question: Question, window: Window, *, tokens: int) -> Question:
    """Return `question` with room for what its answer is expected to take, or for a list that nobody counted."""
    uncounted = room_for_lists(question.shape.schema, window.text)
    return replace(question, expected_tokens=max(tokens, uncounted, question.shape.expected_tokens))


@lru_cache(maxsize=64)
def _part_target(contract: Itself[Contract], members: tuple[str, ...] | None) -> Target:
    shape = contract.value.shape
    schema = part_schema(shape.schema)
    if members is not None:
        properties = {name: schema["properties"][name] for name in members}
        schema = {**schema, "properties": properties, "required": list(members)}
    return Target(schema=schema, name=shape.name, digest=jsontext.digest(schema))


def _as_document(window: Window, document: Document) -> Document:
    """Return a window as a document of its own: the same pages, at places of the window."""
    length = len(window.text)
    pages = tuple(
        Page(number=page.number, start=max(page.start - window.start, 0), end=min(page.end - window.start, length))
        for page in window.pages
    )
    return replace(document, text=window.text, pages=pages or (Page(number=1, start=0, end=length),), warnings=())


def _moved(found: Evidence, by: int) -> Evidence:
    if found.start is None or found.end is None:
        return found
    return Evidence(  # a third of the time that `replace` takes; there are as many as values
        quote=found.quote,
        start=found.start + by,
        end=found.end + by,
        page=found.page,
        match=found.match,
        score=found.score,
        box=found.box,
        alternatives=tuple((start + by, end + by) for start, end in found.alternatives),
    )

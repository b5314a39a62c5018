"""`offline/heuristic` as a model of the engine: no key, no network, no cost, no language model."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

import anyio.to_thread

from extractor import jsontext
from extractor.errors import EnforcementUnavailable
from extractor.model.offline.filling import fill
from extractor.model.offline.patching import fill_patch
from extractor.records import OFFLINE_MODEL, Completion, Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from extractor.ports import Ports
    from extractor.records import Json, JsonObject, Message, OpenField, Question


class QuestionInWords(Protocol):
    """A question as it can be read out of its messages."""

    @property
    def schema(self) -> JsonObject:
        """The wire schema."""

    @property
    def document(self) -> str:
        """The text of the window, pages joined by a form feed."""

    @property
    def context(self) -> Sequence[str]:
        """Of a part of a document, what stands above it: headings, and the header of a table."""

    @property
    def failing(self) -> Mapping[str, str]:
        """In a re-ask, JSON Pointer -> the rule that its value broke."""

    @property
    def fields(self) -> Sequence[OpenField]:
        """In a repair, the open places, each a property of the schema; else empty."""

    @property
    def kept(self) -> Mapping[str, Json]:
        """In a repair, JSON Pointer into the answer -> what stands there and stays."""


class OfflineModel:
    """Answers by rules from what the messages say, and from nothing else. Equal messages get equal answers.

    Args:
        read_back: Reads the question out of its messages. Injected, because stages do not import one another.
    """

    engine = "offline/heuristic: rules, not a language model"
    input_limit = None
    output_limit = None

    def __init__(self, read_back: Callable[[Sequence[Message]], QuestionInWords]) -> None:
        self._read_back = read_back

    async def complete(self, question: Question, *, ports: Ports) -> Completion:
        """Answer `question` through the journal and the cancel of `ports`; the pace is not needed.

        Raises:
            Cancelled: the caller asked to stop.
            EnforcementUnavailable: only a record that a schema enforced is wanted.
        """
        ports.cancel.raise_if_cancelled()
        if question.options.enforcement == "required":
            raise EnforcementUnavailable(
                f"{OFFLINE_MODEL} answers by rules that no schema enforces. Choose another model, or enforcement=auto.",
                maybe_billed=False,
            )
        asked = question.digest
        known = await ports.journal.replay(window=question.window, round=question.round, asked=asked)
        if known is not None:
            return known
        await ports.journal.open_call(question.key, reserve_usd=0.0)
        started = time.monotonic()
        text = await anyio.to_thread.run_sync(self._answer, question.messages)
        completion = Completion(
            text=text,
            rung="prompt",
            rungs_sent=("prompt",),
            model=OFFLINE_MODEL,
            usage=Usage(calls=1),
            seconds=time.monotonic() - started,
            asked=asked,
        )
        await ports.journal.close_call(question.key, usage=completion.usage, completion=completion)
        return completion

    def note_harm(self, completion: Completion, *, why: str) -> None:
        """Do nothing: rules have one way to answer."""

    def _answer(self, messages: Sequence[Message]) -> str:
        asked = self._read_back(messages)
        if asked.fields:
            patch = fill_patch(
                asked.schema, asked.document, fields=asked.fields, kept=asked.kept, context=asked.context
            )
            return jsontext.dumps(without(patch, (jsontext.pointer(field.name) for field in asked.fields)))
        return jsontext.dumps(without(fill(asked.schema, asked.document, context=asked.context), asked.failing))


def without(answer: Json, failing: Iterable[str]) -> Json:
    """Withdraw the scalars that broke a rule: rules have no second opinion, and null is honest."""
    for at in failing:
        path = jsontext.tokens(at)
        parent = answer
        for token in path[:-1]:
            parent = _member(parent, token)
        if path and not isinstance(_member(parent, path[-1]), dict | list | None):
            parent[int(path[-1]) if isinstance(parent, list) else path[-1]] = None
    return answer


def _member(value: Json, token: str) -> Json:
    if isinstance(value, dict):
        return value.get(token)
    if isinstance(value, list) and token.isdecimal() and len(token) < 10 and int(token) < len(value):  # noqa: PLR2004
        return value[int(token)]
    return None

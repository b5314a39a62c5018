"""Reading a reply that arrives as server-sent events.

Whole reads are decoded, not lines: a thousand chunks cost a few milliseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from extractor.errors import IncompleteStream
from extractor.model.replies import (
    Reply,
    ToolCall,
    as_object,
    as_objects,
    as_text,
    fault_inside,
    first_choice,
    loads,
    reasoning_of,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable, Iterable, Iterator

    from extractor.model.faults import Fault
    from extractor.records import JsonObject

#: The last event of a stream. The socket may stay open after it.
DONE = b"[DONE]"


def _nothing() -> None:
    """Do nothing."""


async def read_stream(parts: AsyncIterable[bytes], *, now: float, on_begun: Callable[[], None] = _nothing) -> Reply:
    """Read events until `[DONE]` or the end of the stream, and return what they add up to.

    An end without `finish_reason` is left to the judge of the reply: it is not a success. A connection that dies after
    it does no harm: the answer is whole and paid for.

    Args:
        parts: Bytes as they are read, cut anywhere.
        now: Epoch seconds.
        on_begun: Called when the first piece of an answer is here. A refusal may come in a stream as well.

    Raises:
        IncompleteStream: the connection died before the answer was finished.
    """
    decoder = EventDecoder()
    gathering = Gathering(now=now)
    is_told = False
    try:
        async for part in parts:
            gathering.take(decoder.feed(part))
            if not is_told and gathering.is_begun:
                is_told = True
                on_begun()
            if decoder.is_done:
                break
    except IncompleteStream:
        if not gathering.is_finished:
            raise
    gathering.take(decoder.flush())
    return gathering.reply()


class EventDecoder:
    """Turns bytes, cut anywhere, into the JSON objects of their `data:` lines.

    Every `data:` line is one object: chat completions never spread an event over lines. Comments and other fields are
    passed over. What is not JSON is passed over too; a stream of nothing else has no `finish_reason` and so fails.
    """

    def __init__(self) -> None:
        #: Whether `[DONE]` was read; nothing after it is.
        self.is_done = False
        self._pieces: list[bytes] = []

    def feed(self, part: bytes) -> Iterator[JsonObject]:
        """Yield the objects of the lines that `part` completes."""
        self._pieces.append(part)
        if b"\n" in part:
            *lines, rest = b"".join(self._pieces).split(b"\n")
            self._pieces = [rest]
            yield from self._objects(lines)

    def flush(self) -> Iterator[JsonObject]:
        """Yield the object of a last line without a line break."""
        yield from self._objects([b"".join(self._pieces)])

    def _objects(self, lines: list[bytes]) -> Iterator[JsonObject]:
        for line in lines:
            if self.is_done or not line.startswith(b"data:"):
                continue
            payload = line[5:].strip()
            self.is_done = payload == DONE
            found = None if self.is_done else loads(payload)
            if isinstance(found, dict):
                yield found


class Gathering:
    """Adds chunks up to one reply."""

    def __init__(self, *, now: float) -> None:
        self._now = now
        self._content: list[str] = []
        self._reasoning: list[str] = []
        self._names: dict[int, str] = {}
        self._arguments: dict[int, list[str]] = {}
        self._finish_reason: str | None = None
        self._is_refusal = False
        self._stated: dict[str, str] = {}
        self._usage: JsonObject | None = None
        self._fault: Fault | None = None

    @property
    def is_begun(self) -> bool:
        """Whether an answer has begun, so that the request was taken."""
        return self._fault is None and bool(self._content or self._reasoning or self._arguments)

    @property
    def is_finished(self) -> bool:
        """Whether the model has said why it stopped."""
        return self._finish_reason is not None

    def take(self, chunks: Iterable[JsonObject]) -> None:
        """Add chunks."""
        for chunk in chunks:
            self._take(chunk)

    def reply(self) -> Reply:
        """Return what the chunks so far add up to."""
        return Reply(
            content="".join(self._content),
            tool_calls=tuple(
                ToolCall(name=self._names.get(index, ""), arguments="".join(pieces))
                for index, pieces in sorted(self._arguments.items())
            ),
            reasoning="".join(self._reasoning),
            finish_reason=self._finish_reason,
            is_refusal=self._is_refusal,
            model=self._stated.get("model", ""),
            provider=self._stated.get("provider", ""),
            generation_id=self._stated.get("id", ""),
            usage=self._usage,
            fault=self._fault,
        )

    def _take(self, chunk: JsonObject) -> None:
        """Add one chunk. Most hold one delta and nothing else, so the rest is looked at only where it is there."""
        choice = first_choice(chunk)
        if delta := choice.get("delta"):
            self._take_delta(as_object(delta))
        if usage := chunk.get("usage"):
            self._usage = as_object(usage)
        if choice.get("finish_reason") or chunk.get("error") or choice.get("error"):
            self._take_end(chunk, choice)
        if not self._stated:
            self._stated = {name: as_text(chunk.get(name)) for name in ("id", "model", "provider")}

    def _take_end(self, chunk: JsonObject, choice: JsonObject) -> None:
        # Truncation is reported twice: as `length`, then as an error 400. The first is the truth.
        if self._finish_reason == "length":
            return
        self._fault = self._fault or fault_inside(chunk, choice, now=self._now)
        # The usage chunk after the last delta says null again; it takes nothing back.
        self._finish_reason = as_text(choice.get("finish_reason")) or self._finish_reason

    def _take_delta(self, delta: JsonObject) -> None:
        if content := delta.get("content"):
            self._content.append(as_text(content))
        if reasoning := reasoning_of(delta):
            self._reasoning.append(reasoning)
        if calls := delta.get("tool_calls"):
            for call in as_objects(calls):
                self._take_tool_call(call)
        if delta.get("refusal"):
            self._is_refusal = True

    def _take_tool_call(self, call: JsonObject) -> None:
        index, function = call.get("index"), as_object(call.get("function"))
        place = index if isinstance(index, int) else 0
        self._names[place] = self._names.get(place) or as_text(function.get("name"))
        self._arguments.setdefault(place, []).append(as_text(function.get("arguments")))

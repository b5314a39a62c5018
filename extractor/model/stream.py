"""Reading a reply that arrives as server-sent events.

Whole reads are decoded, not lines: a thousand chunks cost a few milliseconds.
"""

from __future__ import annotations

import math
import time
from io import StringIO
from typing import TYPE_CHECKING

import anyio

from extractor.errors import IncompleteStream, ModelError, ModelTimeout
from extractor.model.events import EventDecoder
from extractor.model.loops import LoopWatch
from extractor.model.replies import (
    Reply,
    Stated,
    ToolCall,
    as_object,
    as_objects,
    as_text,
    fault_inside,
    finish_of,
    first_choice,
    reasoning_of,
    stated_in,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable, Iterable

    from extractor.model.faults import Fault
    from extractor.model.loops import Loop
    from extractor.records import Json, JsonObject

#: Seconds that the last events may take once the answer is finished: usage and `[DONE]` follow at once or never.
AFTER_FINISH_S = 5.0
#: The content clock is set again for every this part of it, not for every chunk: a timer costs more than a chunk.
CLOCK_STEPS = 32


#: Reasons to stop that nothing behind them takes back.
_FINAL = frozenset({"length", "content_filter"})


def _is_of_nothing(usage: Json) -> bool:
    """Whether a usage states neither tokens nor dollars, as a second one may."""
    stated = as_object(usage)
    return not (stated.get("prompt_tokens") or stated.get("completion_tokens") or stated.get("cost"))


def _nothing() -> None:
    """Do nothing."""


async def read_stream(
    parts: AsyncIterable[bytes],
    *,
    now: float,
    content_idle_s: float = math.inf,
    on_begun: Callable[[], None] = _nothing,
) -> Reply:
    """Read events until `[DONE]`, the end of the stream or a loop, and return what they add up to.

    An end without `finish_reason` is left to the judge of the reply: it is not a success. A connection that dies or
    falls silent after it does no harm: the answer is whole and paid for.

    Args:
        parts: Bytes as they are read, cut anywhere.
        now: Epoch seconds.
        content_idle_s: Seconds without a piece of answer or reasoning, after which the reply is given up. Comments
            prove that the gateway is alive, not that the model is.
        on_begun: Called when the first piece of an answer is here. A refusal may come in a stream as well.

    Raises:
        IncompleteStream: the connection died before the answer was finished.
        ModelTimeout: nothing of an answer came for `content_idle_s`, or no byte at all for as long as the transport
            allows.
    """
    reading = _Reading(now=now, content_idle_s=content_idle_s, on_begun=on_begun)
    try:
        with anyio.move_on_after(content_idle_s) as clock:
            async for part in parts:
                if reading.take(part, clock):
                    break
        if clock.cancelled_caught and not reading.gathering.is_settled:
            raise ModelTimeout(f"Nothing of an answer came for {content_idle_s:g} s, and the request was given up.")
    except ModelError as error:
        if not reading.gathering.is_settled:
            error.generation_id = reading.gathering.generation_id
            raise
    return reading.end()


class _Reading:
    """One stream while it is read, and the clock that stops it."""

    def __init__(self, *, now: float, content_idle_s: float, on_begun: Callable[[], None]) -> None:
        self.gathering = Gathering(now=now)
        self._decoder = EventDecoder()
        self._content_idle_s = content_idle_s
        self._on_begun = on_begun
        self._is_begun = False
        self._is_settled = False
        self._set_again_at = -math.inf

    def take(self, part: bytes, clock: anyio.CancelScope) -> bool:
        """Take one read, set the clock, and return whether the rest does not matter."""
        has_grown = self.gathering.take(self._decoder.feed(part))
        if not self._is_begun and self.gathering.is_begun:
            self._is_begun = True
            self._on_begun()
        if self.gathering.is_settled and not self._is_settled:
            self._is_settled = True
            clock.deadline = min(clock.deadline, anyio.current_time() + AFTER_FINISH_S)
        elif has_grown and not self._is_settled:
            self._wind(clock)
        return self._decoder.is_done or bool(self.gathering.loop)

    def end(self) -> Reply:
        """Return the reply. A last line without a line break counts.

        Raises:
            IncompleteStream: a piece of it could not be read, and nothing was said to have gone wrong.
        """
        is_damaged = self._decoder.is_damaged  # what the end cut off is no damage, if the answer was finished
        self.gathering.take(self._decoder.flush())
        reply = self.gathering.reply()
        if is_damaged and reply.fault is None and not reply.loop:
            error = IncompleteStream("A piece of the stream could not be read, so the answer may lack a part of it.")
            error.generation_id = reply.generation_id
            raise error
        return reply

    def _wind(self, clock: anyio.CancelScope) -> None:
        now = time.monotonic()  # anyio's own clock costs more than a chunk
        if now >= self._set_again_at:
            step = self._content_idle_s / CLOCK_STEPS
            self._set_again_at = now + step
            clock.deadline = anyio.current_time() + self._content_idle_s + step


class Gathering:
    """Adds chunks up to one reply."""

    def __init__(self, *, now: float) -> None:
        self._now = now
        self._watch = LoopWatch()
        #: Which loop the answer is in, "" while it is in none; see `LoopWatch`.
        self.loop: Loop = ""
        # Not lists of pieces: a thousand small strings are five times their text.
        self._content, self._reasoning = StringIO(), StringIO()
        #: What came since the last look: content and tool arguments in their order, and reasoning.
        self._new_answer: list[str] = []
        self._new_reasoning: list[str] = []
        self._has_grown = False
        self._names: dict[int, str] = {}
        self._arguments: dict[int, StringIO] = {}
        self._finish_reason: str | None = None
        self._is_refusal = False
        self._stated: Stated = {}
        self._usage: JsonObject | None = None
        self._fault: Fault | None = None

    @property
    def is_begun(self) -> bool:
        """Whether an answer has begun, so that the request was taken."""
        return self._fault is None and (self._has_grown or bool(self._arguments))

    @property
    def is_settled(self) -> bool:
        """Whether the model has said why it stopped, or the provider what went wrong."""
        return self._finish_reason is not None or self._fault is not None

    @property
    def generation_id(self) -> str:
        """The provider's id, "" while none was stated."""
        return self._stated.get("generation_id", "")

    def take(self, chunks: Iterable[JsonObject]) -> bool:
        """Add chunks, and return whether they brought a piece of answer or reasoning."""
        for chunk in chunks:
            self._take(chunk)
        answer, reasoning = "".join(self._new_answer), "".join(self._new_reasoning)
        self._new_answer.clear()
        self._new_reasoning.clear()
        self._reasoning.write(reasoning)
        has_grown = bool(answer or reasoning)
        self._has_grown = self._has_grown or has_grown
        if has_grown and not self.loop:
            self.loop = self._watch.look(content=answer, reasoning=reasoning)
        return has_grown

    def reply(self) -> Reply:
        """Return what the chunks so far add up to."""
        return Reply(
            content=self._content.getvalue(),
            tool_calls=tuple(
                ToolCall(name=self._names.get(index, ""), arguments=written.getvalue())
                for index, written in sorted(self._arguments.items())
            ),
            reasoning=self._reasoning.getvalue(),
            finish_reason=self._finish_reason,
            is_refusal=self._is_refusal,
            loop=self.loop,
            usage=self._usage,
            fault=self._fault,
            **self._stated,
        )

    def _take(self, chunk: JsonObject) -> None:
        """Add one chunk. Most hold one delta and nothing else, so the rest is looked at only where it is there."""
        choice = first_choice(chunk)
        if delta := choice.get("delta"):
            self._take_delta(as_object(delta))
        if usage := chunk.get("usage"):
            self._usage = self._usage if _is_of_nothing(usage) and self._usage else as_object(usage)
        if choice.get("finish_reason") or chunk.get("error") or choice.get("error"):
            self._take_end(chunk, choice)
        if not self._stated:
            self._stated = stated_in(chunk)

    def _take_end(self, chunk: JsonObject, choice: JsonObject) -> None:
        # Truncation is reported twice: as `length`, then as an error 400. The first is the truth, as it is of a filter.
        if self._finish_reason in _FINAL:
            return
        self._fault = self._fault or fault_inside(chunk, choice, now=self._now)
        # The usage chunk after the last delta says null again; it takes nothing back.
        self._finish_reason = finish_of(choice) or self._finish_reason

    def _take_delta(self, delta: JsonObject) -> None:
        if content := as_text(delta.get("content")):
            self._content.write(content)
            self._new_answer.append(content)
        if reasoning := reasoning_of(delta):
            self._new_reasoning.append(reasoning)
        if calls := delta.get("tool_calls"):
            for call in as_objects(calls):
                self._take_tool_call(call)
        if delta.get("refusal"):
            self._is_refusal = True

    def _take_tool_call(self, call: JsonObject) -> None:
        index, function = call.get("index"), as_object(call.get("function"))
        place = index if isinstance(index, int) else 0
        self._names[place] = self._names.get(place) or as_text(function.get("name"))
        arguments = as_text(function.get("arguments"))
        self._arguments.setdefault(place, StringIO()).write(arguments)
        if arguments:
            self._new_answer.append(arguments)

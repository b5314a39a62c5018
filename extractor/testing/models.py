"""A model that answers from a script, and ports that do not wait: for tests of everything above a model."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from extractor.jsontext import dumps
from extractor.local import MemoryCancel, MemoryJournal, MemoryPurse
from extractor.ports import Ports
from extractor.records import Completion, Usage

if TYPE_CHECKING:
    from extractor.ports import Model
    from extractor.records import Json, Lane, Question


class ScriptedModel:
    """Answers each question with the next entry of its script.

    An entry is a reply text, a JSON object that is written as text, a finished `Completion`, or an exception to raise.
    """

    engine = "scripted"
    input_limit: int | None = None
    output_limit: int | None = None

    def __init__(self, *script: Json | Completion | Exception) -> None:
        self._script = deque(script)
        #: Every question so far.
        self.asked: list[Question] = []
        #: Every harm that was noted: what was answered, and why it is harm.
        self.harm: list[tuple[Completion, str]] = []

    async def complete(self, question: Question, *, ports: Ports) -> Completion:
        ports.cancel.raise_if_cancelled()
        self.asked.append(question)
        entry = self._script.popleft()
        if isinstance(entry, Exception):
            raise entry
        return entry if isinstance(entry, Completion) else completion(entry)

    def note_harm(self, completion: Completion, *, why: str) -> None:
        self.harm.append((completion, why))


def completion(reply: Json) -> Completion:
    """Return a finished completion of ten tokens in and five out, for a tenth of a cent."""
    return Completion(
        text=reply if isinstance(reply, str) else dumps(reply),
        rung="json_schema",
        rungs_sent=("json_schema",),
        model="scripted",
        usage=Usage(prompt_tokens=10, completion_tokens=5, cost_usd=0.001, calls=1),
    )


class InstantPace:
    """A pace that never waits and remembers what it was asked to wait for."""

    def __init__(self) -> None:
        #: Seconds of each `sleep`.
        self.slept: list[float] = []
        #: Lane and seconds of each `cool_down`.
        self.cooled: list[tuple[Lane, float]] = []
        #: Lane and tokens of each request that entered.
        self.entered: list[tuple[Lane, int]] = []
        #: Lane, reserved and used tokens of each request that left.
        self.left: list[tuple[Lane, int, int]] = []

    async def enter(self, lane: Lane, *, tokens: int) -> None:
        self.entered.append((lane, tokens))

    async def leave(self, lane: Lane, *, reserved: int, used: int) -> None:
        self.left.append((lane, reserved, used))

    async def wait_out(self, lane: Lane) -> None:
        """Let the request go at once."""

    async def cool_down(self, lane: Lane, *, seconds: float) -> None:
        self.cooled.append((lane, seconds))

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def ports_for(model: Model, *, cap_usd: float | None = None) -> Ports:
    """Return ports in memory around `model`, without waiting."""
    return Ports(
        model=model,
        journal=MemoryJournal(MemoryPurse(cap_usd)),
        pace=InstantPace(),
        cancel=MemoryCancel(),
    )

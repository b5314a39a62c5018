"""What is played to which document, and how long replies take."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from math import isfinite, log
from random import Random
from typing import TYPE_CHECKING, Literal, TypeAlias

from extractor.simulator import catalogue
from extractor.simulator.mistakes import MISTAKES, is_made

if TYPE_CHECKING:
    from collections.abc import Iterable

    from extractor.records import JsonObject

#: What can be played: an entry of the catalogue by its id, or a reply.
Playable: TypeAlias = "str | catalogue.Reply"
#: Sigma of the log-normal distribution: one reply in a hundred takes three times as long as the middle one.
SIGMA = 0.5
_RANGE = re.compile(r"(~?)(\d+(?:\.\d+)?)(?:-(\d+(?:\.\d+)?))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """How the milliseconds before replies are distributed.

    `uniform`: evenly from `low` to `high`. `log_normal`: `low` is the middle one, and a few take much longer.
    """

    kind: Literal["uniform", "log_normal"] = "uniform"
    low: float = 0.0
    high: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot be waited.

        Raises:
            ValueError: says what.
        """
        if not (_is_a_wait(self.low) and _is_a_wait(self.high)):
            raise ValueError(f"{self.low!r} to {self.high!r} is no latency; milliseconds are numbers from 0 on")
        if self.kind == "uniform" and self.low > self.high:
            raise ValueError(f"{self.low:g} to {self.high:g} runs backwards; the shorter comes first")
        if self.kind == "log_normal" and not self.low:
            raise ValueError("The middle one of a long tail is more than 0 milliseconds")

    @classmethod
    def of(cls, stated: object) -> Latency:
        """Return the latency that one number, or the shortest and the longest, stands for.

        Raises:
            ValueError: it is neither, or cannot be waited.
        """
        if isinstance(stated, Latency):
            return stated
        if isinstance(stated, int | float):
            return cls(low=stated, high=stated)
        if not isinstance(stated, tuple | list) or len(stated) != 2:  # noqa: PLR2004 - a range
            raise ValueError(
                f"latency_ms={stated!r} is none of a number, a pair of numbers (shortest, longest), a Latency"
            )
        return cls(low=stated[0], high=stated[1])

    @classmethod
    def read(cls, text: str) -> Latency:
        """Read `200`, `20-60` or `~400`, milliseconds: constant, uniform, log-normal.

        Raises:
            ValueError: it is none of these, or a range that runs backwards.
        """
        found = _RANGE.fullmatch(text.strip())
        if found is None or (found[1] and (found[3] or not float(found[2]))):
            raise ValueError(f"{text!r} is none of 200, 20-60, ~400")
        low = float(found[2])
        return cls(kind="log_normal" if found[1] else "uniform", low=low, high=float(found[3] or low))

    @property
    def is_zero(self) -> bool:
        """Whether nothing waits."""
        return self.low <= 0 >= self.high

    def drawn(self, seed: str) -> float:
        """Return milliseconds. Equal seeds draw the same, in whichever order requests arrive."""
        if self.kind == "uniform" and self.low == self.high:
            return self.low
        random = Random(seed)  # noqa: S311 - latencies
        if self.kind == "log_normal":
            return random.lognormvariate(log(self.low), SIGMA)
        return random.uniform(self.low, self.high)


class Scenarios:
    """Replies that wait for documents, by a text that the document holds."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[catalogue.Reply]] = {}
        self._earlier: dict[str, list[JsonObject]] = {}

    def play(self, needle: str, playables: Iterable[Playable]) -> None:
        """Give requests whose document holds `needle` these replies, one each, after those that wait for it already.

        Raises:
            KeyError: the catalogue has no entry of that id.
            ValueError: the needle is no text, or nothing is to be played.
        """
        if not (needle and isinstance(needle, str)):
            raise ValueError(f"The needle {needle!r} is no text that a document can be known by.")
        replies = [reply for playable in playables for reply in _replies(playable)]
        if not replies:
            raise ValueError(f"Nothing is played to {needle!r}: give ids of the catalogue, like 'A1', or a Reply.")
        self._waiting.setdefault(needle, deque()).extend(replies)

    def needle_in(self, document: str) -> str:
        """Return the first needle that `document` holds, "" where it holds none."""
        return next((needle for needle in tuple(self._waiting) if needle in document), "")

    def next_for(self, needle: str, body: JsonObject) -> catalogue.Reply | None:
        """Take the next reply of `needle` that is for this request; None = it is answered rightly from now on."""
        waiting = self._waiting.get(needle)
        if waiting is None:
            return None
        earlier = self._earlier.setdefault(needle, [])
        reply = None
        while waiting and reply is None:
            first = waiting.popleft()
            reply = first if not first.when or is_made(first.when, body, earlier=earlier) else None
        earlier.append(body)
        return reply


def _replies(playable: Playable) -> tuple[catalogue.Reply, ...]:
    if isinstance(playable, str):
        return catalogue.entry(playable).replies
    if not isinstance(playable, catalogue.Reply):
        raise ValueError(  # noqa: TRY004 - one kind of error for whatever cannot be played
            f"{playable!r} cannot be played: give an id of the catalogue, like 'A1', or a Reply."
        )
    if playable.when and playable.when not in {"same_body", *MISTAKES}:
        raise ValueError(f"when={playable.when!r} is none of same_body, {', '.join(MISTAKES)}.")
    return (playable,)


def _is_a_wait(milliseconds: object) -> bool:
    return isinstance(milliseconds, int | float) and isfinite(milliseconds) and milliseconds >= 0

"""What is played to which document, and how long replies take."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from math import log
from random import Random
from typing import TYPE_CHECKING, Literal, TypeAlias

from extractor.simulator import catalogue
from extractor.simulator.mistakes import is_made

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

    @classmethod
    def read(cls, text: str) -> Latency:
        """Read `200`, `20-60` or `~400`, milliseconds: constant, uniform, log-normal.

        Raises:
            ValueError: it is none of these.
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
        """
        replies = [reply for playable in playables for reply in _replies(playable)]
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
    return catalogue.entry(playable).replies if isinstance(playable, str) else (playable,)

"""What endpoints were found to refuse or accept, for a day."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from extractor.records import Rung

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: Seconds that a fact is believed. Support changes over time.
BELIEVED_S = 24 * 3600.0

#: What a fact can be about: a rung, or a feature that several rungs use.
Feature: TypeAlias = Rung | Literal["strict", "plain", "tools", "tool_choice", "thinking_budget"]


class Place(NamedTuple):
    """A model at an endpoint: what facts are about."""

    #: Address of the endpoint.
    base_url: str
    #: Model slug.
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that an endpoint refused."""

    #: Why, in our words.
    why: str
    #: The most that is allowed, where the refusal is about a number; 0 when it did not say.
    limit: int = 0


class Facts:
    """Remembers refusals and acceptances. One object serves every client of a process."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._refused: dict[Place, dict[Feature, tuple[Fact, float]]] = {}
        self._accepted: dict[tuple[Place, Rung], float] = {}

    def refused(self, place: Place) -> Mapping[Feature, Fact]:
        """Return what `place` refuses."""
        now = self._clock()
        return {feature: fact for feature, (fact, until) in self._refused.get(place, {}).items() if until > now}

    def refuse(self, place: Place, feature: Feature, fact: Fact) -> None:
        """Remember that `place` refuses `feature`."""
        self._refused.setdefault(place, {})[feature] = (fact, self._clock() + BELIEVED_S)

    def is_accepted(self, place: Place, rung: Rung) -> bool:
        """Whether a request on `rung` was taken. A 200 does not prove that the shape is enforced."""
        return self._accepted.get((place, rung), 0.0) > self._clock()

    def accept(self, place: Place, rung: Rung) -> None:
        """Remember that `place` takes requests on `rung`."""
        self._accepted[place, rung] = self._clock() + BELIEVED_S

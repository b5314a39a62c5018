"""What endpoints were found to refuse, accept, do harm with and list: a memory with an end."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias, TypeVar

from extractor.records import Rung

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from extractor.model.listing import Listing
    from extractor.records import ProviderPolicy

K = TypeVar("K")
V = TypeVar("V")

#: Seconds that a fact is believed. Support changes over time.
BELIEVED_S = 24 * 3600.0
#: Answers that show harm, within `BELIEVED_S`, after which the rung is left.
HARMFUL = 3
#: Seconds that a listing is used, and that a failed fetch is not tried again.
LISTED_S, UNLISTED_S = 3600.0, 300.0
#: Entries kept of each kind: callers choose models and schemas, and may choose very many.
KEPT = 10_000

#: What a fact can be about: a rung, or a feature that several rungs use.
Feature: TypeAlias = (
    Rung
    | Literal[
        "strict",
        "full_schema",
        "plain",
        "tools",
        "tool_choice",
        "thinking_budget",
        "max_tokens",
        "require_parameters",
    ]
)


class Place(NamedTuple):
    """A model at an endpoint: what facts are about."""

    #: Address of the endpoint.
    base_url: str
    #: Model slug.
    model: str
    #: Rules that choose among its providers, "" = none. Under other rules others may answer.
    routing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that an endpoint refused, or did harm with."""

    #: Why, in our words.
    why: str
    #: The most that is allowed, where the refusal is about a number; 0 when it did not say.
    limit: int = 0
    #: Whether it was taken, and the answers were bad.
    is_harm: bool = False


class Known(NamedTuple):
    """A listing as it was fetched."""

    #: None = it could not be fetched.
    listing: Listing | None
    #: Clock seconds until which it holds.
    until: float


def place_of(base_url: str, model: str, policy: ProviderPolicy | None) -> Place:
    """Return what facts are about when `model` is asked under `policy`. A ceiling on the price chooses nobody else."""
    if policy is None:
        return Place(base_url, model)
    chooses = (policy.zdr, policy.data_collection, policy.order, policy.only, policy.ignore)
    return Place(base_url, model, repr(chooses) if any(chooses) else "")


class Facts:
    """Remembers refusals, acceptances, harm and listings. One object serves every client of a process.

    What a refusal says of one schema is known under the schema's digest; under "" stands what holds for any.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._refused: dict[tuple[Place, str], dict[Feature, tuple[Fact, float]]] = {}
        self._accepted: dict[tuple[Place, Rung, str], float] = {}
        self._harm: dict[tuple[Place, Rung], list[float]] = {}
        self._listed: dict[tuple[str, str], Known] = {}
        self._named: dict[tuple[str, str], set[Place]] = {}

    def refused(self, place: Place, schema: str = "") -> Mapping[Feature, Fact]:
        """Return what `place` refuses, for the schema of this digest."""
        return self._believed((place, "")) | (self._believed((place, schema)) if schema else {})

    def refuse(self, place: Place, feature: Feature, fact: Fact, *, schema: str = "") -> None:
        """Remember that `place` refuses `feature`, for one schema or for any."""
        known = entered(self._refused, (place, schema), {})
        known[feature] = (fact, self._clock() + BELIEVED_S)

    def is_accepted(self, place: Place, rung: Rung, schema: str = "") -> bool:
        """Whether a request on `rung` was taken. A 200 does not prove that the shape is enforced."""
        return self._accepted.get((place, rung, schema), 0.0) > self._clock()

    def accept(self, place: Place, rung: Rung, schema: str = "") -> None:
        """Remember that `place` takes requests on `rung`, with this schema among others."""
        for digest in {"", schema}:
            entered(self._accepted, (place, rung, digest), 0.0)
            self._accepted[place, rung, digest] = self._clock() + BELIEVED_S

    def note_harm(self, place: Place, rung: Rung, *, why: str) -> None:
        """Remember an answer that showed harm; the third of a day leaves the rung. Words alone are never left."""
        if rung == "prompt":
            return
        now, seen = self._clock(), entered(self._harm, (place, rung), [])
        seen[:] = [*(moment for moment in seen if moment > now - BELIEVED_S), now][-HARMFUL:]
        if len(seen) == HARMFUL:
            self.refuse(place, rung, Fact(why=f"{HARMFUL} answers on it within a day showed harm: {why}", is_harm=True))

    def note_name(self, place: Place, stated: str) -> None:
        """Remember that replies from `place` call the model `stated`."""
        entered(self._named, (place.base_url, stated), set()).add(place)

    def places_named(self, base_url: str, stated: str) -> frozenset[Place]:
        """Return the places whose replies call the model `stated`."""
        return frozenset(self._named.get((base_url, stated), ()))

    def listing(self, place: Place) -> Known | None:
        """Return what was fetched about a model within the hour, None where it is time to fetch it."""
        known = self._listed.get((place.base_url, place.model))
        return known if known is not None and known.until > self._clock() else None

    def note_listing(self, place: Place, listing: Listing | None) -> None:
        """Remember what was fetched, or that it could not be."""
        until = self._clock() + (UNLISTED_S if listing is None else LISTED_S)
        entered(self._listed, (place.base_url, place.model), Known(listing, until))
        self._listed[place.base_url, place.model] = Known(listing, until)

    def _believed(self, key: tuple[Place, str]) -> dict[Feature, Fact]:
        now = self._clock()
        return {feature: fact for feature, (fact, until) in self._refused.get(key, {}).items() if until > now}


def entered(kept: dict[K, V], key: K, value: V) -> V:
    """Return the entry of `key`, made from `value` where there is none, and let the oldest go where there are many."""
    if key not in kept:
        while len(kept) >= KEPT:
            del kept[next(iter(kept))]
        kept[key] = value
    return kept[key]

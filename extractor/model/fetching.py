"""What the host lists about a model, fetched when it is first wanted and again after an hour."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import anyio
import orjson

from extractor.errors import ModelError
from extractor.model.facts import entered
from extractor.model.listing import profile_from, read_endpoints, read_thinking
from extractor.model.prices import price_of
from extractor.model.profiles import PROFILES, profile_of

if TYPE_CHECKING:
    from extractor.model.endpoints import Endpoint
    from extractor.model.facts import Facts, Place
    from extractor.model.listing import Listing
    from extractor.model.profiles import Profile
    from extractor.model.transport import Transport
    from extractor.records import Json, ProviderPolicy

#: Seconds that a document waits for a listing at most; without one, what is bundled has to do.
LONGEST_FETCH_S = 2.0


class Listings:
    """Profiles of models as their host lists them. Belongs to one event loop; what was fetched is kept in `facts`.

    A host that is not OpenRouter's, or like it, is not asked.
    """

    def __init__(self, endpoint: Endpoint, transport: Transport, *, facts: Facts) -> None:
        self._endpoint = endpoint
        self._transport = transport
        self._facts = facts
        self._under_way: dict[str, anyio.Event] = {}
        #: What was made of a listing, as long as it is the one that is known.
        self._made: dict[Place, tuple[Listing, Profile]] = {}

    async def profile(self, place: Place, policy: ProviderPolicy | None) -> Profile:
        """Return what is known about a model, after asking its host where it is time to.

        One request fetches; meanwhile the others go by the bundled profile, or wait where there is none.
        """
        if self._endpoint.is_openrouter and self._facts.listing(place) is None:
            await self._fetch_once(place)
        return self.known(place, policy)

    def known(self, place: Place, policy: ProviderPolicy | None) -> Profile:
        """Return what is known about a model by now."""
        bundled, known = self._bundled(place.model), self._facts.listing(place)
        if known is None or known.listing is None:
            return bundled
        made = self._made.get(place)
        if made is None or made[0] is not known.listing:
            made = known.listing, profile_from(known.listing, bundled=bundled, policy=policy)
            entered(self._made, place, made)
            self._made[place] = made
        return made[1]

    def _bundled(self, model: str) -> Profile:
        profile = profile_of(model)
        price = profile.price or price_of(model, host=self._endpoint.host)
        return profile if price is profile.price else replace(profile, price=price)

    async def _fetch_once(self, place: Place) -> None:
        if (under_way := self._under_way.get(place.model)) is not None:
            if place.model not in PROFILES:
                with anyio.move_on_after(LONGEST_FETCH_S):
                    await under_way.wait()
            return
        done = self._under_way[place.model] = anyio.Event()
        try:
            await self._fetch(place)
        finally:
            del self._under_way[place.model]
            done.set()

    async def _fetch(self, place: Place) -> None:
        listing: Listing | None = None
        with anyio.move_on_after(LONGEST_FETCH_S):
            listing = read_endpoints(await self._json(self._endpoint.endpoints_url(place.model)))
            self._facts.note_listing(place, listing)
            if listing is not None and any("reasoning" in each.parameters for each in listing.endpoints):
                thinking = read_thinking(await self._json(self._endpoint.models_url), place.model)
                listing = replace(listing, thinking=thinking)
        self._facts.note_listing(place, listing)

    async def _json(self, url: str) -> Json:
        """Return what stands at `url`, None where nothing can be read there."""
        try:
            async with self._transport.get(url, idle_s=LONGEST_FETCH_S) as response:
                return orjson.loads(await response.body())
        except (ModelError, ValueError):
            return None

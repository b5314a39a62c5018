"""The model behind an OpenAI-compatible endpoint.

Four layers, each with its own bound: `fallbacks` names the next model, `retrying` sends again what failed on the way,
`agreeing` asks in another way what was refused, `calling` does one request.
"""

from __future__ import annotations

from dataclasses import replace
from random import random
from typing import TYPE_CHECKING

from extractor.errors import DocumentTooLarge, ExtractionError, ModelError, PriceUnknown, Truncated
from extractor.model.agreeing import Access, Agreement
from extractor.model.calling import Tally
from extractor.model.facts import place_of
from extractor.model.fallbacks import is_the_models, moved_on
from extractor.model.fetching import Listings
from extractor.model.policies import require_understood
from extractor.model.requiring import DraftedRecord
from extractor.model.retrying import send_until_answered
from extractor.model.transport import Transport
from extractor.records import DEFAULT_MODEL, Lane

if TYPE_CHECKING:
    from collections.abc import Callable

    from extractor.model.endpoints import Endpoint
    from extractor.model.facts import Facts, Place
    from extractor.model.profiles import Profile
    from extractor.ports import Ports
    from extractor.records import Completion, ProviderPolicy, Question


class ChatModel:
    """Answers questions by `POST {base_url}/chat/completions`. Belongs to one event loop.

    Args:
        endpoint: Where requests go, and the key for it.
        model: The model asked; a question's own options may name another.
        facts: What endpoints refuse, shared by every client that should learn from the others.
        with_draft: Makes the question to a writer of a question and a thinking model's draft; None = under
            `enforcement="required"` no model drafts for another.
        jitter: Numbers from 0 to 1 that spread retries.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        model: str = DEFAULT_MODEL,
        *,
        facts: Facts,
        with_draft: Callable[[Question, str], Question] | None = None,
        jitter: Callable[[], float] = random,
    ) -> None:
        self._model = model
        self._jitter = jitter
        self._with_draft = with_draft
        self._transport = Transport(endpoint)
        self._access = Access(
            endpoint=endpoint,
            transport=self._transport,
            facts=facts,
            listings=Listings(endpoint, self._transport, facts=facts),
        )

    @property
    def engine(self) -> str:
        """The model's slug."""
        return self._model

    @property
    def input_limit(self) -> int | None:
        """Tokens that one request may hold; None where no limit is known."""
        return self._access.listings.known(self._place, None).input_limit

    @property
    def output_limit(self) -> int | None:
        """Tokens that one reply may hold, reasoning included; None where no limit is known."""
        return self._access.listings.known(self._place, None).output_limit

    async def profile(self, policy: ProviderPolicy | None = None) -> Profile:
        """Return what is known about the model, its price included, after asking its host where it is time to."""
        place = place_of(self._access.endpoint.base_url, self._model, policy)
        return await self._access.listings.profile(place, policy)

    async def complete(self, question: Question, *, ports: Ports) -> Completion:
        """Answer `question`, from the journal if it was answered before.

        Raises:
            ModelError: no answer; carries usage, rungs sent, seconds and generation id of the whole question.
            DocumentTooLarge: the provider says that the prompt does not fit.
            BudgetExceeded: a cap does not hold the call.
            PriceUnknown: a cap applies and the model has no known price.
            InvalidRequest: an option that only OpenRouter understands, and the endpoint is another.
            Cancelled: the caller asked to stop.
        """
        asked = question.digest
        bought = await ports.journal.replay(window=question.window, round=question.round, asked=asked)
        if bought is not None:
            return _finished(bought)
        require_understood(question.options, self._access.endpoint)
        tally = Tally(asked=asked)
        try:
            return await self._of_one_of_the_models(question, ports, tally)
        except ExtractionError as error:
            error.usage = tally.usage
            error.rungs_sent = tally.rungs_sent
            error.seconds = tally.seconds
            error.generation_id = tally.generation_id
            raise

    def note_harm(self, completion: Completion, *, why: str) -> None:
        """Note that an answer shows harm done by the rung it was given on; the third within a day leaves the rung."""
        facts = self._access.facts
        named = facts.places_named(self._access.endpoint.base_url, completion.model)
        ours = {place for place in named if place.model == self._model}
        for place in ours or named or {self._place}:
            facts.note_harm(place, completion.rung, why=why)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()

    @property
    def _place(self) -> Place:
        return place_of(self._access.endpoint.base_url, self._model, None)

    async def _of_one_of_the_models(self, question: Question, ports: Ports, tally: Tally) -> Completion:
        """Ask the question's model, then each of its others where the failure is the model's.

        Another one whose price is not known cannot be asked under a cap; then the failure before it counts.
        """
        failed: ModelError | DocumentTooLarge | None = None
        while True:
            try:
                return await self._of_its_model(question, ports, tally)
            except PriceUnknown:
                if failed is None:
                    raise
                raise failed from None
            except (ModelError, DocumentTooLarge) as error:
                following = moved_on(question)
                if following is None or not is_the_models(error):
                    raise
                question, failed = following, error

    async def _of_its_model(self, question: Question, ports: Ports, tally: Tally) -> Completion:
        question = self._without_thoughts(question)
        return await send_until_answered(
            self._asking(question, ports, tally).reach,
            lane=Lane(endpoint=self._access.endpoint.base_url, model=question.options.model),
            pace=ports.pace,
            random=self._jitter,
        )

    def _without_thoughts(self, question: Question) -> Question:
        """Return `question` for the variant of its model that does not think, where it is not to and there is one.

        A model that the caller chose for repairs is asked itself.
        """
        if question.thinking != "none" or question.options.repair_model in {"same", question.options.model}:
            return question
        place = place_of(self._access.endpoint.base_url, question.options.model, None)
        sibling = self._access.listings.known(place, None).sibling
        return question if sibling is None else replace(question, options=replace(question.options, model=sibling))

    def _asking(self, question: Question, ports: Ports, tally: Tally) -> Agreement | DraftedRecord:
        access, options = self._access, question.options
        sibling = access.listings.known(place_of(access.endpoint.base_url, options.model, None), None).sibling
        if options.enforcement != "required" or sibling is None or self._with_draft is None:
            return Agreement(question, access=access, ports=ports, tally=tally)
        return DraftedRecord(question, sibling, with_draft=self._with_draft, access=access, ports=ports, tally=tally)


def _finished(bought: Completion) -> Completion:
    """Return an answer that was bought before.

    Raises:
        Truncated: it had been cut off; buying it again would cut it off again.
    """
    if bought.cut is None:
        return bought
    error = Truncated("The answer reached the token ceiling. Raise max_tokens.", status=200, provider=bought.provider)
    error.cut, error.usage, error.rungs_sent = bought.cut, bought.usage, bought.rungs_sent
    error.seconds, error.generation_id = bought.seconds, bought.generation_id
    raise error

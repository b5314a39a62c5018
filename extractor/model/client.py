"""The model behind an OpenAI-compatible endpoint.

Three layers, each with its own bound: `retrying` sends again what failed on the way, `_agree` asks in another way what
was refused, `calling` does one request.
"""

from __future__ import annotations

from random import random
from typing import TYPE_CHECKING

from extractor.errors import EnforcementUnavailable, ExtractionError
from extractor.model.calling import Call, Tally
from extractor.model.enforcement import lesson_of, terms_for
from extractor.model.facts import Place
from extractor.model.probes import Probes
from extractor.model.profiles import profile_of
from extractor.model.requests import chat_request
from extractor.model.retrying import send_until_answered
from extractor.model.status import error_of
from extractor.model.transport import Transport
from extractor.records import DEFAULT_MODEL, Completion

if TYPE_CHECKING:
    from collections.abc import Callable

    from extractor.model.endpoints import Endpoint
    from extractor.model.enforcement import Lesson, Terms
    from extractor.model.facts import Facts
    from extractor.model.refusals import Refusing
    from extractor.ports import Ports
    from extractor.records import Question

#: Refusals that one question may meet. There are three rungs to leave and five features to take back.
MAX_REFUSALS = 10


class ChatModel:
    """Answers questions by `POST {base_url}/chat/completions`. Belongs to one event loop.

    Args:
        endpoint: Where requests go, and the key for it.
        model: The model asked; a question's own options may name another.
        facts: What endpoints refuse, shared by every client that should learn from the others.
        jitter: Numbers from 0 to 1 that spread retries.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        model: str = DEFAULT_MODEL,
        *,
        facts: Facts,
        jitter: Callable[[], float] = random,
    ) -> None:
        self._endpoint = endpoint
        self._model = model
        self._facts = facts
        self._jitter = jitter
        self._transport = Transport(endpoint)
        self._probes: dict[Place, Probes] = {}

    @property
    def engine(self) -> str:
        """The model's slug."""
        return self._model

    @property
    def input_limit(self) -> int | None:
        """Tokens that one request may hold; None where no limit is known."""
        return profile_of(self._model).input_limit

    async def complete(self, question: Question, *, ports: Ports) -> Completion:
        """Answer `question`, from the journal if it was answered before.

        Raises:
            ModelError: no answer; carries usage, rungs sent, seconds and generation id of the whole question.
            DocumentTooLarge: the provider says that the prompt does not fit.
            BudgetExceeded: the purse refused.
            PriceUnknown: a cap applies and the model has no known price.
            Cancelled: the caller asked to stop.
        """
        if (bought := await ports.journal.replay(window=question.window, round=question.round)) is not None:
            return bought
        tally = Tally()
        try:
            return await send_until_answered(
                lambda: self._agree(question, ports, tally),
                endpoint=self._endpoint.base_url,
                pace=ports.pace,
                random=self._jitter,
            )
        except ExtractionError as error:
            error.usage = tally.usage
            error.rungs_sent = tally.rungs_sent
            error.seconds = tally.seconds
            error.generation_id = tally.generation_id
            raise

    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()

    async def _agree(self, question: Question, ports: Ports, tally: Tally) -> Completion:
        """Ask on the strongest terms that are not refused. A refusal costs no attempt: it is learned, not counted."""
        place = Place(self._endpoint.base_url, question.options.model)
        for _ in range(MAX_REFUSALS):
            ports.cancel.raise_if_cancelled()
            terms = await self._terms(question, place)
            if (answer := await self._ask(question, terms, ports=ports, tally=tally)) is not None:
                return answer
        raise EnforcementUnavailable("The endpoint goes on refusing the request, however it is asked.")

    async def _terms(self, question: Question, place: Place) -> Terms:
        """Return the terms to ask on, after the first answer to whoever is trying them at this moment."""
        probes = self._probes.setdefault(place, Probes())
        terms = self._known_terms(question, place)
        while not self._facts.is_accepted(place, terms.rung) and await probes.wait(terms.rung):
            before, terms = terms, self._known_terms(question, place)
            if terms == before:
                break
        return terms

    def _known_terms(self, question: Question, place: Place) -> Terms:
        return terms_for(question.options, profile_of(place.model), self._facts.refused(place))

    async def _ask(self, question: Question, terms: Terms, *, ports: Ports, tally: Tally) -> Completion | None:
        """Send one request; return None when it was refused and something was learned of that."""
        place = Place(self._endpoint.base_url, question.options.model)
        call = Call(
            endpoint=self._endpoint,
            transport=self._transport,
            question=question,
            request=chat_request(question, terms, profile=profile_of(place.model), endpoint=self._endpoint),
            ports=ports,
            tally=tally,
        )
        with self._probes[place].open(terms.rung) as release:

            def accept() -> None:
                self._facts.accept(place, terms.rung)
                release()

            outcome = await call.send(accept)
            if isinstance(outcome, Completion):
                return outcome
            lesson = lesson_of(outcome, sent=terms, options=question.options)
            self._learn(place, outcome, lesson=lesson, sent=terms)
            return None

    def _learn(self, place: Place, refusing: Refusing, *, lesson: Lesson | None, sent: Terms) -> None:
        if lesson is not None:
            self._facts.refuse(place, *lesson)
        elif sent.rung == "prompt":  # not a fact about the endpoint: the next document may be taken
            why = f"{sent.why}; " if sent.why else ""
            raise EnforcementUnavailable(
                f"The endpoint refuses the question even in words alone ({why}prompt: {refusing.refusal.says}).",
                status=refusing.fault.status,
                provider=refusing.fault.provider,
                maybe_billed=False,
            )
        else:
            raise error_of(refusing.fault)

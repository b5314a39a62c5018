"""One question until the endpoint takes the way it is asked: refusals are learned, and cost no attempt."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from extractor.errors import EnforcementUnavailable, ProviderUnavailable, RunawayGeneration
from extractor.identity import Itself
from extractor.jsontext import canonical
from extractor.model.calling import Call
from extractor.model.enforcement import Lesson, lessons_of, terms_for
from extractor.model.facts import Fact, place_of
from extractor.model.probes import Unknown, probes_at
from extractor.model.requests import LEAST_REPLY, chat_request
from extractor.model.status import error_of
from extractor.records import Completion

if TYPE_CHECKING:
    from extractor.errors import DocumentTooLarge, ModelError
    from extractor.model.calling import Tally
    from extractor.model.endpoints import Endpoint
    from extractor.model.enforcement import Terms
    from extractor.model.facts import Facts, Feature
    from extractor.model.faults import Fault
    from extractor.model.fetching import Listings
    from extractor.model.profiles import Profile
    from extractor.model.refusals import Refusing
    from extractor.model.transport import Transport
    from extractor.ports import Ports
    from extractor.records import Question, Shape

#: Refusals that one question may meet. There are three rungs to leave and seven features to take back.
MAX_REFUSALS: Final = 12
#: Times that the provider may fail with `strict` sent, before the question is asked without it.
STRICT_FAILURES: Final = 2
#: The status of such a failure. Source: anthropics/anthropic-sdk-typescript#885.
STRICT_FAILS_WITH: Final = 500
_FAILS_ON_STRICT: Final = Lesson(
    "strict", Fact(why="the provider failed again and again while strict was sent"), scope="schema", is_doubtful=True
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What every question to one endpoint shares."""

    #: Where requests go.
    endpoint: Endpoint
    #: How they get there.
    transport: Transport
    #: What the endpoint refuses.
    facts: Facts
    #: What it lists.
    listings: Listings


class Agreement:
    """One question to one model, and what has been tried for it. It outlives the sending again after failures.

    Args:
        question: What is asked.
        access: What it shares with other questions.
        ports: Whom it answers to.
        tally: What it is added to.
        note: Why it is asked of this model, for the result; "" = no reason.
    """

    def __init__(self, question: Question, *, access: Access, ports: Ports, tally: Tally, note: str = "") -> None:
        options = question.options
        self._question = question
        self._access = access
        self._ports = ports
        self._tally = tally
        self._note = note
        self._place = place_of(access.endpoint.base_url, options.model, options.provider)
        self._probes = probes_at(self._place, facts=access.facts)
        self._schema = digest_of(question.shape)
        #: What is not sent for this question, until it is known whether that helps.
        self._trial: dict[Feature, Lesson] = {}
        self._strict_failures = 0

    async def reach(self) -> Completion:
        """Ask on the strongest terms that are not refused, and return the answer.

        Raises:
            EnforcementUnavailable: every way that the options allow is refused.
            ModelError: no answer; see `Call.send`.
        """
        profile = await self._access.listings.profile(self._place, self._question.options.provider)
        for _ in range(MAX_REFUSALS):
            self._ports.cancel.raise_if_cancelled()
            terms = await self._terms(profile)
            if (answer := await self._ask(terms, profile)) is not None:
                return answer
        raise EnforcementUnavailable("The endpoint goes on refusing the request, however it is asked.")

    def require_terms(self) -> None:
        """See that there is a way to ask at all, as far as is known.

        Raises:
            EnforcementUnavailable: every way that the options allow was refused.
        """
        self._known_terms(self._access.listings.known(self._place, self._question.options.provider))

    async def _terms(self, profile: Profile) -> Terms:
        """Return the terms to ask on, after the first answer to whoever is trying them at this moment."""
        terms = self._known_terms(profile)
        while (unknown := self._unknown(terms)) and await self._probes.wait(unknown[0]):
            before, terms = terms, self._known_terms(profile)
            if terms == before and self._unknown(terms) == unknown:
                break
        return terms

    def _unknown(self, terms: Terms) -> tuple[Unknown, ...]:
        """Return what is not known to be taken, the more general first."""
        rung = terms.rung
        return tuple(
            Unknown(rung, schema)
            for schema in ("", self._schema)
            if not self._access.facts.is_accepted(self._place, rung, schema)
        )

    def _known_terms(self, profile: Profile) -> Terms:
        refused = self._access.facts.refused(self._place, self._schema)
        tried = {feature: lesson.fact for feature, lesson in self._trial.items()}
        terms = terms_for(self._question.options, profile, {**refused, **tried}, left=self._question.left)
        return replace(terms, why="; ".join(filter(None, (self._note, terms.why)))) if self._note else terms

    async def _ask(self, terms: Terms, profile: Profile) -> Completion | None:
        """Send one request; return None when it was refused and something was learned of that."""
        question, access = self._question, self._access
        call = Call(
            endpoint=access.endpoint,
            transport=access.transport,
            question=question,
            request=chat_request(question, terms, profile=profile, endpoint=access.endpoint),
            ports=self._ports,
            tally=self._tally,
        )
        with self._probes.open(self._unknown(terms)) as release:

            def accept() -> None:
                self._accept(terms)
                release()

            try:
                outcome = await call.send(accept)
            except ProviderUnavailable as error:
                self._note_failure(error, terms)
                raise
            except RunawayGeneration as error:
                if not self._leaves(error, terms):
                    raise
                return None
            if isinstance(outcome, Completion):
                access.facts.note_name(self._place, outcome.model)
                return outcome
            self._learn(outcome, call.request.terms)
            return None

    def _accept(self, terms: Terms) -> None:
        """Remember that these terms are taken, and what it took."""
        facts = self._access.facts
        facts.accept(self._place, terms.rung, self._schema)
        for feature, lesson in self._trial.items():
            if lesson.scope != "question":
                facts.refuse(self._place, feature, lesson.fact, schema=self._schema)

    def _learn(self, refusing: Refusing, sent: Terms) -> None:
        lessons = lessons_of(refusing, sent=sent, options=self._question.options)
        if not lessons or not all(map(self._is_of_use, lessons)):
            raise self._error_of(refusing, sent)
        for lesson in lessons:
            if lesson.is_doubtful or lesson.scope == "question":
                self._trial[lesson.feature] = lesson
            else:
                schema = self._schema if lesson.scope == "schema" else ""
                self._access.facts.refuse(self._place, lesson.feature, lesson.fact, schema=schema)

    def _is_of_use(self, lesson: Lesson) -> bool:
        """Whether asking otherwise can lead to an answer. One that is cut off for it is asked for in parts."""
        return lesson.feature != "max_tokens" or lesson.fact.limit >= LEAST_REPLY

    def _error_of(self, refusing: Refusing, sent: Terms) -> ModelError | DocumentTooLarge:
        refusal, _, fault = refusing
        if refusal.error is not None:
            return _unbilled(refusal.error, refusal.advice, fault)
        if sent.rung == "prompt" and refusal.scope != "question":
            # Not a fact about the endpoint: the next document may be taken.
            why = f"{sent.why}; " if sent.why else ""
            says = f"The endpoint refuses the question even in words alone ({why}prompt: {refusal.says})."
            return _unbilled(EnforcementUnavailable, says, fault)
        return error_of(fault)

    def _leaves(self, error: RunawayGeneration, sent: Terms) -> bool:
        """Leave a rung on which the model wrote white space without end; whether there was one to leave."""
        is_free = sent.rung != "prompt" and self._question.options.enforcement == "auto"
        if error.loop != "white_space" or not is_free:
            return False
        self._access.facts.note_harm(self._place, sent.rung, why="white space without end")
        self._question = replace(self._question, left=self._question.left | {sent.rung})
        return True

    def _note_failure(self, error: ProviderUnavailable, sent: Terms) -> None:
        """Ask without `strict` after failures that only it may explain."""
        if error.status != STRICT_FAILS_WITH or sent.rung != "json_schema" or not sent.is_strict:
            return
        self._strict_failures += 1
        if self._strict_failures == STRICT_FAILURES:
            self._trial["strict"] = _FAILS_ON_STRICT


def _unbilled(error: type[ModelError], says: str, fault: Fault) -> ModelError:
    return error(says, status=fault.status, provider=fault.provider, maybe_billed=False)


def digest_of(shape: Shape) -> str:
    """Return what stands for a shape's schema in facts: SHA-256 of its canonical JSON, hexadecimal."""
    return _digest_of(Itself(shape))


@lru_cache(maxsize=64)
def _digest_of(shape: Itself[Shape]) -> str:
    return hashlib.sha256(canonical(shape.value.schema)).hexdigest()

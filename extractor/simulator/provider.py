"""What a request is answered with: one object that all connections share."""

from __future__ import annotations

import itertools
import re
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import unquote

from extractor.simulator import control
from extractor.simulator.answering import by_rules, from_records, reasoning_for, right_reply
from extractor.simulator.checks import gateway_error, refusal_of
from extractor.simulator.counting import count, stated_usage
from extractor.simulator.events import Identity
from extractor.simulator.ledger import Bill, Ledger, tokens_in
from extractor.simulator.listing import NEED_KEY, Listing
from extractor.simulator.profiles import PROFILES, Profile
from extractor.simulator.remembering import Remembered
from extractor.simulator.rendering import NO_COMPLETION, Rendered, render
from extractor.simulator.requested import MalformedRequest, Requested, read
from extractor.simulator.scenarios import Latency, Scenarios
from extractor.simulator.templates import filled
from extractor.simulator.turnstile import Turnstile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.records import Json
    from extractor.simulator.answering import Answer
    from extractor.simulator.asked import Asked
    from extractor.simulator.catalogue import Reply
    from extractor.simulator.scenarios import Playable
    from extractor.simulator.turnstile import RateLimit

#: What comes before the names of endpoints in a path.
_PREFIX = re.compile(r"^(?:/api)?/v1(?=/)")
_COMPLETIONS = "/chat/completions"


@dataclass(kw_only=True)
class Conduct:
    """How a provider behaves."""

    #: What it takes, lists and does: a name of PROFILES, or one of your own.
    profile: str | Profile = "enforces"
    #: What answers rightly; a mapping is text of a document -> its record. None = the rules of the offline model.
    answer: Answer | Mapping[str, Json] | None = None
    #: Replies for documents: text of the document, then entries of the catalogue and replies.
    scenarios: Sequence[tuple[str, Sequence[Playable]]] = ()
    #: Milliseconds before each reply: always the same, evenly from the first to the second, or a distribution.
    latency_ms: float | tuple[float, float] | Latency = (0.0, 0.0)
    #: Of whatever is drawn.
    seed: int = 0
    #: Slugs that are known, which are those that are listed. None = the profile's are listed, and every slug is known.
    models: Sequence[str] | None = None
    #: What each model takes in a while; None = any number of requests.
    rate: RateLimit | None = None
    #: US dollars on the account; None = it never runs out.
    balance_usd: float | None = None
    #: How often `/generation` does not know a generation yet before it does.
    generation_lag: int = 0
    #: Whether requests are remembered in `asked`.
    remembers: bool = True


class Provider:
    """Answers requests by its conduct, and keeps the ledger.

    Raises:
        KeyError: a scenario names an entry that the catalogue does not have.
        ValueError: the profile, the latency or a scenario cannot be used.
    """

    def __init__(self, conduct: Conduct) -> None:
        self._conduct = conduct
        self.profile = _profile_of(conduct.profile)
        self.ledger = Ledger(balance_usd=conduct.balance_usd)
        #: Lets requests through to the models.
        self.turnstile = Turnstile(conduct.rate, remembers=conduct.remembers)
        self.scenarios = Scenarios()
        for needle, playables in conduct.scenarios:
            self.scenarios.play(needle, playables)
        #: Requests for a completion, in order.
        self.asked: list[Asked] = []
        #: Every other request, in order.
        self.looked_up: list[Asked] = []
        #: Needle and name of documents.
        self._known: Remembered[tuple[str, str]] = Remembered()
        self._answer = _answer_of(conduct.answer)
        self._latency = Latency.of(conduct.latency_ms)
        models = tuple(conduct.models or self.profile.models)
        self._listing = Listing(self.profile, models, ledger=self.ledger, lag=conduct.generation_lag)
        self._started = int(time.time())
        self._numbers = itertools.count(1)

    def reply_to(self, asked: Asked) -> tuple[Rendered, str]:
        """Return the reply, and the generation id that its bill has; "" where there is none to correct."""
        path = _PREFIX.sub("", asked.path)
        if asked.method == "POST" and path.endswith(_COMPLETIONS):
            if self._conduct.remembers:
                self.asked.append(asked)
            return self._complete(asked)
        if self._conduct.remembers:
            self.looked_up.append(asked)
        return self._look_up(asked, unquote(path)), ""

    def left(self, generation_id: str, *, generated: float) -> None:
        """Note that a client left, after this share of the reply."""
        if generation_id:
            self.ledger.leave(generation_id, generated=generated if self.profile.stops_on_leaving else None)

    def _look_up(self, asked: Asked, path: str) -> Rendered:
        if path.startswith("/simulator/"):
            return control.page(asked, path, ledger=self.ledger, scenarios=self.scenarios)
        if path in NEED_KEY and "authorization" not in asked.headers:
            return render(_NO_KEY, identity=self._identity("", ""), usage=None, is_streamed=False)
        return self._listing.page(path, asked.parameter("id"))

    def _complete(self, asked: Asked) -> tuple[Rendered, str]:
        if "authorization" not in asked.headers:
            return self._refused(_NO_KEY, model="")
        try:
            requested = read(asked.raw, self.profile)
        except MalformedRequest as error:
            return self._refused(gateway_error(400, str(error)), model="")
        if self._conduct.models is not None and requested.model not in self._conduct.models:
            message = f"{requested.model} is not a valid model ID"
            return self._refused(gateway_error(400, message), model=requested.model)
        needle, document = self._named(requested)
        refusal = self.turnstile.refusal(requested.model)
        refusal = refusal or refusal_of(requested, profile=self.profile, ledger=self.ledger)
        if refusal is not None:
            return self._refused(refusal, model=requested.model, document=document)
        return self._generate(requested, needle, asked.raw, document=document)

    def _refused(self, reply: Reply, *, model: str, document: str = "") -> tuple[Rendered, str]:
        """Refuse a request that no model saw. It has no generation and costs nothing."""
        self.ledger.enter(Bill(id="", document=document, model=model, status=reply.status, billed=False))
        return render(reply, identity=self._identity("", model), usage=None, is_streamed=False), ""

    def _named(self, requested: Requested) -> tuple[str, str]:
        """Return the needle of a document, "" for none, and what the ledger names the document by."""
        needle = self.scenarios.needle_in(requested.document)
        known = self._known.of(requested.mark) if requested.has_passages else None
        if known is not None:
            return (needle, needle) if needle else known
        names = needle, needle or requested.digest
        if requested.mark and not requested.has_passages:
            self._known.keep(requested.mark, names)
        return names

    def _generate(self, requested: Requested, needle: str, raw: bytes, *, document: str) -> tuple[Rendered, str]:
        scripted = self.scenarios.next_for(needle, requested.body) if needle else None
        reply = self._right(requested) if scripted is None else self._scripted(requested, scripted)
        bill = _bill(requested, reply, id=f"gen-{self._started}-{next(self._numbers):012d}", document=document)
        self.ledger.enter(bill)
        rendered = render(
            replace(reply, reasoning=None) if requested.hides_reasoning else reply,
            identity=self._identity(bill.id, requested.model),
            usage=stated_usage(reply, bill),
            is_streamed=requested.is_streamed,
        )
        waits_ms = 0.0 if self._latency.is_zero else self._latency.drawn(f"{self._conduct.seed} {zlib.crc32(raw)}")
        return (replace(rendered, delay_ms=rendered.delay_ms + waits_ms) if waits_ms else rendered), bill.id

    def _right(self, requested: Requested) -> Reply:
        return right_reply(requested, profile=self.profile, text=self._text(requested))

    def _scripted(self, requested: Requested, scripted: Reply) -> Reply:
        wants_thoughts = requested.thinks and scripted.reasoning is None and scripted.body is None
        if wants_thoughts and scripted.status < NO_COMPLETION:
            scripted = replace(scripted, reasoning=reasoning_for(self._text(requested)))
        return filled(scripted, lambda: self._text(requested))

    def _text(self, requested: Requested) -> str:
        return self._answer(requested.messages, requested.shape)

    def _identity(self, generation_id: str, model: str) -> Identity:
        return Identity(id=generation_id, model=model, provider=self.profile.provider, created=self._started)


_NO_KEY = gateway_error(401, "Missing Authentication header")


def _profile_of(stated: str | Profile) -> Profile:
    profile = PROFILES.get(stated) if isinstance(stated, str) else stated
    if not isinstance(profile, Profile):
        raise ValueError(  # noqa: TRY004 - one kind of error for whatever is no profile
            f"The profile {stated!r} is none of {', '.join(PROFILES)}, nor a Profile of your own."
        )
    return profile


def _answer_of(stated: Answer | Mapping[str, Json] | None) -> Answer:
    if stated is None:
        return by_rules
    return from_records(stated) if isinstance(stated, Mapping) else stated


def _bill(requested: Requested, reply: Reply, *, id: str, document: str) -> Bill:  # noqa: A002 - the bill's own word
    written = count(reply)
    return Bill(
        id=id,
        document=document,
        model=requested.model,
        status=reply.status,
        prompt_tokens=tokens_in(requested.prompt_bytes),
        completion_tokens=written.completion,
        reasoning_tokens=written.reasoning,
        billed=reply.billed,
        streamed=requested.is_streamed,
        finish_reason=reply.finish if reply.status < NO_COMPLETION and reply.body is None else None,
    )

"""One request: through the pace and the journal to the endpoint, and its bill settled whatever happens."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import anyio

from extractor.errors import ModelError, ModelTimeout, PriceUnknown, Truncated
from extractor.model.billing import as_reserved, is_unknown, usage_of
from extractor.model.completion import answer_of
from extractor.model.faults import PLAIN_SLUG, plain
from extractor.model.prices import tokens_of
from extractor.model.reconciling import find_usage
from extractor.model.refusals import refusal_in
from extractor.model.replies import FIRST_FAILURE, Reply, read_failure, read_plain
from extractor.model.stream import read_stream
from extractor.records import CallKey, Completion, Cut, Lane, Usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from extractor.model.endpoints import Endpoint
    from extractor.model.refusals import Refusing
    from extractor.model.requests import ChatRequest
    from extractor.model.transport import Response, Transport
    from extractor.ports import Ports
    from extractor.records import Question, Rung

#: Seconds that settling the bill may hold up a cancelled task.
SETTLE_S = 5.0


@dataclass(slots=True, kw_only=True)
class Tally:
    """What a question has taken so far, all its requests."""

    #: Digest of the question.
    asked: str = ""
    #: Tokens and dollars.
    usage: Usage = field(default_factory=Usage)
    #: Rungs sent, in order, each once.
    rungs_sent: tuple[Rung, ...] = ()
    #: Requests begun.
    requests: int = 0
    #: The provider's id of the last request.
    generation_id: str = ""
    #: Monotonic seconds when the question was asked.
    started_s: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Wall seconds since the question was asked."""
        return time.monotonic() - self.started_s

    def begin(self, rung: Rung) -> None:
        """Note that a request goes out on `rung`."""
        self.generation_id = ""
        if rung not in self.rungs_sent:
            self.rungs_sent += (rung,)


@dataclass(slots=True, kw_only=True)
class Call:
    """One request on its way. Use once."""

    #: Where it goes.
    endpoint: Endpoint
    #: How it gets there.
    transport: Transport
    #: What it asks.
    question: Question
    #: How it asks.
    request: ChatRequest
    #: Whom it answers to.
    ports: Ports
    #: What it is added to.
    tally: Tally
    #: What it has cost. Nothing until it is sent, all that is reserved until the bill is known.
    spent: Usage = field(default_factory=Usage)
    #: The answer, once there is one.
    completion: Completion | None = None

    async def send(self, on_accepted: Callable[[], None]) -> Completion | Refusing:
        """Send the request and return its answer, or the refusal of the way it asked.

        Args:
            on_accepted: Called when the first piece of an answer is here.

        Raises:
            ModelError: no answer.
            DocumentTooLarge: the prompt does not fit the model.
            BudgetExceeded: a cap does not hold it, nothing was sent.
            PriceUnknown: a cap applies and no price is known, nothing was sent.
        """
        tokens = self._tokens()
        await self.ports.pace.enter(self.lane, tokens=tokens)
        try:
            self.ports.cancel.raise_if_cancelled()
            return await self._exchange_noted(self._reservation(), on_accepted)
        finally:  # also when the task is cancelled
            with anyio.move_on_after(SETTLE_S, shield=True):
                used = self.spent.prompt_tokens + self.spent.completion_tokens
                is_unknown = self.spent.estimated_calls and not used
                await self.ports.pace.leave(self.lane, reserved=tokens, used=tokens if is_unknown else used)

    @property
    def lane(self) -> Lane:
        """What the provider's limits hold for."""
        return Lane(endpoint=self.endpoint.base_url, model=self.question.options.model)

    def _tokens(self) -> int:
        """Return about how many tokens the request will be counted as: its own, and the answer that is expected."""
        return tokens_of(len(self.request.body)) + self.request.expected_tokens

    async def _exchange_noted(self, reserved_usd: float, on_accepted: Callable[[], None]) -> Completion | Refusing:
        """Note the request in the journal before it is sent, and its end, also when the task is cancelled."""
        self.tally.requests += 1
        key = replace(self.question.key, attempt=self.tally.requests)
        await self.ports.journal.open_call(key, reserve_usd=reserved_usd)
        try:
            return await self._exchange(key, reserved_usd, on_accepted)
        finally:
            with anyio.move_on_after(SETTLE_S, shield=True):
                await self.ports.journal.close_call(key, usage=self.spent, completion=self.completion)

    async def _exchange(
        self, key: CallKey, reserved_usd: float, on_accepted: Callable[[], None]
    ) -> Completion | Refusing:
        self.tally.begin(self.request.terms.rung)
        self.spent = as_reserved(reserved_usd)
        try:
            reply = await self._reply_billed(key, reserved_usd, on_accepted)
        finally:
            self.tally.usage += self.spent
        return self._verdict(reply)

    async def _reply_billed(self, key: CallKey, reserved_usd: float, on_accepted: Callable[[], None]) -> Reply:
        """Return the reply once its cost is known, or will not be."""
        try:
            reply = await self._reply(key, on_accepted)
        except ModelError as error:
            self.tally.generation_id = self.tally.generation_id or error.generation_id
            if error.maybe_billed:
                await self._reconcile()
            else:
                self.spent = Usage(calls=1)
            raise
        self.tally.generation_id = reply.generation_id or self.tally.generation_id
        self.spent = usage_of(reply, price=self.request.price, reserved_usd=reserved_usd)
        if is_unknown(self.spent):
            await self._reconcile()
        return reply

    async def _reconcile(self) -> None:
        found = await find_usage(
            self.tally.generation_id,
            lane=self.lane,
            endpoint=self.endpoint,
            transport=self.transport,
            pace=self.ports.pace,
        )
        self.spent = found or self.spent

    async def _reply(self, key: CallKey, on_accepted: Callable[[], None]) -> Reply:
        endpoint = self.endpoint
        # A plain reply is silent until it is finished; the deadline alone bounds it.
        idle_s = endpoint.idle_s if self.request.terms.is_streamed else None
        with anyio.move_on_after(endpoint.timeout_s):
            async with self.transport.post(self.request.body, idle_s=idle_s) as response:
                await self._identify(key, response)
                return await _read(response, content_idle_s=endpoint.content_idle_s, on_accepted=on_accepted)
        raise ModelTimeout(f"No answer within {endpoint.timeout_s:g} s, and the request was given up.")

    async def _identify(self, key: CallKey, response: Response) -> None:
        if generation_id := plain(response.headers.get("x-generation-id"), PLAIN_SLUG):
            self.tally.generation_id = generation_id
            await self.ports.journal.identify_call(key, generation_id=generation_id)

    def _verdict(self, reply: Reply) -> Completion | Refusing:
        if reply.fault is not None and (refusing := refusal_in(reply.fault)):
            return refusing
        try:
            self.completion = self._completion(reply, answer_of(reply, tool=self.request.tool))
        except Truncated as error:
            error.cut = self._cut(reply)
            self.completion = self._completion(reply, reply.content, cut=error.cut)
            raise
        return self.completion

    def _cut(self, reply: Reply) -> Cut:
        return Cut(
            is_at_limit=self.request.is_at_limit,
            has_begun=bool(reply.content.strip() or reply.tool_calls) or not self._may_think_less(reply),
            is_bounded=self.request.is_bounded,
            repeats=reply.loop == "content",
        )

    def _may_think_less(self, reply: Reply) -> bool:
        return self.request.may_think_none and bool(reply.reasoning.strip() or self.spent.reasoning_tokens)

    def _completion(self, reply: Reply, text: str, *, cut: Cut | None = None) -> Completion:
        return Completion(
            text=text,
            cut=cut,
            reasoning=reply.reasoning,
            finish_reason=reply.finish_reason or "",
            rung=self.request.terms.rung,
            rungs_sent=self.tally.rungs_sent,
            why=self.request.terms.why,
            model=reply.model or self.question.options.model,
            provider=reply.provider,
            generation_id=self.tally.generation_id,
            usage=self.tally.usage,
            seconds=self.tally.seconds,
            asked=self.tally.asked,
        )

    def _reservation(self) -> float:
        model = self.question.options.model
        price = self.request.price
        if price is not None:
            return price.reservation(request_bytes=len(self.request.body), max_tokens=self.request.max_tokens)
        if self.ports.journal.is_capped:
            raise PriceUnknown(
                f"A cap on dollars is set, but the price of {model} is not known, so the cap could not be kept. "
                "Choose a model with a known price, or take the cap off."
            )
        return 0.0


async def _read(response: Response, *, content_idle_s: float, on_accepted: Callable[[], None]) -> Reply:
    now = time.time()
    if response.status >= FIRST_FAILURE:
        return read_failure(response.status, response.headers, await response.body(), now=now)
    if response.is_stream:
        streamed = await read_stream(response, now=now, content_idle_s=content_idle_s, on_begun=on_accepted)
        if streamed.loop:
            response.abandon()
        return streamed
    reply = read_plain(await response.body(), now=now, headers=response.headers)
    if reply.fault is None:
        on_accepted()
    return reply

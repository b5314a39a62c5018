"""What every call would have cost: counted from the bytes on the wire, by prices of its own.

Nothing here is shared with the client, so that a mistake in its arithmetic cannot hide in the same one here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

#: Bytes that one token stands for.
BYTES_PER_TOKEN = 4
#: Prompt tokens above which every token of a call costs more.
LONG_PROMPT_TOKENS = 256_000
#: How many times as much.
LONG_PROMPT_FACTOR = 3


class Price(NamedTuple):
    """US dollars per million tokens."""

    prompt: float
    completion: float


#: The price of every model that is not listed in PRICES.
USUAL_PRICE = Price(prompt=0.26, completion=0.78)
#: By the first part of a model's slug.
PRICES: dict[str, Price] = {"openai/": Price(prompt=0.40, completion=1.60)}


def price_of(model: str) -> Price:
    """Return the price of `model` for prompts that are not long."""
    return next((price for prefix, price in PRICES.items() if model.startswith(prefix)), USUAL_PRICE)


def tokens_in(size: int) -> int:
    """Return the tokens that `size` bytes are counted as."""
    return -(-size // BYTES_PER_TOKEN)


def dollars_for(model: str, *, prompt_tokens: int, completion_tokens: int) -> float:
    """Return US dollars of one call."""
    price = price_of(model)
    factor = LONG_PROMPT_FACTOR if prompt_tokens > LONG_PROMPT_TOKENS else 1
    return factor * (prompt_tokens * price.prompt + completion_tokens * price.completion) / 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """One request that asked for a completion, and what it costs."""

    #: Generation id; "" of a request that was refused before a model saw it.
    id: str
    #: The needle of its scenario, else a digest of its document.
    document: str
    #: As it was asked for.
    model: str
    #: HTTP status of the reply.
    status: int = 200
    #: Input tokens: messages and schema.
    prompt_tokens: int = 0
    #: Output tokens: reasoning, content and arguments of tools.
    completion_tokens: int = 0
    #: Of the output, reasoning.
    reasoning_tokens: int = 0
    #: Whether it is charged.
    billed: bool = True
    #: Whether the client left before the end.
    abandoned: bool = False
    #: Whether the reply was streamed.
    streamed: bool = False
    #: As the reply states it; None of what is no completion.
    finish_reason: str | None = None

    @property
    def usd(self) -> float:
        """US dollars that are charged."""
        return self.would_be_usd if self.billed else 0.0

    @property
    def would_be_usd(self) -> float:
        """US dollars of the tokens, charged or not."""
        return dollars_for(self.model, prompt_tokens=self.prompt_tokens, completion_tokens=self.completion_tokens)


@dataclass(slots=True)
class Ledger:
    """Every bill, in the order in which the requests arrived."""

    #: US dollars that the account holds; None = it never runs out.
    balance_usd: float | None = None
    #: The bills. They are entered when the reply begins, and corrected where the client leaves.
    calls: list[Bill] = field(default_factory=list)
    #: US dollars charged.
    usd: float = 0.0
    _places: dict[str, int] = field(default_factory=dict)

    @property
    def billed(self) -> int:
        """Calls that are charged."""
        return sum(bill.billed for bill in tuple(self.calls))

    @property
    def remaining_usd(self) -> float | None:
        """US dollars left on the account; None = it never runs out."""
        return None if self.balance_usd is None else self.balance_usd - self.usd

    def of(self, document: str) -> tuple[Bill, ...]:
        """Return the bills of one document, by its needle or digest."""
        return tuple(bill for bill in tuple(self.calls) if bill.document == document)

    def enter(self, bill: Bill) -> None:
        """Add a bill."""
        if bill.id:
            self._places[bill.id] = len(self.calls)
        self.calls.append(bill)
        self.usd += bill.usd

    def find(self, generation_id: str) -> Bill | None:
        """Return the bill of a generation, None where there is none."""
        place = self._places.get(generation_id)
        return None if place is None else self.calls[place]

    def leave(self, generation_id: str, *, generated: float | None) -> None:
        """Note that the client left.

        Args:
            generation_id: What it left.
            generated: Share of the reply that had been generated; None = it is generated to its end all the same.
        """
        bill = self.find(generation_id)
        if bill is None:
            return
        share = 1.0 if generated is None else generated
        left = replace(
            bill,
            abandoned=True,
            completion_tokens=round(bill.completion_tokens * share),
            reasoning_tokens=round(bill.reasoning_tokens * share),
        )
        self.calls[self._places[generation_id]] = left
        self.usd += left.usd - bill.usd

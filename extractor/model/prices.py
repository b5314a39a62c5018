"""Bundled prices, dated. The provider's own figure of a reply comes before them."""

from __future__ import annotations

from dataclasses import dataclass

#: Day on which the prices of this file were read.
AS_OF = "2026-08-22"
#: UTF-8 bytes of a request per input token, on the safe side: English has 4 to 5.
BYTES_PER_TOKEN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """Prices from a prompt length on."""

    #: Prompt tokens above which the tier applies.
    above_tokens: int
    #: US dollars per million input tokens.
    input_usd: float
    #: US dollars per million output tokens, reasoning included.
    output_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Prices of one model."""

    #: Tiers, the shortest prompt first. The first is above 0 tokens.
    tiers: tuple[Tier, ...]

    def tier(self, *, prompt_tokens: int) -> Tier:
        """Return the prices of a prompt of this length."""
        return [tier for tier in self.tiers if prompt_tokens > tier.above_tokens or not tier.above_tokens][-1]

    def cost(self, *, prompt_tokens: int, completion_tokens: int) -> float:
        """Return US dollars. The length of the prompt sets the price of every token, not only of those beyond."""
        tier = self.tier(prompt_tokens=prompt_tokens)
        return (prompt_tokens * tier.input_usd + completion_tokens * tier.output_usd) / 1e6

    def reservation(self, *, request_bytes: int, max_tokens: int) -> float:
        """Return US dollars that a request cannot well exceed: all its bytes as input, its whole ceiling as output."""
        return self.cost(prompt_tokens=tokens_of(request_bytes), completion_tokens=max_tokens)


def tokens_of(size: int) -> int:
    """Return the input tokens that `size` bytes of a request are counted as."""
    return -(-size // BYTES_PER_TOKEN)


#: Of what runs on this machine.
FREE = Price(tiers=(Tier(above_tokens=0, input_usd=0.0, output_usd=0.0),))
#: The short-prompt tier is on the models' pages. The long one is Alibaba's list price at the same discount of 35 %.
_QWEN_PLUS = Price(
    tiers=(
        Tier(above_tokens=0, input_usd=0.26, output_usd=0.78),
        Tier(above_tokens=256_000, input_usd=0.78, output_usd=2.34),
    )
)

#: Prices by model slug.
PRICES: dict[str, Price] = {
    "qwen/qwen-plus-2025-07-28:thinking": _QWEN_PLUS,
    "qwen/qwen-plus-2025-07-28": _QWEN_PLUS,
}


def _flat(input_usd: float, output_usd: float) -> Price:
    return Price(tiers=(Tier(above_tokens=0, input_usd=input_usd, output_usd=output_usd),))


#: Day on which the prices at other hosts were read, in the data of genai-prices 0.2.3 (MIT).
HOSTS_AS_OF = "2026-11-23"
#: Prices of models at hosts that list none: host -> the host's own name of a model -> price.
HOST_PRICES: dict[str, dict[str, Price]] = {
    "api.openai.com": {
        "gpt-4.1": _flat(2.00, 8.00),
        "gpt-4.1-mini": _flat(0.40, 1.60),
        "gpt-4.1-nano": _flat(0.10, 0.40),
        "gpt-4o": _flat(2.50, 10.00),
        "gpt-4o-mini": _flat(0.15, 0.60),
        "gpt-5": _flat(1.25, 10.00),
        "gpt-5-mini": _flat(0.25, 2.00),
        "gpt-5-nano": _flat(0.05, 0.40),
        "o4-mini": _flat(1.10, 4.40),
    },
    "generativelanguage.googleapis.com": {
        "gemini-2.5-flash": _flat(0.30, 2.50),
        "gemini-2.5-flash-lite": _flat(0.10, 0.40),
    },
    "api.groq.com": {"llama-3.3-70b-versatile": _flat(0.59, 0.79)},
    "api.x.ai": {"grok-3-mini": _flat(0.30, 0.50)},
}


def price_of(model: str, *, host: str = "") -> Price | None:
    """Return the bundled price of `model`, None when there is none.

    Args:
        model: Its slug, or the host's own name of it.
        host: Where it is asked. Names without a maker in front mean something at one host only.
    """
    return PRICES.get(model) or HOST_PRICES.get(host, {}).get(model)

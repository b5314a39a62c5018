"""What can be looked up beside completions: models, endpoints, generations, the key."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from extractor.simulator.ledger import LONG_PROMPT_FACTOR, LONG_PROMPT_TOKENS, price_of
from extractor.simulator.rendering import json_page
from extractor.simulator.requested import THINKING_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.records import JsonObject
    from extractor.simulator.ledger import Bill, Ledger
    from extractor.simulator.profiles import Profile
    from extractor.simulator.rendering import Rendered

#: Pages that only the owner of a key sees.
NEED_KEY = frozenset({"/key", "/generation", "/credits"})


class Listing:
    """The pages. What they say of money is what the ledger says."""

    def __init__(self, profile: Profile, models: Sequence[str], *, ledger: Ledger, lag: int) -> None:
        self._profile = profile
        self._models = models
        self._ledger = ledger
        self._lag = lag
        #: How often a generation was looked up, by its id.
        self._looked_up: Counter[str] = Counter()

    def page(self, path: str, generation_id: str) -> Rendered:
        """Return the page at `path`, or a 404."""
        if path == "/models":
            return json_page({"data": [self._model(slug) for slug in self._models]})
        if path == "/key":
            return json_page({"data": self._key()})
        if path == "/credits":
            return json_page(
                {"data": {"total_credits": self._ledger.balance_usd or 0.0, "total_usage": self._ledger.usd}}
            )
        if path == "/generation":
            return self._generation(generation_id)
        slug = path.removeprefix("/models/").removesuffix("/endpoints")
        if path == f"/models/{slug}/endpoints" and slug in self._models:
            return json_page({"data": self._endpoints(slug)})
        return _not_found()

    def _generation(self, generation_id: str) -> Rendered:
        bill = self._ledger.find(generation_id)
        self._looked_up[generation_id] += 1
        if bill is None or self._looked_up[generation_id] <= self._lag:
            return _not_found()
        return json_page({"data": _generation(bill, self._profile)})

    def _key(self) -> JsonObject:
        return {
            "label": "sk-or-v1-sim...ted",
            "limit": self._ledger.balance_usd,
            "limit_remaining": self._ledger.remaining_usd,
            "limit_reset": None,
            "usage": self._ledger.usd,
            "is_free_tier": False,
            "rate_limit": {"requests": -1, "interval": "10s"},
        }

    def _model(self, slug: str) -> JsonObject:
        thinks = self._thinks(slug)
        reasoning = {"mandatory": False, "default_enabled": True, "supports_max_tokens": True} if thinks else None
        return {
            "id": slug,
            "canonical_slug": slug,
            "name": slug,
            "created": 1_753_660_800,
            "context_length": self._profile.input_limit,
            "pricing": pricing(slug),
            "top_provider": {
                "context_length": self._profile.input_limit,
                "max_completion_tokens": self._profile.output_limit,
                "is_moderated": False,
            },
            "supported_parameters": self._parameters(slug),
            "reasoning": reasoning,
            "expiration_date": None,
        }

    def _endpoints(self, slug: str) -> JsonObject:
        profile = self._profile
        endpoint = {
            "name": f"{profile.provider} | {slug}",
            "provider_name": profile.provider,
            "tag": profile.tag,
            "context_length": profile.input_limit,
            "max_prompt_tokens": profile.input_limit,
            "max_completion_tokens": profile.output_limit,
            "pricing": pricing(slug),
            "supported_parameters": self._parameters(slug),
            "quantization": None,
            "status": 0,
            "uptime_last_30m": 100.0,
            "supports_implicit_caching": False,
        }
        return {"id": slug, "name": slug, "created": 1_753_660_800, "endpoints": [endpoint]}

    def _thinks(self, slug: str) -> bool:
        return self._profile.thinks and slug.endswith(THINKING_SUFFIX)

    def _parameters(self, slug: str) -> list[str]:
        return sorted(self._profile.parameters - (set() if self._thinks(slug) else {"reasoning"}))


def pricing(slug: str) -> JsonObject:
    """Return prices as the gateway lists them: dollars per token, as text, and from which length on others hold."""
    price = price_of(slug)
    return {
        "prompt": _per_token(price.prompt),
        "completion": _per_token(price.completion),
        "request": "0",
        "overrides": [
            {
                "min_prompt_tokens": LONG_PROMPT_TOKENS,
                "prompt": _per_token(LONG_PROMPT_FACTOR * price.prompt),
                "completion": _per_token(LONG_PROMPT_FACTOR * price.completion),
            }
        ],
    }


def _per_token(dollars_per_million: float) -> str:
    return f"{dollars_per_million / 1e6:.10f}".rstrip("0")


def _generation(bill: Bill, profile: Profile) -> JsonObject:
    return {
        "id": bill.id,
        "model": bill.model,
        "provider_name": profile.provider,
        "total_cost": bill.usd,
        "usage": bill.usd,
        "tokens_prompt": bill.prompt_tokens,
        "tokens_completion": bill.completion_tokens,
        "native_tokens_prompt": bill.prompt_tokens,
        "native_tokens_completion": bill.completion_tokens,
        "native_tokens_reasoning": bill.reasoning_tokens,
        "native_tokens_cached": 0,
        "finish_reason": bill.finish_reason,
        "native_finish_reason": bill.finish_reason,
        "cancelled": bill.abandoned,
        "streamed": bill.streamed,
    }


def _not_found() -> Rendered:
    return json_page({"error": {"code": 404, "message": "Not found"}}, status=404)

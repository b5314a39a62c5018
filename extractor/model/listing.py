"""What an OpenRouter-compatible host lists about a model: its endpoints, what each takes, and at what price.

`GET /models/{author}/{slug}/endpoints` is the source of what is taken, because support differs from endpoint to
endpoint; `GET /models` adds what it says about reasoning. Every member may be missing or of another type.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from extractor.model.prices import Price, Tier

if TYPE_CHECKING:
    from extractor.model.profiles import Profile
    from extractor.records import Json, JsonObject, ProviderPolicy

#: Parameters that make an endpoint better than another one for us, the most wanted first.
WANTED = ("structured_outputs", "response_format", "tools", "reasoning")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedEndpoint:
    """One endpoint of a model."""

    #: Provider slug, with the variant after a slash where there is one.
    tag: str
    #: Parameters that it takes.
    parameters: frozenset[str]
    #: Tokens that one request may hold, None where it does not say.
    input_limit: int | None
    #: Tokens that one reply may hold, None where it does not say.
    output_limit: int | None
    #: What it costs, None where it does not say.
    price: Price | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Thinking:
    """What a model can do about reasoning."""

    #: Whether it reasons unless it is told not to.
    is_default: bool
    #: Whether a ceiling on its tokens is taken.
    takes_ceiling: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What is listed about one model."""

    #: Endpoints that work.
    endpoints: tuple[ListedEndpoint, ...]
    #: None where nothing is said.
    thinking: Thinking | None = None


def read_endpoints(document: Json) -> Listing | None:
    """Return what the answer about one model's endpoints says, None when it names no endpoint that works."""
    rows = _objects(_object(_object(document).get("data")).get("endpoints"))
    endpoints = tuple(_endpoint(row) for row in rows if _is_working(row))
    return Listing(endpoints=endpoints) if endpoints else None


def read_thinking(document: Json, model: str) -> Thinking | None:
    """Return what the list of all models says about the reasoning of `model`."""
    row = next((row for row in _objects(_object(document).get("data")) if row.get("id") == model), {})
    stated = row.get("reasoning")
    if not isinstance(stated, dict):
        return None
    return Thinking(
        is_default=stated.get("mandatory") is True or stated.get("default_enabled") is True,
        takes_ceiling=stated.get("supports_max_tokens") is True,
    )


def profile_from(listing: Listing, *, bundled: Profile, policy: ProviderPolicy | None) -> Profile:
    """Return what is known about a model now: what its best endpoint says, over what was bundled.

    The best one takes most of what we want, and is the cheapest of those; a request that asks for no more than it
    takes is routed there, or to its equals.

    Args:
        listing: What the host says.
        bundled: What was known before.
        policy: Which endpoints may be used.
    """
    usable = [endpoint for endpoint in listing.endpoints if _is_allowed(endpoint, policy)]
    if not usable:
        return bundled
    best = min(usable, key=_rank)
    thinks = bundled.thinks or (listing.thinking is not None and listing.thinking.is_default)
    has_no_ceiling = listing.thinking is not None and not listing.thinking.takes_ceiling
    return replace(
        bundled,
        thinks=thinks,
        parameters=best.parameters | {"max_tokens"} if best.parameters else bundled.parameters,
        input_limit=_least(best.input_limit, bundled.input_limit),
        output_limit=best.output_limit or bundled.output_limit,
        reasoning_ceiling="enabled" if has_no_ceiling else bundled.reasoning_ceiling,
        price=_with_long_tiers(best.price, bundled.price),
        is_listed=bool(best.parameters),
    )


def _rank(endpoint: ListedEndpoint) -> tuple[tuple[bool, ...], float]:
    lacks = tuple(name not in endpoint.parameters for name in WANTED)
    return lacks, endpoint.price.tiers[0].output_usd if endpoint.price else math.inf


def _is_allowed(endpoint: ListedEndpoint, policy: ProviderPolicy | None) -> bool:
    if policy is None:
        return True
    names = {endpoint.tag, endpoint.tag.partition("/")[0]}
    return (not policy.only or bool(names & set(policy.only))) and not names & set(policy.ignore)


def _least(stated: int | None, known: int | None) -> int | None:
    """Return the lower limit: an advertised million is not all accepted."""
    return min((limit for limit in (stated, known) if limit is not None), default=None)


def _with_long_tiers(stated: Price | None, bundled: Price | None) -> Price | None:
    """Keep the bundled prices of long prompts where the host states one price for all."""
    if stated is None or bundled is None or len(stated.tiers) > 1:
        return stated or bundled
    return Price(tiers=stated.tiers[:1] + bundled.tiers[1:])


def _is_working(row: JsonObject) -> bool:
    status = row.get("status")
    return not isinstance(status, int) or status >= 0


def _endpoint(row: JsonObject) -> ListedEndpoint:
    stated = row.get("supported_parameters")
    parameters = (
        frozenset(name for name in stated if isinstance(name, str)) if isinstance(stated, list) else frozenset()
    )
    name = row.get("tag") or row.get("provider_name")
    return ListedEndpoint(
        tag=name.casefold().replace(" ", "-") if isinstance(name, str) else "",
        parameters=parameters,
        input_limit=_count(row.get("max_prompt_tokens")) or _count(row.get("context_length")),
        output_limit=_count(row.get("max_completion_tokens")),
        price=_price(_object(row.get("pricing"))),
    )


def _price(pricing: JsonObject) -> Price | None:
    """Return the prices of a listing: strings, US dollars per token. Dearer tiers begin at a length of the prompt."""
    first = _tier(pricing, above_tokens=0)
    if first is None:
        return None
    longer = [
        _tier({**pricing, **override}, above_tokens=above)
        for override in _objects(pricing.get("overrides"))
        if (above := _count(override.get("min_prompt_tokens")))
    ]
    tiers = sorted((tier for tier in longer if tier is not None), key=lambda tier: tier.above_tokens)
    return Price(tiers=(first, *tiers))


def _tier(pricing: JsonObject, *, above_tokens: int) -> Tier | None:
    prompt, completion = _dollars(pricing.get("prompt")), _dollars(pricing.get("completion"))
    if prompt is None or completion is None:
        return None
    return Tier(above_tokens=above_tokens, input_usd=prompt * 1e6, output_usd=completion * 1e6)


def _dollars(value: Json) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        dollars = float(value)
    except (ValueError, OverflowError):
        return None
    return dollars if math.isfinite(dollars) and dollars >= 0 else None


def _count(value: Json) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _object(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _objects(value: Json) -> list[JsonObject]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []

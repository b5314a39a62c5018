"""Which providers may see a document and at what price: OpenRouter's `provider` object, from the caller's policy."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from extractor.errors import InvalidRequest
from extractor.model.prices import tokens_of

if TYPE_CHECKING:
    from extractor.model.endpoints import Endpoint
    from extractor.model.prices import Price
    from extractor.model.profiles import Profile
    from extractor.records import JsonObject, Options, PriceCeiling, ProviderPolicy

#: Times the known price that an endpoint may ask, unless the caller says otherwise.
CEILING_FACTOR = 1.5
#: Members of a request that are no parameters of the model.
_NO_PARAMETERS = frozenset({"model", "messages", "stream", "plugins", "provider"})


def require_understood(options: Options, endpoint: Endpoint) -> None:
    """Refuse a policy that the endpoint would pass over in silence.

    Raises:
        InvalidRequest: the endpoint is not OpenRouter's, or one like it.
    """
    if options.provider is not None and not endpoint.is_openrouter:
        raise InvalidRequest(
            "Option 'provider' chooses among OpenRouter's providers, and requests go elsewhere: EXTRACTOR_BASE_URL "
            f"names {endpoint.host}. Leave the option out, or set EXTRACTOR_OPENROUTER_COMPATIBLE=true where that host "
            "understands it."
        )


def provider_object(body: JsonObject, options: Options, profile: Profile, *, may_require: bool) -> JsonObject:
    """Return the `provider` member of a request, empty where there is nothing to say.

    Args:
        body: The request so far.
        options: The caller's options.
        profile: What is known about the model.
        may_require: Whether endpoints that do not list every parameter sent may be ruled out.
    """
    chosen: JsonObject = _chosen(options.provider) if options.provider is not None else {}
    asked = options.provider.max_price if options.provider is not None else None
    if ceiling := _ceiling(asked, profile.price, body):
        chosen["max_price"] = ceiling
    if may_require and is_all_listed(body, profile):
        chosen["require_parameters"] = True
    return chosen


def is_all_listed(body: JsonObject, profile: Profile) -> bool:
    """Whether the endpoint itself lists every parameter of `body`, so that only its equals need be asked.

    A parameter that is merely preferred must not rule every endpoint out: with a schema that no endpoint says it
    enforces, the request is routed as if it were not there.
    """
    return profile.is_listed and profile.parameters is not None and _parameters(body) <= profile.parameters


def _parameters(body: JsonObject) -> set[str]:
    names = set(body) - _NO_PARAMETERS
    shape = body.get("response_format")
    return names | {"structured_outputs"} if shape and shape.get("type") == "json_schema" else names


def _chosen(policy: ProviderPolicy) -> JsonObject:
    stated = asdict(policy)
    del stated["max_price"]
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in stated.items()
        if value not in (None, ())
    }


def _ceiling(asked: PriceCeiling | None, price: Price | None, body: JsonObject) -> JsonObject:
    """Return US dollars per million tokens, as the caller says or by the known price for a prompt of this length."""
    if asked is not None:
        return {name: value for name, value in asdict(asked).items() if value is not None}
    if price is None:
        return {}
    size = sum(len(message["content"]) for message in body["messages"])
    tier = price.tier(prompt_tokens=tokens_of(size))
    return {
        "prompt": round(tier.input_usd * CEILING_FACTOR, 6),
        "completion": round(tier.output_usd * CEILING_FACTOR, 6),
    }

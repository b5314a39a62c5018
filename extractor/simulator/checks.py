"""What a request must be like before a model sees it, and the words in which gateways and providers say that it is not.

Texts as users of the real ones reported them; the marks F1 to H9 are those of the catalogue.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from extractor.simulator.catalogue import Reply
from extractor.simulator.ledger import dollars_for, price_of, tokens_in
from extractor.simulator.strictness import first_laxity

if TYPE_CHECKING:
    from collections.abc import Callable

    from extractor.records import Json, JsonObject
    from extractor.simulator.ledger import Ledger
    from extractor.simulator.profiles import Profile
    from extractor.simulator.requested import Requested

#: Members of a request that say which model, about what, and to whom; every other one is a parameter.
NO_PARAMETERS = frozenset(
    {"model", "models", "messages", "stream", "stream_options", "provider", "plugins", "user", "usage", "session_id"}
    | {"metadata", "trace", "route", "transforms", "debug"}
)
#: Keys that routing rules may have.
ROUTING_KEYS = frozenset(
    {"require_parameters", "order", "only", "ignore", "allow_fallbacks", "data_collection", "zdr", "sort", "max_price"}
    | {"quantizations", "preferred_min_throughput", "preferred_max_latency", "enforce_distillable_text", "options"}
)
_THE_WORD = re.compile("json", re.IGNORECASE)
ALIBABA_SAYS = "<400> InternalError.Algo.InvalidParameter: "


def refusal_of(requested: Requested, *, profile: Profile, ledger: Ledger) -> Reply | None:
    """Return why the request is refused, the gateway's reasons first; None = a model may see it."""
    return (
        _routing(requested, profile)
        or _affordable(requested, profile, ledger)
        or next((said for check in _PROVIDERS_CHECKS if (said := check(requested, profile))), None)
    )


def gateway_error(status: int, message: str, **metadata: Json) -> Reply:
    """Return an error of the gateway itself."""
    error: JsonObject = {"code": status, "message": message}
    if metadata:
        error["metadata"] = metadata
    return Reply(status=status, top={"error": error}, billed=False)


def provider_error(profile: Profile, raw: str) -> Reply:
    """Return a 400 of the provider, as the gateway passes it on."""
    return gateway_error(400, "Provider returned error", raw=raw, provider_name=profile.provider)


def _routing(requested: Requested, profile: Profile) -> Reply | None:
    rules = requested.body.get("provider")
    if not isinstance(rules, dict):
        return None
    return _unknown_rule(rules) or _excluded(rules, requested, profile)


def _unknown_rule(rules: JsonObject) -> Reply | None:
    if unknown := sorted(set(rules) - ROUTING_KEYS):
        return gateway_error(400, f"provider: Unrecognized key(s) in object: {', '.join(map(repr, unknown))}")
    return None


def _excluded(rules: JsonObject, requested: Requested, profile: Profile) -> Reply | None:
    only, ignored = rules.get("only") or [profile.tag], rules.get("ignore") or []
    if profile.tag not in only or profile.tag in ignored:
        return gateway_error(404, "No allowed providers are available for the selected model.")
    if rules.get("zdr") is True and not profile.keeps_nothing:
        return gateway_error(404, "No endpoints found matching your data policy (Zero data retention).")
    if _is_too_dear(requested.model, rules.get("max_price")):
        return gateway_error(404, "No endpoints found that satisfy the maximum price.")
    if rules.get("require_parameters") is True and not _parameters(requested.body) <= profile.parameters:
        return gateway_error(404, "No endpoints found that can handle the requested parameters.")  # F19
    return None


def _is_too_dear(model: str, ceiling: Json) -> bool:
    price = price_of(model)._asdict()
    stated = ceiling if isinstance(ceiling, dict) else {}
    return any(name in stated and float(stated[name]) < dollars for name, dollars in price.items())


def _parameters(body: JsonObject) -> set[str]:
    names = {"max_tokens" if name == "max_completion_tokens" else name for name in body if name not in NO_PARAMETERS}
    stated = body.get("response_format")
    is_schema = isinstance(stated, dict) and stated.get("type") == "json_schema"
    return names | {"structured_outputs"} if is_schema else names


def _affordable(requested: Requested, profile: Profile, ledger: Ledger) -> Reply | None:
    remaining = ledger.remaining_usd
    if remaining is None:
        return None
    prompt_usd = dollars_for(requested.model, prompt_tokens=tokens_in(requested.prompt_bytes), completion_tokens=0)
    left = max(0, int(1e6 * (remaining - prompt_usd) / price_of(requested.model).completion))
    wanted = requested.max_tokens or profile.output_limit
    if wanted <= left:
        return None
    if left == 0:
        return gateway_error(402, "Insufficient credits. Add more using https://openrouter.ai/settings/credits")
    return gateway_error(  # H5
        402,
        "This request requires more credits, or fewer max_tokens. "
        f"You requested up to {wanted} tokens, but can only afford {left}.",
    )


def _length(requested: Requested, profile: Profile) -> Reply | None:
    if tokens_in(requested.prompt_bytes) <= profile.input_limit:
        return None
    return provider_error(profile, f"{ALIBABA_SAYS}Range of input length should be [1, {profile.input_limit}]")  # H9


def _format_with_thinking(requested: Requested, profile: Profile) -> Reply | None:
    asked = requested.format
    if not requested.thinks or asked is None or asked in profile.formats_with_thinking:
        return None
    words = "Json mode response is not supported when enable_thinking is true"
    return provider_error(profile, ALIBABA_SAYS + words)  # F1


def _the_word(requested: Requested, profile: Profile) -> Reply | None:
    if requested.format is None or not profile.wants_the_word:
        return None
    if any(_THE_WORD.search(message.content) for message in requested.messages):
        return None
    words = "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'."
    return provider_error(profile, ALIBABA_SAYS + words)  # F2


def _forced_tool(requested: Requested, profile: Profile) -> Reply | None:
    choice = requested.body.get("tool_choice")
    if not requested.thinks or not (choice == "required" or isinstance(choice, dict)):
        return None
    words = "The tool_choice parameter does not support being set to required or object in thinking mode"
    return provider_error(profile, ALIBABA_SAYS + words)  # F3


def _streaming(requested: Requested, profile: Profile) -> Reply | None:
    if not (requested.thinks and profile.is_stream_only) or requested.is_streamed:
        return None
    words = "parameter.enable_thinking must be set to false for non-streaming calls"
    return provider_error(profile, ALIBABA_SAYS + words)  # F4


def _thinking_budget(requested: Requested, profile: Profile) -> Reply | None:
    budget = requested.thinking_tokens
    if not requested.thinks or budget is None or 0 < budget <= profile.thinking_limit:
        return None
    words = f"The thinking_budget parameter must be a positive integer and not greater than {profile.thinking_limit}"
    return provider_error(profile, ALIBABA_SAYS + words)  # F5


def _tools(requested: Requested, profile: Profile) -> Reply | None:
    if requested.body.get("tools") != []:
        return None
    return provider_error(profile, f"{ALIBABA_SAYS}[] is too short - 'tools'")  # F6


def _reply_length(requested: Requested, profile: Profile) -> Reply | None:
    wanted = requested.max_tokens
    if wanted is None or 0 < wanted <= profile.output_limit:
        return None
    words = f"Range of max_tokens should be [1, {profile.output_limit}]"
    return provider_error(profile, ALIBABA_SAYS + words)


def _strictness(requested: Requested, profile: Profile) -> Reply | None:
    stated = requested.body.get("response_format")
    if requested.format != "json_schema" or not profile.checks_strict or not isinstance(stated, dict):
        return None
    described = stated.get("json_schema")
    if not isinstance(described, dict) or described.get("strict") is not True:
        return None
    laxity = first_laxity(described.get("schema"))
    if laxity is None:
        return None
    name = described.get("name", "")
    return provider_error(profile, f"Invalid schema for response_format '{name}': {laxity}")  # F9, F10, F11


#: In the order in which they are applied.
_PROVIDERS_CHECKS: tuple[Callable[[Requested, Profile], Reply | None], ...] = (
    _length,
    _tools,
    _strictness,
    _format_with_thinking,
    _the_word,
    _forced_tool,
    _streaming,
    _thinking_budget,
    _reply_length,
)

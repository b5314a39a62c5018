"""The body of a request, from a question and the terms it is asked on."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

from extractor import jsontext
from extractor.model.policies import provider_object
from extractor.model.simplifying import simplified

if TYPE_CHECKING:
    from extractor.model.endpoints import Endpoint
    from extractor.model.enforcement import Terms
    from extractor.model.prices import Price
    from extractor.model.profiles import Profile
    from extractor.records import JsonObject, Options, Question, Reasoning

#: Tokens that a thinking model may think, unless the caller says otherwise.
THINKING_TOKENS = 8_192
#: Share of `max_tokens` that each effort may think. Source: OpenRouter, Reasoning tokens.
EFFORT_SHARES: dict[str, float] = {
    "max": 0.95,
    "xhigh": 0.95,
    "high": 0.8,
    "medium": 0.5,
    "low": 0.2,
    "minimal": 0.1,
    "none": 0.0,
}
#: Tokens of a reply below which no part of a record fits.
LEAST_REPLY = 256
#: Tokens of room beyond the expected record.
SPARE_TOKENS = 256
#: How many times as high a ceiling is raised where the endpoint states none.
STRETCH = 4
#: Tokens that a thinking budget is not pushed below by a low ceiling.
LEAST_THINKING_TOKENS = 1_024
#: Sent unless the caller chooses another, so that equal requests have a chance of equal replies.
SEED = 7
TEMPERATURE = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """A request, ready to send."""

    #: JSON, UTF-8.
    body: bytes = field(repr=False)
    #: The terms that it asks on, as they turned out.
    terms: Terms
    #: Tokens that its reply may hold.
    max_tokens: int
    #: Tokens that its reply is expected to hold, thoughts included.
    expected_tokens: int
    #: Whether `max_tokens` is as high as the endpoint, or the caller, lets it be.
    is_at_limit: bool
    #: Whether a lower ceiling on its thoughts would change it, and whether asking for none would.
    is_bounded: bool
    may_think_none: bool
    #: Name of our tool where it offers one.
    tool: str | None
    #: What the model costs, None where it is not known.
    price: Price | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How long a reply may be."""

    #: Tokens in all.
    max_tokens: int
    #: Tokens of these for reasoning; 0 where the model does not think.
    thinking: int
    #: Whether there can be no more: the endpoint's own ceiling, or the caller's.
    is_at_limit: bool = False


def chat_request(question: Question, terms: Terms, *, profile: Profile, endpoint: Endpoint) -> ChatRequest:
    """Return the request that asks `question` on `terms`. What the profile does not list is not sent."""
    options = question.options
    room = room_for(question, terms, profile=profile)
    optional = {
        "reasoning": _reasoning(question, room, profile=profile, is_bounded=_is_bounded(terms, profile)),
        "temperature": TEMPERATURE if options.temperature is None else options.temperature,
        "top_p": options.top_p,
        "seed": SEED if options.seed is None else options.seed,
        "presence_penalty": options.presence_penalty,
    }
    body: JsonObject = {
        "model": options.model,
        "messages": [{"role": message.role, "content": message.content} for message in question.messages],
        **_shape(question, terms, profile),
        "max_tokens": room.max_tokens,
        **{name: value for name, value in optional.items() if value is not None and profile.takes(name)},
    }
    if terms.is_streamed:
        body["stream"] = True
    if endpoint.is_openrouter:
        # It would cut the middle out of a long document.
        body["plugins"] = [{"id": "context-compression", "enabled": False}]
        if chosen := provider_object(body, options, profile, may_require=terms.takes_requirement):
            body["provider"] = chosen
    requires = body.get("provider", {}).get("require_parameters", False)
    return ChatRequest(
        body=jsontext.dumps(body).encode(),
        terms=replace(terms, takes_requirement=requires),
        max_tokens=room.max_tokens,
        expected_tokens=min(room.max_tokens, expected_tokens(question) + min(room.thinking, LEAST_THINKING_TOKENS)),
        is_at_limit=room.is_at_limit,
        is_bounded="reasoning" in body and _is_bounded(terms, profile) and room.thinking > LEAST_THINKING_TOKENS,
        may_think_none="reasoning" in body or profile.sibling is not None,
        tool=question.shape.name if terms.rung == "tool" else None,
        price=profile.price,
    )


def room_for(question: Question, terms: Terms, *, profile: Profile) -> Room:
    """Return the ceilings of a reply: thinking + 1.5 times the expected record + a little, within the endpoint's own.

    The record comes first: where a ceiling is too low for both, thinking gives way.
    """
    record = record_room(question)
    thinking = _thinking_tokens(question.options.reasoning, record, profile)
    if question.thinking != "usual":
        thinking = min(thinking, LEAST_THINKING_TOKENS if question.thinking == "little" else 0)
    if terms.budget_limit:
        thinking = min(thinking, terms.budget_limit)
    limits = (question.options.max_tokens, profile.output_limit, terms.output_limit)
    most = min((limit for limit in limits if limit is not None), default=STRETCH * (thinking + record))
    max_tokens = most if question.is_stretched or question.options.max_tokens else min(thinking + record, most)
    # The floor, and half of a ceiling that is lower still, keep a budget that can be sent at all.
    floor = min(LEAST_THINKING_TOKENS, max_tokens // 2)
    thinking = min(thinking, max(max_tokens - record, floor))
    return Room(max_tokens=max_tokens, thinking=thinking, is_at_limit=max_tokens >= most)


def record_room(question: Question) -> int:
    """Return the tokens that the expected record needs."""
    return expected_tokens(question) * 3 // 2 + SPARE_TOKENS


def expected_tokens(question: Question) -> int:
    """Return the tokens that the record of a question is expected to take."""
    return question.expected_tokens or question.shape.expected_tokens


def _thinking_tokens(asked: Reasoning | None, record: int, profile: Profile) -> int:
    if asked is None or (asked.effort is None and asked.max_tokens is None and asked.enabled is None):
        return THINKING_TOKENS if profile.thinks else 0
    if asked.max_tokens is not None:
        return asked.max_tokens
    if asked.effort in EFFORT_SHARES:
        share = EFFORT_SHARES[asked.effort]
        return round(record * share / (1 - share))
    return 0 if asked.enabled is False else THINKING_TOKENS


def _is_bounded(terms: Terms, profile: Profile) -> bool:
    return terms.budget_limit != 0 and profile.reasoning_ceiling == "max_tokens"


def _reasoning(question: Question, room: Room, *, profile: Profile, is_bounded: bool) -> JsonObject | None:
    if question.thinking == "none":
        return {"enabled": False} if profile.thinks else None
    asked = question.options.reasoning
    stated = {name: value for name, value in asdict(asked).items() if value is not None} if asked else {}
    if question.thinking == "little":
        stated.pop("effort", None)
    if "effort" in stated or stated.get("enabled") is False:
        return stated
    if not room.thinking:
        return stated or None
    return {**stated, "max_tokens": room.thinking} if is_bounded else {**stated, "enabled": True}


def _shape(question: Question, terms: Terms, profile: Profile) -> JsonObject:
    shape, options = question.shape, question.options
    schema = shape.schema if terms.is_full else simplified(shape.schema)
    match terms.rung:
        case "json_schema":
            strict = {"strict": True} if terms.is_strict else {}
            json_schema = {"name": shape.name, **strict, "schema": schema}
            asked: JsonObject = {"response_format": {"type": "json_schema", "json_schema": json_schema}}
        case "tool":
            function = {"name": shape.name, "description": "Give the record.", "parameters": schema}
            tools = [{"type": "function", "function": function}, *options.tools]
            return {"tools": tools, "tool_choice": "auto"}
        case "json_object":
            asked = {"response_format": {"type": "json_object"}}
        case "prompt":
            asked = {}
    return {**asked, **_callers_tools(options, terms, profile)}


def _callers_tools(options: Options, terms: Terms, profile: Profile) -> JsonObject:
    if not options.tools or not terms.takes_tools or not profile.takes("tools"):
        return {}
    chosen = options.tool_choice if terms.takes_tool_choice else "auto"
    choice = {"tool_choice": chosen} if chosen is not None and profile.takes("tool_choice") else {}
    return {"tools": list(options.tools), **choice}

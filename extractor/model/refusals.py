"""How providers say that they do not take a way of asking: data, one row per refusal.

A refusal is not a failure of the document: the request is asked again in another way, and the refusal remembered.
The provider's words are matched loosely and never shown; `says` is shown instead.
Source: the threads named in each row; texts as users reported them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from extractor.errors import PermissionDenied, RequestRejected

if TYPE_CHECKING:
    from extractor.errors import ModelError
    from extractor.model.faults import Fault

#: What may be refused. `rung` = the rung that was sent, whichever it was; `grammar` = every rung with a schema in it;
#: `call` = the rung of our tool; `full_schema` = the limits in the schema; `nothing` = there is nothing to take back.
Refusable: TypeAlias = Literal[
    "rung",
    "grammar",
    "strict",
    "full_schema",
    "plain",
    "call",
    "tools",
    "tool_choice",
    "thinking_budget",
    "max_tokens",
    "require_parameters",
    "nothing",
]
#: What a refusal holds for: any request to the endpoint, requests with the same schema, this question alone.
Scope: TypeAlias = Literal["endpoint", "schema", "question"]
#: Statuses that refusals come with.
STATUSES = frozenset({400, 402, 404, 422, 502})


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One way in which a provider refuses a way of asking."""

    #: Words of the provider. The first group, where there is one, is the number that it allows.
    pattern: re.Pattern[str]
    #: What to take back, in order: the first that was sent.
    features: tuple[Refusable, ...]
    #: The refusal in our words, for results and messages.
    says: str
    #: What it holds for.
    scope: Scope = "endpoint"
    #: Whether the words may have another cause, so that it is remembered only when taking back has helped.
    is_doubtful: bool = False
    #: Statuses that it comes with.
    statuses: frozenset[int] = frozenset({400, 404, 422})
    #: What it is when there is nothing left to take back; None = what its status says.
    error: type[ModelError] | None = None
    #: What happened then, and what to do.
    advice: str = ""


class Refusing(NamedTuple):
    """A refusal as it was received."""

    #: What was refused.
    refusal: Refusal
    #: The number that the provider allows, None where it named none.
    allowed: int | None
    #: The error that stated it.
    fault: Fault


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.DOTALL)


#: In order; the first that matches counts. The general rows are last.
REFUSALS: tuple[Refusal, ...] = (
    # F1: Alibaba, presenton/presenton#184
    Refusal(
        pattern=_words(r"json.?mode.{0,40}not supported.{0,60}thinking"),
        features=("rung",),
        says="JSON mode is not supported with thinking",
    ),
    # F2: Alibaba, plastic-labs/honcho#663
    Refusal(
        pattern=_words(r"must contain the word.{0,4}json"),
        features=("rung",),
        says="the messages are said to lack the word JSON",
    ),
    # F3, F8: Alibaba, cloudwego/eino#994; DeepSeek, XiaomiMiMo/MiMo-Code#2068
    Refusal(
        pattern=_words(r"tool_choice.{0,120}thinking mode|thinking mode.{0,60}tool_choice"),
        features=("tool_choice",),
        says="a tool cannot be forced while thinking",
    ),
    # F4: Alibaba, langchain4j/langchain4j#3974
    Refusal(
        pattern=_words(r"enable_thinking.{0,40}false for non-streaming|only supports? stream"),
        features=("plain",),
        says="replies are only streamed",
    ),
    # F5: Alibaba, Model Studio error codes
    Refusal(
        pattern=_words(r"thinking_budget.{0,120}not greater than\s*(\d{1,9})?"),
        features=("thinking_budget",),
        says="the thinking budget is too high",
    ),
    # F6: Aliyun, evalstate/fast-agent#331
    Refusal(
        pattern=_words(r"\[\] is too short.{0,10}tools"),
        features=("tools",),
        says="an empty list of tools is not taken",
    ),
    # F7: DeepSeek, ItzCrazyKns/Vane#969, BerriAI/litellm#31466
    Refusal(
        pattern=_words(r"response_format.{0,60}unavailable now"),
        features=("rung",),
        says="this response_format is unavailable",
    ),
    # F19: OpenRouter, block/buzz#3018; the second text names tools
    Refusal(
        pattern=_words(r"no endpoints found that support tool use"),
        features=("tools",),
        says="no endpoint takes tools",
    ),
    Refusal(
        pattern=_words(r"no endpoints found that can handle the requested parameters"),
        features=("require_parameters", "rung"),
        says="no endpoint takes the requested parameters",
    ),
    # OpenRouter: a ceiling on the price is never dropped
    Refusal(
        pattern=_words(r"no (allowed |available )?(endpoints|providers).{0,60}(max.{0,12}price|price)"),
        features=("nothing",),
        says="no endpoint is as cheap as the ceiling",
        error=PermissionDenied,
        advice="Every endpoint of the model asks more than the ceiling on its price. Raise `provider.max_price`, which "
        "is 1.5 times the known price unless it is stated.",
    ),
    # F20: OpenRouter, OpenRouterTeam/ai-sdk-provider#483
    Refusal(
        pattern=_words(
            r"no endpoints (available|found) matching your.{0,40}(guardrail|data policy)"
            r"|no allowed providers are available"
        ),
        features=("strict",),
        says="no endpoint under this account's policy takes strict",
        is_doubtful=True,
        error=PermissionDenied,
        advice="No endpoint of the model is allowed by the account's data policy together with the option `provider`. "
        "Loosen one of them, or choose another model.",
    ),
    # F9, F10, F18: OpenAI and Azure, lfnovo/esperanto#273, vercel/ai#6484, dottxt-ai/outlines#844
    Refusal(
        pattern=_words(
            r"additionalproperties\W.{0,40}required to be supplied"
            r"|\brequired\W.{0,40}required to be supplied.{0,80}(every|all) (key|propert)"
        ),
        features=("strict", "rung"),
        says="the schema is not strict in the provider's sense",
        scope="schema",
    ),
    # F11: OpenAI, 567-labs/instructor#961
    Refusal(
        pattern=_words(r"\bdefault\b.{0,40}not (permitted|supported|allowed)"),
        features=("full_schema", "rung"),
        says="a default in the schema is not taken",
        scope="schema",
    ),
    # F12, F17: Anthropic, vercel/ai#17268; Groq, i-am-bee/beeai-framework#1215
    Refusal(
        pattern=_words(
            r"for '?\w+'? type, propert(y|ies).{0,120}not supported"
            r"|(\b(minimum|maximum|exclusiveM\w+|multipleOf|minLength|maxLength|minItems|maxItems|uniqueItems)\b"
            r"|['\"`](pattern|format)['\"`]).{0,60}(not supported|unsupported|not permitted|not allowed)"
        ),
        features=("full_schema", "rung"),
        says="limits in the schema are not taken",
        scope="schema",
    ),
    # F17: vLLM, vllm-project/vllm#16880
    Refusal(
        pattern=_words(r"schema contains features (that are )?(not supported|unsupported)|not supported by xgrammar"),
        features=("full_schema", "rung"),
        says="the schema has features that the grammar does not take",
        scope="schema",
    ),
    # F13: Anthropic, anthropics/anthropic-sdk-python#1185, TanStack/ai#682
    Refusal(
        pattern=_words(
            r"compiled grammar is too large|schema is too complex"
            r"|too many (optional )?parameters|too many strict tools"
        ),
        features=("grammar",),
        says="the schema is too complex for the grammar",
        scope="schema",
    ),
    # F15: Google, googleapis/python-genai#660
    Refusal(
        pattern=_words(r"too many states for serving"),
        features=("full_schema", "rung"),
        says="the limits in the schema are too many for the grammar",
        scope="schema",
    ),
    # F16: Google, googleapis/python-genai#2170; the same words stand for input that cannot be read
    Refusal(
        pattern=_words(r"request contains an invalid argument"),
        features=("full_schema",),
        says="the provider called the request invalid until limits in the schema were left out",
        scope="schema",
        is_doubtful=True,
        error=RequestRejected,
        advice="The provider calls the request invalid and does not say why. Either the schema is too much for it, "
        "also without limits: ask for fewer or shorter lists. Or it cannot read the input: try another model.",
    ),
    # E6: Google by OpenRouter, OpenRouterTeam/openrouter-examples#67
    Refusal(
        pattern=_words(r"MALFORMED_FUNCTION_CALL"),
        features=("call", "tools"),
        says="the model's call of a tool could not be read",
        scope="question",
        statuses=frozenset({502}),
    ),
    # H5: OpenRouter, can1357/oh-my-pi#9569
    Refusal(
        pattern=_words(r"can only afford\s*(\d{1,9})"),
        features=("max_tokens",),
        says="the account can pay for a shorter answer only",
        scope="question",
        statuses=frozenset({402}),
    ),
    # Alibaba and OpenAI, in their own words
    Refusal(
        pattern=_words(
            r"(?:range of max_(?:completion_)?tokens should be \[\d{1,9}, ?"
            r"|max_(?:completion_)?tokens is too large.{0,80}at most )(\d{1,9})"
        ),
        features=("max_tokens",),
        says="the endpoint gives shorter answers only",
    ),
    Refusal(
        pattern=_words(
            r"\bstrict\b.{0,40}(not supported|unsupported|not permitted|unknown|unrecogni[sz]ed)"
            r"|(unknown|unrecogni[sz]ed|unsupported|unexpected).{0,40}\bstrict\b"
        ),
        features=("strict",),
        says="strict is not supported",
    ),
    # F22 and its kin: servers that know fewer types of response_format
    Refusal(
        pattern=_words(
            r"response_format\W{0,3}type\W.{0,20}must"
            r"|(response_format|json_schema|structured.?output).{0,60}(not supported|unsupported|not support)"
            r"|not support.{0,60}(response_format|json_schema|structured.?output)"
        ),
        features=("rung",),
        says="this response_format is not supported",
    ),
)


def refusal_in(fault: Fault) -> Refusing | None:
    """Return the refusal that `fault` states, None when it states none. One that asks us to wait states none."""
    if fault.status not in STATUSES or fault.retry_after_s is not None or fault.is_passing:
        return None
    for refusal in REFUSALS:
        if fault.status in refusal.statuses and (found := refusal.pattern.search(fault.text)):
            number = next((group for group in found.groups() if group and group.isdecimal()), None)
            return Refusing(refusal, int(number) if number else None, fault)
    return None

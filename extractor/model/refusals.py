"""How providers say that they do not take a way of asking: data, one row per refusal.

A refusal is not a failure of the document: the request is asked again in another way, and the refusal remembered.
The provider's words are matched loosely and never shown; `says` is shown instead.
Source: the threads named in each row; texts as users reported them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from extractor.model.faults import Fault

#: What may be refused. `rung` = the rung that was sent, whichever it was.
Refusable: TypeAlias = Literal["rung", "strict", "plain", "tools", "tool_choice", "thinking_budget"]
#: Statuses that refusals come with.
STATUSES = frozenset({400, 404, 422})


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One way in which a provider refuses a way of asking."""

    #: Words of the provider. The group of a budget's row is the number that it allows.
    pattern: re.Pattern[str]
    #: What was refused.
    feature: Refusable
    #: The refusal in our words, for results and messages.
    says: str


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
        feature="rung",
        says="JSON mode is not supported with thinking",
    ),
    # F2: Alibaba, plastic-labs/honcho#663
    Refusal(
        pattern=_words(r"must contain the word.{0,4}json"),
        feature="rung",
        says="the messages are said to lack the word JSON",
    ),
    # F3, F8: Alibaba, cloudwego/eino#994; DeepSeek, XiaomiMiMo/MiMo-Code#2068
    Refusal(
        pattern=_words(r"tool_choice.{0,120}thinking mode|thinking mode.{0,60}tool_choice"),
        feature="tool_choice",
        says="a tool cannot be forced while thinking",
    ),
    # F4: Alibaba, langchain4j/langchain4j#3974
    Refusal(
        pattern=_words(r"enable_thinking.{0,40}false for non-streaming|only supports? stream"),
        feature="plain",
        says="replies are only streamed",
    ),
    # F5: Alibaba, Model Studio error codes
    Refusal(
        pattern=_words(r"thinking_budget.{0,120}not greater than\s*(\d{1,9})?"),
        feature="thinking_budget",
        says="the thinking budget is too high",
    ),
    # F6: Aliyun, evalstate/fast-agent#331
    Refusal(
        pattern=_words(r"\[\] is too short.{0,10}tools"),
        feature="tools",
        says="an empty list of tools is not taken",
    ),
    # F7: DeepSeek, ItzCrazyKns/Vane#969, BerriAI/litellm#31466
    Refusal(
        pattern=_words(r"response_format.{0,60}unavailable now"),
        feature="rung",
        says="this response_format is unavailable",
    ),
    # F19: OpenRouter, block/buzz#3018; the second text names tools
    Refusal(
        pattern=_words(r"no endpoints found that support tool use"),
        feature="tools",
        says="no endpoint takes tools",
    ),
    Refusal(
        pattern=_words(r"no endpoints found that can handle the requested parameters"),
        feature="rung",
        says="no endpoint takes the requested parameters",
    ),
    # F20: OpenRouter, OpenRouterTeam/ai-sdk-provider#483
    Refusal(
        pattern=_words(r"no endpoints (available|found) matching your.{0,40}(guardrail|data policy)"),
        feature="strict",
        says="no endpoint under this account's policy takes strict",
    ),
    Refusal(
        pattern=_words(
            r"\bstrict\b.{0,40}(not supported|unsupported|not permitted|unknown|unrecogni[sz]ed)"
            r"|(unknown|unrecogni[sz]ed|unsupported|unexpected).{0,40}\bstrict\b"
        ),
        feature="strict",
        says="strict is not supported",
    ),
    # F22 and its kin: servers that know fewer types of response_format
    Refusal(
        pattern=_words(
            r"response_format\W{0,3}type\W.{0,20}must"
            r"|(response_format|json_schema|structured.?output).{0,60}(not supported|unsupported|not support)"
            r"|not support.{0,60}(response_format|json_schema|structured.?output)"
        ),
        feature="rung",
        says="this response_format is not supported",
    ),
)


def refusal_in(fault: Fault) -> Refusing | None:
    """Return the refusal that `fault` states, None when it states none."""
    if fault.status not in STATUSES:
        return None
    for refusal in REFUSALS:
        if found := refusal.pattern.search(fault.text):
            number = found.group(1) if refusal.feature == "thinking_budget" else None
            return Refusing(refusal, int(number) if number else None, fault)
    return None

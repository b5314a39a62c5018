"""What the endpoints that are simulated take, say of themselves, and do: data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

#: Ways of asking for JSON by `response_format`.
Format: TypeAlias = Literal["json_schema", "json_object"]

_SAMPLING = frozenset({"max_tokens", "temperature", "top_p", "seed", "presence_penalty"})
_TOOLS = frozenset({"tools", "tool_choice"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One endpoint."""

    #: How it is chosen.
    name: str
    #: The provider behind it, as replies state it.
    provider: str
    #: The same in routing rules.
    tag: str
    #: Models that `/models` lists for it.
    models: tuple[str, ...]
    #: Parameters that `/models` and `/endpoints` list.
    parameters: frozenset[str]
    #: Whether its models of the suffix `:thinking` reason before they answer.
    thinks: bool
    #: Formats that are taken while it thinks; the others are a 400.
    formats_with_thinking: frozenset[Format] = frozenset({"json_schema", "json_object"})
    #: What a format does to a right answer: `enforced` = compact JSON under the schema; `ignored` = as without it;
    #: `contradicts` = the first figure is one that the reasoning never names.
    format_effect: Literal["enforced", "ignored", "contradicts"] = "enforced"
    #: Whether schemas marked strict must be so in every part.
    checks_strict: bool = False
    #: Whether messages must hold the word JSON where a format is asked for.
    wants_the_word: bool = False
    #: Whether it answers only streams while it thinks.
    is_stream_only: bool = False
    #: Whether hanging up stops the generation, and with it the bill.
    stops_on_leaving: bool = False
    #: Whether it keeps nothing of what it is sent.
    keeps_nothing: bool = False
    #: Tokens that a prompt may have.
    input_limit: int = 997_952
    #: Tokens that a reply may have, reasoning included.
    output_limit: int = 32_768
    #: Tokens that thinking may be given.
    thinking_limit: int = 81_920


_ENFORCES = Profile(
    name="enforces",
    provider="Alibaba",
    tag="alibaba",
    models=("qwen/qwen-plus-2025-07-28:thinking", "qwen/qwen-plus-2025-07-28"),
    parameters=_SAMPLING | _TOOLS | {"reasoning", "response_format", "structured_outputs"},
    thinks=True,
    formats_with_thinking=frozenset({"json_schema"}),
    wants_the_word=True,
)
_UNLISTED = _ENFORCES.parameters - {"structured_outputs"}

#: Every profile by its name.
PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        _ENFORCES,
        replace(_ENFORCES, name="refuses", parameters=_UNLISTED, formats_with_thinking=frozenset()),
        replace(
            _ENFORCES,
            name="ignores",
            parameters=_UNLISTED,
            formats_with_thinking=frozenset({"json_schema", "json_object"}),
            format_effect="ignored",
        ),
        replace(
            _ENFORCES,
            name="contradicts",
            parameters=_UNLISTED,
            formats_with_thinking=frozenset({"json_schema", "json_object"}),
            format_effect="contradicts",
        ),
        replace(_ENFORCES, name="stream-only", is_stream_only=True),
        Profile(
            name="strict-openai",
            provider="OpenAI",
            tag="openai",
            models=("openai/gpt-4.1-mini",),
            parameters=_SAMPLING | _TOOLS | {"response_format", "structured_outputs"},
            thinks=False,
            checks_strict=True,
            stops_on_leaving=True,
            keeps_nothing=True,
            input_limit=1_047_576,
        ),
    )
}

"""What is known about a model before it is asked: bundled, dated, and overruled by what the endpoint says.

Source: the models' pages at OpenRouter; ceilings from the price map of litellm 1.109.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from extractor.model.prices import Price, price_of

#: Day on which the facts of this file were read.
AS_OF = "2026-08-22"
#: Suffix by which OpenRouter names the thinking variant of a model.
THINKING_SUFFIX = ":thinking"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Facts about one model."""

    #: Whether it reasons before it answers.
    thinks: bool
    #: Request parameters its page lists. None = unknown, everything is sent.
    parameters: frozenset[str] | None = None
    #: Tokens that one request may hold. None = unknown.
    input_limit: int | None = None
    #: Tokens that one reply may hold, reasoning included. None = unknown.
    output_limit: int | None = None
    #: How thinking is bounded: `max_tokens` = a ceiling on its tokens; `enabled` = it can only be switched on.
    reasoning_ceiling: Literal["max_tokens", "enabled"] = "max_tokens"
    #: The non-thinking variant of the same model, None where there is none that we know.
    sibling: str | None = None
    #: What it costs. None = unknown.
    price: Price | None = None
    #: Whether the endpoint itself has said so within the hour.
    is_listed: bool = False

    def takes(self, parameter: str) -> bool:
        """Whether `parameter` is understood, as far as is known."""
        return self.parameters is None or parameter in self.parameters

    @property
    def takes_schemas(self) -> bool:
        """Whether a `response_format` is worth asking for."""
        return self.takes("response_format") or self.takes("structured_outputs")


_SAMPLING = frozenset({"max_tokens", "temperature", "top_p", "seed", "presence_penalty"})
_SHAPE = frozenset({"response_format", "tools", "tool_choice"})

#: Profiles by model slug.
PROFILES: dict[str, Profile] = {
    "qwen/qwen-plus-2025-07-28:thinking": Profile(
        thinks=True,
        parameters=_SAMPLING | _SHAPE | {"reasoning"},
        input_limit=997_952,
        output_limit=32_768,
        sibling="qwen/qwen-plus-2025-07-28",
        price=price_of("qwen/qwen-plus-2025-07-28:thinking"),
    ),
    "qwen/qwen-plus-2025-07-28": Profile(
        thinks=False,
        parameters=_SAMPLING | _SHAPE,
        input_limit=997_952,
        output_limit=32_768,
        price=price_of("qwen/qwen-plus-2025-07-28"),
    ),
}
_UNKNOWN = Profile(thinks=False)


def profile_of(model: str) -> Profile:
    """Return what is known about `model`; of an unknown one, only whether its slug says that it thinks."""
    if (known := PROFILES.get(model)) is not None:
        return known
    if not model.endswith(THINKING_SUFFIX):
        return _UNKNOWN
    return Profile(thinks=True, sibling=model.removesuffix(THINKING_SUFFIX))

"""What is asked of a model, what comes back, and what was wrong with it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from extractor.records.inputs import Options, Rung
    from extractor.records.json import JsonObject

#: The fences of a message. Their marks are the extraction's own: another one that asks the same has others.
_FENCE: Final = re.compile(r"\n\n<[a-z]+ ([0-9a-f]{12})>\n")
#: Marks of one message that are looked for. A document that forges more is not known again, and asked about again.
_MOST_MARKS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One chat message. The content is one plain string: with a list of parts Qwen stops thinking."""

    role: Literal["system", "user"]
    content: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallKey:
    """The place of one HTTP request in an extraction; written `window.round.attempt`."""

    #: 0 for the first window.
    window: int
    #: 1 for the first question, 2 for the first re-ask.
    round: int
    #: 1 for the first request of that question, more after transport failures and step-downs.
    attempt: int = 1

    def __str__(self) -> str:
        return f"{self.window}.{self.round}.{self.attempt}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """What a provider's limits hold for: one model at one address."""

    #: Base URL of the endpoint.
    endpoint: str
    #: Model slug.
    model: str

    def __str__(self) -> str:
        return f"{self.endpoint} {self.model}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The schema as the model sees it."""

    #: The wire schema: the strict subset that grammars take.
    schema: JsonObject = field(repr=False)
    #: Its name: letters, digits, `_` and `-`, 64 at most.
    name: str
    #: Rules that are not on the wire, told in words: JSON Pointer into a record (`/items/*/price`) -> one sentence.
    told: dict[str, str] = field(default_factory=dict)
    #: Tokens that a record is expected to take.
    expected_tokens: int = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenField:
    """One place of an answer that is asked for again."""

    #: Its property in the patch: letters, digits, `_` and `-`.
    name: str
    #: JSON Pointer into the answer.
    at: str
    #: `replace` = a new value; `add` = items to append to the list there; `remove` = positions of items to take out.
    kind: Literal["replace", "add", "remove"] = "replace"
    #: What is wrong there, a sentence each. Never quotes the document or the answer.
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The places of an answer that are asked for again; everything else is frozen."""

    #: The shape of the patch: one property per field.
    shape: Shape
    #: The places, none of them inside another.
    fields: tuple[OpenField, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Everything a model needs for one answer."""

    #: System rules first, then the user message with schema and document.
    messages: tuple[Message, ...]
    #: The schema that the answer must fit.
    shape: Shape
    #: Which window of the document is asked about.
    window: int = 0
    #: 1 for the first question, one more per re-ask.
    round: int = 1
    #: The caller's options.
    options: Options
    #: Rungs on which it is not asked again, because answers on them showed harm.
    left: frozenset[Rung] = frozenset()
    #: Tokens that the answer is expected to take; 0 = what its shape says.
    expected_tokens: int = 0
    #: Whether the ceiling on the answer is the endpoint's own, because an answer was cut off under the usual one.
    is_stretched: bool = False
    #: How much a thinking model may think: `usual` = as the options say; less where thoughts left no room to answer.
    thinking: Literal["usual", "little", "none"] = "usual"

    @property
    def key(self) -> CallKey:
        """The key of this question's first request."""
        return CallKey(window=self.window, round=self.round)

    @property
    def digest(self) -> str:
        """What is asked, in 32 hexadecimal digits: the same in every extraction that asks the same."""
        written = hashlib.sha256()
        for message in self.messages:
            written.update(_without_marks(message.content).encode("utf-8", "surrogatepass") + b"\0")
        return written.hexdigest()[:32]


def _without_marks(content: str) -> str:
    for mark in sorted(set(_FENCE.findall(f"\n\n{content}")))[:_MOST_MARKS]:
        content = content.replace(mark, "")
    return content


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens and dollars. Adding two gives both."""

    #: Input tokens, cached ones included.
    prompt_tokens: int = 0
    #: Output tokens, reasoning included.
    completion_tokens: int = 0
    #: Of the output, tokens spent on reasoning.
    reasoning_tokens: int = 0
    #: Of the input, tokens served from the provider's prompt cache.
    cached_tokens: int = 0
    #: US dollars.
    cost_usd: float = 0.0
    #: Calls that these figures cover, failed ones included.
    calls: int = 0
    #: Calls of these whose cost is not from the provider: computed from the price table, or charged as reserved.
    estimated_calls: int = 0
    #: Of the estimated calls, those of a model whose price is not known: they count as 0 dollars in `cost_usd`.
    unpriced_calls: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            reasoning_tokens=self.reasoning_tokens + other.reasoning_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            cost_usd=self.cost_usd + other.cost_usd,
            calls=self.calls + other.calls,
            estimated_calls=self.estimated_calls + other.estimated_calls,
            unpriced_calls=self.unpriced_calls + other.unpriced_calls,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """How an answer was cut off."""

    #: Whether its ceiling was as high as the endpoint, or the caller, lets it be.
    is_at_limit: bool
    #: Whether there was any of it; if not, thoughts took all the room.
    has_begun: bool
    #: Whether a ceiling on thoughts is kept, so that a lower one leaves more room.
    is_bounded: bool = True
    #: Whether it repeated the same items over and over.
    repeats: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """One finished answer of a model, as it was received."""

    #: The answer: message content, or the arguments of our tool.
    text: str = field(repr=False)
    #: The model's reasoning text, "" when none came.
    reasoning: str = field(default="", repr=False)
    #: `stop` or `tool_calls`; every other reason is an error before a Completion exists, but for `cut`.
    finish_reason: str = "stop"
    #: How it was cut off. Only a journal holds such a one, so that it is not bought again; nobody else meets it.
    cut: Cut | None = None
    #: The rung that the request was sent on.
    rung: Rung
    #: Every rung sent for this question, in order, refused ones included.
    rungs_sent: tuple[Rung, ...] = ()
    #: Why a stronger rung was left, in the provider's terms; "" when none was.
    why: str = ""
    #: Model slug as the reply states it.
    model: str
    #: Provider as the reply states it, "" when it does not.
    provider: str = ""
    #: The provider's id of this generation, "" when it gives none.
    generation_id: str = ""
    #: Tokens and dollars of this question, failed requests included.
    usage: Usage
    #: Wall seconds from the first request to the last byte, waits included.
    seconds: float = 0.0
    #: Digest of the question that it answers, "" where that is not known.
    asked: str = ""


def is_reply_to(completion: Completion, asked: str) -> bool:
    """Whether an answer may be taken for that to a question, by the question's digest; "" = not known."""
    return not asked or completion.asked in {"", asked}


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One way in which an answer is not what was asked for."""

    #: JSON Pointer into the record, "" for the whole.
    at: str
    #: Stable word: `not_json`, `not_stated`, or the JSON Schema keyword that failed (`required`, `enum` …).
    rule: str
    #: What would be right, in one short sentence. Never quotes the document or the answer.
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """One change made to an answer without asking again. Meaning is preserved."""

    #: Stable word. Taken off: `byte_order_mark`, `white_space`, `think_block`, `fence`, `prose`, `doubled_brace`,
    #: `stray_closer`, `repeated_answer`, `draft`. Spelling of JSON: `trailing_comma`, `single_quotes`,
    #: `python_literal`, `raw_control_character`, `escaped_white_space`, `duplicate_key`, `lone_surrogate`,
    #: `control_character`. Shape: `double_encoded`, `decoded_container`, `properties_wrapper`, `wrapper`,
    #: `list_of_one`, `enum_spelling`, `number_from_text`, `dropped_member`. Place: `rescued_from_reasoning`,
    #: `taken_from_whole`.
    name: str
    #: JSON Pointer into the record, "" for the whole.
    at: str = ""

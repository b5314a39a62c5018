"""What came back, before anybody judges it: one shape for plain and streamed replies."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict

import orjson

from extractor.model.faults import PLAIN_NAME, PLAIN_SLUG, Fault, fault_of, plain
from extractor.model.loops import has_long_run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from extractor.model.loops import Loop
    from extractor.records import Json, JsonObject

#: Statuses from here on are not successes.
FIRST_FAILURE = 300
#: What providers call a reply that reached its ceiling, in small letters.
_CEILINGS = frozenset({"length", "max_tokens", "max_output_tokens"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A tool that the model called."""

    #: Name of the function.
    name: str
    #: Arguments as the model wrote them, "" when it wrote none.
    arguments: str = field(repr=False)


class Stated(TypedDict, total=False):
    """Who answered, under the names of `Reply`."""

    model: str
    provider: str
    generation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A reply as it was received. Every member may be missing on the wire."""

    #: False when the body was not JSON: the page of something between us and the model.
    is_json: bool = True
    #: False when the reply holds no choice at all.
    has_choice: bool = True
    #: Message content.
    content: str = field(default="", repr=False)
    #: Tools called, in order.
    tool_calls: tuple[ToolCall, ...] = ()
    #: Reasoning text.
    reasoning: str = field(default="", repr=False)
    #: Why the model stopped, None when it did not say.
    finish_reason: str | None = field(default=None, repr=False)
    #: Whether the model itself declined.
    is_refusal: bool = False
    #: Model slug as stated.
    model: str = field(default="", repr=False)
    #: Provider as stated.
    provider: str = ""
    #: The provider's id.
    generation_id: str = field(default="", repr=False)
    #: Which loop the answer was in when it was given up, "" when it was in none.
    loop: Loop = ""
    #: Usage as stated, None when absent.
    usage: JsonObject | None = None
    #: What the provider says went wrong.
    fault: Fault | None = None

    @property
    def is_begun(self) -> bool:
        """Whether the model had written anything, which is paid for whatever went wrong after it."""
        return bool(self.content or self.reasoning or self.tool_calls)


def read_plain(body: bytes, *, now: float, headers: Mapping[str, str] | None = None) -> Reply:
    """Read the body of a success that is not a stream. The headers matter where it states an error all the same."""
    found = loads(body)
    if not isinstance(found, dict):
        return Reply(is_json=False)
    document = _completion_in(found)
    choice = first_choice(document)
    message = as_object(choice.get("message"))
    usage = document.get("usage")
    content = as_text(message.get("content"))
    is_cut = choice.get("finish_reason") == "length"
    return Reply(
        has_choice=bool(choice),
        content=content,
        loop="white_space" if is_cut and has_long_run(content) else "",
        tool_calls=tuple(_tool_call(call) for call in as_objects(message.get("tool_calls"))),
        reasoning=reasoning_of(message),
        finish_reason=finish_of(choice),
        is_refusal=bool(message.get("refusal")),
        usage=usage if isinstance(usage, dict) else None,
        fault=fault_inside(document, choice, now=now, headers=headers),
        **stated_in(document),
    )


def _completion_in(document: JsonObject) -> JsonObject:
    """Return the completion, which was seen inside `provider` of an empty one (pydantic-ai#3994)."""
    nested = document.get("provider")
    is_empty = not document.get("error") and not document.get("choices")
    return nested if isinstance(nested, dict) and is_empty else document


def read_failure(status: int, headers: Mapping[str, str], body: bytes, *, now: float) -> Reply:
    """Read a reply whose status is not a success; its body may be JSON, a page, or nothing."""
    document = as_object(loads(body))
    fault = fault_of(document.get("error") or document, status=status, headers=headers, now=now)
    usage = document.get("usage")
    return Reply(fault=fault, usage=usage if isinstance(usage, dict) else None)


def fault_inside(
    document: JsonObject, choice: JsonObject, *, now: float, headers: Mapping[str, str] | None = None
) -> Fault | None:
    """Return the error that a body or chunk with status 200 states, None when it states none."""
    stated = document.get("error") or choice.get("error")
    if stated:
        return fault_of(stated, headers=headers, now=now)
    if choice.get("finish_reason") != "error":
        return None
    return fault_of(choice.get("native_finish_reason"), now=now)  # MALFORMED_FUNCTION_CALL, say


def finish_of(choice: JsonObject) -> str | None:
    """Return why the model stopped, None where nothing says. A ceiling that the provider names counts before "stop"."""
    stated = as_text(choice.get("finish_reason")) or None
    native = as_text(choice.get("native_finish_reason")).casefold()
    return "length" if stated == "stop" and native in _CEILINGS else stated


def first_choice(document: JsonObject) -> JsonObject:
    """Return the first choice, empty when there is none."""
    choices = document.get("choices")
    return as_object(choices[0]) if isinstance(choices, list) and choices else {}


def stated_in(document: JsonObject) -> Stated:
    """Return who answered, under the names of `Reply`. What does not look like a name or an id is not kept."""
    return {
        "model": plain(document.get("model"), PLAIN_SLUG),
        "provider": plain(document.get("provider"), PLAIN_NAME),
        "generation_id": plain(document.get("id"), PLAIN_SLUG),
    }


def reasoning_of(message: JsonObject) -> str:
    """Return the reasoning text of a message or delta; `reasoning_content` is what other servers call it."""
    return as_text(message.get("reasoning")) or as_text(message.get("reasoning_content"))


def loads(body: bytes) -> Json:
    """Parse JSON, also with lone surrogates in it, which become U+FFFD; return None when it is no JSON."""
    try:
        return orjson.loads(body)
    except ValueError:
        return _loads_with_surrogates(body)


def _loads_with_surrogates(body: bytes) -> Json:
    try:
        text = json.dumps(json.loads(body), ensure_ascii=False)
        return orjson.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    except (ValueError, RecursionError):
        return None


def as_object(value: Json) -> JsonObject:
    """Return `value` if it is an object, an empty one otherwise."""
    return value if isinstance(value, dict) else {}


def as_objects(value: Json) -> list[JsonObject]:
    """Return the objects of a list, none when it is not a list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def as_text(value: Json) -> str:
    """Return a string, or the joined texts of a list of parts; "" for everything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(as_text(as_object(part).get("text")) for part in value)
    return ""


def _tool_call(call: JsonObject) -> ToolCall:
    function = as_object(call.get("function"))
    return ToolCall(name=as_text(function.get("name")), arguments=as_text(function.get("arguments")))

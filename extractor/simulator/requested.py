"""A request for a completion, read as a provider reads it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, cast

import orjson

from extractor.prompt.layout import take_apart
from extractor.prompt.reading_words import read as read_words
from extractor.records import Message, Shape

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from extractor.prompt.layout import Layout
    from extractor.records import Json, JsonObject
    from extractor.simulator.profiles import Format, Profile

#: Suffix of the models that think.
THINKING_SUFFIX = ":thinking"
#: Hexadecimal digits of a document's digest.
DIGEST_DIGITS = 12
_JSON = json.JSONDecoder()
_NO_SHAPE = Shape(schema={}, name="")


class MalformedRequest(ValueError):
    """A request that no provider would read. Its text is what the gateway says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requested:
    """What a request asks for."""

    #: The body.
    body: JsonObject = field(repr=False)
    #: Slug of the model.
    model: str
    #: The messages as text.
    messages: tuple[Message, ...] = field(repr=False)
    #: The document's fence, or that of its passages; of messages that are not ours, the last message.
    document: str = field(repr=False)
    #: The mark of that fence, which is the same in each question about a document; "" where there is none.
    mark: str = ""
    #: Whether passages stand in for the document.
    has_passages: bool = False
    #: Bytes of the messages and of the schemas, as they arrived.
    prompt_bytes: int
    #: What `response_format` asks for.
    format: Format | None
    #: Name of the first tool.
    tool: str | None
    #: Whether events are wanted.
    is_streamed: bool
    #: Whether the model thinks before it answers.
    thinks: bool
    #: Tokens that it may think; None = not stated.
    thinking_tokens: int | None
    #: Tokens of the whole reply; None = not stated.
    max_tokens: int | None
    #: Whether reasoning is thought and charged, and not sent.
    hides_reasoning: bool

    @property
    def digest(self) -> str:
        """What the ledger names the document by."""
        return hashlib.sha256(self.document.encode("utf-8", "surrogatepass")).hexdigest()[:DIGEST_DIGITS]

    @property
    def shape(self) -> Shape:
        """The schema that the answer is to fit: of the request, else of its words, else none."""
        stated = next(_schemas(self.body), None)
        if stated is not None:
            name, schema = stated
            return Shape(schema=schema, name=name)
        try:
            return _shape_in_words(take_apart(self.messages).words)
        except ValueError:
            return _NO_SHAPE


def read(raw: bytes, profile: Profile) -> Requested:
    """Read the body of a request.

    Raises:
        MalformedRequest: it is not JSON, or not a request.
    """
    try:
        body = orjson.loads(raw)
    except ValueError:
        raise MalformedRequest("Invalid JSON in the request body") from None
    if not isinstance(body, dict) or not isinstance(body.get("model"), str):
        raise MalformedRequest("No model specified")
    messages = tuple(_messages(body.get("messages")))
    layout = layout_of(messages)
    return Requested(
        body=body,
        model=body["model"],
        messages=messages,
        document=messages[-1].content if layout is None else layout.document,
        mark="" if layout is None else layout.mark,
        has_passages=layout is not None and layout.has_passages,
        prompt_bytes=_prompt_bytes(raw, body),
        format=_format(body),
        tool=_tool(body),
        is_streamed=body.get("stream") is True,
        thinks=_thinks(body, profile),
        thinking_tokens=_count(_reasoning(body).get("max_tokens")),
        max_tokens=_count(body.get("max_completion_tokens", body.get("max_tokens"))),
        hides_reasoning=_reasoning(body).get("exclude") is True,
    )


def _messages(stated: Json) -> Iterator[Message]:
    if not isinstance(stated, list) or not stated:
        raise MalformedRequest('Input required: specify "messages"')
    for message in stated:
        if not isinstance(message, dict) or "role" not in message:
            raise MalformedRequest("Invalid input: a message needs a role")
        yield Message(role=message["role"], content=_text(message.get("content")))


def _text(content: Json) -> str:
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def layout_of(messages: Sequence[Message]) -> Layout | None:
    """Return the parts of messages of ours, None of others."""
    try:
        return take_apart(messages)
    except ValueError:
        return None


def _format(body: JsonObject) -> Format | None:
    stated = body.get("response_format")
    kind = stated.get("type") if isinstance(stated, dict) else None
    return cast("Format", kind) if kind in {"json_schema", "json_object"} else None


def _tool(body: JsonObject) -> str | None:
    return next((function["name"] for function in _functions(body) if isinstance(function.get("name"), str)), None)


def _functions(body: JsonObject) -> Iterator[JsonObject]:
    tools = body.get("tools")
    for tool in tools if isinstance(tools, list) else ():
        function = tool.get("function") if isinstance(tool, dict) else None
        if isinstance(function, dict):
            yield function


def _schemas(body: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    """Yield name and schema of everything that an answer may have to fit."""
    stated = body.get("response_format")
    described = stated.get("json_schema") if isinstance(stated, dict) else None
    if isinstance(described, dict) and isinstance(described.get("schema"), dict):
        yield str(described.get("name", "")), described["schema"]
    for function in _functions(body):
        if isinstance(function.get("parameters"), dict):
            yield str(function.get("name", "")), function["parameters"]


def _reasoning(body: JsonObject) -> JsonObject:
    stated = body.get("reasoning")
    return stated if isinstance(stated, dict) else {}


def _thinks(body: JsonObject, profile: Profile) -> bool:
    stated = _reasoning(body)
    is_off = stated.get("enabled") is False or stated.get("effort") == "none"
    is_on = body["model"].endswith(THINKING_SUFFIX) or bool({"enabled", "effort", "max_tokens"} & set(stated))
    return profile.thinks and is_on and not is_off


def _count(stated: Json) -> int | None:
    return stated if isinstance(stated, int) and not isinstance(stated, bool) else None


@lru_cache(maxsize=64)
def _shape_in_words(words: str) -> Shape:
    return read_words(words)


def _prompt_bytes(raw: bytes, body: JsonObject) -> int:
    """Return the bytes of the messages and of every schema, white space and escapes as they arrived."""
    text = raw.decode()
    size = _size_of(text, "messages", body["messages"])
    stated = body.get("response_format")
    if isinstance(stated, dict) and isinstance(stated.get("json_schema"), dict):
        size += _size_of(text, "schema", stated["json_schema"].get("schema"))
    return size + sum(_size_of(text, "parameters", function.get("parameters")) for function in _functions(body))


def _size_of(text: str, name: str, value: Json) -> int:
    """Return the bytes of the member `name` that has `value`. Inside a string, its name would have escapes."""
    label, at = f'"{name}"', -1
    while value is not None and (at := text.find(label, at + 1)) >= 0:
        start = _skip_space(text, at + len(label))
        if text[start : start + 1] == ":":
            start = _skip_space(text, start + 1)
            found, end = _JSON.raw_decode(text, start)
            if found == value:
                return len(text[start:end].encode())
    return 0 if value is None else len(orjson.dumps(value))


def _skip_space(text: str, at: int) -> int:
    while text[at : at + 1] in {" ", "\n", "\r", "\t"}:
        at += 1
    return at

"""Replies for the scripted server: what a provider may send, well-behaved or not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from extractor import jsontext
from extractor.records import DEFAULT_MODEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.records import Json, JsonObject

#: What happens to the connection after a reply: it is kept, it dies before the end of the body, it stays open without
#: an end of the body.
Ending: TypeAlias = Literal["keep", "cut", "hold"]

JSON = "application/json"
EVENTS = "text/event-stream"
USAGE: JsonObject = {
    "prompt_tokens": 900,
    "completion_tokens": 120,
    "total_tokens": 1020,
    "cost": 0.000328,
    "completion_tokens_details": {"reasoning_tokens": 60},
}
#: The 400 of Alibaba for JSON mode on a thinking model.
F1_WORDS = "<400> InternalError.Algo.InvalidParameter: Json mode response is not supported when enable_thinking is true"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripted:
    """One reply of the script."""

    #: HTTP status.
    status: int = 200
    #: Header fields beside the length and the content type.
    headers: tuple[tuple[str, str], ...] = ()
    #: Value of `Content-Type`.
    content_type: str = JSON
    #: The body, in the pieces it is written in. More than one are sent chunked.
    pieces: tuple[bytes, ...] = (b"",)
    #: What happens to the connection afterwards.
    ending: Ending = "keep"
    #: Seconds before the headers are sent.
    delay_s: float = 0.0
    #: Seconds before each piece but the first.
    between_s: float = 0.0

    def after(self, seconds: float) -> Scripted:
        """Return the reply, `seconds` later."""
        return replace(self, delay_s=seconds)

    def spread(self, seconds: float) -> Scripted:
        """Return the reply with a pause of `seconds` between its pieces."""
        return replace(self, between_s=seconds)


def reply(
    record: Json,
    *,
    finish_reason: str | None = "stop",
    usage: JsonObject | None = USAGE,
    generation_id: str = "gen-1",
    **message: Json,
) -> Scripted:
    """Return a plain completion.

    Args:
        record: The answer: text as it is, anything else as JSON.
        finish_reason: Why the model stopped.
        usage: Tokens and dollars; None = not stated.
        generation_id: The provider's id, in the body and in its header.
        **message: More members of the message, `reasoning` or `refusal` say.
    """
    content = {"role": "assistant", "content": _text(record), "refusal": None, **message}
    body = {
        **_envelope("chat.completion", generation_id),
        "choices": [{"index": 0, "finish_reason": finish_reason, "message": content}],
        **({} if usage is None else {"usage": usage}),
    }
    return raw(body, headers={"X-Generation-Id": generation_id})


def tool_reply(record: Json, *, name: str, generation_id: str = "gen-1") -> Scripted:
    """Return a plain completion that calls the tool `name` with `record` as its arguments."""
    call = {"id": "call-1", "type": "function", "function": {"name": name, "arguments": _text(record)}}
    return reply(None, finish_reason="tool_calls", generation_id=generation_id, tool_calls=[call])


def sse(
    record: Json,
    *,
    reasoning: str = "The header says so.",
    finish_reason: str | None = "stop",
    comments: int = 1,
    done: bool = True,
    ending: Ending = "keep",
) -> Scripted:
    """Return a streamed completion: comments, reasoning, the answer in pieces, the usage, the end.

    Args:
        record: The answer: text as it is, anything else as JSON.
        reasoning: Reasoning text, sent first.
        finish_reason: Why the model stopped; None = it never says.
        comments: Comment lines in front.
        done: Whether `[DONE]` is sent.
        ending: What happens to the connection after the last event.
    """
    text = _text(record) or ""
    deltas = [
        {"content": "", "reasoning": reasoning},
        *({"content": text[at : at + 7]} for at in range(0, len(text), 7)),
    ]
    chunks = [chunk(delta) for delta in deltas]
    if finish_reason is not None:
        chunks += [chunk({"content": ""}, finish_reason=finish_reason), chunk({"content": ""}, usage=USAGE)]
    return events(chunks, comments=comments, done=done, ending=ending)


def chunk(delta: JsonObject, *, finish_reason: str | None = None, **members: Json) -> JsonObject:
    """Return one chunk of a stream with one choice."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return {**_envelope("chat.completion.chunk", "gen-1"), "choices": [choice], **members}


def events(chunks: Sequence[JsonObject], *, comments: int = 0, done: bool = True, ending: Ending = "keep") -> Scripted:
    """Return a stream of `chunks`, each written on its own."""
    pieces = [b": OPENROUTER PROCESSING\n\n"] * comments
    pieces += [b"data: " + jsontext.dumps(each).encode() + b"\n\n" for each in chunks]
    pieces += [b"data: [DONE]\n\n"] * done
    return Scripted(
        content_type=EVENTS,
        headers=(("X-Generation-Id", "gen-1"),),
        pieces=tuple(pieces),
        ending=ending,
    )


def status(code: int, *, retry_after: str | float | None = None, message: str = "", raw_words: Json = None) -> Scripted:
    """Return an error as OpenRouter words it.

    Args:
        code: HTTP status.
        retry_after: Value of `Retry-After`; None = not sent.
        message: The gateway's words.
        raw_words: The upstream provider's words, `metadata.raw`.
    """
    metadata = {} if raw_words is None else {"metadata": {"provider_name": "Alibaba", "raw": raw_words}}
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    error = {"code": code, "message": message or "Provider returned error", **metadata}
    return raw({"error": error}, status=code, headers=headers)


def refusal_f1() -> Scripted:
    """Return the refusal of JSON mode by a thinking model."""
    return status(400, raw_words=F1_WORDS)


def raw(
    body: bytes | JsonObject,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    content_type: str = JSON,
    ending: Ending = "keep",
) -> Scripted:
    """Return any body at all: bytes as they are, an object as JSON."""
    return Scripted(
        status=status,
        headers=tuple((headers or {}).items()),
        content_type=content_type,
        pieces=(body if isinstance(body, bytes) else jsontext.dumps(body).encode(),),
        ending=ending,
    )


def _envelope(kind: str, generation_id: str) -> JsonObject:
    return {"id": generation_id, "object": kind, "created": 1, "model": DEFAULT_MODEL, "provider": "Alibaba"}


def _text(record: Json) -> str | None:
    return record if record is None or isinstance(record, str) else jsontext.dumps(record)

"""A reply as the bytes that go out: plain, or as server-sent events, whole or cut."""

from __future__ import annotations

from dataclasses import dataclass, field
from http.client import responses as reasons
from typing import TYPE_CHECKING, Literal, TypeAlias

from extractor import jsontext
from extractor.simulator import events

if TYPE_CHECKING:
    from extractor.records import JsonObject
    from extractor.simulator.catalogue import Reply
    from extractor.simulator.events import Identity

#: What becomes of the connection: it takes the next request; it ends; it is reset; it stays open and silent.
Ending: TypeAlias = Literal["keep", "close", "reset", "hold"]

JSON = "application/json"
EVENTS = "text/event-stream"
#: Statuses from here on carry no completion.
NO_COMPLETION = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """The bytes of a reply and how they go out."""

    #: Status line and header fields.
    head: bytes = field(repr=False)
    #: The rest, framing included, in the pieces in which it is written.
    pieces: tuple[bytes, ...] = field(repr=False)
    #: What becomes of the connection after the last piece.
    ending: Ending = "keep"
    #: Milliseconds before the head.
    delay_ms: float = 0.0
    #: Milliseconds between two pieces.
    between_ms: float = 0.0
    #: Whether a client that has all pieces has the whole reply.
    is_whole: bool = True


def render(reply: Reply, *, identity: Identity, usage: JsonObject | None, is_streamed: bool) -> Rendered:
    """Return the bytes of `reply`, whose places are filled.

    Args:
        reply: What is said.
        identity: Who says it.
        usage: Tokens and dollars to state; None = none are.
        is_streamed: Whether the request wants events. A reply may overrule it, and errors and raw bodies are plain.
    """
    wants_events = is_streamed if reply.is_streamed is None else reply.is_streamed
    if wants_events and reply.status < NO_COMPLETION and reply.body is None:
        return _streamed(reply, identity, usage)
    return _plain(reply, identity, usage)


def json_page(body: JsonObject, *, status: int = 200) -> Rendered:
    """Return a plain JSON reply of something that is no model."""
    text = jsontext.dumps(body).encode()
    return Rendered(head=_head(status, JSON, f"Content-Length: {len(text)}"), pieces=(text,))


def completion(reply: Reply, identity: Identity, usage: JsonObject | None) -> JsonObject:
    """Return the body of a plain completion."""
    message: JsonObject = {"role": "assistant", "content": reply.content, "refusal": None}
    if reply.reasoning:
        message["reasoning"] = reply.reasoning
        message["reasoning_details"] = [events.reasoning_detail(reply.reasoning)]
    choice = {
        "index": 0,
        "finish_reason": reply.finish,
        "native_finish_reason": reply.native_finish or reply.finish,
        "logprobs": None,
        "message": message | reply.message,
    }
    return (
        events.envelope(identity, "chat.completion")
        | {"system_fingerprint": None, "choices": [choice]}
        | ({} if usage is None else {"usage": usage})
        | reply.top
    )


def _plain(reply: Reply, identity: Identity, usage: JsonObject | None) -> Rendered:
    body = _body(reply, identity, usage)
    streaming = reply.streaming
    is_cut, is_held = bool(streaming.cut), streaming.hold
    kept = body[: len(body) - 1 if streaming.cut == "after_content" else len(body) // 2] if is_cut else body
    ending: Ending = "hold" if is_held else "reset" if streaming.cut == "connection" else "close" if is_cut else "keep"
    length = len(body) + (is_held and not is_cut)  # a body that is held never ends
    return Rendered(
        head=_head_of(reply, identity, f"Content-Length: {length}", content_type=reply.content_type),
        pieces=(kept,),
        ending=ending,
        delay_ms=reply.delay_ms,
        is_whole=not is_cut,
    )


def _body(reply: Reply, identity: Identity, usage: JsonObject | None) -> bytes:
    if reply.body is not None:
        return reply.body.encode("utf-8", "surrogatepass")
    if reply.status < NO_COMPLETION:
        return jsontext.dumps(completion(reply, identity, usage)).encode()
    error = {"error": {"code": reply.status, "message": reasons.get(reply.status, "Provider returned error")}}
    return jsontext.dumps(reply.top or error).encode()


def _streamed(reply: Reply, identity: Identity, usage: JsonObject | None) -> Rendered:
    streaming = reply.streaming
    is_reset = streaming.cut == "connection"
    pieces = [_framed(event) for event in events.of(reply, identity, usage)]
    if not (is_reset or streaming.hold):
        pieces.append(b"0\r\n\r\n")
    return Rendered(
        head=_head_of(reply, identity, "Transfer-Encoding: chunked", content_type=EVENTS),
        pieces=tuple(pieces),
        ending="hold" if streaming.hold else "reset" if is_reset else "keep",
        delay_ms=reply.delay_ms,
        between_ms=streaming.between_ms,
        is_whole=not streaming.cut,
    )


def _framed(event: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(event), event)


def _head_of(reply: Reply, identity: Identity, framing: str, *, content_type: str) -> bytes:
    fields = [f"X-Generation-Id: {identity.id}"] if identity.id else []
    fields += [f"{name}: {value}" for name, value in reply.headers.items()]
    return _head(reply.status, content_type, framing, *fields)


def _head(status: int, content_type: str, *fields: str) -> bytes:
    line = f"HTTP/1.1 {status} {reasons.get(status, 'Unknown')}"
    return "\r\n".join([line, f"Content-Type: {content_type}", *fields, "", ""]).encode("latin-1")

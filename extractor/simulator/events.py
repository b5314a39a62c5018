"""A reply as server-sent events, before they are framed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from extractor import jsontext

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extractor.records import Json, JsonObject
    from extractor.simulator.catalogue import Reply

COMMENT = b": OPENROUTER PROCESSING\n\n"
DONE = b"data: [DONE]\n\n"
#: What follows the delta in an event that is not the last.
AFTER_DELTA = b',"finish_reason":null,"native_finish_reason":null}]}\n\n'
#: How much more of the reasoning one event holds than of the content.
REASONING_FACTOR = 4
#: Members that belong to the end of a stream, not to each of its events.
OF_THE_END = frozenset({"choices", "error"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who replies."""

    #: Generation id; "" = a gateway's reply, which has none.
    id: str
    #: Slug of the model.
    model: str
    #: Its provider.
    provider: str
    #: Unix time, seconds.
    created: int


def envelope(identity: Identity, kind: str) -> JsonObject:
    """Return what every body and every event begins with."""
    return {
        "id": identity.id,
        "object": kind,
        "created": identity.created,
        "model": identity.model,
        "provider": identity.provider,
    }


def reasoning_detail(text: str) -> JsonObject:
    """Return one entry of `reasoning_details`."""
    return {"type": "reasoning.text", "text": text, "format": "unknown", "index": 0}


def of(reply: Reply, identity: Identity, usage: JsonObject | None) -> Iterator[bytes]:
    """Yield every event of `reply`, as far as it is not cut off."""
    streaming = reply.streaming
    every = {name: value for name, value in reply.top.items() if name not in OF_THE_END}
    shared = envelope(identity, "chat.completion.chunk") | every
    yield from [COMMENT] * streaming.comments
    before = _before_delta(shared)
    yield from (before + jsontext.dumps(delta).encode() + AFTER_DELTA for delta in _thoughts(reply))
    answer = [before + jsontext.dumps(delta).encode() + AFTER_DELTA for delta in _answer(reply)]
    if streaming.cut and streaming.cut != "after_content":
        answer = answer[: max(1, len(answer) // 2)]
    yield from answer
    if streaming.cut:
        return
    if streaming.events:
        yield from (_event(event) for event in streaming.events)
    else:
        yield from (_event(event) for event in _end(reply, shared, usage))
    if streaming.done:
        yield DONE


def _end(reply: Reply, shared: JsonObject, usage: JsonObject | None) -> Iterator[JsonObject]:
    finish = {"finish_reason": reply.finish, "native_finish_reason": reply.native_finish or reply.finish}
    last: JsonObject = {"choices": [{"index": 0, "delta": {"content": ""}, **finish}]}
    last |= {name: value for name, value in reply.top.items() if name in OF_THE_END}
    yield shared | last | {"choices": _as_deltas(last["choices"])}
    if usage is None or not reply.streaming.usage:
        return
    empty = {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}
    choices = [empty] if reply.streaming.usage == "empty_delta" else []
    yield shared | {"choices": choices, "usage": usage}


def _as_deltas(choices: Json) -> Json:
    if not isinstance(choices, list):
        return choices
    return [
        {"delta" if name == "message" else name: value for name, value in choice.items()}
        if isinstance(choice, dict)
        else choice
        for choice in choices
    ]


def _thoughts(reply: Reply) -> Iterator[JsonObject]:
    for part in _parts(reply.reasoning or "", REASONING_FACTOR * reply.streaming.characters):
        yield {"role": "assistant", "content": "", "reasoning": part, "reasoning_details": [reasoning_detail(part)]}


def _answer(reply: Reply) -> Iterator[JsonObject]:
    others = {name: value for name, value in reply.message.items() if name != "tool_calls"}
    if others:
        yield {"role": "assistant", "content": "", **others}
    if isinstance(reply.content, str):
        for part in _parts(reply.content, reply.streaming.characters):
            yield {"role": "assistant", "content": part}
    for index, call in enumerate(reply.message.get("tool_calls") or ()):
        yield from _call(index, call, reply.streaming.characters)


def _call(index: int, call: JsonObject, characters: int) -> Iterator[JsonObject]:
    function = call.get("function") or {}
    arguments = function.get("arguments")
    first = {**call, "index": index, "function": {**function, "arguments": "" if arguments else arguments}}
    yield {"role": "assistant", "content": None, "tool_calls": [first]}
    for part in _parts(arguments or "", characters):
        yield {"tool_calls": [{"index": index, "function": {"arguments": part}}]}


def _parts(text: str, characters: int) -> Iterator[str]:
    return (text[at : at + characters] for at in range(0, len(text), characters))


def _before_delta(shared: JsonObject) -> bytes:
    """Return the event of a delta up to it, which is the same for all."""
    return b"data: " + jsontext.dumps(shared).encode()[:-1] + b',"choices":[{"index":0,"delta":'


def _event(event: JsonObject) -> bytes:
    return b"data: " + jsontext.dumps(event).encode() + b"\n\n"

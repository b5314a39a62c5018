"""Bodies, replies and results as bytes, and back. Long ones are compressed."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson

from extractor import jsontext
from extractor.errors import CallAbandoned
from extractor.options import options_from
from extractor.records import (
    Attempt,
    Call,
    CallKey,
    Completion,
    Cut,
    Enforcement,
    Failure,
    Options,
    Result,
    Source,
    Usage,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from extractor.records import JsonObject, State, Submission

#: Bytes from which on compressing pays: below, Redis saves less than the CPU is worth.
COMPRESSED_FROM = 4096
#: First byte of what is compressed, and of what is not.
_PLAIN, _DEFLATED = b"\0", b"\1"
#: The fastest level: 3.3 times smaller at 0.1 ms for a result of 15 kB.
_LEVEL = 1
#: What a journal holds of a call at least.
_OF_CALLS = frozenset({"open", "end", "kept"})
#: Distinct options whose records are kept.
_KEPT = 256


def pack(content: bytes) -> bytes:
    """Return bytes to store."""
    if len(content) < COMPRESSED_FROM:
        return _PLAIN + content
    return _DEFLATED + zlib.compress(content, _LEVEL)


def unpack(stored: bytes) -> bytes:
    """Return what `pack` was given."""
    return zlib.decompress(memoryview(stored)[1:]) if stored[:1] == _DEFLATED else stored[1:]


def pack_body(submission: Submission) -> bytes:
    """Return document, options and names of a submission: four bytes of length, a JSON head, the document."""
    source = submission.source
    head = jsontext.dumps(
        {
            "is_text": isinstance(source.content, str),
            "media_type": source.media_type,
            "name": source.name,
            "target": submission.target.name,
            "schema_name": submission.schema_name,
            "options": _stated(submission),
        }
    ).encode()
    content = source.content
    document = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    if not isinstance(document, bytes):
        raise TypeError("a submission holds its document, never a path to it")
    return pack(len(head).to_bytes(4, "big") + head + document)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A body as it was handed in."""

    #: The document.
    source: Source
    #: How to do it.
    options: Options
    #: Name of the schema for people and for the model.
    target_name: str
    #: Name under which the operator has registered it, "" when it has none.
    schema_name: str


def open_body(body: bytes) -> Opened:
    """Return what `pack_body` was given.

    Raises:
        InvalidRequest: an option is not one that we know; the door that took it was of another version.
    """
    content = unpack(body)
    end = 4 + int.from_bytes(content[:4], "big")
    head: JsonObject = orjson.loads(content[4:end])
    document = content[end:]
    return Opened(
        source=Source(
            content=document.decode("utf-8", "surrogatepass") if head["is_text"] else document,
            media_type=head["media_type"],
            name=head["name"],
        ),
        options=_options(orjson.dumps(head["options"])),
        target_name=head["target"],
        schema_name=head["schema_name"],
    )


def _stated(submission: Submission) -> JsonObject:
    """Return the options that differ from the defaults, as JSON."""
    options = submission.options
    return {
        field.name: getattr(options, field.name)
        for field in fields(options)
        if getattr(options, field.name) != field.default
    }


@lru_cache(_KEPT)
def _options(stated: bytes) -> Options:
    return options_from(orjson.loads(stated))


def pack_end(usage: Usage, completion: Completion | None) -> bytes:
    """Return the end of a call: what it cost, and its reply when there is one."""
    return pack(jsontext.dumps({"usage": usage, "completion": completion}).encode())


def calls_from(fields_: Sequence[bytes]) -> tuple[Call, ...]:
    """Return the calls of a journal from its hash, names and values in turn."""
    by_place: dict[str, dict[str, bytes]] = {}
    for name, value in zip(fields_[::2], fields_[1::2], strict=True):
        kind, _, place = name.decode().partition(":")
        by_place.setdefault(place, {})[kind] = value
    calls = (_call(place, found) for place, found in sorted(by_place.items()) if found.keys() & _OF_CALLS)
    return tuple(calls)


def _call(place: str, found: Mapping[str, bytes]) -> Call:
    key, _, token = place.partition("@")
    window, round_, attempt = (int(number) for number in key.split("."))
    usage, completion = _end(found["end"]) if "end" in found else (None, None)
    if "kept" in found:
        _, reply = _end(found["kept"])
        usage, completion = Usage(), replace(reply, usage=Usage(), seconds=0.0) if reply else None
    return Call(
        key=CallKey(window=window, round=round_, attempt=attempt),
        token=token,
        reserved_usd=_dollars(found.get("open", b"0")),  # it may be in a tail that Redis lost, and the end still came
        generation_id=found.get("gen", b"").decode(),
        usage=usage,
        completion=completion,
        is_kept="kept" in found,
    )


def _dollars(opening: bytes) -> float:
    """Return what was set aside for a call; the day on whose purse it is stands behind it."""
    return float(opening.split()[0])


def _end(stored: bytes) -> tuple[Usage, Completion | None]:
    end = jsontext.parse(unpack(stored).decode())
    reply = end["completion"]
    if reply is None:
        return Usage(**end["usage"]), None
    return Usage(**end["usage"]), Completion(
        **(
            reply
            | {
                "usage": Usage(**reply["usage"]),
                "rungs_sent": tuple(reply["rungs_sent"]),
                "cut": Cut(**reply["cut"]) if reply.get("cut") else None,
            }
        )
    )


def cost_of(call: Call) -> Usage:
    """Return what a call is charged at: its bill where that is known, else all that was set aside for it."""
    if call.usage is not None:
        return call.usage
    return Usage(cost_usd=call.reserved_usd, calls=1, estimated_calls=1, unpriced_calls=int(not call.reserved_usd))


def attempt_of(call: Call) -> Attempt:
    """Return a call whose answer nobody judged as an attempt, so that it is on the bill."""
    has_no_answer = call.usage is not None and (call.completion is None or call.completion.cut is not None)
    says = CallAbandoned("The process that made this call died before its end, so it is charged as reserved.")
    return Attempt(
        number=call.key.round,
        window=call.key.window,
        outcome="failed" if has_no_answer else "abandoned",
        rung=call.completion.rung if call.completion else None,
        model=call.completion.model if call.completion else "",
        text=call.completion.text if call.completion else "",
        usage=cost_of(call),
        error=says.as_failure() if call.usage is None else None,
    )


def pack_result(result: Result[Any]) -> bytes:
    """Return a result as the JSON that every door gives, ready to be stored."""
    return pack(jsontext.dumps(result.members()).encode())


def unfinished_result(
    id: str,  # noqa: A002 - the word of the records
    *,
    name: str | None,
    state: State,
    error: Failure | None,
    calls: Sequence[Call],
    retry_of: str = "",
) -> bytes:
    """Return the JSON of an extraction for which no worker wrote one: it is open, or ended while it waited."""
    result: Result[None] = Result(
        id=id,
        source=name,
        status=state,
        record=None,
        attempts=tuple(attempt_of(call) for call in calls if not call.is_kept) if error else (),
        enforcement=Enforcement(asked=""),
        error=error,
        engine="",
        retry_of=retry_of,
    )
    return jsontext.dumps(result.members()).encode()

"""One streamed request that asks the gateway to show what it sends upstream.

The question it answers: does the gateway drop, forward, convert or refuse `response_format: json_schema` for a model
that thinks? The document is made up, so the echo holds nothing of anybody's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from extractor.model.enforcement import terms_for
from extractor.model.profiles import profile_of
from extractor.model.requests import chat_request
from extractor.prompt import ask
from extractor.records import Options, Page, Reasoning, Window
from extractor.schema import contract_for, target_from

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from extractor.model.endpoints import Endpoint
    from extractor.records import Json, JsonObject

#: Output tokens at most, thinking included: 0.0016 dollars.
MAX_TOKENS = 2000
THINKING_TOKENS = 1000
TEXT = "Invoice A-17\nTotal due: 41.50 EUR\n"
SCHEMA: JsonObject = {
    "type": "object",
    "properties": {"number": {"type": "string"}, "total": {"type": "number"}},
    "required": ["number", "total"],
    "additionalProperties": False,
    "title": "Probe",
}


@dataclass(slots=True, kw_only=True)
class Probe:
    """What came back."""

    #: HTTP status.
    status: int
    #: The request as it went upstream, messages left out; None where the gateway did not echo it.
    upstream: Json = None
    #: Reasoning text, "" when none came.
    reasoning: str = field(default="", repr=False)
    #: Answer text.
    content: str = ""
    #: Why the model ended, "" when the stream did not say.
    finish_reason: str = ""
    #: The error of the reply, None when there was none.
    error: Json = None
    #: US dollars as the reply states them, None where it does not.
    cost_usd: float | None = None


def body(endpoint: Endpoint) -> JsonObject:
    """Return the first request of default settings, on a small document, with the wish to see what goes upstream."""
    options = Options(max_tokens=MAX_TOKENS, reasoning=Reasoning(max_tokens=THINKING_TOKENS))
    contract = contract_for(
        target_from(SCHEMA), open_objects=options.open_objects, nulls=options.nulls, absence=options.absence
    )
    page = Page(number=1, start=0, end=len(TEXT))
    window = Window(number=0, start=0, end=len(TEXT), text=TEXT, pages=(page,))
    profile = profile_of(options.model)
    request = chat_request(
        ask(window, contract.shape, job_id="probe", options=options),
        terms_for(options, profile, {}),
        profile=profile,
        endpoint=endpoint,
    )
    return {**json.loads(request.body), "debug": {"echo_upstream_body": True}}


async def probe(endpoint: Endpoint) -> Probe:
    """Send the one request and read its stream to the end. It is not repeated, whatever comes of it."""
    async with (
        httpx.AsyncClient(timeout=endpoint.timeout_s, headers=endpoint.headers()) as client,
        client.stream("POST", endpoint.chat_url, json=body(endpoint)) as reply,
    ):
        seen = Probe(status=reply.status_code)
        if not reply.headers.get("content-type", "").startswith("text/event-stream"):
            seen.error = parsed((await reply.aread()).decode("utf-8", "replace"))
            return seen
        async for chunk in chunks(reply):
            take(chunk, seen)
    return seen


async def chunks(reply: httpx.Response) -> AsyncIterator[JsonObject]:
    """Yield the JSON of each event until `[DONE]`; comments are passed over."""
    async for line in reply.aiter_lines():
        payload = line.removeprefix("data:").strip()
        if not line.startswith("data:"):
            continue
        if payload == "[DONE]":
            return
        yield json.loads(payload)


def take(chunk: JsonObject, seen: Probe) -> None:
    """Add what one event says. A later `null` overwrites nothing."""
    if debug := chunk.get("debug"):
        seen.upstream = without_messages(debug)
    seen.error = chunk.get("error") or seen.error
    seen.cost_usd = (chunk.get("usage") or {}).get("cost", seen.cost_usd)
    for choice in chunk.get("choices") or ():
        delta: dict[str, Any] = choice.get("delta") or {}
        seen.content += delta.get("content") or ""
        seen.reasoning += delta.get("reasoning") or ""
        seen.finish_reason = choice.get("finish_reason") or seen.finish_reason


def without_messages(value: Json) -> Json:
    """Return `value` without the members called `messages`, at any depth; text that is JSON is opened first."""
    if isinstance(value, str):
        inner = parsed(value)
        return without_messages(inner) if isinstance(inner, dict) else value
    if isinstance(value, list):
        return [without_messages(item) for item in value]
    if isinstance(value, dict):
        return {name: without_messages(member) for name, member in value.items() if name != "messages"}
    return value


def parsed(text: str) -> Json:
    """Return `text` as JSON, or its beginning where it is none."""
    try:
        return json.loads(text)
    except ValueError:
        return text[:500]

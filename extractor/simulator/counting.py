"""How many tokens a reply is, from the bytes of what the model wrote in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from extractor.simulator.ledger import tokens_in
from extractor.simulator.rendering import NO_COMPLETION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extractor.records import Json, JsonObject
    from extractor.simulator.catalogue import Reply
    from extractor.simulator.ledger import Bill

#: Members of a body that a model wrote.
WRITTEN = frozenset({"content", "reasoning", "arguments"})


class Written(NamedTuple):
    """Tokens of a reply."""

    #: All of them.
    completion: int
    #: Of these, reasoning.
    reasoning: int


def count(reply: Reply) -> Written:
    """Count a reply whose places are filled. What is cut off on the wire was written all the same."""
    reasoning, rest = 0, 0
    for name, text in _written(reply):
        size = len(text.encode("utf-8", "surrogatepass"))
        reasoning += size * (name == "reasoning")
        rest += size * (name != "reasoning")
    return Written(tokens_in(reasoning + rest), tokens_in(reasoning))


def stated_usage(reply: Reply, bill: Bill) -> JsonObject | None:
    """Return the usage that the reply states: what the ledger counted, unless the reply has its own; None = none."""
    if isinstance(reply.usage, dict):
        return reply.usage
    if reply.usage == "absent":
        return None
    return {
        "prompt_tokens": bill.prompt_tokens,
        "completion_tokens": bill.completion_tokens,
        "total_tokens": bill.prompt_tokens + bill.completion_tokens,
        "cost": bill.usd,
        "is_byok": False,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": bill.reasoning_tokens},
    }


def _written(reply: Reply) -> Iterator[tuple[str, str]]:
    if reply.body is not None:
        yield from _inside(_parsed(reply.body))
    elif reply.status >= NO_COMPLETION:
        return
    elif "choices" in reply.top:
        yield from _inside(reply.top)
    else:
        yield "content", reply.content or ""
        yield "reasoning", reply.reasoning or ""
        yield from _inside(reply.message)
        yield from _inside(list(reply.streaming.events))


def _parsed(body: str) -> Json:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _inside(value: Json) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, member in value.items():
            if name in WRITTEN and isinstance(member, str):
                yield name, member
            elif name != "error":
                yield from _inside(member)
    elif isinstance(value, list):
        for item in value:
            yield from _inside(item)

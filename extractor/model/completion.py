"""What a reply is worth: an answer, or one of our errors. One table, asked in the documented order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from extractor.errors import (
    EmptyResponse,
    GatewayError,
    IncompleteStream,
    ModelError,
    Refused,
    RunawayGeneration,
    Truncated,
)
from extractor.model.status import error_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from extractor.errors import DocumentTooLarge
    from extractor.model.replies import Reply

#: Reasons to stop after which an answer may be read.
FINISHED = frozenset({"stop", "tool_calls"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One way in which a reply holds no answer."""

    #: Stable word, for tests and pages.
    name: str
    #: Whether a reply is of this kind. The second argument is the name of our tool, None where none was offered.
    holds: Callable[[Reply, str | None], bool]
    #: What it becomes, None where the reply itself states the error.
    error: type[ModelError] | None
    #: What happened and what to do.
    says: str = ""


#: In this order, and the first that holds counts: what was said of the answer comes before what is in it. A truncated
#: answer may well be valid JSON, and a partial one in front of an error too.
VERDICTS: tuple[Verdict, ...] = (
    Verdict(
        name="page",
        holds=lambda reply, _: not reply.is_json,
        error=GatewayError,
        says="The reply is not JSON but a page of something between us and the model.",
    ),
    Verdict(name="error", holds=lambda reply, _: reply.fault is not None, error=None),
    Verdict(
        name="no_choice",
        holds=lambda reply, _: not reply.has_choice,
        error=EmptyResponse,
        says="The reply has no choice in it.",
    ),
    Verdict(
        name="repetition",
        holds=lambda reply, _: reply.loop == "content",
        error=Truncated,
        says="The answer repeated the same items up to where it was given up.",
    ),
    Verdict(
        name="loop",
        holds=lambda reply, _: bool(reply.loop),
        error=RunawayGeneration,
        says="The answer went on for ever and was given up.",
    ),
    Verdict(
        name="truncated",
        holds=lambda reply, _: reply.finish_reason == "length",
        error=Truncated,
        says="The answer reached the token ceiling. Raise max_tokens.",
    ),
    Verdict(
        name="refused",
        holds=lambda reply, _: reply.finish_reason == "content_filter" or reply.is_refusal,
        error=Refused,
        says="The model or its filter declined to answer.",
    ),
    Verdict(
        name="unfinished",
        holds=lambda reply, _: reply.finish_reason not in FINISHED,
        error=IncompleteStream,
        says="The reply ended before the model said that it was done.",
    ),
    Verdict(
        name="empty",
        holds=lambda reply, tool: not _text_of(reply, tool).strip() and not _is_for_the_caller(reply, tool),
        error=EmptyResponse,
        says="The reply has no answer in it.",
    ),
)


def answer_of(reply: Reply, *, tool: str | None) -> str:
    """Return the text of the answer: message content, or the arguments of our tool when that was asked for.

    The text is empty where the model called our tool with nothing, or wrote down reasoning and then no answer: whether
    the record stands in the reasoning is for the caller to judge.

    Args:
        reply: The reply of a success.
        tool: Name of our tool where the request offered it.

    Raises:
        ModelError: the first of `VERDICTS` that holds.
        DocumentTooLarge: the error stated says so.
    """
    verdict = verdict_on(reply, tool=tool)
    if verdict is not None:
        raise _error_of(verdict, reply)
    text = _text_of(reply, tool)
    return text if text.strip() else ""


def verdict_on(reply: Reply, *, tool: str | None) -> Verdict | None:
    """Return why `reply` holds no answer, None when it holds one."""
    return next((verdict for verdict in VERDICTS if verdict.holds(reply, tool)), None)


def _error_of(verdict: Verdict, reply: Reply) -> ModelError | DocumentTooLarge:
    if reply.fault is not None and verdict.error is None:
        stated = error_of(reply.fault)
        if isinstance(stated, ModelError) and reply.is_begun:
            stated.maybe_billed = stated.has_begun = True
        return stated
    error = (verdict.error or ModelError)(verdict.says, status=200, provider=reply.provider)
    if isinstance(error, RunawayGeneration):
        error.loop = reply.loop
    return error


def _text_of(reply: Reply, tool: str | None) -> str:
    """Return content or our tool's arguments. Calls that differ are all returned, so that nobody's draft is taken."""
    return "\n".join(dict.fromkeys(_calls_of(reply, tool))) or reply.content


def _calls_of(reply: Reply, tool: str | None) -> list[str]:
    return [call.arguments for call in reply.tool_calls if tool is not None and call.name == tool]


def _is_for_the_caller(reply: Reply, tool: str | None) -> bool:
    return bool(reply.reasoning.strip() or _calls_of(reply, tool))

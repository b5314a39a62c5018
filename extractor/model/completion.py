"""What a reply is worth: an answer, or one of our errors. The order of the questions is the documented one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extractor.errors import EmptyResponse, GatewayError, IncompleteStream, Refused, Truncated
from extractor.model.status import error_of

if TYPE_CHECKING:
    from extractor.model.replies import Reply

#: Reasons to stop after which an answer may be read.
FINISHED = frozenset({"stop", "tool_calls"})


def answer_of(reply: Reply, *, tool: str | None) -> str:
    """Return the text of the answer: message content, or the arguments of our tool when that was asked for.

    `finish_reason` decides before the content is looked at: a truncated answer may well be valid JSON.

    Args:
        reply: The reply of a success.
        tool: Name of our tool where the request offered it.

    Raises:
        ModelError: in this order: not JSON, an error stated, no choice, truncated, refused, not finished, empty.
        DocumentTooLarge: the error stated says so.
    """
    _require_a_choice(reply)
    _require_a_finished_answer(reply)
    answer = _tool_arguments(reply, tool) or reply.content
    if not answer.strip():
        raise EmptyResponse("The reply has no answer in it.", status=200, provider=reply.provider)
    return answer


def _require_a_choice(reply: Reply) -> None:
    if not reply.is_json:
        raise GatewayError("The reply is not JSON but a page of something between us and the model.", status=200)
    if reply.fault is not None:
        raise error_of(reply.fault)
    if not reply.has_choice:
        raise EmptyResponse("The reply has no choice in it.", status=200, provider=reply.provider)


def _require_a_finished_answer(reply: Reply) -> None:
    if reply.finish_reason == "length":
        raise Truncated("The answer reached the token ceiling. Raise max_tokens.", status=200, provider=reply.provider)
    if reply.finish_reason == "content_filter" or reply.is_refusal:
        raise Refused("The model or its filter declined to answer.", status=200, provider=reply.provider)
    if reply.finish_reason not in FINISHED:
        raise IncompleteStream(
            "The reply ended before the model said that it was done.", status=200, provider=reply.provider
        )


def _tool_arguments(reply: Reply, tool: str | None) -> str:
    """Return the arguments of our tool. Calls that differ are all returned, so that nobody's draft is taken."""
    calls = [call.arguments for call in reply.tool_calls if tool is not None and call.name == tool]
    return "\n".join(dict.fromkeys(calls))

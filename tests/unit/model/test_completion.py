"""What a reply with status 200 is worth."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import orjson
import pytest

from extractor.errors import (
    EmptyResponse,
    GatewayError,
    IncompleteStream,
    ModelError,
    ProviderUnavailable,
    RateLimited,
    Refused,
    RequestRejected,
    Truncated,
)
from extractor.model.completion import answer_of
from extractor.model.replies import Reply, ToolCall, read_failure, read_plain

GOOD = '{"number":"A-17"}'


def body(message: object = None, *, finish: object = "stop", choice: dict[str, object] | None = None, **more: object):
    message = {"content": GOOD} if message is None else message
    return {"id": "gen-1", "choices": [{"finish_reason": finish, "message": message, **(choice or {})}], **more}


def answer(document: object, *, tool: str | None = None) -> str:
    return answer_of(read_plain(orjson.dumps(document), now=0), tool=tool)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param(body(), GOOD, id="plain"),
        pytest.param(body({"content": [{"type": "text", "text": GOOD}]}), GOOD, id="content in parts"),
        pytest.param({"id": None, "choices": None, "provider": body()}, GOOD, id="completion nested in provider"),
        pytest.param({**body(), "object": "x", "new_field": {"a": 1}}, GOOD, id="fields we do not know"),
        pytest.param(body(finish="tool_calls"), GOOD, id="stopped for a tool but wrote content"),
    ],
)
def test_a_finished_answer_is_its_content(document: object, expected: str):
    assert answer(document) == expected


@pytest.mark.parametrize(
    ("document", "error"),
    [
        pytest.param([1], GatewayError, id="not an object"),
        pytest.param({"error": {"code": 429}, "choices": None}, RateLimited, id="429 inside a 200"),
        pytest.param({"error": {"code": 400, "message": "x"}}, RequestRejected, id="400 inside a 200"),
        pytest.param({"error": {"code": 502}, **body()}, ProviderUnavailable, id="error and content: the error"),
        pytest.param({"id": None, "choices": None}, EmptyResponse, id="choices null"),
        pytest.param({"choices": []}, EmptyResponse, id="choices empty"),
        pytest.param(body(choice={"error": {"code": 502}}), ProviderUnavailable, id="error of the choice"),
        pytest.param(body(finish="error"), ProviderUnavailable, id="finish error, the partial answer is dropped"),
        pytest.param(body(finish="length"), Truncated, id="length, though the content is valid JSON"),
        pytest.param(body({"content": ""}, finish="length"), Truncated, id="length and nothing: not empty, truncated"),
        pytest.param(body(finish="content_filter"), Refused, id="content filter, the partial answer is dropped"),
        pytest.param(body({"content": None, "refusal": "I can't."}), Refused, id="refusal"),
        pytest.param(body(finish=None), IncompleteStream, id="no reason to stop"),
        pytest.param(body(finish="a_new_reason"), IncompleteStream, id="a reason that is not known"),
        pytest.param(body({"content": None}), EmptyResponse, id="content null"),
        pytest.param(body({"content": "\n\n \n"}), EmptyResponse, id="only white space"),
    ],
)
def test_a_reply_without_an_answer_is_an_error_in_the_documented_order(document: object, error: type[ModelError]):
    with pytest.raises(error) as caught:
        answer(document)

    assert type(caught.value) is error
    assert "A-17" not in str(caught.value)


@pytest.mark.parametrize(
    "message",
    [
        pytest.param({"content": None, "reasoning": GOOD}, id="only reasoning"),
        pytest.param(
            {"content": " ", "tool_calls": [{"function": {"name": "invoice", "arguments": ""}}]}, id="no arguments"
        ),
    ],
)
def test_an_answer_that_may_stand_elsewhere_is_empty_and_left_to_the_caller(message: dict[str, object]):
    assert answer(body(message), tool="invoice") == ""


def test_a_page_with_status_200_is_a_gateway_error():
    reply = read_plain(b"<!DOCTYPE html><title>524</title>", now=0)

    with pytest.raises(GatewayError):
        answer_of(reply, tool=None)


def test_the_arguments_of_our_tool_are_the_answer_where_it_was_offered():
    call = {"id": "c", "type": "function", "function": {"name": "invoice", "arguments": GOOD}}

    assert answer(body({"content": None, "tool_calls": [call]}, finish="tool_calls"), tool="invoice") == GOOD


def test_plain_text_instead_of_the_tool_is_an_answer_to_be_judged():
    assert answer(body({"content": "The invoice is A-17"}), tool="invoice") == "The invoice is A-17"


def test_a_call_of_somebody_elses_tool_is_not_an_answer():
    reply = Reply(finish_reason="tool_calls", tool_calls=(ToolCall(name="lookup", arguments="{}"),))

    with pytest.raises(EmptyResponse):
        answer_of(reply, tool="invoice")


@pytest.mark.parametrize("finish", ["stop", "length", None])
def test_our_tool_does_not_make_an_unfinished_answer_finished(finish: str | None):
    reply = Reply(finish_reason=finish, tool_calls=(ToolCall(name="invoice", arguments=GOOD),))

    if finish == "stop":
        assert answer_of(reply, tool="invoice") == GOOD
    else:
        with pytest.raises((Truncated, IncompleteStream)):
            answer_of(reply, tool="invoice")


def test_a_lone_surrogate_in_the_reply_does_not_travel_on():
    reply = read_plain(orjson.dumps(body({"content": "X"})).replace(b'"X"', rb'"A-17\ud83d"'), now=0)

    assert reply.content == "A-17\ufffd"


@pytest.mark.parametrize("page", [b"", b"<html>", b"[1]", b'"x"', b'{"error":"down"}', b'{"detail":"no"}', b"\xff"])
def test_a_failure_is_read_whatever_its_body(page: bytes):
    reply = read_failure(503, {}, page, now=0)

    assert reply.fault is not None
    assert reply.fault.status == 503


def test_reasoning_is_kept_apart_from_the_answer():
    reply = read_plain(orjson.dumps(body({"content": GOOD, "reasoning": "It says A-17."})), now=0)

    assert (answer_of(reply, tool=None), reply.reasoning) == (GOOD, "It says A-17.")
    assert "A-17" not in repr(replace(reply, model="m"))


@pytest.mark.parametrize("wrong", [None, 7, True, "x", [], [7], {}, {"a": [1]}, [[{"a": None}]]])
@pytest.mark.parametrize(
    "place", ["id", "error", "choices", "choice", "message", "tool_calls", "finish_reason", "usage"]
)
def test_a_member_of_any_shape_ends_in_an_answer_or_an_error_of_ours(place: str, wrong: object):
    members: dict[str, Any] = {"content": GOOD} | ({place: wrong} if place == "tool_calls" else {})
    choice = {"message": members, "finish_reason": "stop"} | (
        {place: wrong} if place in {"message", "finish_reason"} else {}
    )
    document = {"choices": [wrong if place == "choice" else choice]} | (
        {place: wrong} if place in {"id", "error", "choices", "usage"} else {}
    )

    with suppress(ModelError):
        assert answer(document, tool="invoice") == GOOD

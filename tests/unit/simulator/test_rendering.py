"""A reply as bytes: plain and streamed, whole and cut, and what becomes of the connection."""

from __future__ import annotations

import json
import re

import pytest

from extractor.simulator import Reply, Streaming
from extractor.simulator.events import Identity
from extractor.simulator.rendering import render
from extractor.simulator.templates import filled

IDENTITY = Identity(id="gen-7", model="m", provider="P", created=1)
USAGE = {"prompt_tokens": 9, "cost": 0.5}
G = '{"number":"A-17","total":41.5}'


def rendered(reply: Reply, *, is_streamed: bool = False):
    return render(filled(reply, lambda: G), identity=IDENTITY, usage=USAGE, is_streamed=is_streamed)


def body_of(reply: Reply):
    return json.loads(b"".join(rendered(reply).pieces))


def unframed(reply: Reply) -> bytes:
    """The stream's text, and that its frames are whole."""
    text = b"".join(rendered(reply, is_streamed=True).pieces)
    parts = []
    while text:
        size, _, text = text.partition(b"\r\n")
        parts.append(text[: int(size, 16)])
        text = text[int(size, 16) + 2 :]
    return b"".join(parts)


def events_of(reply: Reply) -> list:
    lines = [line.removeprefix("data: ") for line in unframed(reply).decode().split("\n\n") if line]
    return [line if line[0] in ":[" else json.loads(line) for line in lines]


def deltas_of(reply: Reply) -> list[dict]:
    return [choice["delta"] for event in events_of(reply) if isinstance(event, dict) for choice in event["choices"]]


def said(reply: Reply, member: str = "content") -> str:
    return "".join(delta.get(member) or "" for delta in deltas_of(reply))


def test_a_plain_reply_is_a_completion_with_its_generation_id_in_body_and_header():
    reply = rendered(Reply(reasoning="so"))
    body = json.loads(reply.pieces[0])

    assert reply.head.startswith(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
    assert b"\r\nX-Generation-Id: gen-7\r\n" in reply.head
    assert f"\r\nContent-Length: {len(reply.pieces[0])}\r\n".encode() in reply.head
    assert (body["id"], body["model"], body["provider"], body["usage"]) == ("gen-7", "m", "P", USAGE)
    assert body["choices"][0]["finish_reason"] == "stop"
    assert body["choices"][0]["message"]["content"] == G
    assert body["choices"][0]["message"]["reasoning_details"][0]["text"] == "so"


def test_reply_members_come_over_the_usual_ones():
    body = body_of(Reply(content=None, message={"refusal": "no"}, top={"provider": None, "error": {"code": 429}}))

    assert body["choices"][0]["message"]["refusal"] == "no"
    assert (body["provider"], body["error"]) == (None, {"code": 429})


def test_a_status_that_is_no_success_has_a_body_of_its_own_members_only():
    reply = Reply(status=429, headers={"Retry-After": "7"}, top={"error": {"code": 429}})

    assert body_of(reply) == {"error": {"code": 429}}
    assert rendered(reply, is_streamed=True).head.startswith(b"HTTP/1.1 429 Too Many Requests\r\n")
    assert b"\r\nRetry-After: 7\r\n" in rendered(reply).head


def test_a_raw_body_goes_out_as_it_is():
    page = "<!DOCTYPE html><p>524"

    reply = rendered(Reply(body=page, content_type="text/html"), is_streamed=True)

    assert reply.pieces == (page.encode(),)
    assert b"Content-Type: text/html\r\n" in reply.head


@pytest.mark.parametrize(
    ("reply", "wanted"),
    [
        pytest.param(Reply(content="```json\n{{G}}\n```"), f"```json\n{G}\n```", id="whole"),
        pytest.param(Reply(content="{{G:11}}"), G[:11], id="its first characters"),
    ],
)
def test_the_right_answer_stands_where_the_reply_wants_it(reply, wanted):
    assert body_of(reply)["choices"][0]["message"]["content"] == wanted


def test_in_a_raw_body_of_json_the_right_answer_has_its_escapes():
    nested = {"id": None, "provider": {"choices": [{"message": {"content": "{{G}}"}}]}}

    assert body_of(Reply(body=json.dumps(nested)))["provider"]["choices"][0]["message"]["content"] == G


def test_a_text_that_needs_no_answer_asks_for_none():
    def fails() -> str:
        raise AssertionError

    assert filled(Reply(content="prose"), fails).content == "prose"


def test_half_of_a_surrogate_pair_goes_out_as_an_escape():
    assert rb"A-17\ud83d" in rendered(Reply(content="A-17\ud83d")).pieces[0]


def test_a_stream_is_comments_thoughts_content_the_end_the_usage_and_done():
    events = events_of(Reply(reasoning="because it says so", streaming=Streaming(comments=2, characters=7)))

    kinds = [event if isinstance(event, str) else sorted(event["choices"][0]["delta"]) for event in events]
    assert kinds == [
        *[": OPENROUTER PROCESSING"] * 2,
        ["content", "reasoning", "reasoning_details", "role"],
        *[["content", "role"]] * 5,
        ["content"],
        ["content", "role"],
        "[DONE]",
    ]
    assert (events[-3]["choices"][0]["finish_reason"], events[-2]["usage"]) == ("stop", USAGE)
    assert {event["id"] for event in events if isinstance(event, dict)} == {"gen-7"}


def test_a_stream_says_what_the_plain_reply_says():
    reply = Reply(reasoning="because it says so", content="{{G}} zürich")

    assert said(reply) == f"{G} zürich"
    assert said(reply, "reasoning") == "because it says so"


def test_calls_of_tools_are_streamed_in_pieces():
    call = {"id": "c1", "type": "function", "function": {"name": "emit", "arguments": "{{G}}"}}
    reply = Reply(content=None, finish="tool_calls", message={"tool_calls": [call]})

    parts = [part for delta in deltas_of(reply) for part in delta.get("tool_calls", [])]

    assert (parts[0]["id"], parts[0]["function"]) == ("c1", {"name": "emit", "arguments": ""})
    assert "".join(part["function"]["arguments"] for part in parts) == G
    assert {part["index"] for part in parts} == {0}


@pytest.mark.parametrize(("shape", "choices"), [("empty_delta", 1), ("no_choices", 0)])
def test_the_usage_has_two_shapes(shape, choices):
    event = events_of(Reply(streaming=Streaming(usage=shape)))[-2]

    assert (event["usage"], len(event["choices"])) == (USAGE, choices)


def test_a_stream_may_lack_usage_and_done():
    events = events_of(Reply(streaming=Streaming(usage="", done=False)))

    assert events[-1]["choices"][0]["finish_reason"] == "stop"


def test_events_of_its_own_stand_in_place_of_the_end():
    broken = {"error": {"code": "server_error"}, "choices": [{"delta": {"content": ""}, "finish_reason": "error"}]}

    events = events_of(Reply(streaming=Streaming(events=(broken,))))

    assert events[-2:] == [broken, "[DONE]"]
    assert "usage" not in events[-3]


def test_an_error_beside_choices_comes_in_the_last_event_of_a_stream():
    choice = {"index": 0, "finish_reason": "error", "message": {"content": ""}, "error": {"code": 502}}

    events = events_of(Reply(content='{"number"', top={"choices": [choice], "error": {"code": 502}}))

    last = next(event for event in events if isinstance(event, dict) and "error" in event)
    assert last["choices"][0]["error"] == {"code": 502}
    assert last["choices"][0]["delta"] == {"content": ""}


@pytest.mark.parametrize(
    ("cut", "ending", "content", "is_whole"),
    [
        pytest.param("", "keep", G, True, id="whole"),
        pytest.param("in_content", "keep", G[:14], False, id="the body ends in the content"),
        pytest.param("after_content", "keep", G, False, id="the body ends after the content"),
        pytest.param("connection", "reset", G[:14], False, id="the connection is reset"),
    ],
)
def test_a_stream_can_be_cut(cut, ending, content, is_whole):
    reply = Reply(streaming=Streaming(cut=cut))
    cut_off = rendered(reply, is_streamed=True)

    assert said(reply) == content
    assert (cut_off.ending, cut_off.is_whole) == (ending, is_whole)
    assert (b"[DONE]" in unframed(reply)) is is_whole
    assert (cut_off.pieces[-1] == b"0\r\n\r\n") is (ending == "keep")


@pytest.mark.parametrize(
    ("cut", "ending"), [("in_content", "close"), ("after_content", "close"), ("connection", "reset")]
)
def test_a_plain_reply_can_be_cut_short_of_its_length(cut, ending):
    reply = rendered(Reply(streaming=Streaming(cut=cut)))

    stated = re.search(rb"Content-Length: (\d+)", reply.head)
    assert int(stated[1]) > len(reply.pieces[0])
    assert (reply.ending, reply.is_whole) == (ending, False)


@pytest.mark.parametrize("is_streamed", [True, False])
def test_a_socket_that_is_held_never_ends_its_body(is_streamed):
    reply = rendered(Reply(streaming=Streaming(hold=True)), is_streamed=is_streamed)

    assert (reply.ending, reply.is_whole) == ("hold", True)
    assert reply.pieces[-1] != b"0\r\n\r\n"


@pytest.mark.parametrize(
    ("stated", "asked", "streamed"), [(None, True, True), (False, True, False), (True, False, True)]
)
def test_a_reply_may_overrule_what_the_request_wants(stated, asked, streamed):
    head = rendered(Reply(is_streamed=stated), is_streamed=asked).head

    assert (b"text/event-stream" in head) is streamed

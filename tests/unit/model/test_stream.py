"""Server-sent events, cut anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from extractor.errors import IncompleteStream, Refused, Truncated
from extractor.model.completion import answer_of
from extractor.model.stream import read_stream
from extractor.testing import chunk, events, sse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from extractor.model.replies import Reply

pytestmark = pytest.mark.anyio

RECORD = '{"number":"A-17 ü"}'
WHOLE = b"".join(sse(RECORD, reasoning="Header: A-17", comments=3).pieces)


async def read(*parts: bytes, dies: bool = False) -> Reply:
    async def arriving(parts: Iterable[bytes]) -> AsyncIterator[bytes]:
        for part in parts:
            yield part
        if dies:
            raise IncompleteStream("the connection died")

    return await read_stream(arriving(parts), now=0)


@pytest.mark.parametrize("line_break", [b"\n", b"\r\n"])
async def test_a_stream_reads_the_same_wherever_it_is_cut(line_break: bytes):
    stream = WHOLE.replace(b"\n", line_break)
    whole = await read(stream)

    for cut in range(1, len(stream)):
        assert await read(stream[:cut], stream[cut:]) == whole
    assert await read(*(bytes([byte]) for byte in stream)) == whole
    assert whole.content == RECORD
    assert whole.reasoning == "Header: A-17"
    assert whole.finish_reason == "stop"
    assert whole.usage is not None
    assert (whole.generation_id, whole.provider) == ("gen-1", "Alibaba")


@pytest.mark.parametrize(
    "usage_chunk",
    [
        pytest.param({"choices": [], "usage": {"cost": 1}}, id="without a choice, as documented"),
        pytest.param(chunk({"content": ""}, usage={"cost": 1}), id="with an empty delta, as recorded"),
    ],
)
async def test_both_usage_chunks_are_read_and_neither_undoes_the_finish(usage_chunk: dict[str, object]):
    stream = events([chunk({"content": RECORD}), chunk({"content": ""}, finish_reason="stop"), usage_chunk])

    reply = await read(*stream.pieces)

    assert reply.usage == {"cost": 1}
    assert answer_of(reply, tool=None) == RECORD


async def test_done_alone_is_not_success():
    reply = await read(*sse(RECORD, finish_reason=None).pieces)

    with pytest.raises(IncompleteStream):
        answer_of(reply, tool=None)


async def test_an_end_without_a_finish_is_not_success_though_the_record_is_whole():
    reply = await read(*sse(RECORD, finish_reason=None, done=False).pieces)

    with pytest.raises(IncompleteStream):
        answer_of(reply, tool=None)


async def test_a_connection_that_dies_before_the_finish_is_incomplete():
    with pytest.raises(IncompleteStream):
        await read(*sse(RECORD, finish_reason=None).pieces[:-1], dies=True)


async def test_a_connection_that_dies_after_the_finish_takes_no_answer_away():
    reply = await read(*sse(RECORD, done=False).pieces, dies=True)

    assert answer_of(reply, tool=None) == RECORD


async def test_truncation_wins_over_the_error_400_that_reports_it_again():
    error = {"error": {"code": 400, "message": "Token limit reached"}, "choices": [{"delta": {}}], "usage": {"cost": 2}}
    stream = events([chunk({"reasoning": "…"}), chunk({}, finish_reason="length"), error])

    reply = await read(*stream.pieces)

    assert reply.usage == {"cost": 2}
    with pytest.raises(Truncated):
        answer_of(reply, tool=None)


async def test_an_error_in_the_middle_is_the_outcome_whatever_had_arrived():
    error = {"error": {"code": "server_error"}, "choices": [{"delta": {"content": ""}, "finish_reason": "error"}]}

    reply = await read(*events([chunk({"content": RECORD}), error]).pieces)

    assert reply.fault is not None
    assert reply.fault.status == 500


async def test_nothing_after_done_is_read():
    late = b"".join(events([chunk({"content": "late"})]).pieces)

    reply = await read(WHOLE + late)

    assert reply.content == RECORD


async def test_tool_arguments_are_joined_by_their_index():
    def call(index: int, arguments: str, **name: str) -> dict[str, object]:
        return chunk({"tool_calls": [{"index": index, "function": {"arguments": arguments, **name}}]})

    stream = events(
        [
            call(0, '{"number":', name="invoice"),
            call(1, "{}", name="other"),
            call(0, '"A-17"}'),
            chunk({}, finish_reason="tool_calls"),
        ]
    )

    reply = await read(*stream.pieces)

    assert answer_of(reply, tool="invoice") == '{"number":"A-17"}'


@pytest.mark.parametrize(
    "noise", [b"data:\n\n", b"data: ping\n\n", b"data: [1]\n\n", b"event: x\nid: 3\n\n", b"\xff\n"]
)
async def test_lines_that_are_no_chunk_are_passed_over(noise: bytes):
    first, *rest = sse(RECORD).pieces

    reply = await read(first, noise, *rest)

    assert answer_of(reply, tool=None) == RECORD


LINE_BY_LINE = b'data: {\ndata:  "choices": [{\ndata:   "delta": {"content": " "}}]}\n\n'


async def test_an_event_over_several_lines_is_one_chunk():
    first, *rest = sse(RECORD).pieces

    reply = await read(first, LINE_BY_LINE, *rest)

    assert reply.content == " " + RECORD


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(b'data: {"choices": [{"delta": {"cont\n\n', id="cut"),
        pytest.param(b'data: {"choices": [{"delta": {"content": "x\xff2"}}]}\n\n', id="not UTF-8"),
        pytest.param(b'data: {"choices": []}{"choices": []}\n\n', id="two on a line"),
        pytest.param(b'data: {"created": NaN, "choices": []}\n\n', id="NaN"),
    ],
)
async def test_a_stream_with_a_piece_that_cannot_be_read_is_incomplete(event: bytes):
    *pieces, done = sse(RECORD).pieces

    with pytest.raises(IncompleteStream):
        await read(*pieces[:3], event, *pieces[3:], done)


async def test_a_filter_that_stopped_the_answer_is_not_taken_back():
    stream = events([chunk({"content": RECORD}, finish_reason="content_filter"), chunk({}, finish_reason="stop")])

    with pytest.raises(Refused):
        answer_of(await read(*stream.pieces), tool=None)


async def test_a_second_usage_of_nothing_takes_the_first_not_back():
    nothing = {"prompt_tokens": 0, "completion_tokens": 0}
    stream = events([chunk({"content": RECORD}, finish_reason="stop", usage={"cost": 0.5}), chunk({}, usage=nothing)])

    assert (await read(*stream.pieces)).usage == {"cost": 0.5}


async def test_a_chunk_with_reasoning_and_content_loses_neither():
    reply = await read(*events([chunk({"content": RECORD, "reasoning": "So it is."}, finish_reason="stop")]).pieces)

    assert (reply.content, reply.reasoning) == (RECORD, "So it is.")

"""Replies of HTTP/1.1, framed in every way and cut anywhere."""

from __future__ import annotations

import pytest

from extractor.model.http1 import Body, BrokenReply, Chunks, read_head, request_bytes

pytestmark = pytest.mark.anyio

CHUNKED = b"5\r\nhello\r\n1;note=x\r\n \r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n"


class Arriving:
    """A connection on which these pieces come, and then the end."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = list(pieces)

    async def receive(self, *, idle_s: float | None) -> bytes:
        assert idle_s == 1
        return self._pieces.pop(0) if self._pieces else b""


async def read(*pieces: bytes) -> tuple[int, bytes, bool]:
    wire = Arriving(*pieces)
    head, rest = await read_head(wire, idle_s=1)
    body = Body(wire, head, rest, idle_s=1)
    return head.status, b"".join([part async for part in body]), body.is_kept


def test_chunks_read_the_same_wherever_they_are_cut():
    for cut in range(len(CHUNKED)):
        chunks = Chunks()

        assert chunks.feed(CHUNKED[:cut]) + chunks.feed(CHUNKED[cut:]) == b"hello 0123456789"
        assert chunks.is_done


@pytest.mark.parametrize("broken", [b"x\r\n", b"2\r\nabc\r\n", b"-1\r\n", b"\r\n"])
def test_what_is_not_chunked_is_broken(broken: bytes):
    with pytest.raises(BrokenReply):
        Chunks().feed(broken)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", (200, b"{}", True), id="length"),
        pytest.param(b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", (200, b"", True), id="no reason, no body"),
        pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", (204, b"", True), id="a status without a body"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n{}", (200, b"{}", False), id="until the end"),
        pytest.param(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", (200, b"{}", False), id="HTTP/1.0"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}", (200, b"{}", False), id="closed"
        ),
        pytest.param(
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 429 x\r\ncontent-length: 1\r\n\r\n!", (429, b"!", True), id="100"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKED,
            (200, b"hello 0123456789", True),
            id="chunked",
        ),
    ],
)
async def test_a_reply_reads_the_same_wherever_it_is_cut(reply: bytes, expected: tuple[int, bytes, bool]):
    for cut in range(1, len(reply)):
        assert await read(reply[:cut], reply[cut:]) == expected


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"SSH-2.0-x\r\n\r\n", id="another protocol"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", id="a length that is none"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}", id="fewer bytes than stated"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe", id="chunks without an end"),
        pytest.param(b"HTTP/1.1 200 OK\r\nx: " + b"x" * 70_000, id="a head without an end"),
    ],
)
async def test_a_reply_that_is_none_or_not_whole_is_broken(broken: bytes):
    with pytest.raises(BrokenReply):
        await read(broken)


def test_a_request_states_its_length_and_a_question_has_none():
    post = request_bytes("POST", "/v1?x=1", headers={"Host": "there"}, body=b"{}")

    assert post == b"POST /v1?x=1 HTTP/1.1\r\nHost: there\r\nContent-Length: 2\r\n\r\n{}"
    assert request_bytes("GET", "/", headers={}, body=b"") == b"GET / HTTP/1.1\r\n\r\n"

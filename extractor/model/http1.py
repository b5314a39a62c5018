"""HTTP/1.1 over one connection: a request out, a head and a body in. No redirects, no cookies, no compression."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from extractor.model.wire import Wire

#: Bytes of a reply's head at most.
HEAD_LIMIT: Final = 64 * 1024
END_OF_HEAD: Final = b"\r\n\r\n"

_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: .*)?")
_CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,15}")
#: Statuses that announce another reply.
_INFORMATIONAL = range(100, 200)
_BODILESS = frozenset({204, 304})


class BrokenReply(Exception):
    """What came is not HTTP/1.1, or ended before its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Status and headers of a reply."""

    #: HTTP status.
    status: int
    #: Headers, names in lower case; those of one name joined by commas.
    headers: Mapping[str, str]
    #: Whether the connection is kept after the body.
    is_kept: bool


def request_bytes(method: str, target: str, *, headers: Mapping[str, str], body: bytes) -> bytes:
    """Return a request as it is sent."""
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    if body or method != "GET":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


async def read_head(wire: Wire, *, idle_s: float | None) -> tuple[Head, bytes]:
    """Return the head of the next reply, and what came after it.

    Raises:
        BrokenReply: it is none.
        TimeoutError: no byte for `idle_s`.
        OSError: the connection died.
    """
    received = b""
    while True:
        while (end := received.find(END_OF_HEAD)) < 0:
            part = await wire.receive(idle_s=idle_s)
            if not part or len(received) > HEAD_LIMIT:
                raise BrokenReply("no head")
            received += part
        head, received = _parse_head(received[:end]), received[end + len(END_OF_HEAD) :]
        if head.status not in _INFORMATIONAL:
            return head, received


def _parse_head(text: bytes) -> Head:
    first, *lines = text.split(b"\r\n")
    found = _STATUS_LINE.fullmatch(first)
    if found is None:
        raise BrokenReply("no status line")
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.decode("latin-1").partition(":")
        name, value = name.strip().lower(), value.strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    is_closed = "close" in headers.get("connection", "").lower() or found[1] == b"0"
    return Head(status=int(found[2]), headers=headers, is_kept=not is_closed)


class Body:
    """The body of a reply, read as it comes."""

    def __init__(self, wire: Wire, head: Head, received: bytes, *, idle_s: float | None) -> None:
        self._wire = wire
        self._idle_s = idle_s
        self._received = received
        self._chunks = Chunks() if "chunked" in head.headers.get("transfer-encoding", "").lower() else None
        self._left = _length_of(head)
        #: Whether the connection can be used again once this has been read.
        self.is_kept = head.is_kept and (self._chunks is not None or self._left is not None)
        #: Whether it has been read to its end.
        self.is_at_end = self._chunks is None and self._left == 0

    def __aiter__(self) -> Body:
        """Iterate over the body as it is read."""
        return self

    async def __anext__(self) -> bytes:
        """Return the next part.

        Raises:
            BrokenReply: it ended before its end.
            TimeoutError: no byte for too long.
            OSError: the connection died.
        """
        while not self.is_at_end:
            received, self._received = self._received, b""
            received = received or await self._wire.receive(idle_s=self._idle_s)
            if part := self._take(received):
                return part
        raise StopAsyncIteration

    def _take(self, received: bytes) -> bytes:
        if self._chunks is not None:
            if not received:
                raise BrokenReply("chunks without an end")
            part = self._chunks.feed(received)
            self.is_at_end = self._chunks.is_done
            return part
        if self._left is None:  # until the connection ends
            self.is_at_end = not received
            return received
        if not received:
            raise BrokenReply("fewer bytes than were stated")
        part = received[: self._left]
        self._left -= len(part)
        self.is_at_end = not self._left
        return part


class Chunks:
    """Takes the framing off a chunked body that comes in parts, cut anywhere."""

    def __init__(self) -> None:
        #: Whether the last chunk and what follows it were read.
        self.is_done = False
        self._rest = b""
        self._left = 0
        self._is_after_chunk = False
        self._is_last = False

    def feed(self, received: bytes) -> bytes:
        """Return the content of a part.

        Raises:
            BrokenReply: it is not chunked.
        """
        received, at = self._rest + received, 0
        self._rest = b""
        content: list[bytes] = []
        while not self.is_done and at < len(received):
            if self._left:
                part = received[at : at + self._left]
                content.append(part)
                at += len(part)
                self._left -= len(part)
                self._is_after_chunk = not self._left
                continue
            end = received.find(b"\r\n", at)
            if end < 0:
                self._rest = received[at:]
                if len(self._rest) > HEAD_LIMIT:
                    raise BrokenReply("no chunk")
                break
            self._take_line(received[at:end])
            at = end + 2
        return content[0] if len(content) == 1 else b"".join(content)

    def _take_line(self, line: bytes) -> None:
        if self._is_last:  # trailers, up to an empty line
            self.is_done = not line
        elif self._is_after_chunk:
            if line:
                raise BrokenReply("a chunk longer than was stated")
            self._is_after_chunk = False
        else:
            size = _CHUNK_SIZE.match(line.strip())
            if size is None:
                raise BrokenReply("no size of a chunk")
            self._left = int(size[0], 16)
            self._is_last = not self._left


def _length_of(head: Head) -> int | None:
    """Return the bytes of a body, None where its head does not say."""
    if head.status in _BODILESS:
        return 0
    stated = head.headers.get("content-length")
    if stated is None:
        return None
    if not re.fullmatch("[0-9]{1,15}", stated):
        raise BrokenReply("a length that is no number")
    return int(stated)

"""HTTP/1.1 on one connection: requests in, replies out, and who left before the end."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from typing import TYPE_CHECKING, Protocol

from extractor.simulator.asked import Asked
from extractor.simulator.rendering import json_page

if TYPE_CHECKING:
    from extractor.simulator.rendering import Rendered

END_OF_HEAD = b"\r\n\r\n"
#: Bytes of a head, and of a body.
MAX_HEAD = 64 * 1024
MAX_BODY = 64 * 1024 * 1024
#: Closes at once, and drops what is on its way: the other end sees a reset.
_RESETTING = struct.pack("ii", 1, 0)
_CHUNK = re.compile(rb"([0-9a-fA-F]+)[^\r\n]*\r\n")


class BadRequest(ValueError):
    """Bytes that are no request."""


class Service(Protocol):
    """What answers."""

    def reply_to(self, asked: Asked) -> tuple[Rendered, str]:
        """Return the reply and what it goes by."""

    def left(self, generation_id: str, *, generated: float) -> None:
        """Take note that nobody waits for a reply any more, of which this share had gone out."""


class Connection(asyncio.Protocol):
    """One connection. It answers one request after the other; what comes meanwhile waits."""

    def __init__(self, service: Service, connections: set[Connection], *, number: int) -> None:
        self._service = service
        self._connections = connections
        self._number = number
        self._received = bytearray()
        self._timer: asyncio.TimerHandle | None = None
        self._reply: Rendered | None = None
        self._generation_id = ""
        self._pieces_sent = 0
        self._was_told_to_go_on = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - asyncio promises no more than the base class
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._connections.add(self)

    def connection_lost(self, _error: Exception | None) -> None:
        """Tell whose reply was not finished."""
        self._connections.discard(self)
        reply = self._reply
        if self._timer is not None:
            self._timer.cancel()
        if reply is None:
            return
        share = self._pieces_sent / max(1, len(reply.pieces))
        if share < 1 or not reply.is_whole:
            self._service.left(self._generation_id, generated=share)

    def data_received(self, data: bytes) -> None:
        """Take a request when it is whole."""
        self._received += data
        if self._reply is None:
            self._take_request()

    def end(self) -> None:
        """Drop the connection, because the simulator stops."""
        self._transport.abort()

    def _take_request(self) -> None:
        try:
            asked = self._next_request()
        except BadRequest:
            self._transport.write(_bytes_of(json_page({"error": {"code": 400, "message": "Bad request"}}, status=400)))
            self._transport.close()
            return
        if asked is None:
            return
        self._reply, self._generation_id = self._service.reply_to(asked)
        self._pieces_sent = 0
        if self._reply.delay_ms > 0:
            self._timer = self._loop.call_later(self._reply.delay_ms / 1000, self._begin)
        else:
            self._begin()

    def _next_request(self) -> Asked | None:
        received = self._received
        end_of_head = received.find(END_OF_HEAD)
        if end_of_head < 0:
            if len(received) > MAX_HEAD:
                raise BadRequest
            return None
        line, *fields = bytes(received[:end_of_head]).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in fields)}
        method, _, rest = line.partition(" ")
        address, _, version = rest.rpartition(" ")
        if not version.startswith("HTTP/1."):
            raise BadRequest
        body = self._body(headers, end_of_head + len(END_OF_HEAD))
        if body is None:
            return None
        path, _, query = address.partition("?")
        return Asked(method=method, path=path, query=query, headers=headers, raw=body, connection=self._number)

    def _body(self, headers: dict[str, str], start: int) -> bytes | None:
        """Return the body that begins at `start` and forget the request, None while it is not whole."""
        if "chunked" in headers.get("transfer-encoding", "").lower():
            found = _unchunked(self._received, start)
        else:
            stated = headers.get("content-length", "0")
            if not stated.isdecimal() or int(stated) > MAX_BODY:
                raise BadRequest
            end = start + int(stated)
            found = (bytes(self._received[start:end]), end) if len(self._received) >= end else None
        if found is None:
            self._tell_to_go_on(headers)
            return None
        self._was_told_to_go_on = False
        body, end = found
        del self._received[:end]
        return body

    def _tell_to_go_on(self, headers: dict[str, str]) -> None:
        if not self._was_told_to_go_on and headers.get("expect", "").lower() == "100-continue":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._was_told_to_go_on = True

    def _begin(self) -> None:
        self._timer = None
        reply = self._reply
        if reply is None or self._transport.is_closing():
            return
        if reply.between_ms > 0 and len(reply.pieces) > 1:
            self._transport.write(reply.head)
            self._go_on()
            return
        self._transport.write(_bytes_of(reply))
        self._pieces_sent = len(reply.pieces)
        self._finish(reply)

    def _go_on(self) -> None:
        """Write the next piece, and the one after it in a while."""
        self._timer = None
        reply = self._reply
        if reply is None or self._transport.is_closing():
            return
        self._transport.write(reply.pieces[self._pieces_sent])
        self._pieces_sent += 1
        if self._pieces_sent < len(reply.pieces):
            self._timer = self._loop.call_later(reply.between_ms / 1000, self._go_on)
        else:
            self._finish(reply)

    def _finish(self, reply: Rendered) -> None:
        if reply.ending == "hold":
            return
        if reply.ending == "reset":
            self._reset()
        elif reply.ending == "close":
            self._transport.close()
        self._reply = None
        if reply.ending == "keep" and self._received:
            self._loop.call_soon(self._take_request)

    def _reset(self) -> None:
        listening: socket.socket | None = self._transport.get_extra_info("socket")
        if listening is not None:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESETTING)
        if self._transport.get_extra_info("sslcontext") is None:
            self._transport.close()
        else:
            self._transport.abort()


def _bytes_of(reply: Rendered) -> bytes:
    return b"".join((reply.head, *reply.pieces))


def _unchunked(received: bytearray, at: int) -> tuple[bytes, int] | None:
    """Return the body of chunks that begins at `at`, and where it ends; None while it is not whole."""
    body = bytearray()
    while True:
        size_line = _CHUNK.match(received, at)
        if size_line is None:
            if len(received) - at > MAX_HEAD:
                raise BadRequest
            return None
        size, at = int(size_line[1], 16), size_line.end()
        if len(body) + size > MAX_BODY:
            raise BadRequest
        if size == 0:
            end = received.find(b"\r\n", at)  # trailers are not used by any client of ours
            return None if end < 0 else (bytes(body), end + 2)
        if len(received) < at + size + 2:
            return None
        body += received[at : at + size]
        at += size + 2

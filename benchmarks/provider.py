"""A provider that costs next to nothing: every POST gets the same reply after the same wait.

Run as a process of its own, so that its work is not counted. The reply's body comes in on standard input, the port
goes out on standard output, and it serves until it is terminated. A GET is told how many requests were in flight at one
moment, at most, since the last GET.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
from dataclasses import dataclass

END_OF_HEAD = b"\r\n\r\n"
CONTENT_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


@dataclass(slots=True)
class Flight:
    """Requests in flight."""

    #: At this moment.
    now: int = 0
    #: At one moment, at most.
    peak: int = 0

    def rise(self) -> None:
        """Count a request that came."""
        self.now += 1
        self.peak = max(self.peak, self.now)

    def told_peak(self) -> bytes:
        """Return the peak and begin another."""
        peak, self.peak = self.peak, self.now
        return http_reply(str(peak).encode())


class Replies(asyncio.Protocol):
    """One kept connection: read a request whole, wait, send the reply."""

    def __init__(self, reply: bytes, latency_s: float, *, flight: Flight) -> None:
        self.reply = reply
        self.latency_s = latency_s
        self.flight = flight
        self.received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each request that is complete."""
        self.received += data
        if self.received.startswith(b"GET ") and self._take_request():
            self.transport.write(self.flight.told_peak())
        while self._take_request():
            self.flight.rise()
            asyncio.get_running_loop().call_later(self.latency_s, self._answer)

    def _take_request(self) -> bool:
        end_of_head = self.received.find(END_OF_HEAD)
        if end_of_head < 0:
            return False
        stated = CONTENT_LENGTH.search(self.received, 0, end_of_head)
        end = end_of_head + len(END_OF_HEAD) + (int(stated[1]) if stated else 0)
        if len(self.received) < end:
            return False
        del self.received[:end]
        return True

    def _answer(self) -> None:
        self.flight.now -= 1
        if not self.transport.is_closing():
            self.transport.write(self.reply)


def http_reply(body: bytes) -> bytes:
    """Return a whole HTTP/1.1 reply that keeps its connection open."""
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def serve(body: bytes, *, latency_s: float) -> None:
    """Serve on a free loopback port, and print it."""
    reply, flight = http_reply(body), Flight()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Replies(reply, latency_s, flight=flight), "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency-ms", type=float, default=200.0)
    asyncio.run(serve(sys.stdin.buffer.read(), latency_s=parser.parse_args().latency_ms / 1000))

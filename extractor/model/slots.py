"""Where one call at a time goes out: a connection of our own, or httpx where a proxy stands in between."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Protocol, cast
from urllib.parse import urlsplit

import anyio
import httpx

from extractor.errors import ConnectionFailed
from extractor.model.http1 import Body, read_head, request_bytes
from extractor.model.wire import CLOSE_S, Wire, connect

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Mapping

    from extractor.model.endpoints import Endpoint

#: Seconds that an idle connection is kept. OpenRouter's edge closes later.
KEEP_ALIVE_S: Final = 55.0
#: Ports of the schemes.
PORTS: Final = {"http": 80, "https": 443}
#: Failures of httpx before anything was sent.
UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)


class Slot(Protocol):
    """Takes one request at a time."""

    async def open(
        self, method: str, url: str, body: bytes, *, idle_s: float | None
    ) -> tuple[int, Mapping[str, str], AsyncIterator[bytes]]:
        """Send a request and return status, headers and body of the reply.

        Raises:
            ConnectionFailed: nothing was sent.
            httpx.TransportError, BrokenReply, OSError: it failed afterwards.
        """

    async def finish(self) -> None:
        """End the exchange; its connection is kept where the body was read to its end."""

    async def aclose(self) -> None:
        """Close the connection at once."""


class DirectSlot:
    """A connection of our own.

    Args:
        endpoint: Where it goes.
        tls: How it is encrypted, None = not at all.
        gate: How many connections are made at once: so many handshakes that each takes too long help nobody.
    """

    def __init__(self, endpoint: Endpoint, *, tls: ssl.SSLContext | None, gate: anyio.CapacityLimiter) -> None:
        self._endpoint = endpoint
        self._tls = tls
        self._gate = gate
        self._wire: Wire | None = None
        self._body: Body | None = None
        self._rested_at = 0.0

    async def open(
        self, method: str, url: str, body: bytes, *, idle_s: float | None
    ) -> tuple[int, Mapping[str, str], AsyncIterator[bytes]]:
        wire = await self._connected()
        parts = urlsplit(url)
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        wire.send(request_bytes(method, target, headers={"Host": parts.netloc, **self._endpoint.headers()}, body=body))
        head, received = await read_head(wire, idle_s=idle_s)
        self._body = Body(wire, head, received, idle_s=idle_s)
        return head.status, head.headers, self._body

    async def finish(self) -> None:
        body, self._body = self._body, None
        self._rested_at = time.monotonic()
        if self._wire is not None and body is not None and body.is_at_end and body.is_kept:
            self._wire.rest()
        else:
            await self.aclose()

    async def aclose(self) -> None:
        wire, self._wire = self._wire, None
        if wire is not None:
            await wire.aclose()

    async def _connected(self) -> Wire:
        is_fresh = time.monotonic() - self._rested_at < KEEP_ALIVE_S
        if self._wire is not None and is_fresh and self._wire.is_quiet:
            return self._wire
        await self.aclose()
        address = urlsplit(self._endpoint.base_url)
        port = address.port or PORTS[address.scheme.lower()]
        try:
            async with self._gate:
                self._wire = await connect(
                    self._endpoint.host, port, tls=self._tls, patience_s=self._endpoint.connect_s
                )
        except OSError as error:
            raise not_connected(self._endpoint.host, error) from None
        return self._wire


class ProxiedSlot:
    """A transport of httpx, one connection wide, for what it knows of proxies.

    An `httpx.AsyncClient` adds redirects, cookies and environment on top; none is wanted, a key least of all follows a
    redirect. So its transport is used as it is.
    """

    def __init__(self, endpoint: Endpoint, *, tls: ssl.SSLContext, proxy: str) -> None:
        self._endpoint = endpoint
        self._transport = httpx.AsyncHTTPTransport(
            verify=tls,
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=KEEP_ALIVE_S),
            proxy=proxy,
        )
        self._response: httpx.Response | None = None

    async def open(
        self, method: str, url: str, body: bytes, *, idle_s: float | None
    ) -> tuple[int, Mapping[str, str], AsyncIterator[bytes]]:
        connect_s = self._endpoint.connect_s
        timeouts = {"connect": connect_s, "pool": connect_s, "write": idle_s, "read": idle_s}
        request = httpx.Request(
            method, url, headers=self._endpoint.headers(), content=body, extensions={"timeout": timeouts}
        )
        try:
            response = self._response = await self._transport.handle_async_request(request)
        except UNSENT as error:
            raise not_connected(self._endpoint.host, error) from None
        return response.status_code, response.headers, aiter(cast("httpx.AsyncByteStream", response.stream))

    async def finish(self) -> None:
        if self._response is not None:
            await self._response.aclose()

    async def aclose(self) -> None:
        with anyio.move_on_after(CLOSE_S, shield=True):
            await self._transport.aclose()


def not_connected(host: str, error: Exception) -> ConnectionFailed:
    """Return our error for a connection that could not be made."""
    reason = str(error)[:200] or type(error).__name__
    return ConnectionFailed(f"No connection to {host} could be made: {reason}.", maybe_billed=False)

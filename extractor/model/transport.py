"""The way to an endpoint: one connection per call in flight, and what goes wrong on it in our words.

One pool of httpx for all is quadratic in the calls in flight: 41 ms CPU per call at 200. Its layers cost three times a
raw reader where a reply comes in a thousand reads; so connections are our own, and httpx is for proxies only.
"""

from __future__ import annotations

import ssl
from contextlib import asynccontextmanager, suppress
from functools import cache
from typing import TYPE_CHECKING
from urllib.request import getproxies, proxy_bypass

import anyio
import httpx

from extractor.errors import GatewayError, IncompleteStream, InvalidSettings, ModelError, ModelTimeout
from extractor.model.http1 import BrokenReply
from extractor.model.slots import DirectSlot, ProxiedSlot

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from extractor.model.endpoints import Endpoint
    from extractor.model.slots import Slot

#: Bytes of one reply at most. 32,768 tokens as single chunks are about 10 MB.
REPLY_LIMIT = 64 * 1024 * 1024
#: Seconds to wait for the end of a body that said it was done, so that its connection can be used again.
DRAIN_S = 0.05
#: Connections that are made at once. A thousand handshakes together would each wait for all others.
CONNECTING = 100

#: What goes wrong between a request that was written and the end of its reply.
FAILURES = (httpx.TransportError, BrokenReply, OSError)


class Response:
    """A reply whose headers have arrived."""

    def __init__(self, status: int, headers: Mapping[str, str], parts: AsyncIterator[bytes], *, host: str) -> None:
        self._host = host
        #: HTTP status.
        self.status = status
        #: Headers, by names in lower case.
        self.headers = headers
        self._parts = parts
        self._size = 0
        self._is_at_end = False

    @property
    def is_stream(self) -> bool:
        """Whether the body is server-sent events."""
        return str(self.headers.get("content-type", "")).lower().startswith("text/event-stream")

    def __aiter__(self) -> Response:
        """Iterate over the body as it is read."""
        return self

    async def __anext__(self) -> bytes:
        """Return the next read.

        Raises:
            ModelTimeout: no byte for too long.
            IncompleteStream: the connection died.
            GatewayError: the body is over `REPLY_LIMIT`.
        """
        try:
            part = await anext(self._parts)
        except StopAsyncIteration:
            self._is_at_end = True
            raise
        except FAILURES as error:
            raise _in_our_words(error, self._host) from None
        self._size += len(part)
        if self._size > REPLY_LIMIT:
            raise GatewayError(f"The reply is over {REPLY_LIMIT // 2**20} MiB and was given up.", status=self.status)
        return part

    async def body(self) -> bytes:
        """Return the whole body."""
        return b"".join([part async for part in self])

    def abandon(self) -> None:
        """Let the rest of the body be: its connection is closed, not used again."""
        self._is_at_end = True

    async def drain(self) -> None:
        """Read what is left of a body that was read as far as it matters, for a moment."""
        if not self._is_at_end:
            with anyio.move_on_after(DRAIN_S), suppress(ModelError):  # the answer is here: nothing can harm it now
                await self.body()


class Transport:
    """Sends requests to one endpoint. Call slots are created on demand and reused, the warmest first."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._proxy = _proxy_for(endpoint)
        self._tls = _tls(is_secure=endpoint.is_secure or self._proxy is not None, ca_file=endpoint.ca_file)
        self._gate = anyio.CapacityLimiter(CONNECTING)
        self._slots: list[Slot] = []

    @asynccontextmanager
    async def post(self, body: bytes, *, idle_s: float | None) -> AsyncIterator[Response]:
        """Send `body` and give the reply, once its headers are here.

        Args:
            body: JSON.
            idle_s: Seconds without a byte after which the reply is given up; None = no limit.

        Raises:
            ConnectionFailed: nothing was sent.
            ModelTimeout: no byte for `idle_s`.
            IncompleteStream: the connection died after the request was written.
        """
        async with self._exchange("POST", self._endpoint.chat_url, body, idle_s=idle_s) as reply:
            yield reply

    @asynccontextmanager
    async def get(self, url: str, *, idle_s: float) -> AsyncIterator[Response]:
        """Get `url`, which must be of this endpoint. As `post` otherwise."""
        async with self._exchange("GET", url, b"", idle_s=idle_s) as reply:
            yield reply

    @asynccontextmanager
    async def _exchange(self, method: str, url: str, body: bytes, *, idle_s: float | None) -> AsyncIterator[Response]:
        slot = self._slots.pop() if self._slots else self._new_slot()
        is_whole = False
        try:
            try:
                status, headers, parts = await slot.open(method, url, body, idle_s=idle_s)
            except FAILURES as error:  # its frames hold the key and the document
                raise _in_our_words(error, self._endpoint.host) from None
            reply = Response(status, headers, parts, host=self._endpoint.host)
            yield reply
            await reply.drain()
            await slot.finish()
            is_whole = True
        finally:
            if is_whole:
                self._slots.append(slot)
            else:  # its connection may be in the middle of a body
                await slot.aclose()

    async def aclose(self) -> None:
        """Close every idle connection."""
        while self._slots:
            await self._slots.pop().aclose()

    def _new_slot(self) -> Slot:
        if self._proxy is not None:
            return ProxiedSlot(self._endpoint, tls=self._tls, proxy=self._proxy)
        return DirectSlot(self._endpoint, tls=self._tls if self._endpoint.is_secure else None, gate=self._gate)


def _in_our_words(error: Exception, host: str) -> ModelError:
    if isinstance(error, (httpx.TimeoutException, TimeoutError)):
        return ModelTimeout(f"{host} sent nothing for too long, not even a comment, and the request was given up.")
    return IncompleteStream(f"The connection to {host} died before the reply ended ({type(error).__name__}).")


@cache
def _tls(*, is_secure: bool, ca_file: Path | None = None) -> ssl.SSLContext:
    """Return the TLS context of this process. Loading the certificates takes 24 ms, so only where they are used.

    Raises:
        InvalidSettings: the file of certificates cannot be used.
    """
    if not is_secure:
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context = httpx.create_ssl_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except OSError:
            raise InvalidSettings(f"The file of certificates {ca_file} cannot be read, or holds none in PEM.") from None
    context.set_alpn_protocols(["http/1.1"])
    return context


def _proxy_for(endpoint: Endpoint) -> str | None:
    """Return the proxy that the environment names for `endpoint`, never one for this machine itself.

    Raises:
        InvalidSettings: the proxy speaks another protocol. Going round it could break a rule of the network.
    """
    host = endpoint.host
    if host == "localhost" or host.startswith("127.") or host == "::1" or proxy_bypass(host):
        return None
    proxies = getproxies()
    proxy = proxies.get("https" if endpoint.is_secure else "http") or proxies.get("all")
    if proxy and not proxy.startswith(("http://", "https://")):
        raise InvalidSettings("The environment names a proxy that is not http:// or https://, which is not supported.")
    return proxy

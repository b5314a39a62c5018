"""The outermost layer: nothing is cached, no body is left half read, and no defect shows."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders

from extractor import log
from extractor.api.problems import defect

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Seconds that the rest of a refused body is read and thrown away. Most clients send all of it before they look at the
#: answer, and where the connection is closed under them many never see it.
LINGER_S = 5.0


class Edge:
    """Wraps the application.

    An answer that is given before the body was read closes the connection after `LINGER_S`. The server would
    otherwise read the rest to throw it away, as much as the client cares to send, also from one without a key.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, receive, send)
        try:
            await self._app(scope, exchange.receive, exchange.send)
        except Exception as error:  # noqa: BLE001 - whatever it is, it says nothing to the caller
            log.logger().error("unexpected error", method=scope["method"], **log.trace(error))
            if not exchange.is_answered:
                await defect()(scope, exchange.receive, exchange.send)


class _Exchange:
    """One request and its answer."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        headers = dict(scope["headers"])
        self._has_unread_body = b"content-length" in headers or b"transfer-encoding" in headers
        #: The client asks before it sends the body, and sends none when it is refused.
        self._asks_first = b"expect" in headers
        self._is_closing = False
        #: Whether the answer has begun.
        self.is_answered = False

    async def receive(self) -> Message:
        message = await self._receive()
        if not message.get("more_body", False):
            self._has_unread_body = False
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._begin(message)
        elif self._is_closing and not self._asks_first and not message.get("more_body", False):
            await self._send({**message, "more_body": True})
            await self._linger()
            message = {"type": "http.response.body", "body": b"", "more_body": False}
        await self._send(message)

    def _begin(self, message: Message) -> None:
        self.is_answered = True
        self._is_closing = self._has_unread_body
        headers = MutableHeaders(scope=message)
        headers["Cache-Control"] = "no-store"
        headers["X-Content-Type-Options"] = "nosniff"
        if self._is_closing:
            headers["Connection"] = "close"

    async def _linger(self) -> None:
        try:
            async with asyncio.timeout(LINGER_S):
                while self._has_unread_body:
                    await self.receive()
        except TimeoutError:
            return

"""The outermost layer: nothing is cached, no body is left half read, and no defect shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders

from extractor import log
from extractor.api.problems import defect

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Edge:
    """Wraps the application.

    An answer that is given before the body was read closes the connection. The server would otherwise read the rest
    to throw it away, as much as the client cares to send, also from one without a key.
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
        names = {name for name, _ in scope["headers"]}
        self._has_unread_body = b"content-length" in names or b"transfer-encoding" in names
        #: Whether the answer has begun.
        self.is_answered = False

    async def receive(self) -> Message:
        message = await self._receive()
        if not message.get("more_body", False):
            self._has_unread_body = False
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.is_answered = True
            headers = MutableHeaders(scope=message)
            headers["Cache-Control"] = "no-store"
            headers["X-Content-Type-Options"] = "nosniff"
            if self._has_unread_body:
                headers["Connection"] = "close"
        await self._send(message)

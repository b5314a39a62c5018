"""What `extractor serve` does: a socket, the API behind it, and an orderly end."""

from __future__ import annotations

import asyncio
import socket
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import typer
import uvicorn

from extractor import log
from extractor.api import create_app, open_service, server_key
from extractor.cli.exits import ExitCode
from extractor.cli.stopping import SIGNALS
from extractor.errors import InvalidSettings
from extractor.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import SecretStr

    from extractor.api import Service
    from extractor.cli.serve_arguments import ServeArguments

#: Seconds that a connection may be silent between two requests. Longer than proxies keep theirs, 60 s mostly, so that
#: it is never we who close one that a request is on its way on.
KEEP_ALIVE_S = 75
#: Seconds that requests may take to end after the server was told to stop; those that only wait end at once.
GRACE_S = 10
#: Connections that may wait to be accepted.
BACKLOG = 2048


def serve_api(arguments: ServeArguments) -> int:
    """Serve until a signal comes; return the exit code.

    Raises:
        InvalidSettings: no usable key, or an address that cannot be listened at.
        StoreUnavailable: Redis does not answer.
        UnsuitableStore: it cannot keep our promises.
    """
    settings = Settings.load(arguments.config)
    log.configure(settings.log_level)
    key = server_key(settings)
    # Ctrl-C is an interrupt only while the store is being connected to.
    with listen(arguments.host, arguments.port) as listener, suppress(KeyboardInterrupt):
        asyncio.run(_serve(settings, key, listener))
    return ExitCode.SUCCEEDED


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that takes connections from now on.

    Raises:
        InvalidSettings: the address is taken, not ours, or not known.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        why = (error.strerror or "").partition(" (")[0]  # what follows says host and port once more
        raise InvalidSettings(
            f"Cannot listen at {host}, port {port}: {why}. Choose another with --host and --port."
        ) from None


class Server(uvicorn.Server):
    """A server that stops at SIGINT and SIGTERM alike, and then lets nobody wait."""

    def __init__(self, service: Service, *, key: SecretStr) -> None:
        super().__init__(
            uvicorn.Config(
                create_app(service, key=key),
                http="h11",
                ws="none",
                lifespan="off",  # what the application needs is opened around it, so that it fails with our errors
                log_config=None,
                log_level="error",
                access_log=False,  # addresses carry ids
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=KEEP_ALIVE_S,
                timeout_graceful_shutdown=GRACE_S,
            )
        )
        self._leaving = service.leaving

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take the signals on the loop: uvicorn raises them again at the end, as if a stop were a failure."""
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in SIGNALS:
                loop.remove_signal_handler(number)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer who waits, then let the other requests end."""
        self._leaving.set()
        await super().shutdown(sockets)


async def _serve(settings: Settings, key: SecretStr, listener: socket.socket) -> None:
    async with open_service(settings) as service:
        typer.echo(f"Serving the HTTP API at http://{address_of(listener)}")
        await Server(service, key=key).serve(sockets=[listener])


def address_of(listener: socket.socket) -> str:
    """Return host and port as an address has them."""
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

"""The simulator as a server: in a thread beside a program, or in the loop of a command."""

from __future__ import annotations

import asyncio
import threading
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Self

from extractor.simulator.provider import Conduct, Provider
from extractor.simulator.wire import Connection

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator
    from types import TracebackType

    from extractor.simulator.asked import Asked
    from extractor.simulator.ledger import Ledger
    from extractor.simulator.scenarios import Playable
    from extractor.simulator.turnstile import Turnstile

HOST = "127.0.0.1"
#: Path below which the endpoints are, as at the real gateway.
BASE_PATH = "/api/v1"
#: Connections that may wait to be accepted.
BACKLOG = 4096
#: Seconds that start and stop may take.
PATIENCE_S = 10.0


@asynccontextmanager
async def serving(provider: Provider, *, port: int = 0, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Answer requests on this machine for as long as the block lasts, and give the base URL.

    Args:
        provider: What answers.
        port: Where; 0 = wherever it is free.
        tls: With a certificate for the host; None = without TLS.

    Raises:
        OSError: the port is taken.
    """
    connections: set[Connection] = set()
    numbers = count(1)
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(provider, connections, number=next(numbers)), HOST, port, ssl=tls, backlog=BACKLOG
    )
    try:
        yield f"{'https' if tls else 'http'}://{HOST}:{server.sockets[0].getsockname()[1]}{BASE_PATH}"
    finally:
        server.close()
        for connection in tuple(connections):
            connection.end()


@dataclass(kw_only=True, eq=False)
class Simulator(Conduct):
    """A provider on loopback in a thread of its own. Use as a context manager.

    with Simulator(profile="refuses", answer={"A-17": record}) as simulator:
        simulator.play("A-17", "A1", Reply(status=503))
        …                                   # EXTRACTOR_BASE_URL = simulator.base_url, any key
    assert simulator.ledger.usd < 0.01
    """

    #: Port to listen at; 0 = any that is free.
    port: int = 0
    #: For `https://`; None = plain HTTP.
    tls: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        self.provider = Provider(self)
        #: What a client is given as its base URL; "" before the start.
        self.base_url = ""
        self._loop = asyncio.new_event_loop()
        self._open = AsyncExitStack()
        self._thread = threading.Thread(target=self._loop.run_forever, name="simulator", daemon=True)

    @property
    def ledger(self) -> Ledger:
        """What was charged."""
        return self.provider.ledger

    @property
    def turnstile(self) -> Turnstile:
        """What lets requests through, and can be closed."""
        return self.provider.turnstile

    @property
    def asked(self) -> list[Asked]:
        """Requests for a completion, in order."""
        return self.provider.asked

    @property
    def looked_up(self) -> list[Asked]:
        """Every other request, in order."""
        return self.provider.looked_up

    def play(self, needle: str, *playables: Playable) -> None:
        """Give requests whose document holds `needle` these replies in turn; after them it is answered rightly.

        Args:
            needle: A text that the document holds.
            *playables: Entries of the catalogue by their ids, and replies.

        Raises:
            KeyError: the catalogue has no entry of that id.
            ValueError: the needle is no text, or nothing is to be played.
        """
        self.provider.scenarios.play(needle, playables)

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self.base_url = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(PATIENCE_S)
        except BaseException:
            self._end_thread()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(PATIENCE_S)
        self._end_thread()

    def _end_thread(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()

    async def _start(self) -> str:
        return await self._open.enter_async_context(serving(self.provider, port=self.port, tls=self.tls))

    async def _stop(self) -> None:
        await self._open.aclose()
        await asyncio.sleep(0)  # connections tell that they are lost in the next turn of the loop

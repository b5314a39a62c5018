"""One connection as bytes in both directions, with TLS inside where it is wanted.

The layers of an HTTP library cost more for each read than all that is done with what was read; a streamed reply has a
thousand reads. TLS is done here over memory buffers, because asyncio's own takes 256 kB for every connection.
"""

from __future__ import annotations

import asyncio
import select
import ssl
import threading
from typing import Final, cast

import anyio

#: Bytes of one read. In one turn of the loop every connection reads once, before anybody takes what was read.
READ: Final = 16 * 1024
#: Bytes that wait to be taken before the connection is read no further.
FULL: Final = 32 * 1024
#: Bytes that one read of TLS gives at most: one record.
TLS_READ: Final = 16 * 1024
#: Bytes that go through a memory buffer of TLS at once. It keeps the size that it once had.
TLS_STEP: Final = 6 * 1024
#: Seconds that closing a connection may hold up a cancelled task.
CLOSE_S: Final = 1.0


async def connect(host: str, port: int, *, tls: ssl.SSLContext | None, patience_s: float) -> Wire:
    """Connect, and agree on TLS where a context is given.

    Raises:
        OSError: nobody is there, or TLS could not be agreed on; `TimeoutError` when it took too long.
    """
    wire = Wire()
    try:
        with anyio.fail_after(patience_s):
            await asyncio.get_running_loop().create_connection(lambda: wire, host, port)
            if tls is not None:
                await wire.secure(tls, host)
    except BaseException:
        await wire.aclose()
        raise
    return wire


class _Shared(threading.local):
    """What every connection of a thread reads into: it is emptied before the next one reads."""

    def __init__(self) -> None:
        self.buffer = memoryview(bytearray(READ))


_SHARED = _Shared()


class Wire(asyncio.BufferedProtocol):
    """A connection. One task reads it."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._lost = asyncio.Event()
        self._pieces: list[bytes] = []
        self._size = 0
        self._is_paused = False
        self._has_ended = False
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._waiting_since = 0.0
        self._idle_s = 0.0
        self._watch: asyncio.TimerHandle | None = None
        self._tls: ssl.SSLObject | None = None
        self._is_secured = False
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()

    @property
    def is_quiet(self) -> bool:
        """Whether it is open and nothing has come that nobody asked for, so that it can be used again."""
        if self._transport is None or self._transport.is_closing() or self._has_ended or self._pieces:
            return False
        poll = select.poll()  # what the loop has not read yet, the end of the connection most of all
        poll.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN)
        return not poll.poll(0)

    async def secure(self, tls: ssl.SSLContext, host: str) -> None:
        """Agree on TLS.

        Raises:
            OSError: the certificate is not trusted, or the other side does not speak TLS.
        """
        self._tls = tls.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self._flush()
                await self._wait(None)
                if self._has_ended:
                    raise ConnectionResetError("the connection was closed before TLS was agreed on") from None
            else:
                break
        self._flush()
        self._is_secured = True
        self._decrypt(self._tls)

    def send(self, data: bytes) -> None:
        """Send. What the other side does not take yet is kept."""
        if self._transport is None or self._has_ended:
            return  # the next read tells how it ended
        if self._tls is not None:
            for at in range(0, len(data), TLS_STEP):
                self._tls.write(data[at : at + TLS_STEP])
                self._flush()
        else:
            self._transport.write(data)

    async def receive(self, *, idle_s: float | None) -> bytes:
        """Return all that has come, b"" when the other side has ended.

        Args:
            idle_s: Seconds without a byte after which waiting ends; None = never.

        Raises:
            TimeoutError: no byte for `idle_s`.
            OSError: the connection died.
        """
        while not self._pieces and not self._has_ended:
            await self._wait(idle_s)
        if not self._pieces and self._error is not None:
            raise self._error
        data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        self._size = 0
        if self._is_paused and self._transport is not None:
            self._is_paused = False
            self._transport.resume_reading()
        return data

    def rest(self) -> None:
        """Stop watching the clock until the next read."""
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    async def aclose(self) -> None:
        """Close at once."""
        self.rest()
        if self._transport is not None:
            self._transport.abort()
            with anyio.move_on_after(CLOSE_S, shield=True):
                await self._lost.wait()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - of any size
        return _SHARED.buffer if self._tls is None else _SHARED.buffer[:TLS_STEP]

    def buffer_updated(self, nbytes: int) -> None:
        data = _SHARED.buffer[:nbytes]
        if self._tls is None:
            self._keep(bytes(data))
        else:
            self._incoming.write(data)
            if self._is_secured:
                self._decrypt(self._tls)
        self._wake()

    def eof_received(self) -> bool:
        self._has_ended = True
        self._wake()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._has_ended = True
        self._error = self._error or exc
        self._lost.set()
        self._wake()

    # The rest.

    def _keep(self, data: bytes) -> None:
        self._pieces.append(data)
        self._size += len(data)
        if self._size > FULL and not self._is_paused and self._transport is not None:
            self._is_paused = True
            self._transport.pause_reading()

    def _decrypt(self, tls: ssl.SSLObject) -> None:
        try:
            while data := tls.read(TLS_READ):
                self._keep(data)
            self._has_ended = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self._has_ended = True
        except ssl.SSLError as error:
            self._has_ended, self._error = True, error
        self._flush()

    def _flush(self) -> None:
        if self._outgoing.pending and self._transport is not None:
            self._transport.write(self._outgoing.read())

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _wait(self, idle_s: float | None) -> None:
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        self._waiting_since = loop.time()
        if idle_s is not None and (self._watch is None or idle_s != self._idle_s):
            self.rest()
            self._idle_s = idle_s
            self._watch = loop.call_later(idle_s, self._look)
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _look(self) -> None:
        """End the wait that has lasted too long. One timer serves all reads: setting one for each costs more."""
        self._watch = None
        if self._waiter is None or self._waiter.done():
            return
        loop = asyncio.get_running_loop()
        left = self._waiting_since + self._idle_s - loop.time()
        if left > 0:
            self._watch = loop.call_later(left, self._look)
        else:
            self._waiter.set_exception(TimeoutError())

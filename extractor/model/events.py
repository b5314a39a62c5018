"""Server-sent events as the objects that they carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extractor.model.replies import loads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extractor.records import JsonObject

#: The last event of a stream. The socket may stay open after it.
DONE = b"[DONE]"


class EventDecoder:
    """Turns bytes, cut anywhere, into the JSON objects of their `data:` lines.

    Nearly every `data:` line is one object; one that is not is put together with those that follow in its event.
    Comments and other fields are passed over.
    """

    def __init__(self) -> None:
        #: Whether `[DONE]` was read; nothing after it is.
        self.is_done = False
        #: Whether an object could not be read, so that the answer may lack a part.
        self.is_damaged = False
        self._pieces: list[bytes] = []
        #: Lines of an event that are no object yet.
        self._held: list[bytes] = []

    def feed(self, part: bytes) -> Iterator[JsonObject]:
        """Yield the objects of the lines that `part` completes."""
        self._pieces.append(part)
        if b"\n" in part:
            *lines, rest = b"".join(self._pieces).split(b"\n")
            self._pieces = [rest]
            yield from self._objects(lines)

    def flush(self) -> Iterator[JsonObject]:
        """Yield the object of a last line without a line break."""
        yield from self._objects([b"".join(self._pieces), b""])

    def _objects(self, lines: list[bytes]) -> Iterator[JsonObject]:
        for line in lines:
            if self.is_done:
                return
            if not line.startswith(b"data:"):
                if self._held:
                    self._end_event(line)
                continue
            payload = line[5:].strip()
            self.is_done = payload == DONE
            found = None if self.is_done else loads(b"\n".join([*self._held, payload]) if self._held else payload)
            if isinstance(found, dict):
                self._held.clear()
                yield found
            elif self._held or payload.startswith(b"{"):
                self._held.append(payload)

    def _end_event(self, line: bytes) -> None:
        """Note at the empty line behind an event that it could not be read."""
        if not line.strip():
            self._held.clear()
            self.is_damaged = True

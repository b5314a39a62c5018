"""What a guarded child may be made to do. Imported by children only."""

from __future__ import annotations

import os
import time
from pathlib import Path

from extractor.errors import UnreadableDocument, UnsupportedSchema

KEPT: list[bytes] = []


def who(_: object) -> int:
    return os.getpid()


def environment(_: object) -> dict[str, str]:
    return dict(os.environ)


def abort(_: object) -> None:
    os.abort()


def spin(_: object) -> None:
    while True:
        pass


def burn(seconds: float) -> int:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
    return os.getpid()


def sleep_after_saying_who(path: str) -> None:
    Path(path).write_text(str(os.getpid()))
    time.sleep(60)


def hoard(size: int) -> int:
    return len(bytearray(size))


def keep(size: int) -> None:
    KEPT.append(b"x" * size)


def chatter(text: str) -> str:
    print(text, flush=True)  # noqa: T201 - what a library may do
    os.write(1, text.encode())
    os.write(2, text.encode())
    return text


def encrypted(detail: str) -> None:
    raise UnreadableDocument("encrypted_document", detail=detail)


def unsupported(keyword: str) -> None:
    raise UnsupportedSchema(keyword, at="/properties/a")


def quoting(text: str) -> None:
    raise ValueError(text)


def not_json(_: object) -> object:
    return object()


def echo(value: object) -> object:
    return value

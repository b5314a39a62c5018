"""Read a source into a `Document`: text in process, everything else in a guarded child."""

from __future__ import annotations

import base64
import hashlib
import platform
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import anyio.to_thread

from extractor import guard, portal
from extractor.document.cleaning import clean
from extractor.document.decoding import decode
from extractor.document.paging import join, page_ranges
from extractor.document.sniffing import DOCX, HTML, PDF, PLAIN, TEXTS, Sniffed, claimed, sniff
from extractor.document.sources import file_content, file_size, path_name, source_from
from extractor.errors import GuardFailed, UnreadableDocument
from extractor.records import MAX_CHARACTERS, MAX_FILE_BYTES, Document, ReadingNote, Source

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from extractor.records import Json, JsonObject

T = TypeVar("T")

#: Work on fewer bytes than this takes less time than a hop to a thread.
INLINE_BYTES = 256 << 10
#: Wall seconds that reading may take: for any document, for each of its pages more, and at most.
BASE_S, PAGE_S, MAX_S = 2.0, 0.25, 60.0
#: What counts as a page where a format has none, in bytes of the file.
BYTES_PER_PAGE = 10_000
#: Memory of a parser: for any document, and for each of its bytes more.
BASE_MEMORY_BYTES, MEMORY_PER_BYTE = 1 << 30, 8
#: Parsers by kind. The guard starts them by name, so none is imported here.
PARSERS = {
    PDF: "extractor.document.pdf:parse",
    HTML: "extractor.document.html:parse",
    DOCX: "extractor.document.docx:parse",
}
PAGE_COUNTER = "extractor.document.pdf:count_pages"
#: Share of pages without text beyond which the reading says so.
MAX_SHARE_WITHOUT_TEXT = 0.2
#: Text needs no library but the interpreter's own decoders.
TEXT_CONVERTER = f"python {platform.python_version()}"
CHARSET = re.compile(r";\s*charset\s*=\s*\"?([\w-]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingLimits:
    """What a document may be at most."""

    #: Bytes of the source.
    max_bytes: int = MAX_FILE_BYTES
    #: Code points of its text.
    max_characters: int = MAX_CHARACTERS


class _Parsed(NamedTuple):
    """What a parser found."""

    text: str
    converter: str
    notes: tuple[ReadingNote, ...]


DEFAULT_LIMITS = ReadingLimits()


def read(source: os.PathLike[str] | bytes | str, *, media_type: str | None = None, name: str | None = None) -> Document:
    """Read a file (`Path`), the content of one (`bytes`) or text (`str`), and wait for it.

    Raises:
        UnreadableDocument: the code says why.
        CallerError: the argument is no source, or an ambiguous one.
    """
    return portal.run(aread, source_from(source, media_type=media_type, name=name))


def load(source: Source, *, limits: ReadingLimits = DEFAULT_LIMITS) -> Source:
    """Return the source with its content in memory, as bytes or text, and not larger than is allowed.

    Raises:
        UnreadableDocument: `file_too_large`, `file_not_found`.
    """
    content = source.content
    if isinstance(content, Path):
        _refuse_size(file_size(content), limits.max_bytes)
        content = file_content(content)
        source = Source(content=content, media_type=source.media_type, name=_name(source))
    _refuse_size(len(content), limits.max_bytes)
    if isinstance(content, str):
        _refuse_text(len(content), limits.max_characters)
    return source


async def aread(source: Source, *, limits: ReadingLimits = DEFAULT_LIMITS) -> Document:
    """Read a source. Offsets of the document's pages are code points into its text.

    Raises:
        UnreadableDocument: the code says why.
        GuardFailed: no child process could be started.
    """
    content = await _content(source, limits.max_bytes)
    kind = _kind(source, content)
    if kind.media_type in TEXTS:
        parsed = await _in_place(len(content), _parse_text, content, _charset(source))
    else:
        parsed = await _parse_guarded(content, kind.media_type, source=source, limits=limits)
    _refuse_text(len(parsed.text), limits.max_characters)
    if not parsed.text.strip():
        raise UnreadableDocument("no_text_layer" if kind.media_type == PDF else "empty_document")
    return Document(
        text=parsed.text,
        pages=page_ranges(parsed.text),
        media_type=kind.media_type,
        sha256=await _in_place(len(content), _sha256, content),
        converter=parsed.converter,
        name=_name(source),
        warnings=kind.notes + parsed.notes,
    )


async def _in_place(size: int, function: Callable[..., T], *arguments: object) -> T:
    """Call a function here when its work on `size` bytes is small, else in a thread, so that the loop goes on."""
    if size <= INLINE_BYTES:
        return function(*arguments)
    return await anyio.to_thread.run_sync(function, *arguments)


async def _content(source: Source, max_bytes: int) -> bytes:
    match source.content:
        case Path() as path:
            size = file_size(path)
            _refuse_size(size, max_bytes)
            content = await _in_place(size, file_content, path)
        case str() as text:
            content = await _in_place(len(text), str.encode, text, "utf-8", "replace")
        case content:
            pass
    _refuse_size(len(content), max_bytes)
    if not content or content.isspace():
        raise UnreadableDocument("empty_document")
    return content


def _refuse_size(size: int, max_bytes: int) -> None:
    if size > max_bytes:
        raise UnreadableDocument("file_too_large", detail=f"{size:,} of at most {max_bytes:,} bytes")


def _refuse_text(size: int, max_characters: int) -> None:
    if size > max_characters:
        raise UnreadableDocument("file_too_large", detail=f"more than {max_characters:,} characters")


def _kind(source: Source, content: bytes) -> Sniffed:
    """Return what the source is. A string is text already; only its statement makes it HTML or Markdown."""
    if isinstance(source.content, str):
        claim = claimed(source.media_type, source.name)
        return Sniffed(claim if claim in TEXTS | {HTML} else PLAIN)
    return sniff(content, media_type=source.media_type, name=_name(source))


def _name(source: Source) -> str | None:
    return source.name or (path_name(source.content) if isinstance(source.content, Path) else None)


def _charset(source: Source) -> str | None:
    if isinstance(source.content, str):
        return "utf-8"
    stated = CHARSET.search(source.media_type or "")
    return stated[1] if stated else None


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _parse_text(content: bytes, charset: str | None) -> _Parsed:
    decoded = decode(content, stated=charset)
    return _Parsed(clean(decoded.text), TEXT_CONVERTER, decoded.notes)


async def _parse_guarded(content: bytes, media_type: str, *, source: Source, limits: ReadingLimits) -> _Parsed:
    """Parse in a child that has 2 s, and 0.25 s for each page; it counts the pages of a PDF first."""
    begun = time.monotonic()
    argument = {
        "base64": await _in_place(len(content), _base64, content),
        "charset": _charset(source),
        "max_characters": limits.max_characters,
    }
    memory_bytes = BASE_MEMORY_BYTES + MEMORY_PER_BYTE * len(content)
    pages: int = 1 + len(content) // BYTES_PER_PAGE
    if media_type == PDF:
        pages = await _guarded(PAGE_COUNTER, argument, wall_s=BASE_S, memory_bytes=memory_bytes)
    allowed_s = min(BASE_S + PAGE_S * pages, MAX_S)
    left_s = max(allowed_s - (time.monotonic() - begun), PAGE_S)
    reply = await _guarded(PARSERS[media_type], argument, wall_s=left_s, memory_bytes=memory_bytes)
    return await _in_place(len(content), _parsed, reply)


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


async def _guarded(function: str, argument: JsonObject, *, wall_s: float, memory_bytes: int) -> Json:
    limits = guard.Limits(wall_s=wall_s, cpu_s=wall_s, memory_bytes=memory_bytes)
    try:
        return await guard.call(function, argument, limits=limits)
    except GuardFailed as error:
        if error.reason == "not_started":
            raise
        code = "document_timeout" if error.reason == "timeout" else "corrupt_document"
        raise UnreadableDocument(code, detail=error.message) from None


def _parsed(reply: JsonObject) -> _Parsed:
    pages = [clean(page) for page in reply["pages"]]
    notes = [ReadingNote(code=code, says=says) for code, says in reply["notes"]]
    blank = [number for number, page in enumerate(pages, start=1) if not page.strip()]
    if len(blank) > MAX_SHARE_WITHOUT_TEXT * len(pages):
        named = ", ".join(map(str, blank[:10])) + (" …" if len(blank) > 10 else "")  # noqa: PLR2004 - enough to look
        says = f"{len(blank)} of {len(pages)} pages hold no text and may be scans: {named}."
        notes.append(ReadingNote(code="pages_without_text", says=says))
    return _Parsed(join(pages), reply["converter"], tuple(notes))

"""What kind of document it is, told by its content.

The stated media type and the name decide only between kinds of text, which look alike;
where they contradict the content, the content wins and the reading says so.
"""

from __future__ import annotations

import re
import struct
from pathlib import PurePath
from typing import NamedTuple

from extractor.document.decoding import has_byte_order_mark
from extractor.errors import UnreadableDocument
from extractor.records import ReadingNote

PDF = "application/pdf"
HTML = "text/html"
MARKDOWN = "text/markdown"
PLAIN = "text/plain"
CSV = "text/csv"
EMAIL = "message/rfc822"
ZIP = "application/zip"
OLE = "application/x-ole-storage"
BINARY = "application/octet-stream"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"

#: Kinds that we read.
TEXTS = frozenset({PLAIN, MARKDOWN, CSV, "application/json", "text/xml"})
READABLE = TEXTS | {PDF, HTML, DOCX}
#: Bytes that are looked at for a signature; PDF allows junk before its own.
HEAD_BYTES = 1024

EXTENSIONS = {
    ".pdf": PDF,
    ".htm": HTML,
    ".html": HTML,
    ".xhtml": HTML,
    ".md": MARKDOWN,
    ".markdown": MARKDOWN,
    ".txt": PLAIN,
    ".text": PLAIN,
    ".log": PLAIN,
    ".csv": CSV,
    ".tsv": CSV,
    ".json": "application/json",
    ".xml": "text/xml",
    ".eml": EMAIL,
    ".docx": DOCX,
    ".xlsx": XLSX,
    ".pptx": PPTX,
    ".doc": OLE,
    ".xls": OLE,
    ".ppt": OLE,
    ".msg": OLE,
    ".zip": ZIP,
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".rtf": "application/rtf",
}
#: Other spellings of the kinds above.
ALIASES = {
    "application/xml": "text/xml",
    "application/xhtml+xml": HTML,
    "text/x-markdown": MARKDOWN,
    "application/csv": CSV,
    "text/tab-separated-values": CSV,
    "application/x-pdf": PDF,
    "text/rtf": "application/rtf",
    "image/jpg": "image/jpeg",
    "application/msword": OLE,
    "application/vnd.ms-excel": OLE,
    "application/vnd.ms-powerpoint": OLE,
    "application/vnd.ms-outlook": OLE,
}
SIGNATURES = (
    (b"%PDF-", PDF),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"{\\rtf", "application/rtf"),
    (b"%!PS", "application/postscript"),
    (b"\x1f\x8b", "application/gzip"),
)
#: Folder of the main part -> kind, for packages of Office Open XML.
PACKAGES = ((b"word/", DOCX), (b"xl/", XLSX), (b"ppt/", PPTX))
#: End of a zip's directory: signature, four counts, size and offset of the directory, comment length.
ZIP_END = struct.Struct("<4s4H2LH")
#: Possessive throughout: a comment that could end in two places would be tried in both, and forty of them for ever.
HTML_PAGE = re.compile(
    rb"\s*+(?:<\?xml[^>]*+>\s*+)?+(?:<!--(?:[^-]|-(?!->))*+-->\s*+)*+<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE,
)
#: Markdown and XML may begin with these too, so they count only where nothing was announced.
HTML_PIECE = re.compile(rb"\s*<(table|div|p|h[1-6]|ul|ol|span|meta|title)\b[^>]*>", re.IGNORECASE)
#: Name of the stream that holds a protected Office document.
ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")


class Sniffed(NamedTuple):
    """The kind of a document."""

    media_type: str
    notes: tuple[ReadingNote, ...] = ()


def sniff(content: bytes, *, media_type: str | None = None, name: str | None = None) -> Sniffed:
    """Return what the content is.

    Args:
        content: The whole document.
        media_type: As the caller states it, parameters allowed.
        name: File name, for its extension.

    Raises:
        UnreadableDocument: `unsupported_media_type`, or `encrypted_document` for a protected Office document.
    """
    claim = claimed(media_type, name)
    found = _by_content(content) or _text_kind(content, claim)
    if found == OLE and ENCRYPTED_PACKAGE in content:
        raise UnreadableDocument("encrypted_document", detail="a protected Office document")
    if found not in READABLE:
        raise UnreadableDocument("unsupported_media_type", detail=found)
    if claim is None or claim == found or {claim, found} <= TEXTS:
        return Sniffed(found)
    says = f"The document was announced as {claim} and is {found}; it was read as what it is."
    return Sniffed(found, (ReadingNote(code="media_type_mismatch", says=says),))


def claimed(media_type: str | None, name: str | None) -> str | None:
    """Return what media type and name announce, None when nothing. `text/plain` says less than a name does."""
    stated = (media_type or "").partition(";")[0].strip().lower()
    stated = ALIASES.get(stated, stated)
    by_name = EXTENSIONS.get(PurePath(name).suffix.lower()) if name else None
    if stated in {"", BINARY} or (stated == PLAIN and by_name in TEXTS | {HTML, EMAIL}):
        return by_name
    return stated


def _by_content(content: bytes) -> str | None:
    """Return the kind that the content proves, None for text that could be of any kind."""
    start = content[:HEAD_BYTES].lstrip()
    for signature, kind in SIGNATURES:
        if start.startswith(signature):
            return kind
    if start.startswith(b"PK\x03\x04"):
        return _zip_kind(content)
    if has_byte_order_mark(content):
        return None
    if b"\x00" in content:
        return PDF if b"%PDF-" in start else BINARY
    return None


def _zip_kind(content: bytes) -> str:
    """Tell by the names in the directory at the end; a truncated zip only has those at its start."""
    names = _zip_directory(content) or content[: 1 << 16]
    if b"[Content_Types].xml" in names:
        for folder, kind in PACKAGES:
            if folder in names:
                return kind
    return ZIP


def _zip_directory(content: bytes) -> bytes:
    at = content.rfind(b"PK\x05\x06", max(len(content) - ZIP_END.size - 0xFFFF, 0))
    if at < 0 or at + ZIP_END.size > len(content):
        return b""
    *_, size, offset, _comment = ZIP_END.unpack_from(content, at)
    return content[offset : offset + size]


def _text_kind(content: bytes, claim: str | None) -> str:
    head = content[:HEAD_BYTES]
    if has_byte_order_mark(content):
        head = head.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe")
    if HTML_PAGE.match(head) or (claim is None and HTML_PIECE.match(head)):
        return HTML
    return claim if claim in TEXTS | {HTML, EMAIL} else PLAIN

"""Bytes to text when nobody is sure of the encoding."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, NamedTuple

from extractor.records import ReadingNote

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Longest first: the mark of UTF-16 little-endian begins that of UTF-32.
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
#: Encodings that a document may name. Python knows others that are slow, or no text at all.
NAMED = re.compile(
    r"utf-?8|utf-?16(-?[lb]e)?|us-ascii|ascii|iso-?8859-?\d+|latin-?\d|windows-?125\d|cp125\d|koi8-[ru]"
    r"|shift[-_]jis|euc-(jp|kr)|iso-2022-jp|gbk|gb2312|gb18030|big5|macintosh",
    re.IGNORECASE,
)
#: What browsers read where a page says Latin-1: the superset that people mean.
WESTERN = re.compile(r"us-ascii|ascii|iso-?8859-?1|latin-?1", re.IGNORECASE)
GUESSED = ReadingNote(
    code="encoding_guessed",
    says="The text is not UTF-8 and names no encoding; lines that are not UTF-8 were read as Windows-1252.",
)


class Decoded(NamedTuple):
    """Text, and what should be known about how it was made."""

    text: str
    notes: tuple[ReadingNote, ...] = ()


def has_byte_order_mark(content: bytes) -> bool:
    """Tell whether the content begins with the mark of a Unicode encoding."""
    return any(content.startswith(mark) for mark, _ in BYTE_ORDER_MARKS)


def decode(content: bytes, *, stated: str | None = None) -> Decoded:
    """Decode by byte order mark, then as `stated`, then as UTF-8, then line by line as UTF-8 or Windows-1252.

    Guessing by statistics is left out on purpose: on short texts it reads `Müller` as `M³ller`.
    """
    for mark, encoding in BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return Decoded(content[len(mark) :].decode(encoding, errors="replace"))
    for encoding in (_known(stated), "utf-8"):
        try:
            return Decoded(content.decode(encoding))
        except UnicodeDecodeError:
            continue
    return Decoded("".join(_decoded_lines(content)), (GUESSED,))


def _known(stated: str | None) -> str:
    if stated is None or not NAMED.fullmatch(stated):
        return "utf-8"
    if WESTERN.fullmatch(stated):
        return "cp1252"
    try:
        return codecs.lookup(stated).name
    except LookupError:
        return "utf-8"


def _decoded_lines(content: bytes) -> Iterator[str]:
    for line in content.splitlines(keepends=True):
        try:
            yield line.decode()
        except UnicodeDecodeError:
            yield line.decode("cp1252", errors="replace")

"""PDF to text, by PDFium. Runs in a guarded child: PDFium is not thread-safe, and a PDF may be hostile."""

from __future__ import annotations

import base64
import ctypes
import re
from importlib.metadata import version
from typing import TYPE_CHECKING

import pypdfium2
from pypdfium2 import raw

from extractor.document.layout import Glyph, tabular_text
from extractor.document.parts import Parts
from extractor.errors import UnreadableDocument

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extractor.records import Json, JsonObject

CONVERTER = f"pypdfium2 {version('pypdfium2')}"
#: Error numbers of PDFium that mean a password, or a protection that it does not know. Source: fpdfview.h.
PROTECTED = frozenset({raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY})
#: The last line of every PDF.
END_OF_FILE = b"%%EOF"
#: A file laid out for the web states its own length at its start.
LINEARIZED_LENGTH = re.compile(rb"/Linearized\b[^>]{0,200}?/L\s+(\d{1,12})\b")
LINEARIZED_WITHIN_BYTES = 1024
#: First halves of characters beyond U+FFFF, which PDFium counts as two.
HIGH_SURROGATES = range(0xD800, 0xDC00)
#: How PDFium spells a hyphen at the end of a line.
LINE_END_HYPHENS = str.maketrans({"\x02": "-", "\ufffe": "-"})


def count_pages(argument: JsonObject) -> int:
    """Return how many pages the PDF has; argument: `{"base64": str}`.

    Raises:
        UnreadableDocument: `encrypted_document`, `corrupt_document`.
    """
    with _opened(argument) as pdf:
        return len(pdf)


def parse(argument: JsonObject) -> Json:
    """Return the text of every page; argument: `{"base64": str, "max_characters": int}`.

    Raises:
        UnreadableDocument: `encrypted_document`, `corrupt_document`, `file_too_large`.
    """
    parts = Parts(CONVERTER, max_characters=argument["max_characters"])
    with _opened(argument) as pdf:
        for number in range(len(pdf)):
            parts.add(_page_text(pdf, number))
    return parts.as_json()


def _opened(argument: JsonObject) -> pypdfium2.PdfDocument:
    content = base64.b64decode(argument["base64"])
    _refuse_cut_off(content)
    try:
        pdf = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        code = "encrypted_document" if error.err_code in PROTECTED else "corrupt_document"
        raise UnreadableDocument(code, detail=f"PDFium error {error.err_code}") from None
    if pdf.get_formtype() != raw.FORMTYPE_NONE:
        pdf.init_forms()
    return pdf


def _refuse_cut_off(content: bytes) -> None:
    """Refuse a file whose end is missing. PDFium would mend it and read what is left, without a word."""
    stated = LINEARIZED_LENGTH.search(content[:LINEARIZED_WITHIN_BYTES])
    if END_OF_FILE not in content or (stated and len(content) < int(stated[1])):
        raise UnreadableDocument("corrupt_document", detail="the end of the file is missing")


def _page_text(pdf: pypdfium2.PdfDocument, number: int) -> str:
    try:
        page = pdf[number]
        if pdf.formenv:  # what was typed into a form is not part of the page until it is flattened
            page.flatten()
            page = pdf[number]
        textpage = page.get_textpage()
    except pypdfium2.PdfiumError:
        raise UnreadableDocument("corrupt_document", detail=f"page {number + 1} cannot be loaded") from None
    text = tabular_text(list(_glyphs(page, textpage)))
    if text is None:
        text = textpage.get_text_range()
    return text.translate(LINE_END_HYPHENS)


def _glyphs(page: pypdfium2.PdfPage, textpage: pypdfium2.PdfTextPage) -> Iterator[Glyph]:
    """Yield the glyphs of a page as a reader sees it, turned upright."""
    place = (ctypes.c_double * 6)()  # one array, because its slice is one call where six values are six
    left, right, bottom, top, x, y = (ctypes.c_double.from_buffer(place, 8 * index) for index in range(6))
    shown = (page.get_rotation(), page.get_width(), page.get_height())
    high = 0
    for index in range(raw.FPDFText_CountChars(textpage.raw)):
        code = raw.FPDFText_GetUnicode(textpage.raw, index)
        if code in HIGH_SURROGATES:
            high = code
            continue
        char, high = _character(high, code), 0
        raw.FPDFText_GetCharBox(textpage.raw, index, left, right, bottom, top)
        raw.FPDFText_GetCharOrigin(textpage.raw, index, x, y)
        yield _upright(char, place[:], shown)


def _character(high: int, code: int) -> str:
    """Return the character of one code unit, or of two when a first half came before."""
    if not high:
        return chr(code)
    return (chr(high) + chr(code)).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _upright(char: str, place: list[float], page: tuple[int, float, float]) -> Glyph:
    """Turn a glyph with its page: coordinates of PDF do not know that a page is shown turned, its size does.

    Args:
        char: The character.
        place: left, right, bottom, top of its box, x and y of its origin, in points.
        page: Degrees that the page is turned clockwise, then its width and height as shown.
    """
    left, right, bottom, top, x, y = place
    turn, width, height = page
    match turn:
        case 90:
            return Glyph(char, bottom, top, height - x, right - left)
        case 180:
            return Glyph(char, width - right, width - left, height - y, top - bottom)
        case 270:
            return Glyph(char, width - top, width - bottom, x, right - left)
        case _:
            return Glyph(char, left, right, y, top - bottom)

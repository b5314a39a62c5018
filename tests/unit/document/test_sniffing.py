from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from extractor.document.sniffing import DOCX, HTML, PDF, sniff
from extractor.errors import UnreadableDocument

if TYPE_CHECKING:
    from collections.abc import Callable

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        pytest.param(b"%PDF-1.7\n...", PDF, id="pdf"),
        pytest.param(b"\r\n%PDF-1.7\n...", PDF, id="pdf after a line end"),
        pytest.param(b"MIME\x00junk %PDF-1.4 ...", PDF, id="pdf after binary junk"),
        pytest.param(b"<!DOCTYPE html><p>a", HTML, id="html"),
        pytest.param(b"\n<!-- saved --><HTML lang=en>", HTML, id="html after a comment"),
        pytest.param('<?xml version="1.0"?><html>'.encode("utf-16"), HTML, id="xhtml in utf-16"),
        pytest.param(b"<table class=x><tr><td>a", HTML, id="a piece of html"),
        pytest.param(b"a < b, says %PDF- in the middle", "text/plain", id="text that mentions signatures"),
        pytest.param(b"PK, he said", "text/plain", id="text that begins with PK"),
        pytest.param("a".encode("utf-16"), "text/plain", id="utf-16 has zeros and is text"),
    ],
)
def test_the_content_tells_the_kind(content: bytes, kind: str):
    assert sniff(content) == (kind, ())


def test_a_word_package_is_told_by_the_names_of_its_members(zip_of: Callable[..., bytes]):
    package = zip_of({"[Content_Types].xml": "", "word/document2.xml": "xl/ in a text"})

    assert sniff(package) == (DOCX, ())


@pytest.mark.parametrize(
    ("media_type", "name", "kind"),
    [
        (None, "notes.md", "text/markdown"),
        ("text/plain", "notes.md", "text/markdown"),
        ("text/markdown; charset=utf-8", None, "text/markdown"),
        ("application/octet-stream", "rows.CSV", "text/csv"),
        ("text/csv", "rows.txt", "text/csv"),
        (None, "letter", "text/plain"),
        ("application/x-unheard-of", "letter.xyz", "text/plain"),
        ("text/html", None, HTML),
    ],
)
def test_statements_decide_between_kinds_of_text(media_type: str | None, name: str | None, kind: str):
    assert sniff(b"# a, b", media_type=media_type, name=name).media_type == kind


def test_markdown_may_begin_with_html():
    assert sniff(b"<div align=center>\n\n# Title", name="README.md").media_type == "text/markdown"


@pytest.mark.parametrize(
    ("content", "announced", "kind"),
    [
        pytest.param(b"%PDF-1.7\n...", "invoice.docx", PDF, id="pdf named docx"),
        pytest.param(b"<html><body>404 Not Found", "invoice.pdf", HTML, id="error page named pdf"),
        pytest.param(b"Dear Sir,", "invoice.pdf", "text/plain", id="text named pdf"),
        pytest.param(b"<!doctype html>", "notes.txt", HTML, id="html named txt"),
    ],
)
def test_the_content_wins_over_the_name_and_the_reading_says_so(content: bytes, announced: str, kind: str):
    found, notes = sniff(content, name=announced)

    assert found == kind
    assert [note.code for note in notes] == ["media_type_mismatch"]


@pytest.mark.parametrize(
    ("content", "name", "detail"),
    [
        (b"\x89PNG\r\n\x1a\n...", "a.png", "image/png"),
        (b"\xff\xd8\xff\xe0", "a.pdf", "image/jpeg"),
        (b"{\\rtf1 hello}", "a.rtf", "application/rtf"),
        (b"From: a@example.com\n\nhello", "a.eml", "message/rfc822"),
        (b"\x7fELF\x00\x01", "a.bin", "application/octet-stream"),
        (OLE, "a.doc", "application/x-ole-storage"),
        (b"PK\x03\x04 cut off", "a.docx", "application/zip"),
    ],
)
def test_what_we_do_not_read_is_named(content: bytes, name: str, detail: str):
    with pytest.raises(UnreadableDocument) as caught:
        sniff(content, name=name)

    assert (caught.value.code, caught.value.detail) == ("unsupported_media_type", detail)


@pytest.mark.parametrize("folder", ["xl", "ppt"])
def test_other_office_packages_are_not_read_yet(folder: str, zip_of: Callable[..., bytes]):
    with pytest.raises(UnreadableDocument) as caught:
        sniff(zip_of({"[Content_Types].xml": "", f"{folder}/main.xml": "", f"{folder}/embeddings/a.docx": "word/"}))

    assert caught.value.code == "unsupported_media_type"


def test_a_protected_office_document_is_encrypted():
    with pytest.raises(UnreadableDocument) as caught:
        sniff(OLE + "EncryptedPackage".encode("utf-16-le"), name="a.docx")

    assert caught.value.code == "encrypted_document"


@pytest.mark.parametrize(
    "content",
    [b"<!---->" * 100_000 + b"hello", b"<!--" + b"-" * 500_000, b" " * 500_000 + b"<", b"<?xml " * 100_000],
    ids=["comments", "dashes", "spaces", "declarations"],
)
def test_text_made_to_look_like_a_page_is_told_at_once(content: bytes):
    started = time.process_time()

    assert sniff(content).media_type == "text/plain"
    assert time.process_time() - started < 3.0

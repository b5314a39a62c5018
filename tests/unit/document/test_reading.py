from __future__ import annotations

import hashlib
import io
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docx as python_docx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extractor import document
from extractor.document import ReadingLimits, aread, read, reading
from extractor.errors import UnreadableDocument
from extractor.records import Source

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.anyio


def code_of(content: Any, **statements: str) -> str:
    with pytest.raises(UnreadableDocument) as caught:
        read(content, **statements)
    return caught.value.code


def test_text_is_read_as_it_is():
    found = read("Müller\r\nowes 5 €\fpage two")

    assert found.text == "Müller\nowes 5 €\fpage two"
    assert [found.text[page.start : page.end] for page in found.pages] == ["Müller\nowes 5 €", "page two"]
    assert (found.media_type, found.name, found.warnings) == ("text/plain", None, ())
    assert found.sha256 == hashlib.sha256("Müller\r\nowes 5 €\fpage two".encode()).hexdigest()
    assert found.converter.startswith("python 3.")


def test_a_string_is_text_even_when_it_looks_like_something_else():
    assert read("%PDF-1.7 is a signature").text == "%PDF-1.7 is a signature"
    assert read("<html><p>a").text == "<html><p>a"


def test_a_string_is_read_as_html_when_it_is_said_to_be():
    found = read("<html><meta charset=utf-16><p>Łódź", media_type="text/html")

    assert (found.text, found.media_type) == ("Łódź", "text/html")


def test_markdown_is_read_as_it_is(tmp_path: Path):
    file = tmp_path / "notes.md"
    file.write_text("# Title\n\n| a | b |\n|---|---|\n| 1 |  |\n")

    found = read(file)

    assert found.text == file.read_text()
    assert (found.media_type, found.name) == ("text/markdown", str(file))


def test_an_encoding_stated_with_the_media_type_is_used():
    found = read("Łódź".encode("cp1250"), media_type="text/plain; charset=windows-1250")

    assert (found.text, found.warnings) == ("Łódź", ())


def test_a_pdf_is_read_page_by_page(pdf: Callable[..., bytes]):
    content = pdf([(60, 800, "Müller"), (60, 780, "pays")], [(60, 800, "page two")])

    found = read(content, name="letter.pdf")

    assert found.text == "Müller\npays\fpage two"
    assert [found.text[page.start : page.end] for page in found.pages] == ["Müller\npays", "page two"]
    assert [found.page_at(found.text.index(word)) for word in ("Müller", "two")] == [1, 2]
    assert (found.media_type, found.name) == ("application/pdf", "letter.pdf")
    assert found.sha256 == hashlib.sha256(content).hexdigest()
    assert found.converter.startswith("pypdfium2 5.")


def test_html_and_docx_are_read(tmp_path: Path):
    letter = python_docx.Document()
    letter.add_paragraph("Dear Ada")
    letter.save(str(tmp_path / "letter.docx"))

    assert read(b"<!doctype html><p>Dear<br>Ada").text == "Dear\nAda"
    assert read(tmp_path / "letter.docx").text == "Dear Ada"


def test_a_pdf_named_docx_is_read_with_a_note(pdf: Callable[..., bytes]):
    found = read(pdf([(60, 800, "Invoice 7")]), name="invoice.docx")

    assert (found.text, found.media_type) == ("Invoice 7", "application/pdf")
    assert [note.code for note in found.warnings] == ["media_type_mismatch"]


def test_pages_without_text_are_noted_when_they_are_many(pdf: Callable[..., bytes]):
    page = [(60, 800, "words")]

    one_in_six = read(pdf(*[page] * 5, []))
    two_in_six = read(pdf(*[page] * 4, [], []))

    assert one_in_six.warnings == ()
    assert [note.code for note in two_in_six.warnings] == ["pages_without_text"]
    assert "2 of 6" in two_in_six.warnings[0].says
    assert len(two_in_six.pages) == 6


def test_a_pdf_without_any_text_has_no_text_layer(pdf: Callable[..., bytes]):
    assert code_of(pdf([], [])) == "no_text_layer"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(b"", "empty_document", id="nothing"),
        pytest.param("", "empty_document", id="no text"),
        pytest.param(b" \r\n\t\f ", "empty_document", id="white space"),
        pytest.param(b"\xef\xbb\xbf", "empty_document", id="a byte order mark"),
        pytest.param("\x01\x02", "empty_document", id="control characters"),
        pytest.param(b"<html><script>x</script></html>", "empty_document", id="a page of scripts"),
        pytest.param(b"%PDF-1.7\n%%EOF", "corrupt_document", id="a PDF without content"),
        pytest.param(b"\x89PNG\r\n\x1a\n", "unsupported_media_type", id="an image"),
        pytest.param(b"\x00\x01\x02", "unsupported_media_type", id="binary"),
        pytest.param(Path("no such file.pdf"), "file_not_found", id="no file"),
        pytest.param(Path(), "file_not_found", id="a folder"),
        pytest.param(Path("/dev/zero"), "file_not_found", id="an endless device"),
    ],
)
def test_what_cannot_be_read_has_a_code_of_its_own(content: Any, code: str):
    assert code_of(content) == code


def test_a_truncated_pdf_is_corrupt(pdf: Callable[..., bytes]):
    content = pdf([(60, 800, "page one")], [(60, 800, "page two")])

    assert code_of(content[: len(content) // 2]) == "corrupt_document"


def test_a_file_that_may_not_be_read_is_not_found(tmp_path: Path):
    locked = tmp_path / "locked.txt"
    locked.write_text("secret")
    locked.chmod(0)
    if os.access(locked, os.R_OK):
        pytest.skip("this user may read every file")

    assert code_of(locked) == "file_not_found"


def test_a_huge_file_is_refused_without_being_read(tmp_path: Path):
    huge = tmp_path / "huge.txt"
    with huge.open("wb") as file:
        file.truncate(300 << 20)
    begun = time.process_time()

    assert code_of(huge) == "file_too_large"

    assert time.process_time() - begun < 0.1


def test_a_bomb_is_refused(zip_of: Callable[..., bytes]):
    bomb = zip_of({"[Content_Types].xml": "", "word/document.xml": bytes(30_000_000)})

    assert code_of(bomb) == "file_too_large"


@pytest.mark.parametrize("content", ["a" * 11, b"a" * 11, b"<html><p>" + b"a" * 11])
async def test_more_characters_than_allowed_are_refused(content: str | bytes):
    with pytest.raises(UnreadableDocument) as caught:
        await aread(Source(content=content), limits=ReadingLimits(max_characters=10))

    assert caught.value.code == "file_too_large"


@pytest.mark.parametrize("content", ["a" * 11, b"a" * 11])
async def test_more_bytes_than_allowed_are_refused(content: str | bytes):
    with pytest.raises(UnreadableDocument) as caught:
        await aread(Source(content=content), limits=ReadingLimits(max_bytes=10))

    assert caught.value.code == "file_too_large"


async def test_a_parser_that_takes_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reading, "MAX_S", 0.0)
    monkeypatch.setattr(reading, "PAGE_S", 0.02)

    with pytest.raises(UnreadableDocument) as caught:
        await aread(Source(content=b"<html>" + b"<p>a<b>" * 100_000))

    assert caught.value.code == "document_timeout"


async def test_a_parser_that_needs_too_much_memory_makes_a_corrupt_document(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reading, "BASE_MEMORY_BYTES", 60 << 20)
    monkeypatch.setattr(reading, "MEMORY_PER_BYTE", 0)

    with pytest.raises(UnreadableDocument) as caught:
        await aread(Source(content=b"<html>" + b"<p>a<b>" * 100_000))

    assert caught.value.code == "corrupt_document"


def test_eight_documents_read_at_once_equal_those_read_one_by_one(pdf: Callable[..., bytes]):
    """PDFium is not thread-safe: in threads it has given empty text without an error."""
    contents = [
        pdf(*[[(60, 800 - 12 * line, f"{number}.{page}.{line} words") for line in range(40)] for page in range(3)])
        for number in range(8)
    ]
    one_by_one = [read(content) for content in contents]

    with ThreadPoolExecutor(8) as threads:
        at_once = list(threads.map(read, contents * 3))

    assert at_once == one_by_one * 3


async def test_reading_a_small_text_starts_no_child_and_no_thread():
    content = ("Invoice 7 of Müller GmbH, total 15 €.\n" * 75).encode()
    source = Source(content=content)
    rounds: list[float] = []

    for _ in range(20):
        begun = time.process_time()
        for _ in range(20):
            await aread(source)
        rounds.append((time.process_time() - begun) / 20)

    assert len(content) > 3000
    assert min(rounds) < 0.000_4  # 0.05 ms on an idle core; a thread or a child costs ten times that


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=2000), st.sampled_from([None, "a.txt", "a.csv", "a.bin", "a.md"]))
def test_random_bytes_raise_nothing_but_unreadable_document(content: bytes, name: str | None):
    try:
        found = read(content, name=name)
    except UnreadableDocument:
        return
    found.text.encode()
    assert "\0" not in found.text


def test_damaged_documents_raise_nothing_but_unreadable_document(
    pdf: Callable[..., bytes], zip_of: Callable[..., bytes]
):
    packed = io.BytesIO()
    python_docx.Document().save(packed)
    originals = (pdf([(60, 800, "page one")]), packed.getvalue(), b"<html><table><tr><td colspan=9>a</table>")

    @settings(max_examples=60, deadline=None)
    @given(st.sampled_from(originals), st.floats(0, 1), st.binary(min_size=1, max_size=20))
    def damage(original: bytes, place: float, splinter: bytes) -> None:
        at = int(place * len(original))
        try:
            read(original[:at] + splinter + original[at + len(splinter) :]).text.encode()
        except UnreadableDocument:
            return

    damage()


def test_the_package_exports_what_it_says():
    assert document.__all__ == sorted(document.__all__)
    assert all(hasattr(document, name) for name in document.__all__)
    with pytest.raises(AttributeError):
        document.no_such_name  # noqa: B018

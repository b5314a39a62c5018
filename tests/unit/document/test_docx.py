from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import docx as python_docx
import pytest

from extractor.document import docx
from extractor.errors import UnreadableDocument

if TYPE_CHECKING:
    from collections.abc import Callable

    from docx.document import Document

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
BODY_START = (
    f'<w:document xmlns:w="{W}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"><w:body>'
)


def saved(document: Document) -> bytes:
    packed = io.BytesIO()
    document.save(packed)
    return packed.getvalue()


@pytest.fixture
def lines_of(argument: Callable[..., dict[str, Any]]) -> Callable[[bytes], list[str]]:
    def lines_of(content: bytes) -> list[str]:
        (page,) = docx.parse(argument(content))["pages"]
        return page.split("\n")

    return lines_of


@pytest.fixture
def lines_of_body(
    lines_of: Callable[[bytes], list[str]], with_members: Callable[..., bytes]
) -> Callable[[str], list[str]]:
    def lines_of_body(body: str) -> list[str]:
        package = saved(python_docx.Document())
        return lines_of(with_members(package, {"word/document.xml": f"{BODY_START}{body}</w:body></w:document>"}))

    return lines_of_body


def test_paragraphs_and_tables_come_in_document_order(lines_of: Callable[[bytes], list[str]]):
    document = python_docx.Document()
    document.add_paragraph("Offer")
    table = document.add_table(2, 3)
    for row, texts in zip(table.rows, (["Item", "Qty", "Price"], ["Pen", "", "2.00 €"]), strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    document.add_paragraph("Valid until May\tor June")

    assert lines_of(saved(document)) == ["Offer", "Item | Qty | Price", "Pen |  | 2.00 €", "Valid until May\tor June"]


def test_a_cell_stays_in_its_column_under_merges(lines_of: Callable[[bytes], list[str]]):
    document = python_docx.Document()
    table = document.add_table(3, 3)
    for index, cell in enumerate(cell for row in table.rows for cell in row.cells):
        cell.text = str(index)
    table.cell(0, 0).merge(table.cell(0, 1)).text = "wide"
    table.cell(1, 1).merge(table.cell(2, 1)).text = "tall"

    assert lines_of(saved(document)) == ["wide |  | 2", "3 | tall | 5", "6 |  | 8"]


def test_headers_come_first_and_footers_last_each_once(lines_of: Callable[[bytes], list[str]]):
    document = python_docx.Document()
    document.add_paragraph("body")
    document.sections[0].header.paragraphs[0].text = "Acme Ltd"
    document.sections[0].footer.paragraphs[0].text = "VAT 123"
    document.sections[0].different_first_page_header_footer = True
    document.sections[0].first_page_header.paragraphs[0].text = "Acme letterhead"
    document.add_section()
    second = document.add_section().header
    second.is_linked_to_previous = False
    second.paragraphs[0].text = "Acme Ltd"

    lines = [line for line in lines_of(saved(document)) if line]

    assert lines == ["Acme letterhead", "Acme Ltd", "body", "VAT 123"]


def test_tracked_insertions_are_read_and_deletions_are_not(lines_of_body: Callable[[str], list[str]]):
    body = (
        "<w:p><w:r><w:t>Price </w:t></w:r><w:del><w:r><w:delText>9</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>10</w:t></w:r></w:ins><w:r><w:noBreakHyphen/><w:t>off</w:t><w:br/><w:t>now</w:t></w:r></w:p>"
    )

    assert lines_of_body(body) == ["Price 10-off", "now"]


def test_content_controls_and_hyperlinks_are_read(lines_of_body: Callable[[str], list[str]]):
    body = (
        "<w:sdt><w:sdtPr/><w:sdtContent><w:p><w:r><w:t>Name: </w:t></w:r><w:sdt><w:sdtContent><w:r><w:t>Ada</w:t></w:r>"
        "</w:sdtContent></w:sdt></w:p></w:sdtContent></w:sdt>"
        "<w:p><w:hyperlink><w:r><w:t>ada@example.com</w:t></w:r></w:hyperlink></w:p>"
        "<w:tbl><w:sdt><w:sdtContent><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc>"
        "<w:sdt><w:sdtContent><w:tc><w:p><w:r><w:t>b</w:t></w:r></w:p></w:tc></w:sdtContent></w:sdt>"
        "</w:tr></w:sdtContent></w:sdt></w:tbl>"
    )

    assert lines_of_body(body) == ["Name: Ada", "ada@example.com", "a | b"]


def test_a_text_box_is_read_once_after_its_paragraph(lines_of_body: Callable[[str], list[str]]):
    box = "<w:txbxContent><w:p><w:r><w:t>in the box</w:t></w:r></w:p></w:txbxContent>"
    body = (
        "<w:p><w:r><w:t>before </w:t></w:r><w:r><mc:AlternateContent>"
        f'<mc:Choice Requires="wps"><w:drawing><wps:txbx>{box}</wps:txbx></w:drawing></mc:Choice>'
        f"<mc:Fallback><w:pict>{box}</w:pict></mc:Fallback></mc:AlternateContent></w:r><w:r><w:t>after</w:t></w:r></w:p>"
    )

    assert lines_of_body(body) == ["before after", "in the box"]


def test_footnotes_are_read_and_their_separators_are_not(
    with_members: Callable[..., bytes], lines_of: Callable[[bytes], list[str]]
):
    document = python_docx.Document()
    document.add_paragraph("Net of tax")
    package = saved(document)
    relationships = document.part.rels.xml.decode().replace(
        "</Relationships>",
        '<Relationship Id="rId99" Target="footnotes.xml" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"/></Relationships>',
    )
    notes = (
        f'<w:footnotes xmlns:w="{W}"><w:footnote w:type="separator" w:id="-1"><w:p><w:r><w:t>---</w:t></w:r></w:p>'
        '</w:footnote><w:footnote w:id="1"><w:p><w:r><w:t>VAT is 19 %</w:t></w:r></w:p></w:footnote></w:footnotes>'
    )

    lines = lines_of(
        with_members(package, {"word/_rels/document.xml.rels": relationships, "word/footnotes.xml": notes})
    )

    assert lines == ["Net of tax", "VAT is 19 %"]


@pytest.mark.parametrize(
    ("members", "code"),
    [
        pytest.param({"word/document.xml": "<w:document"}, "corrupt_document", id="broken XML"),
        pytest.param({"[Content_Types].xml": "<Types/>"}, "corrupt_document", id="no content types"),
        pytest.param({"word/document.xml": "0" * 50_000_000}, "file_too_large", id="a bomb"),
    ],
)
def test_a_bad_package_is_refused_by_code(
    *,
    members: dict[str, str],
    code: str,
    with_members: Callable[..., bytes],
    argument: Callable[..., dict[str, Any]],
):
    package = with_members(saved(python_docx.Document()), members)

    with pytest.raises(UnreadableDocument) as caught:
        docx.parse(argument(package))

    assert caught.value.code == code


def test_an_entity_is_not_expanded(lines_of: Callable[[bytes], list[str]], with_members: Callable[..., bytes]):
    """Neither a file nor a billion laughs comes in by a document type declaration."""
    body = (
        '<!DOCTYPE w:document [<!ENTITY host SYSTEM "file:///etc/hostname">]>'
        f'<w:document xmlns:w="{W}"><w:body><w:p><w:r><w:t>host: &host;</w:t></w:r></w:p></w:body></w:document>'
    )

    lines = lines_of(with_members(saved(python_docx.Document()), {"word/document.xml": body}))

    assert [line.strip() for line in lines] == ["host:"]

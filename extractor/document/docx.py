"""DOCX to text, by python-docx. Runs in a guarded child.

The library opens the package and finds its parts; the body is walked here, because its own text leaves out
content controls, tracked insertions, text boxes, footnotes, and where a merged cell was.
"""

from __future__ import annotations

import base64
import io
import re
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, TypeAlias
from zipfile import BadZipFile

import docx
import docx.exceptions
import docx.opc.exceptions
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from lxml import etree

from extractor.document.parts import Parts
from extractor.document.tables import Grid, span, table_lines
from extractor.document.zipping import refuse_bomb
from extractor.errors import UnreadableDocument

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docx.document import Document as Package

    from extractor.records import Json, JsonObject

#: An element of lxml, which ships no types.
Element: TypeAlias = Any

CONVERTER = f"python-docx {version('python-docx')}"
TEXTS = frozenset({qn("w:t"), qn("m:t")})
PARAGRAPH, TABLE, ROW, CELL = qn("w:p"), qn("w:tbl"), qn("w:tr"), qn("w:tc")
#: Elements of a run that stand for a character.
CHARACTERS = {qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}
#: What is deleted, only kept for older programs, or not text: never entered.
SKIPPED = frozenset(
    {
        qn("w:del"),
        qn("w:moveFrom"),
        qn("w:instrText"),
        qn("w:pPr"),
        qn("w:rPr"),
        "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",
    }
)
#: Empty paragraphs set space; one says as much as ten.
BLANK_LINES = re.compile(r"\n(?:[^\S\n]*\n){2,}")
#: Parts with notes. Separators between page and notes are notes too, marked by a type.
NOTES = {RELATIONSHIP_TYPE.FOOTNOTES: qn("w:footnote"), RELATIONSHIP_TYPE.ENDNOTES: qn("w:endnote")}
#: What python-docx and what it stands on raise on a package that is not as it should be.
DAMAGE = (
    docx.exceptions.PythonDocxError,
    docx.opc.exceptions.OpcError,
    etree.XMLSyntaxError,
    BadZipFile,
    KeyError,
    ValueError,
    AttributeError,
    TypeError,
    IndexError,
    EOFError,
    OSError,
    RuntimeError,
)


def parse(argument: JsonObject) -> Json:
    """Return the document as one part; argument: `{"base64": str, "max_characters": int}`.

    Headers come first, then the body, footnotes and endnotes, and footers.

    Raises:
        UnreadableDocument: `corrupt_document`, `encrypted_document`, `file_too_large`.
    """
    content = base64.b64decode(argument["base64"])
    refuse_bomb(content)
    try:
        package = docx.Document(io.BytesIO(content))
        lines = [*_margins(package, "header"), *_lines(package.element.body), *_notes(package)]
        lines += _margins(package, "footer")
    except DAMAGE as error:
        raise UnreadableDocument("corrupt_document", detail=f"python-docx: {type(error).__name__}") from None
    parts = Parts(CONVERTER, max_characters=argument["max_characters"])
    parts.add(BLANK_LINES.sub("\n\n", "\n".join(lines)).strip("\n"))
    return parts.as_json()


def _margins(package: Package, which: str) -> list[str]:
    """Return the lines of all headers or footers, those of first and even pages included, each text once."""
    found: dict[str, None] = {}
    for section in package.sections:
        for variant in (f"first_page_{which}", which, f"even_page_{which}"):
            margin = getattr(section, variant)
            if not margin.is_linked_to_previous:
                found["\n".join(line for line in _lines(margin._element) if line.strip())] = None  # noqa: SLF001
    return [text for text in found if text]


def _notes(package: Package) -> Iterator[str]:
    for relationship in package.part.rels.values():
        tag = NOTES.get(relationship.reltype)
        if tag and not relationship.is_external:
            for note in parse_xml(relationship.target_part.blob).iterchildren(tag):
                if note.get(qn("w:type")) in {None, "normal"}:
                    yield from _lines(note)


def _lines(parent: Element) -> Iterator[str]:
    """Yield paragraphs and table rows in document order; whatever else is found is entered."""
    for child in parent.iterchildren(etree.Element):
        if child.tag == PARAGRAPH:
            boxes: list[Element] = []
            yield "".join(_characters(child, boxes))
            for box in boxes:
                yield from _lines(box)
        elif child.tag == TABLE:
            yield from table_lines(_grid(child))
        elif child.tag not in SKIPPED:
            yield from _lines(child)


def _characters(parent: Element, boxes: list[Element]) -> Iterator[str]:
    """Yield the text inside a paragraph; text boxes are put aside, they are not part of its sentence."""
    for child in parent.iterchildren(etree.Element):
        if child.tag in TEXTS:
            yield child.text or ""
        elif child.tag in CHARACTERS:
            yield CHARACTERS[child.tag]
        elif child.tag == qn("w:txbxContent"):
            boxes.append(child)
        elif child.tag not in SKIPPED:
            yield from _characters(child, boxes)


def _grid(table: Element) -> Grid:
    return [_cells(row) for row in _inside(table, ROW)]


def _cells(row: Element) -> list[str]:
    """Return the cells of a row, each in its column: a cell that spans three is followed by two empty ones."""
    cells = [""] * _number(row, "w:trPr", "w:gridBefore", default=0)
    for cell in _inside(row, CELL):
        text = "\n".join(line for line in _lines(cell) if line.strip())
        cells += [text, *[""] * (_number(cell, "w:tcPr", "w:gridSpan", default=1) - 1)]
    return cells


def _inside(parent: Element, tag: str) -> Iterator[Element]:
    """Yield rows of a table or cells of a row, those in content controls included, those of nested tables not."""
    for child in parent.iterchildren(etree.Element):
        if child.tag == tag:
            yield child
        elif child.tag in {qn("w:sdt"), qn("w:sdtContent"), qn("w:ins"), qn("w:customXml")}:
            yield from _inside(child, tag)


def _number(element: Element, properties: str, name: str, *, default: int) -> int:
    found = element.find(f"{qn(properties)}/{qn(name)}")
    return default if found is None else span(found.get(qn("w:val")))

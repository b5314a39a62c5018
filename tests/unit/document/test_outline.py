"""What looks like a heading, a row, a header."""

from __future__ import annotations

import pytest

from extractor.document.headings import headings_in
from extractor.document.outline import Outline
from extractor.document.paging import page_ranges
from extractor.document.spans import header_of, tables_in
from extractor.records import Document

LONG = (
    "This line of prose is long enough that whoever reads it does not take it for the title of anything, as it goes on."
)


def outline_of(text: str) -> Outline:
    pages = page_ranges(text)
    document = Document(text=text, pages=pages, media_type="text/plain", sha256="0" * 64, converter="none")
    return Outline(document, end=len(text))


@pytest.mark.parametrize(
    ("text", "headings"),
    [
        pytest.param("# One\n\ntext\n\n### Two\n", [("# One", 1), ("### Two", 3)], id="hashes"),
        pytest.param(f"Section 2.1 Scope\n{LONG}", [("Section 2.1 Scope", 7)], id="a word for a part"),
        pytest.param("text.\n\n1. Scope\n\n1.2 Terms\ntext", [("1. Scope", 10), ("1.2 Terms", 11)], id="numbers"),
        pytest.param("text.\nGENERAL TERMS\ntext", [("GENERAL TERMS", 8)], id="capitals"),
        pytest.param(f"{LONG}\n\nOur offer\n{LONG}", [("Our offer", 20)], id="plain, free"),
        pytest.param(f"{LONG}\nOur offer\n{LONG} {LONG}", [("Our offer", 20)], id="plain, between prose"),
        pytest.param(f"{LONG}\fOur offer\n{LONG}", [("Our offer", 20)], id="plain, at the top of a page"),
        pytest.param("\n\n1. Look at the procedures.\n2. Schedule an audit.\n", [], id="items of a list"),
        pytest.param("\n\nITEM | PRICE\n\nITEM   PRICE\n", [], id="rows"),
        pytest.param(f"\n\n{LONG}\n\nand so on\n", [], id="prose"),
    ],
)
def test_headings_are_told_by_how_they_look(text: str, headings: list[tuple[str, int]]):
    assert [(heading.of(text), heading.rank) for heading in headings_in(text, len(text))] == headings


@pytest.mark.parametrize(
    ("text", "headers"),
    [
        pytest.param("Name | City\nAda | Rome\nBo | Bari\n", ["Name | City\n"], id="words"),
        pytest.param("| Name | Sum |\n|---|---|\n| Ada | 1 |\n", ["| Name | Sum |\n|---|---|\n"], id="a ruler"),
        pytest.param(
            "         Goods         Price\nName     2024   2025   net   gross\nAda      1      2      3     4\n",
            ["         Goods         Price\nName     2024   2025   net   gross\n"],
            id="columns in groups, and years",
        ),
        pytest.param(
            "Name    Posted       Amount\n         on\nAda     1 May        3.50\n",
            ["Name    Posted       Amount\n         on\n"],
            id="a label of two lines",
        ),
        pytest.param("Ada    1.50   2\nBo     2.50   3\n", [None], id="none"),
        pytest.param("A  B  C\n1  2  3\n\nD  E  F\n4  5  6\n", ["A  B  C\n", "D  E  F\n"], id="two tables"),
        pytest.param("A | B\n1 | 2\nC | D | E\n3 | 4 | 5\n", ["A | B\n", "C | D | E\n"], id="two tables with bars"),
        pytest.param("A  B  C\n1  2  3\n\n4  5  6\n", ["A  B  C\n"], id="a blank line inside"),
        pytest.param("A  B  C\n1  2  3\nPage 1\fPage 2\n4  5  6\n", ["A  B  C\n"], id="over two pages"),
        pytest.param(f"{LONG}\n{LONG}", [], id="no table"),
        pytest.param("It ended.  It began.  It ended.\n", [], id="two blanks behind a full stop"),
    ],
)
def test_a_table_has_the_header_that_its_labels_show(text: str, headers: list[str | None]):
    found = [header_of(text, table) for table in tables_in(text, len(text))]

    assert [text[header.start : header.end] if header else None for header in found] == headers


@pytest.mark.parametrize(
    ("text", "opening"),
    [
        pytest.param("A | B\n1 | 2\n | 3\n4 | 5\n", [1, 3], id="an empty first cell"),
        pytest.param("A     B     C\n1     2     3\n      4\n5     6     7\n", [1, 3], id="a cell of two lines"),
        pytest.param("A     B     C\n1     2     3\nof 2\n5     6     7\n", [1, 3], id="a line without cells"),
        pytest.param("A     B     C\n 9    2     3\n10    6     7\n", [1, 2], id="figures set to the right"),
        pytest.param("A     B     C\n1     2     3\n" + "   x     4     5\n" * 9, [1, 8, 9, 10], id="rows set in"),
    ],
)
def test_a_row_begins_where_the_line_before_does_not_go_on(text: str, opening: list[int]):
    outline = outline_of(text)

    starts = [at + 1 for at, sign in enumerate(text[:-1]) if sign == "\n"]
    assert [number for number, at in enumerate(starts, start=1) if not outline.is_in_row(at)] == opening


def test_the_middle_of_a_line_is_inside_its_row():
    text = "A | B\n1 | 2"

    outline = outline_of(text)

    assert [at for at in range(1, len(text) + 1) if not outline.is_in_row(at)] == [6]

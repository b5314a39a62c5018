from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from extractor.document import pdf as pdf_parser
from extractor.errors import UnreadableDocument

if TYPE_CHECKING:
    from collections.abc import Callable

TABLE = [
    *[(60, 800, "Item"), (200, 800, "Qty"), (300, 800, "Price"), (400, 800, "Status")],
    *[(60, 785, "Pen"), (300, 785, "2.00"), (400, 785, "OK")],
    *[(60, 770, "Ink"), (200, 770, "3"), (400, 770, "late")],
    *[(200, 755, "7"), (300, 755, "1.50")],
]


@pytest.fixture
def pages_of(argument: Callable[..., dict[str, Any]]) -> Callable[[bytes], list[str]]:
    return lambda content: pdf_parser.parse(argument(content))["pages"]


def test_every_page_is_a_part(pdf: Callable[..., bytes], argument: Callable[..., dict[str, Any]]):
    content = pdf([(60, 800, "Müller & Søn")], [], [(60, 800, "third")])

    assert pdf_parser.count_pages(argument(content)) == 3
    assert pdf_parser.parse(argument(content))["pages"] == ["Müller & Søn", "", "third"]


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_an_empty_cell_keeps_its_column_however_the_page_is_turned(
    turned: int, pdf: Callable[..., bytes], pages_of: Callable[[bytes], list[str]]
):
    """The text of a turned page is drawn turned the other way, so that the reader sees it upright."""
    turn = {0: (1, 0, 0, 1, 0, 0), 90: (0, 1, -1, 0, 842, 0), 180: (-1, 0, 0, -1, 595, 842), 270: (0, -1, 1, 0, 0, 595)}
    a, b, c, d, e, f = turn[turned]
    content = pdf(TABLE, rotate=turned).replace(b"BT /F1", f"{a} {b} {c} {d} {e} {f} cm BT /F1".encode(), 1)

    (text,) = pages_of(content)

    header, *rows = text.split("\n")
    assert [line.split() for line in rows] == [["Pen", "2.00", "OK"], ["Ink", "3", "late"], ["7", "1.50"]]
    assert rows[0].index("2.00") == rows[2].index("1.50") == header.index("Price")
    assert rows[1].index("3") == rows[2].index("7") == header.index("Qty")
    assert rows[0].index("OK") == rows[1].index("late") == header.index("Status")


def test_characters_beyond_the_first_plane_survive_in_a_table(
    pdf: Callable[..., bytes], pages_of: Callable[[bytes], list[str]]
):
    mapping = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def 1 begincodespacerange <00> <ff> "
        "endcodespacerange 1 beginbfchar <50> <D842DFB7> endbfchar endcmap end end"
    )
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 7 0 R >>"
    stream = f"<< /Length {len(mapping)} >>\nstream\n{mapping}\nendstream"

    (text,) = pages_of(pdf(TABLE, extra={"3": font, "7": stream}))

    assert "\N{CJK UNIFIED IDEOGRAPH-20BB7}en" in text
    assert "\ufffd" not in text


def test_two_columns_of_prose_are_read_one_after_the_other(
    pdf: Callable[..., bytes], pages_of: Callable[[bytes], list[str]]
):
    left = [(60, 800 - 12 * line, f"left line {line} goes on and on") for line in range(30)]
    right = [(320, 800 - 12 * line, f"right line {line} goes on too") for line in range(30)]

    (text,) = pages_of(pdf(left + right))

    read = [line.split()[0] for line in text.splitlines()]
    assert read == ["left"] * 30 + ["right"] * 30


def test_what_was_typed_into_a_form_is_read(pdf: Callable[..., bytes], pages_of: Callable[[bytes], list[str]]):
    appearance = "BT /F1 10 Tf 2 4 Td (Ada Lovelace) Tj ET"
    content = pdf(
        [(60, 800, "Name:")],
        extra={
            "catalog": "/AcroForm << /Fields [50 0 R] /DR << /Font << /F1 3 0 R >> >> >>",
            "page": "/Annots [50 0 R]",
            "50": "<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /V (Ada Lovelace) /F 4 /Rect [120 795 300 811] "
            "/DA (/F1 10 Tf) /AP << /N 51 0 R >> >>",
            "51": "<< /Type /XObject /Subtype /Form /BBox [0 0 180 16] /Resources << /Font << /F1 3 0 R >> >> "
            f"/Length {len(appearance)} >>\nstream\n{appearance}\nendstream",
        },
    )

    (text,) = pages_of(content)

    assert text.split() == ["Name:", "Ada", "Lovelace"]


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.95])
def test_a_truncated_file_is_corrupt(keep: float, pdf: Callable[..., bytes], argument: Callable[..., dict[str, Any]]):
    whole = pdf(*[[(60, 800, f"page {number}")] for number in range(20)])

    with pytest.raises(UnreadableDocument) as caught:
        pdf_parser.count_pages(argument(whole[: int(len(whole) * keep)]))

    assert caught.value.code == "corrupt_document"


def test_a_file_shorter_than_it_says_is_corrupt(pdf: Callable[..., bytes], argument: Callable[..., dict[str, Any]]):
    """A file laid out for the web has an end of file mark near its start, so the mark alone proves nothing."""
    whole = pdf([(60, 800, "page")])
    announced = whole.replace(b"%PDF-1.7\n", b"%%PDF-1.7\n9 0 obj << /Linearized 1 /L %d >> endobj\n" % 10_000)

    with pytest.raises(UnreadableDocument) as caught:
        pdf_parser.count_pages(argument(announced))

    assert (caught.value.code, caught.value.detail) == ("corrupt_document", "the end of the file is missing")


def test_a_file_that_is_only_named_pdf_inside_is_corrupt(argument: Callable[..., dict[str, Any]]):
    with pytest.raises(UnreadableDocument) as caught:
        pdf_parser.parse(argument(b"%PDF-1.7\nnothing of the kind\n%%EOF"))

    assert caught.value.code == "corrupt_document"


def test_text_over_the_cap_is_refused(pdf: Callable[..., bytes], argument: Callable[..., dict[str, Any]]):
    content = pdf(*[[(60, 800, "twenty characters ok")]] * 5)

    with pytest.raises(UnreadableDocument) as caught:
        pdf_parser.parse(argument(content, max_characters=99))

    assert caught.value.code == "file_too_large"

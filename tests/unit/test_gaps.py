"""Rows of a long table that a model left out: found by the evidence of the others, and put in at their place."""

from __future__ import annotations

from itertools import starmap

import pytest

from extractor.answer import Merged, Part, ground
from extractor.document import around, rows_of_tables
from extractor.gaps import EDGE_ROWS, LONG_LIST, filled, gaps_in, may_have_gaps
from extractor.records import Document, Page

COUNT = 60
ROWS = [{"sku": f"K{1000 + number}", "quantity": number % 7} for number in range(COUNT)]


def printed(rows, *, header="SKU        Quantity"):
    lines = (f"{row['sku']}        {row['quantity']}" for row in rows)
    return "\n".join(["Stock list", "", header, *lines, "", "Checked on Monday."])


def document(rows=ROWS, text=None):
    text = text or printed(rows)
    pages = (Page(number=1, start=0, end=len(text)),)
    return Document(text=text, pages=pages, media_type="text/plain", sha256="", converter="none")


def read(rows, source):
    value = {"rows": rows}
    return Merged(value=value, evidence=ground(value, source))


def part_of(run, source, number=9_001):
    window = around(source, *run, number=number)
    rows = [row for row in ROWS if row["sku"] in window.text]
    evidence = ground({"rows": rows}, document(text=window.text))
    moved = {at: shifted(found, window.start) for at, found in evidence.items()}
    return Part(window=window, value={"rows": rows}, evidence=moved)


def shifted(found, by):
    if found.start is None:
        return found
    return type(found)(
        quote=found.quote, start=found.start + by, end=found.end + by, page=1, match=found.match, score=found.score
    )


def test_every_line_of_a_table_is_a_row_at_its_place():
    source = document()

    (rows,) = rows_of_tables(source)

    assert [source.text[start:end].split()[0] for start, end in rows] == ["SKU", *(row["sku"] for row in ROWS)]


@pytest.mark.parametrize("missing", [[20], [20, 21, 22], [5, 30, 31], [58]], ids=str)
def test_rows_without_an_item_are_found_and_filled_in_at_their_place(missing):
    source = document()
    given = [row for number, row in enumerate(ROWS) if number not in missing]
    before = read(given, source)

    gaps = gaps_in(before, source)
    parts = list(starmap(lambda number, run: part_of(run, source, 9_001 + number), enumerate(gaps.runs)))
    after = filled(before, gaps, parts=parts, document=source)

    assert gaps.at == "/rows"
    assert after.value["rows"] == ROWS
    assert all(source.text[found.start : found.end] == found.quote for found in after.evidence.values())
    assert after.evidence[f"/rows/{missing[0]}/sku"].quote == ROWS[missing[0]]["sku"]


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(ROWS, id="nothing is missing"),
        pytest.param(ROWS[: 1 - EDGE_ROWS], id="the end of a table may be totals"),
        pytest.param(ROWS[EDGE_ROWS - 2 :], id="its beginning may be something else"),
        pytest.param(ROWS[:4], id="a list of few"),
        pytest.param(ROWS[::15], id="most rows are not the list's"),
        pytest.param(
            [*ROWS[:20], {"sku": "in other words", "quantity": None}, *ROWS[21:]], id="an item of other words"
        ),
    ],
)
def test_what_is_no_gap_is_not_asked_about(given):
    source = document()

    assert gaps_in(read(given, source), source) is None


@pytest.mark.parametrize("given", [ROWS[:40], ROWS[20:], [*ROWS[:5], ROWS[-1]]], ids=["end", "beginning", "middle"])
def test_many_rows_at_the_edge_of_a_table_are_a_gap(given):
    source = document()
    before = read(given, source)

    gaps = gaps_in(before, source)
    parts = [part_of(run, source, 9_001 + number) for number, run in enumerate(gaps.runs)]

    assert filled(before, gaps, parts=parts, document=source).value["rows"] == ROWS


def test_many_gaps_are_asked_about_together():
    source = document()
    before = read([row for number, row in enumerate(ROWS) if number % 3 != 1], source)

    gaps = gaps_in(before, source)
    parts = [part_of(run, source, 9_001 + number) for number, run in enumerate(gaps.runs)]

    assert len(gaps.runs) <= 8
    assert filled(before, gaps, parts=parts, document=source).value["rows"] == ROWS


def test_equal_rows_that_are_all_there_are_no_gap():
    rows = [row for row in ROWS for _ in range(2)]
    source = document(rows)

    assert gaps_in(read(rows, source), source) is None


def test_what_is_there_already_is_not_added_again():
    source = document()
    before = read([row for number, row in enumerate(ROWS) if number != 20], source)
    gaps = gaps_in(before, source)
    wide = part_of((gaps.runs[0].start - 100, gaps.runs[0].end + 100), source)

    assert filled(before, gaps, parts=[wide], document=source).value["rows"] == ROWS


def test_an_item_that_stands_nowhere_is_not_added():
    source = document()
    before = read([row for number, row in enumerate(ROWS) if number != 20], source)
    gaps = gaps_in(before, source)
    window = around(source, *gaps.runs[0], number=9_001)
    invented = Part(window=window, value={"rows": [{"sku": "Z1", "quantity": None}]}, evidence={})

    assert filled(before, gaps, parts=[invented], document=source) is before


@pytest.mark.parametrize(
    ("length", "lines", "is_suspect"),
    [(LONG_LIST, 30, True), (7, 60, True), (7, 30, False), (LONG_LIST, 10, False), (3, 500, False)],
)
def test_only_a_list_that_is_long_or_short_beside_the_text_is_looked_at(length, lines, is_suspect):
    assert may_have_gaps({"a": {"b": [1] * length}}, "\n" * lines) is is_suspect

from __future__ import annotations

import pytest

from extractor.document.tables import span, table_lines


def test_an_empty_cell_keeps_its_place():
    assert table_lines([["a", "", "c"], ["", "2", ""]]) == ["a |  | c", " | 2 |"]


def test_a_short_row_is_filled():
    assert table_lines([["a", "b", "c"], ["1"]]) == ["a | b | c", "1 |  |"]


def test_a_column_that_is_empty_in_every_row_is_dropped():
    assert table_lines([["Revenue", " ", "$", "1"], ["Cost", "", "", "2"]]) == ["Revenue | $ | 1", "Cost |  | 2"]


def test_a_row_without_text_is_dropped():
    assert table_lines([["a", "b"], ["", " "], ["c", "d"]]) == ["a | b", "c | d"]


def test_lines_within_a_cell_are_joined():
    assert table_lines([["Bill Gates\nPaul Allen", "1975"]]) == ["Bill Gates Paul Allen | 1975"]


def test_a_table_that_arranges_a_page_keeps_its_lines():
    assert table_lines([["one\ntwo\nthree\nfour", "beside"]]) == ["one", "two", "three", "four", "beside"]


@pytest.mark.parametrize(
    ("stated", "columns"), [(None, 1), ("3", 3), (" 2 ", 2), ("0", 1), ("-1", 1), ("x", 1), ("9" * 5000, 100)]
)
def test_a_span_is_a_small_positive_number_whatever_is_stated(stated: str | None, columns: int):
    assert span(stated) == columns

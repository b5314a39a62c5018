"""Tables on stdout."""

from __future__ import annotations

import pytest

from extractor.cli.tables import age, print_table


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(-3, "0 s"), (0.4, "0 s"), (59.4, "59 s"), (60, "1 m"), (3_599, "59 m"), (7_200, "2 h"), (200_000, "2 d")],
)
def test_a_time_span_is_written_in_its_largest_unit(seconds: float, written: str) -> None:
    assert age(seconds) == written


def test_where_nobody_looks_a_row_is_one_line_however_long(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("id", "document", "note"), [("x_1", "d" * 300, "[red]n" * 50), ("x_2", "", "")])

    header, first, second = capsys.readouterr().out.splitlines()
    assert first.split() == ["x_1", "d" * 300, "[red]n" * 50]
    assert header.index("document") == first.index("d")
    assert second.split() == ["x_2"]

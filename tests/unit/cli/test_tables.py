"""Tables on stdout."""

from __future__ import annotations

import pytest

from extractor.cli.tables import age, print_table, shorten


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


@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_a_terminal_gets_whole_ids_and_codes_and_the_ends_of_paths(
    width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"{'folders/' * 20}invoice-0012.pdf"
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))

    print_table(
        ("id", "status", "age", "document", "note"), [("x_" + "0" * 32, "failed", "12 s", path, "some_long_code")]
    )

    _, row = capsys.readouterr().out.splitlines()
    words = row.split()
    assert (words[0], words[-1]) == ("x_" + "0" * 32, "some_long_code")
    assert words[-2][-4:] == ".pdf"
    assert "…" in words[-2]
    assert len(row.rstrip()) <= max(width, 75)


def test_words_of_a_note_stay_whole(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "40")

    print_table(("id", "document", "note"), [("x_1", "a/long/path/to/it.txt", "tried again in 5 m, claimed 3 times")])

    written = capsys.readouterr().out
    assert {"tried", "again", "claimed", "times"} <= set(written.replace(",", " ").split())


@pytest.mark.parametrize(
    ("text", "written"), [("a.txt", "a.txt"), ("invoices/a.txt", "in…/a.txt"), ("字字字字字字", "字…字字字")]
)
def test_the_middle_of_a_long_text_is_left_out(text: str, written: str) -> None:
    assert shorten(text, 9) == written

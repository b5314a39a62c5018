"""Windows: together they are the document, none is too long, and no row of a table is cut."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.document.paging import page_ranges
from extractor.document.windows import BYTES_PER_TOKEN, around, cut, halves, tokens_of
from extractor.records import Document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.records import Window

PROSE = "The quick brown fox jumps over the lazy dog near the river. It was seen by nobody at all, except for Mr. Fox. "
WORDS = st.sampled_from(["alpha", "Beta", "gamma", "Überfluss", "naïve", "日本語。", "a.", "Dr.", "End.", "12.", "😀"])


def document(text: str, media_type: str = "text/plain") -> Document:
    pages = page_ranges(text)
    return Document(text=text, pages=pages, media_type=media_type, sha256="0" * 64, converter="none")


def bar_table(rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(["Item | Description | Amount", *(" | ".join(row) for row in rows)])


def column_table(rows: Sequence[Sequence[str]]) -> str:
    """Columns set apart by blanks; every other row runs over to a line below its second column."""
    lines = ["Item        Description                   Amount"]
    for number, row in enumerate(rows):
        lines.append(f"{row[0]:<12}{row[1]:<30}{row[2]}")
        lines += ["            and what goes with it"] * (number % 2)
    return "\n".join(lines)


def rows_of_goods(count: int) -> list[tuple[str, str, str]]:
    return [(f"P-{number}", f"Paper {number % 7}", f"{number % 5}.50") for number in range(count)]


def assert_tiled(windows: Sequence[Window], text: str) -> None:
    """Every window begins where the one before ends, or before it, and goes beyond it."""
    assert (windows[0].start, windows[-1].end) == (0, len(text))
    for window in windows:
        assert window.text == text[window.start : window.end] != ""
        assert all(passage.text == text[passage.start : passage.end] != "" for passage in window.context)
        assert all(passage.end <= window.start for passage in window.context)
    for before, after in pairwise(windows):
        assert before.start < after.start <= before.end < after.end


def blocks() -> st.SearchStrategy[tuple[str, bool]]:
    """A stretch of text, and whether each of its rows has to stay whole."""
    prose = st.lists(WORDS, min_size=1, max_size=40).map(lambda words: (" ".join(words), False))
    headings = st.sampled_from(["# Goods", "## Prices", "ARTICLE II", "1. Scope"]).map(lambda line: (line, False))
    cells = st.tuples(st.sampled_from(["P-1", "P-2"]), st.sampled_from(["Paper", "Paper clips"]), st.just("3.50"))
    rows = st.lists(cells, min_size=1, max_size=12)
    tables = st.tuples(rows, st.sampled_from([bar_table, column_table])).map(lambda drawn: (drawn[1](drawn[0]), True))
    return st.one_of(prose, headings, tables)


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, list[tuple[int, int]]]:
    """Return a text and the ranges of the rows in it, the line feed behind a row left out."""
    text, rows = "", []
    for block, is_table in draw(st.lists(blocks(), min_size=1, max_size=8)):
        if is_table:
            for line in block.split("\n"):
                if line.startswith(" "):
                    rows[-1] = (rows[-1][0], rows[-1][1] + 1 + len(line))
                else:
                    rows.append((len(text), len(text) + len(line)))
                text += line + "\n"
        else:
            text += block
        text += draw(st.sampled_from(["\n\n", "\n\n\n", "\n\n\f", "\f"]))
    return text, rows


@settings(max_examples=20, deadline=None)
@given(documents(), st.integers(1, 400), st.integers(0, 100))
def test_windows_of_any_size_cover_the_text_and_are_never_too_long(
    drawn: tuple[str, list[tuple[int, int]]], most_tokens: int, overlap_tokens: int
):
    text, _ = drawn
    windows = cut(document(text), most_tokens=most_tokens, overlap_tokens=overlap_tokens)

    assert_tiled(windows, text)
    assert [window.number for window in windows] == ([0] if len(windows) == 1 else [*range(1, len(windows) + 1)])
    assert all(tokens_of(window.text) <= most_tokens or len(window.text) == 1 for window in windows)
    assert cut(document(text), most_tokens=most_tokens, overlap_tokens=overlap_tokens) == windows
    if not overlap_tokens:
        assert "".join(window.text for window in windows) == text


@settings(max_examples=50, deadline=None)
@given(documents(), st.integers(60, 300), st.integers(0, 60))
def test_no_row_of_a_table_is_cut(drawn: tuple[str, list[tuple[int, int]]], most_tokens: int, overlap_tokens: int):
    text, rows = drawn
    windows = cut(document(text), most_tokens=most_tokens, overlap_tokens=overlap_tokens)
    halved = [half for window in windows for half in halves(window, document(text), overlap_tokens=overlap_tokens)]

    for window in (*windows, *halved):
        for start, end in rows:
            assert not start < window.start <= end, (text[start:end], window.start - start)
            assert not start < window.end < end, (text[start:end], window.end - start)


@settings(max_examples=40, deadline=None)
@given(documents(), st.integers(1, 300))
def test_halves_tile_their_window_and_have_numbers_of_their_own(
    drawn: tuple[str, list[tuple[int, int]]], most_tokens: int
):
    text, _ = drawn
    windows = cut(document(text), most_tokens=most_tokens)

    numbers = [window.number for window in windows]
    for window in windows:
        parts = halves(window, document(text))
        numbers += [part.number for part in parts]
        assert "".join(part.text for part in parts) in {window.text, ""}
        assert all(part.text.strip() for part in parts)
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        pytest.param("word", (), id="a word"),
        pytest.param(" \n ", (), id="nothing"),
        pytest.param("P-1 | Paper | 3.50\n", (), id="a row"),
        pytest.param("Item | Text | Price\nP-1 | Paper | 3.50\n", (), id="a header and a row"),
        pytest.param("two words", ("two ", "words"), id="words"),
        pytest.param(
            "P-1 | Paper | 3.50\nP-2 | Paper | 4.50", ("P-1 | Paper | 3.50\n", "P-2 | Paper | 4.50"), id="rows"
        ),
    ],
)
def test_halves_end_where_nothing_can_be_cut(text: str, parts: tuple[str, ...]):
    (window,) = cut(document(text), most_tokens=100)

    assert tuple(half.text for half in halves(window, document(text))) == parts


def first_cut(text: str, *, most_tokens: int, media_type: str = "text/plain") -> str:
    return cut(document(text, media_type), most_tokens=most_tokens)[1].text


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        pytest.param(PROSE * 3 + "\f" + "Page " + PROSE + "\n\n# Goods\n\n" + PROSE * 2, "Page", id="page"),
        pytest.param(PROSE * 3 + "\n\n# Goods\n\n" + PROSE + "\n\nNext " + PROSE * 2, "# Goods", id="heading"),
        pytest.param(PROSE * 2 + "\n\nNext " + PROSE * 2, "Next", id="blank line"),
        pytest.param(PROSE * 2 + "\n" + "- an item\n" * 3 + PROSE * 2, "- an item", id="item"),
        pytest.param("A sentence of words ends here. " * 9, "A sentence", id="sentence"),
        pytest.param("a line of text\n" * 30, "a line", id="line"),
        pytest.param("word " * 100, "word", id="white space"),
        pytest.param(PROSE * 3 + "\fand so on. Then " + PROSE * 3, "It was", id="a page that ends in a sentence"),
    ],
)
def test_a_text_is_cut_at_the_best_place_near_the_middle(text: str, begins: str):
    assert first_cut(text, most_tokens=tokens_of(text) * 3 // 4).startswith(begins)


def test_headings_above_and_the_header_of_a_table_are_context():
    table = column_table(rows_of_goods(200))
    text = f"# Offer\n\n{PROSE}\n\n## Terms\n\n{PROSE}\n\n## Goods\n\n{table}\n\n## End\n\nThank you. {PROSE}"
    windows = cut(document(text), most_tokens=600)

    header = table.split("\n")[0]
    above = [tuple(passage.text for passage in window.context) for window in windows]
    assert len(windows) > 6
    assert above[0] == ()
    assert set(above[2:-2]) == {("# Offer", "## Goods", header)}


def test_a_window_that_begins_with_a_heading_stands_under_the_stronger_ones_only():
    text = f"# A\n\n{PROSE * 2}\n\n## B\n\n{PROSE * 2}\n\n## C\n\n{PROSE * 2}"
    windows = cut(document(text), most_tokens=tokens_of(PROSE) * 3)

    assert [window.text[:4] for window in windows] == ["# A\n", "## B", "## C"]
    assert [[passage.text for passage in window.context] for window in windows] == [[], ["# A"], ["# A"]]


def test_the_header_of_comma_separated_values_is_context_and_no_quoted_cell_is_cut():
    texts = ["two\nlines", "one line", "another"]
    rows = "".join(f'{number},"{texts[number % 3]}",{number}.50\n' for number in range(300))
    windows = cut(document("id,text,amount\n" + rows, "text/csv"), most_tokens=200)

    assert len(windows) > 10
    for window in windows[1:]:
        assert [passage.text for passage in window.context] == ["id,text,amount"]
        assert window.text[0].isdigit()
        assert window.text.count('"') % 2 == 0


def test_prose_that_is_cut_is_read_twice_and_nothing_else_is():
    sentence = "Every sentence in this paragraph is about as long as any other. "
    text = sentence * 200 + "\n\n" + bar_table(rows_of_goods(300))
    windows = cut(document(text), most_tokens=700, overlap_tokens=80)

    repeated = [before.end - after.start for before, after in pairwise(windows)]
    in_prose = [after.start < 200 * len(sentence) for _, after in pairwise(windows)]
    assert any(in_prose)
    assert not all(in_prose)
    for overlap, is_prose in zip(repeated, in_prose, strict=True):
        assert overlap == (3 * len(sentence) if is_prose else 0)


def test_a_window_around_a_place_takes_whole_rows_and_knows_their_header():
    table = column_table(rows_of_goods(50))
    text = f"# Goods\n\n{table}\n\n{PROSE}"
    start = text.index("and what goes with it")

    window = around(document(text), start, start + 3, number=7)

    assert (window.number, window.text.split("\n")[0][:3], window.text.count("\n")) == (7, "P-1", 1)
    assert [passage.text for passage in window.context] == ["# Goods", table.split("\n")[0]]


def test_pages_of_a_window_are_those_that_it_touches():
    text = "\f".join(f"Page {number}. {PROSE}" for number in range(1, 10))
    windows = cut(document(text), most_tokens=tokens_of(PROSE) * 3)

    touched = [[page.number for page in window.pages] for window in windows]
    assert [number for pages in touched for number in pages] == [*range(1, 10)]
    assert all(window.pages[0].start == window.start for window in windows)


SIZE = 200_000


@pytest.mark.parametrize(
    "piece",
    [
        pytest.param(PROSE * 9 + "\n\n", id="prose"),
        pytest.param("a", id="one word"),
        pytest.param("한국어", id="no white space"),
        pytest.param(" ", id="blanks"),
        pytest.param("\n", id="line feeds"),
        pytest.param("\f", id="form feeds"),
        pytest.param("Abc\n\n", id="headings"),
        pytest.param("a | b\n", id="bars"),
        pytest.param("a | b ", id="one row"),
        pytest.param("aa   bb\n\n", id="columns"),
        pytest.param(" | b\n", id="rows that go on"),
        pytest.param('"a\n', id="quotes"),
        pytest.param("a" + " " * 999, id="wide gaps"),
    ],
)
def test_time_grows_with_the_length_and_no_faster(piece: str):
    """Eight times the text takes about eight times as long; quadratic would be 64 times."""

    def seconds(size: int) -> float:
        long = document(piece * (size // len(piece)))
        began = time.process_time()
        windows = cut(long, most_tokens=2_000)
        took = time.process_time() - began
        assert len(windows) >= size // (2_000 * BYTES_PER_TOKEN)
        return took

    assert seconds(SIZE) < max(30 * seconds(SIZE // 8), 0.3)


@pytest.mark.full
def test_four_million_characters_are_cut_in_two_seconds():
    section = f"## Section\n\n{PROSE * 20}\n\n{column_table(rows_of_goods(60))}\n\n"
    long = document(section * (4_000_000 // len(section)))
    began = time.process_time()

    windows = cut(long, most_tokens=20_000, overlap_tokens=400)

    assert time.process_time() - began < 2
    assert_tiled(windows, long.text)

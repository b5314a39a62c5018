from __future__ import annotations

import pytest

from extractor.document.layout import Glyph, tabular_text

#: Points of one glyph; a monospaced page of 10 point type.
WIDTH, HEIGHT, LINE = 6.0, 7.0, 12.0


def page(*lines: list[tuple[int, str]]) -> list[Glyph]:
    """Glyphs of lines from the top; each piece begins at a column of characters."""
    glyphs: list[Glyph] = []
    for number, pieces in enumerate(lines):
        baseline = 800 - number * LINE
        for column, text in pieces:
            for index, char in enumerate(text):
                left = (column + index) * WIDTH
                glyphs.append(Glyph(char, left, left + WIDTH, baseline, 0.0 if char == " " else HEIGHT))
            glyphs.append(Glyph("\n", left, left, baseline, 0.0))
    return glyphs


TABLE = (
    [(0, "Code"), (12, "Location"), (24, "Expected"), (36, "Actual")],
    [(0, "SKU-1"), (12, "A-12"), (24, "450")],
    [(12, "B-07"), (36, "289")],
    [(0, "SKU-2"), (24, "780"), (36, "778")],
)


def test_an_empty_cell_keeps_its_column():
    text = tabular_text(page(*TABLE))

    assert text is not None
    header, first, second, third = text.split("\n")
    columns = [header.index(name) for name in ("Code", "Location", "Expected", "Actual")]
    assert [first.index(cell) for cell in ("SKU-1", "A-12", "450")] == columns[:3]
    assert [second.index(cell) for cell in ("B-07", "289")] == [columns[1], columns[3]]
    assert [third.index(cell) for cell in ("SKU-2", "780", "778")] == [columns[0], columns[2], columns[3]]


def test_the_order_of_drawing_does_not_matter_on_a_tabular_page():
    by_column = sorted(
        (piece for number, line in enumerate(TABLE) for piece in [(number, *cell) for cell in line]),
        key=lambda piece: piece[1],
    )
    glyphs: list[Glyph] = []
    for number, column, text in by_column:
        glyphs += page(*([[]] * number), [(column, text)])

    assert tabular_text(glyphs) == tabular_text(page(*TABLE))


def test_two_columns_of_prose_are_left_alone():
    prose = [[(0, "the left column goes on"), (40, "and the right one too")]] * 20

    assert tabular_text(page(*prose)) is None


def test_three_columns_of_prose_are_left_alone():
    left, middle, right = "the left column goes on and on here", "the middle one, a little shorter", "and the last"
    prose = [[(0, left), (40, middle), (80, right)]] * 20

    assert tabular_text(page(*prose)) is None


def test_a_table_in_one_of_two_columns_does_not_mix_them():
    prose = "prose of the left column, which goes on"
    beside_prose = [[(0, prose), (50, "and prose of the right column too")]] * 30
    beside_table = [[(0, prose), (50, "Method"), (62, "79.4"), (70, "41.5")]] * 12

    assert tabular_text(page(*beside_prose, *beside_table)) is None


def test_a_table_that_is_a_small_part_of_a_page_does_not_move_its_prose():
    prose = [[(0, "a line of prose that fills the page from left to right")]] * 40

    assert tabular_text(page(*TABLE, *prose)) is None


@pytest.mark.parametrize("glyphs", [[], page([(0, "   ")]), page([(0, "one line")])])
def test_a_page_with_little_on_it_is_left_alone(glyphs: list[Glyph]):
    assert tabular_text(glyphs) is None


def test_wide_gaps_are_narrowed_on_all_lines_alike():
    spread = [[(column * 5, text) for column, text in line] for line in TABLE]

    text = tabular_text(page(*spread))

    assert text is not None
    assert max(map(len, text.split("\n"))) < 60
    assert text.split("\n")[2].index("289") == text.split("\n")[0].index("Actual")


def test_a_wider_space_between_lines_becomes_an_empty_line():
    lines = page(*TABLE, [], [], [(0, "Notes"), (12, "a"), (24, "b")])

    text = tabular_text(lines)

    assert text is not None
    assert text.split("\n")[-2:] == ["", text.split("\n")[-1]]


def test_letters_of_a_ligature_that_share_a_place_stay_together():
    """A ligature is two letters in one box; so "Wifi" must not become "Wif  i"."""
    glyphs = page(*TABLE)
    ligature = [Glyph(char, 300, 306, 800, HEIGHT) for char in "fi"]

    text = tabular_text([*glyphs, Glyph("W", 294, 300, 800, HEIGHT), *ligature, Glyph("x", 306, 312, 800, HEIGHT)])

    assert text is not None
    assert "Wfix" in text


def test_glyphs_far_beside_the_page_do_not_make_it_wide():
    text = tabular_text([*page(*TABLE), Glyph("x", 1e12, 1e12 + 6, 800, HEIGHT)])

    assert text is not None
    assert max(map(len, text.split("\n"))) < 100


def test_text_turned_sideways_is_one_piece():
    glyphs = page(*TABLE)
    stamp = [Glyph(char, 500, 507, 700 + index * 6, 6) for index, char in enumerate("arXiv:2101.00001")]

    text = tabular_text([*glyphs, *stamp])

    assert text is not None
    assert "arXiv:2101.00001" in text

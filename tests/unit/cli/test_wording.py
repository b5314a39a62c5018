"""How things are written for a person."""

from __future__ import annotations

import pytest

from extractor.cli.wording import dollars, error_line, printable


@pytest.mark.parametrize(
    ("usd", "written"),
    [(0, "$0.00"), (0.00001, "<$0.0001"), (0.0312, "$0.0312"), (1, "$1.00"), (1234.5, "$1,234.50")],
)
def test_fractions_of_a_cent_can_be_seen(usd: float, written: str) -> None:
    assert dollars(usd) == written


def test_a_hostile_name_cannot_command_the_terminal_or_start_a_line() -> None:
    assert printable("a\x1b]0;owned\x07\nb\u202e.pdf") == "a\\u001b]0;owned\\u0007\\nb\\u202e.pdf"


def test_an_error_is_one_line_that_begins_with_its_code() -> None:
    assert error_line("no_model", "Set a\nkey.") == "error[no_model]: Set a\\nkey."

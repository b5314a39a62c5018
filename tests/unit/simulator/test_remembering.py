from __future__ import annotations

from extractor.simulator.remembering import MOST, Remembered


def test_the_latest_that_was_said_of_a_document_is_remembered():
    known: Remembered[str] = Remembered()

    known.keep("a1", "first")
    known.keep("a1", "second")

    assert known.of("a1") == "second"
    assert known.of("b2") is None


def test_what_was_asked_about_least_recently_is_forgotten_first():
    known: Remembered[int] = Remembered()
    for number in range(MOST):
        known.keep(str(number), number)

    known.keep("0", 0)
    known.keep("one more", MOST)

    assert (known.of("0"), known.of("1"), known.of("2")) == (0, None, 2)

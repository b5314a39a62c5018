"""Where the values of a record stand in the document."""
# ruff: noqa: RUF001 - characters that look like others are what is tested

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.answer import ground
from extractor.answer.grounding import MAX_ALTERNATIVES
from extractor.records import Document, Page


def _document(text: str) -> Document:
    pages: list[Page] = []
    start = 0
    for number, page in enumerate(text.split("\f"), start=1):
        pages.append(Page(number=number, start=start, end=start + len(page)))
        start += len(page) + 1
    return Document(text=text, pages=tuple(pages), media_type="text/plain", sha256="", converter="test")


def _found(value: Any, text: str) -> tuple[str, str]:
    evidence = ground({"a": value}, _document(text))["/a"]
    return evidence.match, evidence.quote


@pytest.mark.parametrize(
    ("value", "text", "quote"),
    [
        pytest.param("A-17", "Invoice A-17, paid", "A-17", id="a code"),
        pytest.param("Zoë Müller", "by Zoë Müller.", "Zoë Müller", id="letters with accents"),
        pytest.param("請求書", "これは請求書です", "請求書", id="a word in a script without spaces"),
        pytest.param("€", "42 €", "€", id="a currency sign"),
        pytest.param(41.5, "Total 41.5", "41.5", id="a number"),
        pytest.param(5, "Qty:5", "5", id="a number after a colon"),
        pytest.param(12345, "合計12345円", "12345", id="a number between characters"),
        pytest.param(-3, "Balance -3", "-3", id="a negative number"),
        pytest.param(1.234, "about 1.234 kg", "1.234", id="one point, read as decimal"),
        pytest.param("2026-11-02", "on 2026-11-02.", "2026-11-02", id="an ISO date"),
        pytest.param(2026, "on 2026-11-02", "2026", id="the year of a date"),
    ],
)
def test_a_value_that_stands_as_it_is_is_exact(value: Any, text: str, quote: str):
    assert _found(value, text) == ("exact", quote)


@pytest.mark.parametrize(
    ("value", "text", "quote"),
    [
        pytest.param("Acme Ltd", "by ACME  \n LTD.", "ACME  \n LTD", id="case and white space"),
        pytest.param("Acme Ltd", "by Acme\fLtd.", "Acme\fLtd", id="across two pages"),
        pytest.param("Müller", "Herr MULLER", "MULLER", id="accents left out"),
        pytest.param("Müller", "Herr Mu\u0308ller,", "Mu\u0308ller", id="accents as marks of their own"),
        pytest.param("cafe", "le cafe\u0301!", "cafe\u0301", id="the mark on the last letter belongs to it"),
        pytest.param('the "best" - don\'t', "the “best” — don’t", "the “best” — don’t", id="quotes and dashes"),
        pytest.param("office", "the oﬃce", "oﬃce", id="a ligature"),
        pytest.param("A17", "Ｎｏ Ａ１７", "Ａ１７", id="full-width letters"),
        pytest.param("1234.50", "Sum 1,234.50", "1,234.50", id="a number as text"),
        pytest.param(1234.5, "Sum 1,234.50", "1,234.50", id="English thousands"),
        pytest.param(1234.5, "Summe 1.234,50 €", "1.234,50", id="German thousands"),
        pytest.param(1234.5, "Total 1’234.50", "1’234.50", id="Swiss thousands"),
        pytest.param(1234567.0, "1\u00a0234\u00a0567 DKK", "1\u00a0234\u00a0567", id="no-break thousands"),
        pytest.param(1234567.5, "Rs 12,34,567.50", "12,34,567.50", id="Indian groups"),
        pytest.param(41.5, "EUR 41,50", "41,50", id="decimal comma"),
        pytest.param(0.19, "VAT 0.190", "0.190", id="zeros that do not count"),
        pytest.param(1234, "about 1.234 pieces", "1.234", id="one point, read as thousands"),
        pytest.param(-5, "Discount −5.00", "−5.00", id="a printed minus sign"),
        pytest.param(-5, "Discount -$5.00", "-$5.00", id="a currency behind the sign"),
        pytest.param(-1234.5, "Loss (1,234.50)", "(1,234.50)", id="accountants' parentheses"),
        pytest.param("2026-03-12", "12 March 2026", "12 March 2026", id="a date in English"),
        pytest.param("2026-03-12", "March 12th, 2026", "March 12th, 2026", id="a date in American English"),
        pytest.param("2026-03-12", "den 12. März 2026", "12. März 2026", id="a date in German"),
        pytest.param("2026-08-01", "le 1 août 2026", "1 août 2026", id="a date in French"),
        pytest.param("2026-03-12", "a 12 de marzo de 2026", "12 de marzo de 2026", id="a date in Spanish"),
        pytest.param("2026-03-12", "12.03.2026", "12.03.2026", id="a date with points"),
        pytest.param("2026-03-12", "03/12/26", "03/12/26", id="a short date"),
        pytest.param("2026-03-12", "2026年3月12日", "2026年3月12日", id="a date in Japanese"),
        pytest.param("2026-03-12", "12-Mar-2026", "12-Mar-2026", id="a date with a short month"),
    ],
)
def test_another_form_of_the_same_value_is_normalised(value: Any, text: str, quote: str):
    assert _found(value, text) == ("normalised", quote)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param("art", "a party", id="inside a word"),
        pytest.param("17", "no 1.17 and 17.5", id="inside a number"),
        pytest.param("Ann", "Änne", id="inside a folded word"),
        pytest.param("fi", "oﬃce", id="inside a ligature"),
        pytest.param("cafe", "cafes", id="a longer word"),
        pytest.param(12, "on 12/05/2026 at 12:30", id="a part of a date or time"),
        pytest.param(17, "code A-17, x17, 17kg, 1.17.2", id="a part of a code"),
        pytest.param(12, "12.50kg", id="a part of a number with a unit"),
        pytest.param(5, "Discount -5", id="another sign"),
        pytest.param(102, "10² m", id="a power"),
        pytest.param(8782128, "8782 128", id="two cells of a table"),
        pytest.param("2026-02-30", "30.02.2026", id="a day that is not in the calendar"),
        pytest.param(
            "2026-04-12", "12 Aprıl 2026, Auguſt 12, 2026", id="letters that case folding alone makes a month"
        ),
        pytest.param(True, "true True 1", id="a boolean"),
        pytest.param("-", "a - b", id="a dash"),
        pytest.param("", "text", id="no text"),
        pytest.param(" \n", "a \n b", id="white space"),
        pytest.param("full_time", "Full time", id="an enum value that is not printed"),
        pytest.param("absent", "", id="an empty document"),
    ],
)
def test_what_is_not_there_has_no_evidence(value: Any, text: str):
    assert _found(value, text) == ("none", "")


def test_every_scalar_that_is_not_null_has_one_entry():
    record = {"a": None, "b": [], "c": {}, "d": [1, None, {"e/f": "x", "g~h": False}], "i": {"": 2}}

    evidence = ground(record, _document(""))

    assert list(evidence) == ["/d/0", "/d/2/e~1f", "/d/2/g~0h", "/i/"]


def test_a_record_that_is_one_scalar_is_the_whole_document():
    assert ground("A-17", _document("A-17"))[""].quote == "A-17"


def test_evidence_names_its_page():
    evidence = ground({"a": "one", "b": "three"}, _document("one\ftwo\fthree"))

    assert (evidence["/a"].page, evidence["/b"].page) == (1, 3)


def test_a_value_of_a_table_is_found_in_its_own_row():
    text = "Summary 2 of 9\nfilter x1  2  7.50\ngasket x2  2  9.00\nvalve x3  2  7.50\n"
    record = {"lines": [{"sku": "x1", "qty": 2}, {"sku": "x2", "qty": 2}, {"sku": "x3", "qty": 2, "price": 7.5}]}

    evidence = ground(record, _document(text))

    for row, sku in enumerate(("x1", "x2", "x3")):
        assert evidence[f"/lines/{row}/qty"].start == text.index(sku) + 4
    assert evidence["/lines/2/price"].start == text.rindex("7.50")


def test_other_places_are_told_and_bounded():
    text = "EUR " * 100 + "total A-17 EUR " + "EUR " * 100

    evidence = ground({"currency": "EUR", "number": "A-17"}, _document(text))["/currency"]

    assert evidence.start == text.index("A-17") + 5
    assert len(evidence.alternatives) == MAX_ALTERNATIVES
    assert {text[start:end] for start, end in evidence.alternatives} == {"EUR"}
    assert (evidence.start, evidence.end) not in evidence.alternatives


PIECES = (
    "Müller",
    "Mu\u0308ller",
    "ﬁ",
    "1,234.50",
    "-5",
    "(7)",
    "12 March 2026",
    "年",
    "\f",
    "  ",
    "“a”",
    "İ",
    "ß",
    "\u0301",
)
TEXTS = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=15).map(" ".join)
VALUES = st.one_of(
    st.sampled_from((*PIECES, 1234.5, -5, 7, "2026-03-12", True, None)),
    st.text(max_size=4),
    st.integers(-20, 20),
    st.floats(allow_nan=False, allow_infinity=False),
)
RECORDS = st.recursive(
    VALUES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4)
)


@settings(max_examples=150, deadline=None)
@given(RECORDS, TEXTS)
def test_a_quote_is_always_what_stands_at_its_offsets(record: Any, text: str):
    document = _document(text)

    evidence = ground(record, document)

    assert ground(record, document) == evidence
    for found in evidence.values():
        if found.match == "none":
            assert (found.quote, found.start, found.end, found.page, found.score) == ("", None, None, None, 0.0)
            continue
        assert found.start is not None
        assert text[found.start : found.end] == found.quote != ""
        assert found.page == document.page_at(found.start)


@settings(max_examples=80, deadline=None)
@given(st.text(alphabet="abc é1-", min_size=1, max_size=6).filter(lambda value: value.strip(" -")), TEXTS, TEXTS)
def test_a_value_that_is_printed_between_spaces_is_found(value: str, before: str, after: str):
    assert _found(value, f"{before} {value} {after}")[0] != "none"


@pytest.mark.parametrize("text", ["2024 " * 800_000, "1.1.2024 " * 400_000], ids=["years", "dates"])
def test_a_text_of_nothing_but_years_costs_little(text: str):
    started = time.process_time()

    ground({"day": "2024-01-02", "other": "2024-05-06"}, _document(text))

    assert time.process_time() - started < 15  # 1.5 on an idle core, 51 without a bound


@pytest.mark.parametrize("text", ["a" * 500_000, "1-" * 250_000, "a " * 250_000], ids=["letters", "codes", "words"])
def test_text_made_to_match_everywhere_costs_little(text: str):
    record = {str(size): (text[:2] * size)[: size + 1].strip() for size in range(60)}
    started = time.process_time()

    ground(record, _document(text))

    assert time.process_time() - started < 10

"""What counts as stated by a document or by the reasoning, and what is flagged as made up."""

from __future__ import annotations

import time

import pytest

from extractor.answer import supporting
from extractor.answer.supporting import unsupported
from extractor.records import Document, Page


def document_of(text: str) -> Document:
    return Document(
        text=text,
        pages=(Page(number=1, start=0, end=len(text)),),
        media_type="text/plain",
        sha256="0" * 64,
        converter="none",
    )


def is_flagged(value, text, **others) -> bool:
    return unsupported({"v": value}, document_of(text), **others) == ("/v",)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1041.5, "Total 1,041.50 EUR"),
        (1041.5, "Summe 1.041,50 €"),
        (1041.5, "Total 1 041,5"),
        (1041.5, "Total 1\u202f041,50"),
        (1041.5, "Betrag CHF 1'041.50"),
        (-1041.5, "Loss (1,041.50)"),
        (-5.0, "Discount 5.00-"),
        (41.5, "RM41.50"),
        (41.5, "a share of 41.5 %"),
        (0.415, "a share of 41.5%"),
        (0.5, "grew by .5 points"),
        (2_500_000, "about $2.5 million"),
        (1_200_000_000, "EUR 1.2bn"),
        (963_200_000, "(In millions) Revenue 963.2"),
        (41_500, "in thousands of euros\nRevenue 41.5"),
        (12, "twelve months"),
        (24, "twenty-four months"),
        (206, "two hundred and six"),
        (41_500, "forty-one thousand five hundred dollars"),
        (0.00012, "a rate of 1.2e-4"),
        (2025, "17.3.2025"),
        (12_345_678_901_234_567, "Nr. 12345678901234567"),
        (10**40, "1" + "0" * 40),
        ("1041.50", "Total 1,041.50"),
        ("EUR 1041.50", "Total € 1.041,50"),
        ("2 years", "until the second anniversary"),
    ],
)
def test_a_number_stands_in_any_printed_form(value, text):
    assert not is_flagged(value, text)


@pytest.mark.parametrize(
    "text",
    [
        "2025-03-17",
        "17 March 2025",
        "March 17, 2025",
        "Mar 17th, 2025",
        "03/17/2025",
        "17.3.25",
        "17. 3. 2025",
        "17-MAR-25",
        "17MAR2025",
        "20250317",
        "17. März 2025",
        "le 17 mars 2025",
        "2025년 3월 17일",
        "2025年3月17日",
        "this 17th day of March, in the year 2025",
        "2025, on the seventeenth of March",
    ],
)
def test_a_day_stands_in_any_form_and_order(text):
    assert not is_flagged("2025-03-17", text)
    assert is_flagged("2025-03-18", text)
    assert is_flagged("2024-03-17", text)


@pytest.mark.parametrize(
    ("value", "text", "flagged"),
    [
        pytest.param("2025-03-17T14:30:00Z", "17 March 2025, 2:30 pm", False, id="twelve-hour clock"),
        pytest.param("2025-03-17T00:00:00Z", "17 March 2025", False, id="midnight for no time"),
        pytest.param("2025-03-17T14:31:00Z", "17 March 2025, 2:30 pm", True, id="another minute"),
        pytest.param("14:30:00", "at 14.30", False, id="time"),
        pytest.param("2025-03", "since March 2025", False, id="month"),
        pytest.param("2025-04", "since March 2025", True, id="another month"),
    ],
)
def test_times_and_months(value, text, flagged):
    assert is_flagged(value, text) is flagged


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Müller & Söhne GmbH", "MULLER &  SOHNE\nGMBH"),
        ("Digipath Inc.", "between Digipath, Inc. and"),
        ("Leonard Green and Partners LP", "Leonard Green & Partners, L.P."),
        ("confidentiality", "confiden-\ntiality"),
        ("low-level", "a low-\nlevel thing"),
        ("performance", "per\u00ad\nformance"),
        ("efficient flow", "e\ufb03cient \ufb02ow"),
        ('the "best" one\'s', "the \u201cbest\u201d one\u2019s"),
        ("OFF JALAN PUDU", "19, OFF JALANPUDU"),
        (
            "Lot 7, Old Main Street, Springfield, 12345 Illinois",
            "Lot 7, Old Main Street\nSpringfeild\n12345 Illinois",
        ),
        ("東京商事", "株式会社東京商事"),
        ("------", "nothing"),
    ],
)
def test_a_string_stands_folded_or_word_by_word(value, text):
    assert not is_flagged(value, text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(41.6, "Total 41.50", id="another number"),
        pytest.param(4150, "Total 41.50", id="digits without their point"),
        pytest.param(0, "Total 41.50", id="zero that nobody wrote"),
        pytest.param("Acme Limited", "Invoice of Orbis Limited", id="another name"),
        pytest.param("Michael Dolby", "Ray Dolby and Michael Mooney", id="a name put together"),
        pytest.param("A-2025-18", "A-2025-17", id="another code"),
        pytest.param("12 Main Street, Springfield", "14 Main Street, Springfield", id="another house"),
    ],
)
def test_what_stands_nowhere_is_flagged(value, text):
    assert is_flagged(value, text)


@pytest.mark.parametrize("value", [None, True, False, "", "abcde", "N/A"])
def test_null_booleans_and_short_strings_never_count(value):
    assert not is_flagged(value, "nothing of it")


def test_what_the_reasoning_names_is_supported():
    record = {"total": 41.5, "name": "Acme Limited"}

    flagged = unsupported(record, document_of("Invoice"), reasoning="2 x 20.75 makes 41.50.")

    assert flagged == ("/name",)


def test_what_is_known_to_stand_is_not_looked_for():
    record = {"total": 41.5, "lines": [{"a/b": 17.25}]}

    assert unsupported(record, document_of("")) == ("/total", "/lines/0/a~1b")
    assert unsupported(record, document_of(""), found={"/lines/0/a~1b"}) == ("/total",)


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"v": {"enum": ["overdue", None]}}},
        {"properties": {"v": {"anyOf": [{"const": "overdue"}, {"type": "null"}]}}},
        {"$defs": {"S": {"enum": ["overdue"]}}, "properties": {"v": {"$ref": "#/$defs/S"}}},
        {"additionalProperties": {"enum": ["overdue"]}},
        {"allOf": [{"$ref": "#/$defs/O"}], "$defs": {"O": {"properties": {"v": {"enum": ["overdue"]}}}}},
    ],
)
def test_values_of_closed_lists_never_count(schema):
    assert is_flagged("overdue", "pay now")
    assert not is_flagged("overdue", "pay now", schema=schema)


@pytest.mark.parametrize("schema", [True, {"$ref": "#"}, {"$ref": 5}, {"$ref": "#/a/0"}, {"properties": {"v": True}}])
def test_a_schema_that_closes_nothing_changes_nothing(schema):
    assert is_flagged("overdue", "pay now", schema=schema)


def test_closed_lists_of_items_are_found():
    schema = {"properties": {"v": {"prefixItems": [{"enum": ["overdue"]}], "items": {"enum": ["waiting"]}}}}

    assert unsupported({"v": ["overdue", "waiting", "waiting"]}, document_of(""), schema=schema) == ()
    assert unsupported({"v": ["waiting"]}, document_of("")) == ("/v/0",)


@pytest.mark.parametrize(
    "piece",
    ["a ", "1 ", "1,", "1.1.1.25 ", "may 1 25 ", "two hundred ", "1 234 ", "in a ", "11e1", "1", "-\n", " ", "日", "é"],
)
def test_any_text_is_read_in_linear_time(piece):
    """A quadratic reading of 100,000 characters takes minutes; the limit leaves room for a busy machine."""
    record = {"n": 123456789.25, "day": "2031-05-06", "name": "Somebody Else", "text": "a " * 50}
    text = (piece * 100_000)[:100_000]
    began = time.process_time()

    unsupported(record, document_of(text), reasoning=text[:1000])

    assert time.process_time() - began < 5


def test_few_documents_are_kept_and_none_that_is_too_long(monkeypatch):
    monkeypatch.setattr(supporting, "MAX_KEPT", 100)
    supporting._kept.clear()

    for text in ("a" * 60, "b" * 60, "c" * 101, "d" * 30):
        unsupported({"v": 1.5}, document_of(text))

    assert [text[0] for text in supporting._kept] == ["b", "d"]

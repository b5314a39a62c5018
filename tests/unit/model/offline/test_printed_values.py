from __future__ import annotations

from typing import Any

import pytest

from extractor.model.offline.coercion import coerce, currency_in
from extractor.model.offline.dates import clock_in, date_in
from extractor.model.offline.fields import field_from
from extractor.model.offline.numbers import Habits, habits_of, number_in


@pytest.mark.parametrize(
    ("printed", "number"),
    [
        pytest.param("1,234.50", 1234.5, id="comma groups"),
        pytest.param("1.234,50", 1234.5, id="point groups"),
        pytest.param("1'234.50", 1234.5, id="Swiss groups"),
        pytest.param("1.234.567", 1234567.0, id="points alone are groups when there are two"),
        pytest.param("$ 12.00", 12.0, id="sign before"),
        pytest.param("€ -9,32", -9.32, id="minus after the sign"),
        pytest.param("(45.00)", -45.0, id="accounting brackets"),
        pytest.param("20.00-", -20.0, id="trailing minus"),
        pytest.param("RM5.90", 5.9, id="letters for a currency"),
        pytest.param("0,5", 0.5, id="decimal comma without habits"),
        pytest.param("12 %", 12.0, id="percentage"),
        pytest.param("GY-94149", None, id="an identifier is no number"),
        pytest.param("none", None, id="words"),
    ],
)
def test_a_number_is_read_as_printed(printed: str, number: float | None) -> None:
    assert number_in(printed, Habits()) == number


def test_one_group_of_three_is_read_by_the_habit_of_the_document() -> None:
    german = habits_of("Summe 12,50 Netto 10,00")
    english = habits_of("Sum 12.50 net 10.00")

    assert (number_in("1.234", german), number_in("1.234", english)) == (1234.0, 1.234)


@pytest.mark.parametrize(
    ("printed", "date"),
    [
        pytest.param("2024-03-05", "2024-03-05", id="ISO"),
        pytest.param("05/03/2024", "2024-03-05", id="day first unless something speaks against it"),
        pytest.param("03/25/2024", "2024-03-25", id="the second can only be the day"),
        pytest.param("5. März 2024", "2024-03-05", id="German"),
        pytest.param("29 maart 2014", "2014-03-29", id="Dutch"),
        pytest.param("August 3 , 2014", "2014-08-03", id="loose comma"),
        pytest.param("9-Jun-18", "2018-06-09", id="two-digit year"),
        pytest.param("21st day of May, 2009", "2009-05-21", id="legal"),
        pytest.param("31.02.2024", None, id="no such day"),
        pytest.param("Net 30", None, id="no date"),
    ],
)
def test_a_date_is_read_in_the_usual_forms(printed: str, date: str | None) -> None:
    assert date_in(printed, Habits()) == date


def test_dates_are_month_first_where_another_date_of_the_document_shows_it() -> None:
    habits = habits_of("Issued 03/25/2024, due 04/05/2024")

    assert date_in("04/05/2024", habits) == "2024-04-05"


@pytest.mark.parametrize(
    ("printed", "clock"),
    [
        pytest.param("03:30:27PM", "15:30:27", id="afternoon"),
        pytest.param("12:05 am", "00:05:00", id="after midnight"),
        pytest.param("17.42", "17:42:00", id="point"),
        pytest.param("soon", None, id="no time"),
    ],
)
def test_a_time_is_read_on_the_24_hour_clock(printed: str, clock: str | None) -> None:
    assert clock_in(printed) == clock


@pytest.mark.parametrize(
    ("printed", "schema", "value"),
    [
        pytest.param("yes", {"type": "boolean"}, True, id="yes"),
        pytest.param("☐", {"type": "boolean"}, False, id="empty box"),
        pytest.param("perhaps", {"type": "boolean"}, None, id="neither"),
        pytest.param("12.5", {"type": "integer"}, None, id="a fraction is no integer"),
        pytest.param("1,200 pcs", {"type": "integer"}, 1200, id="integer with unit"),
        pytest.param("PENDING review", {"enum": ["pending", "paid"]}, "pending", id="member by its first words"),
        pytest.param("overdue", {"enum": ["pending", "paid"]}, None, id="no member"),
        pytest.param("n/a", {"type": "string"}, None, id="printed absence"),
        pytest.param("write to a@b.example now", {"type": "string", "format": "email"}, "a@b.example", id="e-mail"),
        pytest.param("20 %", {"type": "number"}, None, id="a rate is no amount"),
        pytest.param("3 May 2024", {"type": "number"}, None, id="a date is no amount"),
    ],
)
def test_text_becomes_the_type_that_is_asked_for_or_nothing(
    printed: str, schema: dict[str, Any], value: object
) -> None:
    field = field_from({"type": "object", "properties": {"thing": schema}}).members[0]

    assert coerce(printed, field, Habits()) == value


@pytest.mark.parametrize(
    ("printed", "shared", "code"),
    [
        pytest.param("Total EUR 5.00", True, "EUR", id="code"),
        pytest.param("£605.00", True, "GBP", id="sign of one currency"),
        pytest.param("$8.20", True, "USD", id="shared sign, allowed"),
        pytest.param("$8.20", False, None, id="shared sign, not allowed"),
    ],
)
def test_a_currency_is_read_from_its_code_or_sign(printed: str, *, shared: bool, code: str | None) -> None:
    assert currency_in(printed, shared=shared) == code

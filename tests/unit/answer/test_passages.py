"""Which parts of a document a repair is shown: enough to answer from, and little else."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor import jsontext
from extractor.answer import ground, passages_for
from extractor.answer.passages import FOR_ALL, FOR_ONE, WHOLE
from extractor.records import Document, Page, Passage

FILLER = "Nothing of interest is said in this sentence, nor in the one that follows it.\n" * 80


def document_of(text: str) -> Document:
    pages = []
    start = 0
    for number, page in enumerate(text.split("\f"), start=1):
        pages.append(Page(number=number, start=start, end=start + len(page)))
        start += len(page) + 1
    return Document(text=text, pages=tuple(pages), media_type="text/plain", sha256="0" * 64, converter="none")


def shown(text: str, record: Any, *places: str, is_looked_up: bool = True) -> list[str] | None:
    """Return the texts of the passages for some places of a record."""
    document = document_of(text)
    evidence = ground(record, document) if is_looked_up else {}
    passages = passages_for(places, record, evidence=evidence, document=document)
    return None if passages is None else [passage.text for passage in passages]


def row(number: int) -> str:
    return f"SKU-{number:04d} | Widget of kind {number} | {number % 7 + 1} | {number + 0.25:.2f}"


def table(rows: int) -> str:
    return "SKU | Description | Qty | Unit price\n" + "\n".join(row(number) for number in range(rows))


def item(number: int) -> dict[str, Any]:
    return {
        "sku": f"SKU-{number:04d}",
        "description": f"Widget of kind {number}",
        "qty": number % 7 + 1,
        "unit_price": number + 0.25,
    }


HEAD = f"# Invoice A-17\n\nSeller: ACME GmbH\n\n{FILLER}\n"
BILL = f"{HEAD}## What was delivered\n\n{table(400)}\n\n{FILLER}\nTotal: 1234.50 EUR\n"
RECORD = {
    "number": "A-17",
    "seller": "ACME GmbH",
    "lines": [item(number) for number in range(400)],
    "total": 1234.5,
}


def with_value(at: str, value: Any) -> dict[str, Any]:
    """Return the record with another value at one place."""
    record: dict[str, Any] = jsontext.parse(jsontext.dumps(RECORD))
    *above, last = jsontext.tokens(at)
    parent: Any = record
    for token in above:
        parent = parent[int(token)] if isinstance(parent, list) else parent[token]
    parent[int(last) if isinstance(parent, list) else last] = value
    return record


def test_a_short_document_is_shown_whole():
    text = "x" * WHOLE

    assert shown(text, {"a": None}, "/a") == [text]
    assert shown(text + "x", {"a": None}, "/a") is None


@pytest.mark.parametrize("value", [None, "not printed anywhere", 300.25, {"not": "printed anywhere"}])
@pytest.mark.parametrize("is_looked_up", [True, False])
def test_of_a_table_the_row_the_rows_round_it_its_header_and_heading_are_shown(value: Any, is_looked_up: bool):
    record = with_value("/lines/300/unit_price", value)

    found = shown(BILL, record, "/lines/300/unit_price", is_looked_up=is_looked_up)

    assert found == [
        "## What was delivered\n\nSKU | Description | Qty | Unit price",
        f"{row(299)}\n{row(300)}\n{row(301)}",
    ]


def test_a_header_on_the_page_before_is_found():
    pages = [table(40), *("\n".join(row(number) for number in range(first, first + 40)) for first in (40, 80))]
    text = "\f".join(pages) + "\n" + FILLER

    found = shown(text, {"lines": [item(100) | {"qty": None}]}, "/lines/0/qty")

    assert found == ["SKU | Description | Qty | Unit price", f"{row(99)}\n{row(100)}\n{row(101)}"]


def test_a_table_in_columns_and_a_wrapped_cell_are_no_end_of_it():
    rows = [f"SKU-{number:04d}    Widget of kind {number}    {number}" for number in range(100)]
    rows[50] += "\nin green"
    text = f"{FILLER}\nPlease find below:\n\nArticle     Description         Qty\n" + "\n".join(rows)

    found = shown(text, {"lines": [{"sku": "SKU-0080", "qty": None}]}, "/lines/0/qty")

    assert found is not None
    assert found[0].endswith("Article     Description         Qty")
    assert found[-1] == "\n".join(rows[79:82])


@pytest.mark.parametrize(
    ("at", "value"),
    [
        pytest.param("/total", "1234.50", id="its value, in another form"),
        pytest.param("/total", None, id="the words of its name"),
    ],
)
def test_a_value_that_stands_alone_is_shown_by(at: str, value: Any):
    found = shown(BILL, with_value(at, value), at)

    assert found is not None
    assert "Total: 1234.50 EUR" in found[-1]
    assert sum(map(len, found)) <= FOR_ONE


@pytest.mark.parametrize(
    "name", ["purchase_order", "purchaseOrder", "PurchaseOrder", "purchase-order", "purchase order"]
)
def test_a_name_is_found_however_it_is_written(name: str):
    text = f"{FILLER}Purchase Order: 4711\n{FILLER}"

    found = shown(text, {name: None}, jsontext.pointer(name))

    assert found is not None
    assert "Purchase Order: 4711" in found[0]


def test_a_name_is_looked_for_in_words_of_its_own():
    text = f"{FILLER}Subtotals are not totalled.\n{FILLER}"

    assert shown(text, {"total": None}, "/total") is None


def test_of_a_name_that_stands_in_many_places_those_at_the_start_of_lines_come_first():
    text = f"{'We talk about the date a lot. ' * 50}\n{FILLER}Date: 12 March\n{FILLER}"

    found = shown(text, {"date": None}, "/date")

    assert found is not None
    assert any("Date: 12 March" in passage for passage in found)


def test_a_member_of_an_object_is_shown_by_the_values_that_stand_together_beside_it():
    text = f"{FILLER}ACME GmbH\nKanalstrasse 8\nDE 811\n{FILLER}{FILLER}20457 Hamburg\n{FILLER}"

    found = shown(text, {"seller": {"name": "ACME GmbH", "street": "Kanalstrasse 8", "vat_id": None}}, "/seller/vat_id")

    assert found is not None
    assert "DE 811" in found[0]
    assert shown(text, {"seller": {"name": "ACME GmbH", "city": "Hamburg", "vat_id": None}}, "/seller/vat_id") is None
    assert shown(text, {"seller": {"name": "ACME GmbH", "vat_id": None}}, "/seller/vat_id") is None


def test_what_nothing_tells_about_needs_the_whole_document():
    assert shown(BILL, RECORD, "/nothing_like_it") is None
    assert shown(BILL, RECORD, "/lines/300/unit_price", "/nothing_like_it") is None
    assert shown(BILL, None, "/nothing_like_it") is None


def test_a_list_is_shown_with_the_lines_that_it_may_go_on_in():
    text = f"{HEAD}## What was delivered\n\n{table(20)}\n\n{FILLER}"

    found = shown(text, {"lines": [item(number) for number in range(10, 14)]}, "/lines")

    assert found == [f"## What was delivered\n\n{table(20)}"]


@pytest.mark.parametrize(
    "lines", [pytest.param(RECORD["lines"], id="a long one"), pytest.param([], id="one without items")]
)
def test_a_list_that_may_go_on_anywhere_needs_the_whole_document(lines: Any):
    assert shown(BILL, {"lines": lines}, "/lines") is None


@pytest.mark.parametrize("value", ["SKU-0300x", "Widget 300 of a kind"])
def test_a_value_that_is_nearly_printed_is_shown_by_its_words(value: str):
    found = shown(BILL, {"article": value}, "/article")

    assert found is not None
    assert any(row(300) in passage for passage in found)


@pytest.mark.parametrize(
    "text", ["the date when\ndate and place\n", "It is said in 3. Date\n", "No date: none\n", "Dates: 1\n"]
)
def test_a_word_in_prose_is_no_label(text: str):
    assert shown(f"{FILLER}{text}{FILLER}", {"date": None}, "/date") is None


@pytest.mark.parametrize(
    "line",
    ["Date: 1 May", "  Date   1 May", "a | Date | 1 May", "- Date of issue: 1 May", "4. Date .... 1", "Date\n1 May"],
)
def test_a_label_is_known_by_its_place_and_what_follows_it(line: str):
    found = shown(f"{FILLER}{line}\n{FILLER}", {"date": None}, "/date")

    assert found is not None
    assert any(line in passage for passage in found)


def test_of_an_item_that_is_missing_the_items_before_it_are_shown():
    record = RECORD | {"lines": RECORD["lines"][:300]}

    found = shown(BILL, record, "/lines/300/sku")

    assert found is not None
    assert row(299) in found[-1]
    assert row(300) in found[-1]


def test_an_item_of_a_list_of_values_is_shown_by_the_items_beside_it():
    text = f"{FILLER}Tags: alpha, beta, gamma\n{FILLER}"

    found = shown(text, {"words": ["alpha", None, "gamma"]}, "/words/1")

    assert found is not None
    assert "alpha, beta, gamma" in found[0]


def test_passages_of_places_that_stand_together_are_one():
    places = ("/lines/300/unit_price", "/lines/300/qty", "/lines/301/qty")

    found = shown(BILL, RECORD, *places)

    assert found is not None
    assert found[-1] == "\n".join(row(number) for number in range(299, 303))
    assert len(found) == 2


def test_of_a_long_line_only_what_stands_round_the_value_is_shown():
    text = "word " * 2_000 + "Total: 12.50 EUR " + "word " * 2_000

    found = shown(text, {"total": 12.5}, "/total")

    assert found is not None
    assert "Total: 12.50 EUR" in found[0]
    assert len(found[0]) < 500


@pytest.mark.parametrize("many", [3, 20, 80, 400])
def test_many_places_are_bounded_in_all(many: int):
    places = [f"/lines/{number}/qty" for number in range(0, 400, 400 // many)]

    found = shown(BILL, RECORD, *places)

    assert found is None or sum(map(len, found)) <= FOR_ALL
    assert (found is None) is (many == 400)


def test_a_long_document_is_looked_through_at_once():
    text = f"{table(8_000)}\n{FILLER * 100}"
    record = {"lines": [item(7_900) | {"qty": None}], "total": None}
    document = document_of(text)
    started = time.process_time()

    passages = passages_for(["/lines/0/qty"], record, evidence=ground(record, document), document=document)

    assert passages is not None
    assert row(7_900) in passages[-1].text
    assert time.process_time() - started < 1


LINE = st.sampled_from(
    ["", "Total: 12.50", "a | b | c", "1 | 2 | 3", "# Heading", "word " * 90, "A-17    B-18    9", "\f", "Name Foo"]
)


@settings(max_examples=30)
@given(
    lines=st.lists(LINE, min_size=30, max_size=400),
    record=st.dictionaries(
        st.sampled_from(["total", "name", "lines", "other"]),
        st.none()
        | st.sampled_from([12.5, "Foo", "A-17", "nowhere"])
        | st.lists(st.fixed_dictionaries({"a": st.sampled_from([1, "B-18", None]), "b": st.sampled_from([2, "x"])})),
        min_size=1,
    ),
    data=st.data(),
)
def test_passages_are_ranges_of_the_text_in_order_apart_and_bounded(lines: list[str], record: Any, data: Any):
    document = document_of("\n".join(lines))
    places = data.draw(st.lists(st.sampled_from([at for at, _ in jsontext.leaves(record)]), min_size=1, max_size=4))

    passages = passages_for(places, record, evidence=ground(record, document), document=document)

    if passages is None:
        return
    assert all(each.text == document.text[each.start : each.end] and each.start < each.end for each in passages)
    assert all(before.end < after.start for before, after in pairwise(passages))
    assert passages == (Passage(start=0, end=len(document.text), text=document.text),) or (
        sum(each.end - each.start for each in passages) <= FOR_ALL
    )

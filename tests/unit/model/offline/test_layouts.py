from __future__ import annotations

from textwrap import dedent
from typing import Any

import pytest

from extractor.model.offline import fill


def record_of(*members: str, **schemas: Any) -> dict[str, Any]:
    properties = {name: {"type": ["string", "null"]} for name in members} | schemas
    return {"type": "object", "properties": properties}


def list_of(*members: str, **schemas: Any) -> dict[str, Any]:
    return {"type": "array", "items": record_of(*members, **schemas)}


NUMBER = {"type": ["number", "null"]}
STRINGS = {"type": "array", "items": {"type": "string"}}


@pytest.mark.parametrize(
    "document",
    [
        pytest.param("Batch owner: Ann Lee\n", id="colon"),
        pytest.param("Batch owner        Ann Lee\n", id="gap"),
        pytest.param("| Batch owner | Ann Lee |\n", id="table row"),
        pytest.param("Batch owner ........ Ann Lee\n", id="dot leaders"),
        pytest.param("BATCH OWNER\nAnn Lee\n", id="label above"),
        pytest.param("**Batch owner:** Ann Lee\n", id="Markdown emphasis"),
        pytest.param("Batch owner:\tAnn Lee\n", id="tab"),
        pytest.param("Site     Batch owner   Shift\nNorth    Ann Lee       2\n", id="header above one row"),
    ],
)
def test_a_label_gives_its_value_in_every_usual_form(document: str) -> None:
    assert fill(record_of("batch_owner"), document) == {"batch_owner": "Ann Lee"}


def test_a_label_goes_to_the_field_that_fits_it_best() -> None:
    schema = record_of(date={"type": "string", "format": "date"}, due_date={"type": "string", "format": "date"})

    answer = fill(schema, "Due date: 2024-05-01\n")

    assert answer == {"date": None, "due_date": "2024-05-01"}


def test_a_number_behind_a_tax_label_is_no_amount_of_tax() -> None:
    document = "VAT no. GB 417 2290 55\nVAT 20 %      562.20\n"

    assert fill(record_of("tax_id", tax=NUMBER), document) == {"tax_id": "GB 417 2290 55", "tax": 562.2}


def test_a_table_cell_never_moves_to_another_column() -> None:
    document = dedent("""\
        Part        Bin         On hand    Moved
        SKU-8847    A-12            450
                    B-07            289      -23
        SKU-9201                              12
        """)

    answer = fill(record_of(rows=list_of("part", "bin", on_hand=NUMBER, moved=NUMBER)), document)

    assert [list(row.values()) for row in answer["rows"]] == [
        ["SKU-8847", "A-12", 450, None],
        [None, "B-07", 289, -23],
        ["SKU-9201", None, None, 12],
    ]


def test_rows_of_sums_are_no_items() -> None:
    document = dedent("""\
        | Description | Quantity | Amount |
        |---|---|---|
        | Oak bench | 4 | 1,540.00 |
        | Delivery by van | 1 | 65.00 |
        | | Subtotal | 1,605.00 |
        | | Total | 1,926.00 |
        """)

    answer = fill(record_of(lines=list_of("description", quantity=NUMBER, amount=NUMBER), total=NUMBER), document)

    assert [row["description"] for row in answer["lines"]] == ["Oak bench", "Delivery by van"]
    assert answer["total"] == 1926


def test_a_table_goes_on_after_a_page_break() -> None:
    document = "Item   Price\nPen    1.00\n\n\nPage 1\n\fItem   Price\nInk    2.00\n"

    answer = fill(record_of(goods=list_of("item", price=NUMBER)), document)

    assert [row["item"] for row in answer["goods"]] == ["Pen", "Ink"]


def test_two_blocks_side_by_side_stay_apart() -> None:
    party = record_of("name", "address")
    document = dedent("""\
        From:                    Bill to:
        Acme Tools Ltd           Castlemere School
        Unit 4, Harrow Lane      8 Orchard Road
        Castlemere CM4 2QT       Castlemere CM1 7PA

        Total: 5.00
        """)

    answer = fill(record_of(supplier=party, customer=party), document)

    assert answer == {
        "supplier": {"name": "Acme Tools Ltd", "address": "Unit 4, Harrow Lane, Castlemere CM4 2QT"},
        "customer": {"name": "Castlemere School", "address": "8 Orchard Road, Castlemere CM1 7PA"},
    }


def test_an_object_is_read_behind_its_name() -> None:
    document = "Tenant name: Ida Brandt\nTenant phone: +45 3344 5566\nLandlord name: Bo Hede\n"

    answer = fill(record_of(tenant=record_of("name", "phone")), document)

    assert answer == {"tenant": {"name": "Ida Brandt", "phone": "+45 3344 5566"}}


@pytest.mark.parametrize(
    "document",
    [
        pytest.param("Crops: oats, rye and barley\n", id="commas"),
        pytest.param("Crops: oats; rye; barley\n", id="semicolons"),
        pytest.param("Crops:\n- oats\n- rye\n- barley\n\nSoil: loam\n", id="bullets"),
        pytest.param("## Crops\n\n* oats\n* rye\n* barley\n\n## Soil\nloam\n", id="section"),
        pytest.param("Crops\noats\nrye\nbarley\n\nSoil\nloam\n", id="lines"),
    ],
)
def test_a_list_is_read_in_every_usual_form(document: str) -> None:
    assert fill(record_of(crops=STRINGS), document) == {"crops": ["oats", "rye", "barley"]}


def test_a_section_of_blocks_becomes_one_record_each() -> None:
    document = dedent("""\
        VEHICLES

        Plate: AB-123
        Colour: red

        Plate: CD-456
        Colour: blue
        """)

    answer = fill(record_of("owner", vehicles=list_of("plate", "colour")), document)

    assert answer["vehicles"] == [{"plate": "AB-123", "colour": "red"}, {"plate": "CD-456", "colour": "blue"}]


def test_a_reference_is_taken_apart() -> None:
    schema = record_of("authors", "title", "journal", "volume", "pages", "doi", year={"type": ["integer", "null"]})
    document = "Moss, A., & Reed, B. (2019). How ponds freeze. Journal of Small Waters, 12(3), 45-67."

    answer = fill(schema, document)

    assert (answer["authors"], answer["title"], answer["year"]) == ("Moss, A., & Reed, B", "How ponds freeze", 2019)
    assert (answer["journal"], answer["pages"], answer["doi"]) == ("Journal of Small Waters", "45-67", None)


def test_the_sentences_of_an_agreement_name_its_parties_and_law() -> None:
    document = (
        "This Agreement is made on 4 May 2005 between Alder Foods Ltd (the “Company”) and Birch Partners LLP "
        "(the “Adviser”).\nThis Agreement is governed by the laws of the State of Idaho.\n"
    )

    answer = fill(record_of("jurisdiction", "effective_date", "term", parties=STRINGS), document)

    assert (answer["parties"], answer["jurisdiction"]) == (["Alder Foods Ltd", "Birch Partners LLP"], "Idaho")


def test_a_root_that_wraps_a_list_is_read_as_the_list() -> None:
    document = "| Town | People |\n|---|---|\n| Emden | 50,000 |\n"

    answer = fill(record_of(result=list_of("town", people=NUMBER)), document)

    assert answer == {"result": [{"town": "Emden", "people": 50000}]}


def test_references_and_unions_are_followed() -> None:
    schema = {
        "type": "object",
        "properties": {"mooring": {"anyOf": [{"$ref": "#/$defs/berth"}, {"type": "null"}]}},
        "$defs": {"berth": {"type": "object", "properties": {"depth": {"anyOf": [{"type": "null"}, NUMBER]}}}},
    }

    assert fill(schema, "## Mooring\n\nDepth: 4.5 m\n") == {"mooring": {"depth": 4.5}}


def test_a_schema_that_holds_itself_ends() -> None:
    node: dict[str, Any] = record_of("label", left={"$ref": "#"}, right={"anyOf": [{"$ref": "#"}, {"type": "null"}]})

    assert fill(node, "Label: root\n") == {"label": "root", "left": None, "right": None}


def test_two_headings_in_capitals_are_no_label_and_value() -> None:
    document = (
        "BILL TO                SHIP TO\nLakeside Clinic        Lakeside Store\n55 Shore Rd            9 Dock Street\n"
    )

    answer = fill(record_of(customer=record_of("name", "address")), document)

    assert answer == {"customer": {"name": "Lakeside Clinic", "address": "55 Shore Rd"}}


def test_the_entries_of_a_career_are_told_apart() -> None:
    document = dedent("""\
        EXPERIENCE

        Senior Engineer, Acme Corp, Austin
        Jan 2019 - Present
        - Built the ledger
        - Led a team

        Engineer at Beta LLC
        2015 - 2018
        """)

    answer = fill(record_of(experience=list_of("employer", "title", "location", "start", "end", "summary")), document)

    assert [list(post.values()) for post in answer["experience"]] == [
        ["Acme Corp", "Senior Engineer", "Austin", "Jan 2019", "Present", "Built the ledger Led a team"],
        ["Beta LLC", "Engineer", None, "2015", "2018", None],
    ]


def test_the_lines_of_a_till_receipt_need_no_header() -> None:
    document = dedent("""\
        BLUE DOOR CAFE

        2 x Flat white      7.00
        Carrot cake         4.20
        Subtotal           11.20
        Gift wrap           1.00
        """)

    answer = fill(record_of(items=list_of("description", quantity=NUMBER, amount=NUMBER)), document)

    assert answer["items"] == [
        {"description": "Flat white", "quantity": 2, "amount": 7},
        {"description": "Carrot cake", "quantity": None, "amount": 4.2},
    ]


def test_an_address_is_taken_apart() -> None:
    schema = record_of(addresses=list_of("number", "street", "unit", "city", "state", "zip"))

    answer = fill(schema, "32 N. Dean St., Suite 4, Englewood, NJ 07631\n1350 N Wells Ave Chicago, Illinois 60610\n")

    assert [list(address.values()) for address in answer["addresses"]] == [
        ["32", "N. Dean St", "Suite 4", "Englewood", "NJ", "07631"],
        ["1350", "N Wells Ave", None, "Chicago", "Illinois", "60610"],
    ]


def test_an_address_ends_where_labels_begin() -> None:
    document = "Customer:\nKestrel Freight B.V.\nLoodskade 7\n3024 EM Hoek\nVAT no. NL0041\nInvoice no.     25-1183\n"

    answer = fill(record_of("number", customer=record_of("name", "address")), document)

    assert answer["customer"] == {"name": "Kestrel Freight B.V.", "address": "Loodskade 7, 3024 EM Hoek"}

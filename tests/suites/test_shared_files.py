"""Real files of many makers: what each must read as, chosen by looking at the page.

In the phrases two spaces stand for any gap between two columns.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from extractor.document import read
from extractor.errors import UnreadableDocument

if TYPE_CHECKING:
    from pathlib import Path

    from extractor.records import Document

READ = {
    "docling__kvp_data_example.html": (
        "Telephone (123) 456-7890",
        "Nr. | Item Description | Quantity\nI | Coffee | 1\nII | Lunch | 2",
        "Receipt date 16/03/2026",
    ),
    "docling__word_tables.docx": (
        "Cell 1.0 | Merged Cell 1.1 1.2 |  | Cell 1.3",
        "Cell 1.0 | Merged Cell 1.1 2.1 | Cell 1.2\nCell 2.0 |  | Cell 2.2",
        "Cell 4.0 |  | Cell 4.2 | Merged Cell 4.4 5.4",
    ),
    "extract-bench__adp_10q_fy2025q2.pdf": (
        "Net earnings  $  963.2  $  878.4  $  1,919.5  $  1,737.8",
        "Net cash flows used in investing activities  (2,902.3)  (77.8)",
        "Title of each class Trading Symbol(s) Name of each exchange on which registered",
    ),
    "extract-bench__ma_2023_sw_M-table4.pdf": (
        "3  1/8  Masakazu MITSUHASHI  JPN  1938  CFC SOGA\n  1:09.63  (  1.13)",
        "Event No.  :14  MEN  50m  Butterfly  WR  34.75",
        "7  3/0  Anan AEOCHAROEN  THA  1942  Prachaniwet Sport Center",
    ),
    "invoice2data__AmazonWebServices.pdf": (
        "Account number:\n296664039561",
        "Amazon Elastic Compute Cloud $1.87\nCharges $1.87\nVAT ** $0.00",
        "TOTAL AMOUNT DUE ON August 3 , 2014 $4.11",
    ),
    "invoice2data__AzureInterior.pdf": (
        "Invoice Date:  Due Date:  Reference:\n03/20/2023  04/04/2023  CUSTREF123",
        "[17589684] Beeswax XL  1.00 kg  42.00  0.00 15.00%  $ 42.00",
        "[LUX_TRF] Luxury Truffles  15.00 g  10.00  0.00  $ 150.00",
    ),
    "invoice2data__coolblue1.pdf": (
        "Apple iPad Air Wifi 16 GB Zilver  1  € 399,00  21%  € 399,00",
        "Incl. Thuiskopieheffing: Thuiskopie €3.50  1  21%  € 4,24",
        "BTW 21%  € 124,61",
    ),
    "markitdown__SPARSE-2024-INV-1234_borderless_table.pdf": (
        "Product Code  Location  Expected  Actual  Variance  Status",
        "SKU-4563  Software  $120.00  $18,720.00  Critical",
        "Total Variance Cost: $4,287.50",
    ),
    "markitdown__test_wikipedia.html": (
        "Traded as\nNasdaq: MSFT\nNasdaq-100 component",
        "Founders | Bill Gates Paul Allen",
        "閩東語 / Mìng-dĕ̤ng-ngṳ̄",
    ),
    "pdfplumber__nics-background-checks-2015-11.pdf": (
        "Kentucky  264,140  12,155  14,847  254  648  1  9  11  0  1,491  2,315  2",
        "Michigan  16,786  13,634  17,604  385  238  1,025  1  4  0  5  489  2  69  24",
        "State / Territory  Permit  Handgun  Long Gun  *Other  **Multiple  Admin",
    ),
    "pdfplumber__scotus-transcript-p1.pdf": (
        "3  MICHAEL A. KNOWLES,  :",
        "6  v.  :  No.  07-1315",
        "18  CHARLES M. SEVILLA, ESQ., San Diego, Cal.; on behalf",
    ),
    "pdfplumber__senate-expenditures.pdf": (
        "DHAW20190001  05/03/2019  CITIBANK - TRAVEL CBA CARD  03/04/2019  03/06/2019  STAFF TRANSPORTATION  920.68",
        "ARMER, DEREK A  LEGISLATIVE CORRESPONDENT TO JUL. 15 AND FROM AUG. 11 TO AUG. 14  12,111.06",
        "DOCUMENT NO.  DATE  PAYEE NAME",
    ),
    "unstructured__docx-tables.docx": (
        "Header Col 1 | Header Col 2\nLorem ipsum | A link example",
        "d | e | f g&t | h | i",
        "a | b |\n | c | d\ne |  |",
    ),
    "unstructured__example-10k-1p.html": (
        "Trading symbol | Name of exchange on which registered\nCommon stock | GLXZ | OTCQB marketplace",
        "Item 7A. | Quantitative and Qualitative Disclosures about Market Risk | 14",
        "6480 Cameron Street Ste. 305 \N{EN DASH} Las Vegas, NV 89118",
    ),
    "unstructured__fake-html-cp1252.html": (
        "Die schöne Frau hat einen Kaffee mit Kuchen gegessen.",
        "J'ai acheté un café au lait pour 3,50 €.",
        'El niño comió paella con ñoquis. La señora dijo: "¡Qué rico!" y pagó 25,75 €.',
    ),
    "unstructured__handbook-1p.docx": (
        "US Trustee Handbook",
        "A.\tPURPOSE",
        "28 U.S.C. § 586(b), 28 C.F.R. § 58.4(b) referencing 28 C.F.R. § 58.3(b).",
    ),
    "unstructured__korean-text-with-tables.pdf": (
        "온라인쇼핑몰 삼성카드 쇼핑, G마켓, 옥션, 11번가, 인터파크,",
        "편의점 CU, GS25, 세븐일레븐, 미니스톱",
        "적립한도 없이 커피전문점·제과점·편의점 2% 빅포인트 적립",
    ),
    "unstructured__multi-column-2p.pdf": (
        "a context retriever first\nselects a small subset of passages where some\nof them contain the answer",
        "“Who is the bad guy in lord of the rings?”, which can\nbe answered from the context “Sala Baker is best",
        "open-domain QA to machine reading is a very rea-sonable strategy",
    ),
    "unstructured__stanley-cups-utf-16.csv": ("Team,Location,Stanley Cups", "Blues,STL,1", "Maple Leafs,TOR,13"),
}
REFUSED = {
    "extract-bench__Resume-Legal.pdf": "no_text_layer",
    "markitdown__MEDRPT-2024-PAT-3847_medical_report_scan.pdf": "no_text_layer",
    "unstructured__single_table.pdf": "no_text_layer",
    "unstructured__password.pdf": "encrypted_document",
    "unstructured__2023-half-year-analyses-by-segment.xlsx": "unsupported_media_type",
    "unstructured__email-no-utf8-2014-03-17.111517.eml": "unsupported_media_type",
    "unstructured__fake-email-attachment.eml": "unsupported_media_type",
    "unstructured__family-day.eml": "unsupported_media_type",
}


def spaced(text: str) -> str:
    return re.sub(r"[ \t]*  +", "  ", text)


def test_every_file_has_its_row(shared_data: Path):
    assert {file.name for file in (shared_data / "files").iterdir()} - {"MANIFEST.json"} == READ.keys() | REFUSED.keys()


@pytest.mark.parametrize("name", READ)
def test_a_file_reads_as_it_is_seen(name: str, shared_data: Path):
    found = read(shared_data / "files" / name)

    text = spaced(found.text)
    assert [phrase for phrase in READ[name] if phrase not in text] == []
    assert "\f".join(found.text[page.start : page.end] for page in found.pages) == found.text


@pytest.mark.parametrize(("name", "code"), REFUSED.items())
def test_a_file_that_cannot_be_read_has_its_code(name: str, code: str, shared_data: Path):
    with pytest.raises(UnreadableDocument) as caught:
        read(shared_data / "files" / name)

    assert caught.value.code == code


def test_empty_cells_of_a_table_without_lines_keep_their_columns(shared_data: Path):
    found = read(shared_data / "files" / "markitdown__SPARSE-2024-INV-1234_borderless_table.pdf")

    lines = found.text.split("\n")
    at = next(number for number, line in enumerate(lines) if "Product Code" in line)
    columns = {name: lines[at].index(name) for name in ("Location", "Expected", "Actual", "Variance", "Status")}
    rows = [
        {name: line[start : start + 8].strip() for name, start in columns.items()} for line in lines[at + 1 : at + 9]
    ]
    assert [tuple(row.values()) for row in rows] == [
        ("A-12", "450", "", "", ""),
        ("B-07", "", "289", "-23", ""),
        ("", "780", "778", "", "OK"),
        ("C-15", "", "", "+15", ""),
        ("D-22", "", "156", "", "CRITICAL"),
        ("", "180", "", "-24", ""),
        ("A-08", "920", "", "", ""),
        ("", "", "935", "+15", "OK"),
    ]


def test_two_columns_are_read_one_after_the_other(shared_data: Path):
    text = read(shared_data / "files" / "unstructured__multi-column-2p.pdf").text
    in_order = [
        "Open-domain question answering relies on",  # abstract, left
        "1 Introduction",
        "indicating the needs\nof improving retrieval",
        "Retrieval in open-domain QA is usually",  # right
        "would\nhave difficulty retrieving such a context",
    ]

    places = [text.index(phrase) for phrase in in_order]

    assert places == sorted(places)


def test_files_read_at_once_equal_those_read_one_by_one(shared_data: Path):
    files = [shared_data / "files" / name for name in READ if name.endswith(".pdf") and "10q" not in name]
    one_by_one = [read(file) for file in files]

    with ThreadPoolExecutor(8) as threads:
        at_once: list[Document] = list(threads.map(read, files))

    assert at_once == one_by_one


def test_a_real_file_cut_in_half_is_corrupt(shared_data: Path):
    whole = (shared_data / "files" / "invoice2data__AzureInterior.pdf").read_bytes()

    with pytest.raises(UnreadableDocument) as caught:
        read(whole[: len(whole) // 2])

    assert caught.value.code == "corrupt_document"

"""How a document is divided among questions: whole where it fits, and never into parts that no question can hold."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from extractor.document.paging import page_ranges
from extractor.planning import LEAST_TOKENS, Portion, divided, has_lists, is_shown_whole, plan
from extractor.records import Document, Window
from extractor.testing import ScriptedModel

SENTENCE = "The goods are delivered by ship to the port that is nearest to the customer. "


def closed(**members: Any) -> dict[str, Any]:
    return {"type": "object", "properties": members, "required": list(members), "additionalProperties": False}


LISTED = closed(
    number={"type": "string"},
    lines={"type": "array", "items": closed(sku={"type": "string"}, price={"type": "number"})},
)
FLAT = closed(**{f"clause_{number}": {"type": "string"} for number in range(8)})


def document_of(text: str) -> Document:
    return Document(text=text, pages=page_ranges(text), media_type="text/plain", sha256="0" * 64, converter="none")


def table_of(rows: int) -> Document:
    lines = (f"SKU-{row:04d} | Part number {row} | {row}.50" for row in range(rows))
    return document_of("SKU | Name | Price\n" + "\n".join(lines) + "\n")


def model_of(*, input_limit: int | None = None, output_limit: int | None = None) -> ScriptedModel:
    model = ScriptedModel()
    model.input_limit, model.output_limit = input_limit, output_limit
    return model


def whole_of(document: Document) -> Portion:
    text = document.text
    return Portion(window=Window(number=0, start=0, end=len(text), text=text, pages=document.pages))


@pytest.mark.parametrize(
    ("limits", "is_whole"),
    [
        pytest.param({}, True, id="no limit is known"),
        pytest.param({"input_limit": 30_000, "output_limit": 30_000}, True, id="both are far off"),
        pytest.param({"input_limit": 6_000}, False, id="the document is too long"),
        pytest.param({"output_limit": 6_000}, False, id="its record is too long"),
    ],
)
def test_a_document_is_asked_about_whole_where_question_and_answer_fit(limits: dict[str, int], *, is_whole: bool):
    document = table_of(400)

    planned = plan(document, wire=LISTED, model=model_of(**limits))

    assert (len(planned) == 1) == is_whole
    assert planned[0].window.number == (0 if is_whole else 1)
    covered = 0
    for portion in planned:
        assert portion.window.start <= covered < portion.window.end
        covered = portion.window.end
    assert covered == len(document.text)


def test_the_callers_own_limit_on_a_reply_counts_as_the_models_does():
    document = table_of(400)

    by_caller = plan(document, wire=LISTED, model=model_of(output_limit=30_000), most_output=6_000)
    by_model = plan(document, wire=LISTED, model=model_of(output_limit=6_000))

    assert by_caller == by_model
    assert len(by_caller) > 1


def test_an_estimate_far_off_does_not_cut_a_document_into_crumbs():
    document = table_of(400)

    planned = plan(document, wire=LISTED, model=model_of(output_limit=10))

    assert len(planned) <= len(document.text.encode()) // LEAST_TOKENS


def test_a_document_is_shown_again_only_where_one_request_holds_it():
    document = table_of(400)

    assert is_shown_whole(document, model=model_of())
    assert not is_shown_whole(document, model=model_of(input_limit=6_000))


def test_an_answer_that_was_too_long_is_asked_for_in_halves_of_the_document():
    document = table_of(400)

    halves = divided(whole_of(document), document, wire=LISTED, is_too_long=False)

    assert [portion.members for portion in halves] == [None, None]
    assert "".join(portion.window.text for portion in halves) == document.text


def test_a_record_without_lists_is_asked_for_by_members_all_of_them_once():
    document = document_of(SENTENCE * 100)

    first, second = divided(whole_of(document), document, wire=FLAT, is_too_long=False)

    assert (*(first.members or ()), *(second.members or ())) == tuple(FLAT["properties"])
    assert first.window.text == second.window.text == document.text
    assert first.window.number != second.window.number


def test_a_question_that_was_too_long_shows_half_whatever_is_asked_for():
    document = document_of(SENTENCE * 100)

    portions = divided(whole_of(document), document, wire=FLAT, is_too_long=True)

    assert len(portions) == 2
    assert all(len(portion.window.text) < len(document.text) for portion in portions)


def test_a_question_that_does_not_fit_though_it_shows_little_is_not_divided():
    """Rules and schema take the room; they are the same beside any part of the document."""
    document = document_of(SENTENCE * 10)

    assert divided(whole_of(document), document, wire=LISTED, is_too_long=True) == ()


def test_one_row_and_one_member_are_not_divided():
    document = document_of("SKU-1")
    portion = whole_of(document)

    assert divided(portion, document, wire=closed(number={"type": "string"}), is_too_long=False) == ()


@pytest.mark.parametrize(("wire", "is_whole"), [(LISTED, False), (FLAT, True)])
def test_however_often_a_portion_is_divided_each_part_has_a_number_of_its_own(wire: Any, *, is_whole: bool):
    """And one that every JSON writer takes."""
    document = table_of(120)
    portions = [whole_of(document)]
    numbers = []
    while portions:
        portion = portions.pop()
        numbers.append(portion.window.number)
        portions += divided(portion, document, wire=wire, is_too_long=False)

    assert len(numbers) == len(set(numbers)) > (2 * len(FLAT["properties"]) if is_whole else 120) - 2
    assert max(numbers) < 2**53
    assert orjson.loads(orjson.dumps(numbers)) == numbers


def test_a_list_is_found_wherever_a_member_holds_one():
    nested = closed(a={"type": "string"}, b={"anyOf": [{"$ref": "#/$defs/B"}, {"type": "null"}]})
    wire = {**nested, "$defs": {"B": closed(c=LISTED["properties"]["lines"], again={"$ref": "#/$defs/B"})}}

    assert has_lists(wire)
    assert has_lists(wire, ["b"])
    assert not has_lists(wire, ["a"])

"""Repairs against the simulator: what they cost beside the first call, and that a record needs only one of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from extractor import extract
from extractor.answer import ground, passages_for
from extractor.jsontext import leaves
from extractor.model.endpoints import Endpoint
from extractor.model.enforcement import terms_for
from extractor.model.profiles import profile_of
from extractor.model.requests import chat_request
from extractor.prompt import ask, kept_beside, repair
from extractor.records import Document, OpenField, Opening, Options, Page, Question, Shape, Window
from extractor.simulator import Reply, Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from extractor.simulator.ledger import Bill

#: What the billed tokens of a repair may be of those of the first call.
SHARE = 0.04
ROWS = 100
KEY = "Delivery note 8814"
WORDS = "Goods remain the property of the supplier until they are paid for, as agreed between both parties. "


def closed(**members: Any) -> dict[str, Any]:
    return {"type": "object", "properties": members, "required": list(members), "additionalProperties": False}


LINE = closed(sku={"type": "string"}, name={"type": "string"}, quantity={"type": "integer"})
SCHEMA = closed(
    number={"type": "string"},
    carrier={"type": "string", "enum": ["rail", "road", "sea"]},
    lines={"type": "array", "items": LINE},
)
RECORD = {
    "number": KEY,
    "carrier": "road",
    "lines": [{"sku": f"SKU-{row:03d}", "name": f"Part number {row}", "quantity": row % 9 + 1} for row in range(ROWS)],
}


def text_of(rows: Sequence[dict[str, Any]]) -> str:
    """Return 100,000 characters: head, terms, the table with its header, terms, foot."""
    table = "\n".join(f"{row['sku']} | {row['name']} | {row['quantity']}" for row in rows)
    terms = (WORDS * 10 + "\n") * 49
    return f"{KEY}\n\n{terms}\nDelivered\n\nSKU | Name | Quantity\n{table}\n\n{terms}\nCarrier: road\n"


TEXT = text_of(RECORD["lines"])


def broken(*places: tuple[str | int, ...]) -> str:
    """Return the record as text, with a value that no schema takes at each place."""
    record = json.loads(json.dumps(RECORD))
    for *above, last in places:
        parent = record
        for token in above:
            parent = parent[token]
        parent[last] = "unreadable"
    return json.dumps(record)


def billed(call: Bill) -> int:
    return call.prompt_tokens + call.completion_tokens


@pytest.fixture
def simulator(monkeypatch) -> Iterator[Simulator]:
    with Simulator(answer={KEY: RECORD}) as running:
        monkeypatch.setenv("EXTRACTOR_BASE_URL", running.base_url)
        monkeypatch.setenv("EXTRACTOR_API_KEY", "simulated")
        monkeypatch.setenv("EXTRACTOR_OPENROUTER_COMPATIBLE", "true")
        yield running


def test_the_sizes_are_those_that_are_promised():
    assert len(list(leaves(RECORD))) == 302
    assert 99_000 <= len(TEXT.encode()) <= 105_000


@pytest.mark.parametrize(
    "places",
    [
        pytest.param([("lines", 57, "quantity")], id="one leaf of a table"),
        pytest.param([("carrier",)], id="one leaf of the record"),
        pytest.param([("lines", 3, "quantity"), ("lines", 90, "quantity"), ("carrier",)], id="three, in three places"),
    ],
)
def test_a_repair_costs_a_fraction_of_the_first_call_and_touches_only_what_failed(simulator, places):
    simulator.play(KEY, Reply(content=broken(*places)))

    result = extract(TEXT, SCHEMA)

    assert (result.status, result.json_record) == ("succeeded", RECORD)
    first, second = simulator.ledger.calls
    assert billed(second) <= SHARE * billed(first)
    assert len(result.attempts[1].opened or ()) == len(places)
    assert set(json.loads(result.attempts[1].text).values()) <= {"road", 4, 1}


def question_of(text: str) -> tuple[Question, Document]:
    pages = (Page(number=1, start=0, end=len(text)),)
    document = Document(text=text, pages=pages, media_type="text/plain", sha256="0" * 64, converter="none")
    window = Window(number=0, start=0, end=len(text), text=text, pages=pages)
    return ask(window, Shape(schema=SCHEMA, name="note"), job_id="1", options=Options()), document


def post(simulator: Simulator, question: Question) -> Any:
    """Return what the simulator answers to a question of ours."""
    profile = profile_of(question.options.model)
    terms = terms_for(question.options, profile, {})
    body = json.loads(
        chat_request(question, terms, profile=profile, endpoint=Endpoint(base_url=simulator.base_url, key=None)).body
    ) | {"stream": False}
    headers = {"Authorization": "Bearer simulated"}
    with httpx.Client(base_url=simulator.base_url, headers=headers, timeout=10) as http:
        return json.loads(http.post("/chat/completions", json=body).json()["choices"][0]["message"]["content"])


def opening_of(kind: Any, at: str, schema: Any) -> Opening:
    shape = Shape(name="note", schema=closed(open=schema), expected_tokens=32)
    return Opening(shape=shape, fields=(OpenField(name="open", at=at, kind=kind, rules=("must be another",)),))


@pytest.mark.parametrize(
    ("kind", "at", "schema", "lines", "patch"),
    [
        pytest.param("replace", "/lines/57/quantity", {"type": "integer"}, ROWS, 57 % 9 + 1, id="replace"),
        pytest.param("replace", "/lines/57", LINE, ROWS, RECORD["lines"][57], id="replace an item"),
        pytest.param("replace", "/none/of/it", {"type": ["string", "null"]}, ROWS, None, id="what is not there"),
        pytest.param("add", "/lines", SCHEMA["properties"]["lines"], ROWS - 2, RECORD["lines"][-2:], id="add"),
        pytest.param(
            "remove", "/lines", {"type": "array", "items": {"type": "integer"}}, ROWS + 2, [ROWS, ROWS + 1], id="remove"
        ),
    ],
)
def test_a_repair_is_answered_from_the_record_of_its_document(simulator, kind, at, schema, lines, patch):
    """The passages hold nothing that the document is known by: it is known by the mark of its fence."""
    first, document = question_of(TEXT)
    answer = RECORD | {"lines": [*RECORD["lines"], *RECORD["lines"][:2]][:lines]}
    opening = opening_of(kind, at, schema)
    passages = passages_for(["/lines/57"], answer, evidence=ground(answer, document), document=document) or ()
    assert KEY not in "".join(passage.text for passage in passages)
    post(simulator, first)

    answered = post(simulator, repair(first, opening=opening, passages=passages, kept=kept_beside(answer, opening)))

    assert answered == {"open": patch}
    assert len({call.document for call in simulator.ledger.calls}) == 1


def test_a_repair_of_a_document_that_was_never_asked_about_is_answered_by_rules(simulator):
    first, document = question_of(TEXT)
    opening = opening_of("replace", "/lines/57/quantity", {"type": "integer"})
    passages = passages_for(["/lines/57/quantity"], RECORD, evidence=ground(RECORD, document), document=document)

    answered = post(simulator, repair(first, opening=opening, passages=passages, kept=kept_beside(RECORD, opening)))

    assert answered == {"open": 57 % 9 + 1}


def test_a_scripted_reply_waits_for_a_repair_too(simulator):
    first, _ = question_of(TEXT)
    opening = opening_of("replace", "/carrier", {"type": "string"})
    simulator.play(KEY, Reply(content='"one"'), Reply(content='"two"'))

    answers = [
        post(simulator, question) for question in (first, *[repair(first, opening=opening, passages=(), kept="")] * 2)
    ]

    assert answers == ["one", "two", {"open": "road"}]

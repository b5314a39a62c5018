"""What repairs promise, over real HTTP against the simulator: a fraction of the first call's price, one question for
any number of places, and nothing else of the record changed, whatever the model answers.
"""

from __future__ import annotations

import copy
import json
import re
from typing import TYPE_CHECKING, Any, Literal

import pytest
from pydantic import BaseModel, Field, model_validator

from extractor import extract
from extractor.prompt import read_back
from extractor.prompt.layout import take_apart
from extractor.records import DEFAULT_MODEL, Message
from extractor.simulator import Reply, Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extractor.simulator import Asked, Bill

#: What the billed tokens of a repair may be of those of the first call.
SHARE = 0.04
ITEMS = 48
KEY = "Consignment 77-2041"
PLAIN_MODEL = "qwen/qwen-plus-2025-07-28"
OTHER_MODEL = "openai/gpt-4.1-mini"
TERMS = "Goods stay the property of the sender until they are paid for in full, as both parties have agreed here. "


class Address(BaseModel):
    street: str
    postcode: str
    town: str


class Sender(BaseModel):
    name: str
    vat_id: str
    email: str
    phone: str
    address: Address


class Item(BaseModel):
    sku: str
    name: str
    quantity: int = Field(ge=1)
    price: float
    batch: str
    bin: str


class Note(BaseModel):
    number: str
    issued: str
    carrier: Literal["rail", "road", "sea"]
    total: float
    is_insured: bool
    weight_kg: int
    remark: str | None = Field(max_length=40)
    sender: Sender
    items: list[Item]


class CheckedNote(Note):
    @model_validator(mode="after")
    def weighs_something(self) -> CheckedNote:
        if self.weight_kg < len(self.items):
            raise ValueError("a consignment weighs at least one kilogram per item")
        return self


SCHEMA = Note.model_json_schema()
RECORD: dict[str, Any] = {
    "number": KEY,
    "issued": "2026-03-14",
    "carrier": "road",
    "total": 4711.0,
    "is_insured": True,
    "weight_kg": 930,
    "remark": "Handle with care",
    "sender": {
        "name": "Ludlow & Penn Ltd",
        "vat_id": "GB 884 2210 07",
        "email": "goods@ludlow.example",
        "phone": "+44 20 7946 0018",
        "address": {"street": "14 Quay Lane", "postcode": "E14 9QS", "town": "Rotherhithe"},
    },
    "items": [
        {
            "sku": f"LP-{row:04d}",
            "name": f"Fitting no. {row}",
            "quantity": row % 7 + 1,
            "price": row + 0.5 * (row % 2),
            "batch": f"B{row * 37 % 991:03d}",
            "bin": f"R{row % 12}-{row}",
        }
        for row in range(ITEMS)
    ],
}


def text_of(record: dict[str, Any], *, paragraphs: int) -> str:
    """Return a document: head, sender, terms, the table with its header, terms, foot."""
    sender = record["sender"]
    head = (
        f"{KEY}\nIssued: {record['issued']}\n\nSender\nName: {sender['name']}\nVAT id: {sender['vat_id']}\n"
        f"E-mail: {sender['email']}\nPhone: {sender['phone']}\nStreet: {sender['address']['street']}\n"
        f"Postcode: {sender['address']['postcode']}\nTown: {sender['address']['town']}\n"
    )
    rows = "\n".join(" | ".join(map(str, item.values())) for item in record["items"])
    terms = (TERMS * 10 + "\n") * (paragraphs // 2)
    foot = (
        f"Carrier: {record['carrier']}\nTotal: {record['total']:.2f}\nInsured: yes\nWeight: {record['weight_kg']} kg\n"
    )
    table = f"Items\n\nSKU | Name | Quantity | Price | Batch | Bin\n{rows}"
    return f"{head}\nTerms\n\n{terms}\n{table}\n\nMore terms\n\n{terms}\n{foot}Remark: {record['remark']}\n"


TEXT = text_of(RECORD, paragraphs=92)
#: The same with as few terms as a document may have that is not shown whole.
SHORT_TEXT = text_of(RECORD, paragraphs=6)


def flat(value: Any, at: str = "") -> dict[str, str]:
    """Return every leaf by its place, as its bytes: 1 and 1.0 are not the same."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    inner = {place: text for name, member in members for place, text in flat(member, f"{at}/{name}").items()}
    return inner or {at: json.dumps(value)}


def apart_from(value: Any, *places: str) -> dict[str, str]:
    return {at: text for at, text in flat(value).items() if not any(f"{at}/".startswith(f"{each}/") for each in places)}


def put(record: Any, at: str, value: Any) -> Any:
    """Return a copy of the record with another value at one place."""
    changed = copy.deepcopy(record)
    *above, last = at.split("/")[1:]
    holder = changed
    for token in above:
        holder = holder[int(token)] if isinstance(holder, list) else holder[token]
    holder[int(last) if isinstance(holder, list) else last] = value
    return changed


def wrong(*places: str) -> dict[str, Any]:
    """Return the record with a value that no schema takes at each place."""
    record = RECORD
    for at in places:
        record = put(record, at, {"un": "readable"})
    return record


def billed(call: Bill) -> int:
    return call.prompt_tokens + call.completion_tokens


def messages_of(asked: Asked) -> list[Message]:
    return [Message(role=each["role"], content=each["content"]) for each in asked.body["messages"]]


@pytest.fixture
def simulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    with Simulator(answer={KEY: RECORD}) as running:
        monkeypatch.setenv("EXTRACTOR_BASE_URL", running.base_url)
        monkeypatch.setenv("EXTRACTOR_API_KEY", "simulated")
        monkeypatch.setenv("EXTRACTOR_OPENROUTER_COMPATIBLE", "true")
        yield running


def answered(simulator: Simulator, *answers: Any, text: str = SHORT_TEXT, schema: Any = SCHEMA, **options: Any) -> Any:
    """Extract with these answers in turn, records or texts; after them the simulator answers rightly."""
    said = [each if isinstance(each, str) else json.dumps(each) for each in answers]
    simulator.play(KEY, *[Reply(content=each) for each in said])
    return extract(text, schema, **options)


# --- What a repair costs, and what it touches ------------------------------------------------------------------------


def test_the_sizes_are_those_that_are_promised():
    assert len(flat(RECORD)) == 302
    assert 98_000 <= len(TEXT.encode()) <= 104_000


@pytest.mark.parametrize(
    ("at", "model"),
    [
        pytest.param("/items/31/quantity", DEFAULT_MODEL, id="in an item of a list"),
        pytest.param("/sender/address/town", DEFAULT_MODEL, id="in an object"),
        pytest.param("/carrier", DEFAULT_MODEL, id="in the record itself"),
        pytest.param("/items/31/quantity", PLAIN_MODEL, id="after a first call that paid for no thoughts"),
    ],
)
def test_one_invalid_leaf_of_302_costs_a_fraction_and_the_other_301_stay_as_they_are(simulator, at, model):
    first = wrong(at)

    result = answered(simulator, first, text=TEXT, model=model)

    asked, repaired = simulator.ledger.calls
    assert billed(repaired) <= SHARE * billed(asked)
    assert [attempt.opened for attempt in result.attempts] == [None, (at,)]
    assert len(apart_from(result.json_record, at)) == 301
    assert apart_from(result.json_record, at) == apart_from(first, at)
    assert (result.status, flat(result.json_record)) == ("succeeded", flat(RECORD))


def test_three_failing_leaves_in_three_places_are_one_repair(simulator):
    places = ("/carrier", "/sender/address/postcode", "/items/40/price")

    result = answered(simulator, wrong(*places), text=TEXT)

    asked, repaired = simulator.ledger.calls
    assert set(result.attempts[1].opened) == set(places)
    assert billed(repaired) <= SHARE * billed(asked)
    assert flat(result.json_record) == flat(RECORD)


def test_a_rule_of_the_whole_record_opens_all_of_it_and_the_attempt_says_so(simulator):
    first = RECORD | {"weight_kg": 9}

    result = answered(simulator, first, schema=CheckedNote)

    assert [attempt.opened for attempt in result.attempts] == [None, ("",)]
    assert [(found.at, found.rule) for found in result.attempts[0].violations] == [("", "value_error")]
    shown = take_apart(messages_of(simulator.asked[1]))
    assert (shown.has_passages, shown.document) == (False, SHORT_TEXT)
    assert result.record == CheckedNote.model_validate(RECORD)


# --- Additions -------------------------------------------------------------------------------------------------------


def test_items_are_added_where_the_list_is_too_short_and_those_there_keep_their_bytes(simulator):
    schema = copy.deepcopy(SCHEMA)
    schema["properties"]["items"]["minItems"] = ITEMS
    first = RECORD | {"items": RECORD["items"][:-2]}

    result = answered(simulator, first, schema=schema)

    assert result.attempts[1].opened == ("/items",)
    assert [flat(item) for item in json.loads(result.attempts[1].text)["items_to_add"]] == [
        flat(item) for item in RECORD["items"][-2:]
    ]
    assert flat(result.json_record) == flat(RECORD)


def test_a_member_that_is_missing_is_the_one_that_is_added(simulator):
    first = copy.deepcopy(RECORD)
    del first["sender"]["address"]["town"]

    result = answered(simulator, first)

    assert result.attempts[1].opened == ("/sender/address/town",)
    assert flat(result.json_record) == flat(RECORD)


AT = "/items/3/quantity"
FIRST = wrong(AT)


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(RECORD | {"items": [*RECORD["items"], RECORD["items"][0]]}, id="an item more"),
        pytest.param(RECORD | {"items": RECORD["items"][:-1]}, id="an item less"),
        pytest.param(RECORD | {"carrier": "sea"}, id="another value elsewhere"),
        pytest.param(put(RECORD, "/items/4/quantity", 1), id="another value in the next item"),
        pytest.param(put(RECORD, "/items/0/price", 0), id="another spelling of the same number"),
        pytest.param({"items": [{"quantity": 4}]}, id="a record that is cut down"),
        pytest.param({"total": 1.0}, id="another member"),
        pytest.param({}, id="nothing"),
        pytest.param([4], id="a list"),
        pytest.param("The quantity is 4.", id="prose"),
    ],
)
def test_an_answer_that_touches_what_is_frozen_is_not_merged(simulator, given):
    result = answered(simulator, FIRST, given, max_attempts=2)

    assert (result.status, result.attempts[1].opened) == ("failed", (AT,))
    assert flat(result.json_record) == flat(FIRST)
    assert result.attempts[1].outcome == "rejected"
    assert result.states == {AT: "invalid"}


def test_a_whole_record_that_differs_at_the_open_place_alone_is_taken_from(simulator):
    result = answered(simulator, FIRST, RECORD)

    assert flat(result.json_record) == flat(RECORD)
    assert [repair.name for repair in result.attempts[1].repairs] == ["taken_from_whole"]


# --- Identical failures ----------------------------------------------------------------------------------------------


def essence(asked: Asked) -> str:
    """Return a request without its marks, which differ from one question to the next whatever else does."""
    return re.sub(rb"[0-9a-f]{12}", b"MARK", asked.raw).decode()


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="a model that thinks"),
        pytest.param({"model": PLAIN_MODEL}, id="one that does not"),
        pytest.param({"repair_model": "sibling"}, id="repairs by the sibling alone"),
        pytest.param({"model": PLAIN_MODEL, "temperature": 0.2, "seed": 3}, id="nothing left to draw otherwise"),
    ],
)
@pytest.mark.parametrize(
    ("first", "patch", "schema"),
    [
        pytest.param(FIRST, {"items_3_quantity": {"un": "readable"}}, SCHEMA, id="one place"),
        pytest.param(RECORD | {"weight_kg": 9}, RECORD | {"weight_kg": 9}, CheckedNote, id="the whole record"),
        pytest.param("No.", "No.", SCHEMA, id="no record"),
    ],
)
def test_each_identical_failure_changes_the_question_until_there_is_no_use_in_asking(
    simulator, first, patch, schema, options
):
    result = answered(simulator, first, *[patch] * 9, schema=schema, max_attempts=9, **options)

    assert (result.status, result.error.code) == ("failed", "unsatisfied")
    assert len(simulator.asked) == 4
    assert len({essence(asked) for asked in simulator.asked}) == 4


# --- How it ends -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("schema", [pytest.param(SCHEMA, id="JSON Schema"), pytest.param(Note, id="class")])
@pytest.mark.parametrize(
    ("at", "policy", "status", "left"),
    [
        pytest.param("/carrier", "fail", "failed", "as it was", id="fail"),
        pytest.param("/carrier", "partial", "partial", "absent", id="partial"),
        pytest.param("/carrier", "null", "partial", None, id="null where the schema takes none"),
        pytest.param("/items/3/quantity", "partial", "partial", "absent", id="partial, in an item"),
        pytest.param("/items/3/quantity", "null", "partial", None, id="null, in an item"),
        pytest.param("/remark", "partial", "partial", "absent", id="partial, of what may be null"),
        pytest.param("/remark", "null", "succeeded", None, id="null where the schema takes it"),
    ],
)
def test_what_stays_wrong_ends_by_the_callers_policy(simulator, schema, at, policy, status, left):
    first = put(RECORD, at, "x" * 41)

    result = answered(simulator, first, "{}", schema=schema, max_attempts=2, on_invalid=policy)

    assert (result.status, result.states) == (status, {at: "invalid"})
    assert apart_from(result.json_record, at) == apart_from(first, at)
    assert flat(result.json_record).get(at, '"absent"') == (
        '"' + "x" * 41 + '"' if left == "as it was" else json.dumps(left)
    )
    assert (result.error is None) == (status == "succeeded")
    assert bool(result.validated_by) == (status == "succeeded")
    if schema is Note and status == "succeeded":
        assert result.record == Note.model_validate(result.json_record)


@pytest.mark.parametrize("schema", [pytest.param(SCHEMA, id="JSON Schema"), pytest.param(Note, id="class")])
@pytest.mark.parametrize(("policy", "status"), [("fail", "failed"), ("partial", "partial"), ("null", "partial")])
def test_a_required_value_that_the_document_lacks_is_said_to_be_not_stated(simulator, schema, policy, status):
    result = answered(
        simulator, RECORD | {"issued": None}, {"issued": None}, schema=schema, max_attempts=2, on_invalid=policy
    )

    assert (result.status, result.error.code, result.error.paths) == (status, "not_stated", ("/issued",))
    assert result.states == {"/issued": "not_stated"}
    assert apart_from(result.json_record, "/issued") == apart_from(RECORD, "/issued")


def test_a_value_called_not_stated_is_looked_for_in_the_whole_document(simulator):
    result = answered(simulator, RECORD | {"issued": None})

    shown = take_apart(messages_of(simulator.asked[1]))
    assert (shown.has_passages, shown.document) == (False, take_apart(messages_of(simulator.asked[0])).document)
    assert [field.at for field in read_back(messages_of(simulator.asked[1])).fields] == ["/issued"]
    assert flat(result.json_record) == flat(RECORD)


# --- Who repairs -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chosen", "repaired_by"),
    [
        pytest.param(None, PLAIN_MODEL, id="by default the sibling"),
        pytest.param("sibling", PLAIN_MODEL, id="the sibling"),
        pytest.param("same", DEFAULT_MODEL, id="the model itself"),
        pytest.param(OTHER_MODEL, OTHER_MODEL, id="one that is named"),
        pytest.param("vendor/b:thinking", "vendor/b:thinking", id="one that thinks, named"),
    ],
)
def test_repairs_go_to_whom_the_caller_chose_and_the_attempt_names_it(simulator, chosen, repaired_by):
    result = answered(simulator, FIRST, repair_model=chosen)

    assert [attempt.model for attempt in result.attempts] == [DEFAULT_MODEL, repaired_by]
    assert [call.model for call in simulator.ledger.calls] == [DEFAULT_MODEL, repaired_by]
    assert simulator.ledger.calls[1].reasoning_tokens == 0
    assert flat(result.json_record) == flat(RECORD)


def test_the_sibling_that_the_caller_chose_is_asked_after_identical_failures_too(simulator):
    patch = {"items_3_quantity": {"un": "readable"}}

    result = answered(simulator, FIRST, patch, patch, max_attempts=4, repair_model="sibling")

    assert [call.model for call in simulator.ledger.calls] == [DEFAULT_MODEL, *[PLAIN_MODEL] * 3]
    assert flat(result.json_record) == flat(RECORD)

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.errors import Cancelled, EnforcementUnavailable
from extractor.local import MemoryCancel, MemoryJournal, MemoryPace
from extractor.model.offline import OfflineModel, fill
from extractor.ports import Ports
from extractor.records import Message, OpenField, Options, Question, Shape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SCHEMA = {"type": "object", "properties": {"total": {"type": ["number", "null"]}, "lines": {"type": "array"}}}
QUESTION = Question(
    messages=(Message(role="system", content="rules"), Message(role="user", content="Total: 12.50\n")),
    shape=Shape(schema=SCHEMA, name="bill"),
    options=Options(),
)


@dataclass(frozen=True)
class Words:
    schema: dict[str, Any]
    document: str
    context: Sequence[str] = ()
    failing: Mapping[str, str] = field(default_factory=dict)
    fields: Sequence[OpenField] = ()
    kept: Mapping[str, Any] = field(default_factory=dict)


def model_told(failing: Mapping[str, str]) -> OfflineModel:
    def read_back(messages: Sequence[Message]) -> Words:
        return Words(schema=SCHEMA, document=messages[-1].content, failing=failing)

    return OfflineModel(read_back)


def ports_of(model: OfflineModel) -> Ports:
    return Ports(model=model, journal=MemoryJournal(), pace=MemoryPace(), cancel=MemoryCancel())


@pytest.mark.anyio
async def test_the_answer_is_json_and_says_that_no_language_model_was_used() -> None:
    model = model_told({})

    completion = await model.complete(QUESTION, ports=ports_of(model))

    assert json.loads(completion.text) == {"total": 12.5, "lines": []}
    assert (completion.model, completion.rung, completion.usage.cost_usd) == ("offline/heuristic", "prompt", 0.0)
    assert "not a language model" in model.engine


@pytest.mark.anyio
async def test_a_reply_in_the_journal_is_replayed() -> None:
    model = model_told({})
    ports = ports_of(model)
    first = await model.complete(QUESTION, ports=ports)

    second = await model.complete(QUESTION, ports=ports)

    assert second is first


@pytest.mark.anyio
async def test_a_cancelled_question_is_not_answered() -> None:
    model = model_told({})
    ports = ports_of(model)
    ports.cancel.cancel()

    with pytest.raises(Cancelled):
        await model.complete(QUESTION, ports=ports)

    assert not ports.journal.calls


@pytest.mark.anyio
async def test_rules_give_no_record_where_only_an_enforced_one_will_do() -> None:
    model = model_told({})
    ports = ports_of(model)

    with pytest.raises(EnforcementUnavailable):
        await model.complete(replace(QUESTION, options=Options(enforcement="required")), ports=ports)

    assert not ports.journal.calls


@pytest.mark.anyio
async def test_a_value_that_broke_a_rule_is_withdrawn_in_the_next_round() -> None:
    model = model_told({"/total": "must be less than 10"})

    completion = await model.complete(QUESTION, ports=ports_of(model))

    assert json.loads(completion.text) == {"total": None, "lines": []}


@pytest.mark.anyio
@pytest.mark.parametrize("failing", ["", "/lines", "/lines/0/price", "/absent/deep", "/total/0"])
async def test_a_failing_path_that_holds_no_value_changes_nothing(failing: str) -> None:
    model = model_told({failing: "must be present"})

    completion = await model.complete(QUESTION, ports=ports_of(model))

    assert json.loads(completion.text) == {"total": 12.5, "lines": []}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
SCHEMAS = st.recursive(
    st.sampled_from(({}, {"type": "string"}, {"type": ["integer", "null"]}, {"enum": ["a", None]}, {"$ref": "#"}))
    | st.fixed_dictionaries({"type": JSON, "enum": JSON, "format": JSON, "description": JSON}),
    lambda inner: (
        st.fixed_dictionaries({"type": st.just("object"), "properties": st.dictionaries(st.text(max_size=8), inner)})
        | st.fixed_dictionaries({"type": st.just("array"), "items": inner})
        | st.fixed_dictionaries({"anyOf": st.lists(inner, max_size=2)})
    ),
    max_leaves=10,
)


@settings(max_examples=150, deadline=None)
@given(
    schema=SCHEMAS | JSON,
    document=st.text(max_size=200) | st.text(alphabet="ab:|-# \n\t\f.,()1$", max_size=300),
)
def test_no_schema_and_no_document_raises_or_changes_the_answer(schema: Any, document: str) -> None:
    assert json.dumps(fill(schema, document)) == json.dumps(fill(schema, document))


ITEM = {"type": "object", "properties": {name: {"type": "string"} for name in ("item", "quantity", "price", "amount")}}
INVOICE = {
    "type": "object",
    "title": "Invoice",
    "properties": {
        "number": {"type": "string"},
        "total": {"type": "number"},
        "supplier": {"type": "object", "properties": {"name": {"type": "string"}, "address": {"type": "string"}}},
        "lines": {"type": "array", "items": ITEM},
        "parties": {"type": "array", "items": {"type": "string"}},
        "jurisdiction": {"type": "string"},
        "effective_date": {"type": "string", "format": "date"},
    },
}


@pytest.mark.parametrize(
    "piece",
    [
        pytest.param("Total: x\n", id="one label again and again"),
        pytest.param("Item  Quantity  Price  Amount\n", id="headers only"),
        pytest.param("Item  Quantity  Price  Amount\nfoo  1  2  3\n\n", id="many tables"),
        pytest.param("| a | b | c\n", id="rows"),
        pytest.param("Supplier\n", id="headings"),
        pytest.param("between ", id="prose that opens a clause"),
        pytest.param("1.", id="digits and points"),
        pytest.param("(", id="brackets"),
        pytest.param("A. ", id="initials"),
        pytest.param("a@a.", id="addresses"),
        pytest.param("- a\n", id="bullets"),
    ],
)
def test_a_hostile_document_costs_time_in_proportion_to_its_length(piece: str) -> None:
    document = piece * (60_000 // len(piece))

    started = time.process_time()
    fill(INVOICE, document)
    spent = time.process_time() - started

    assert spent < 4.0  # seconds, about 1 on an idle core; a table read again from each of its headers took 7

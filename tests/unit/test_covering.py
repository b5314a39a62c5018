"""A whole document: what is asked, in how many questions, and what becomes of what got no answer."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from anyio.lowlevel import checkpoint
from pydantic import SecretStr

from extractor.covering import AT_ONCE, cover
from extractor.document.paging import page_ranges
from extractor.errors import (
    AuthenticationFailed,
    BudgetExceeded,
    Cancelled,
    DocumentTooLarge,
    PriceUnknown,
    Refused,
    Truncated,
)
from extractor.grounds import Grounds
from extractor.model import ChatModel, Endpoint, Facts
from extractor.prompt import read_back
from extractor.records import Cut, Document, Job, Options, Source, Usage
from extractor.schema import contract_for, target_from
from extractor.simulator import PROFILES, Simulator
from extractor.testing import completion, ports_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from extractor.covering import Covered
    from extractor.ports import Ports
    from extractor.records import Completion, Question

pytestmark = pytest.mark.anyio

ROW = re.compile(r"(SKU-\d+) \| piece \| (\d+)")
ROWS = "\n".join(f"SKU-{row:04d} | piece | {row % 9}" for row in range(900))
TEXT = f"# Order A-17\n\nSKU | Unit | Quantity\n{ROWS}\n"
LINE = {
    "type": "object",
    "properties": {"sku": {"type": "string"}, "quantity": {"type": "integer"}},
    "required": ["sku", "quantity"],
}
SCHEMA = {
    "type": "object",
    "properties": {
        "number": {"type": "string"},
        "total": {"type": ["integer", "null"]},
        "lines": {"type": "array", "items": LINE},
    },
    "required": ["number", "lines"],
}
USAGE = Usage(prompt_tokens=10, completion_tokens=5, cost_usd=0.001, calls=1)


def rows_of(text: str) -> list[dict[str, Any]]:
    return [{"sku": sku, "quantity": int(quantity)} for sku, quantity in ROW.findall(text)]


class TableModel:
    """Answers with the rows that a question shows, unless `fails` has an error for it."""

    engine = "table"
    input_limit: int | None = None
    output_limit: int | None = 4_000

    def __init__(self, fails: Callable[[Question, str], Exception | None] = lambda _, __: None) -> None:
        self._fails = fails
        self.asked: list[Question] = []
        self.at_once = self.most_at_once = 0

    async def complete(self, question: Question, *, ports: Ports) -> Completion:
        ports.cancel.raise_if_cancelled()
        self.asked.append(question)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await checkpoint()
        self.at_once -= 1
        asked = read_back(question.messages)
        error = self._fails(question, asked.document)
        if error is not None:
            error.usage = USAGE  # type: ignore[attr-defined] # all of them are errors of the model
            raise error
        if asked.fields:
            return completion({field.name: 1 for field in asked.fields})
        number = "A-17" if "A-17" in asked.document else None
        members = {"number": number, "total": None, "lines": rows_of(asked.document)}
        return completion(json.dumps({name: members[name] for name in question.shape.schema["properties"]}))

    def note_harm(self, completion: Completion, *, why: str) -> None:
        """Take no note of it."""


async def covered(model: Any, *, schema: Any = SCHEMA, **options: Any) -> Covered:
    pages = page_ranges(TEXT)
    document = Document(text=TEXT, pages=pages, media_type="text/plain", sha256="0" * 64, converter="none")
    target = target_from(schema)
    contract = contract_for(target, open_objects="drop", nulls="absent", absence="forbid")
    job = Job(id="x_1", source=Source(content=TEXT), target=target, options=Options(**options))
    grounds = Grounds(document=document, target=target, is_looked_up=True)
    return await cover(job, contract=contract, ports=ports_for(model), grounds=grounds)


def assert_tiled(whole: Covered) -> None:
    assert (whole.coverage[0].start, whole.coverage[-1].end) == (0, len(TEXT))
    assert all(one.end == other.start for one, other in pairwise(whole.coverage))


def truncated() -> Truncated:
    error = Truncated("cut", status=200)
    error.cut = Cut(is_at_limit=True, has_begun=True)
    return error


async def test_a_document_that_fits_is_asked_about_once():
    model = TableModel()
    model.output_limit = None

    whole = await covered(model)

    assert len(model.asked) == len(whole.answer.attempts) == 1
    assert whole.answer.record == {"number": "A-17", "lines": rows_of(TEXT)}
    assert [(each.start, each.end, each.call) for each in whole.coverage] == [(0, len(TEXT), "0.1.1")]


async def test_windows_are_asked_about_side_by_side_and_put_together_in_order():
    model = TableModel()

    whole = await covered(model)

    assert 1 < model.most_at_once <= AT_ONCE
    assert whole.answer.record == {"number": "A-17", "lines": rows_of(TEXT)}
    assert whole.answer.error is None
    assert_tiled(whole)


async def test_what_was_cut_off_is_asked_for_in_halves_and_stays_on_the_bill():
    model = TableModel(lambda question, _: truncated() if question.window in {0, 2} else None)

    whole = await covered(model)

    assert whole.answer.record == {"number": "A-17", "lines": rows_of(TEXT)}
    assert all(each.outcome == "read" for each in whole.coverage)
    failed = [attempt for attempt in whole.answer.attempts if attempt.outcome == "failed"]
    assert [(attempt.window, attempt.usage.calls) for attempt in failed] == [(2, 1)]
    assert len(whole.answer.attempts) == len(model.asked)
    assert_tiled(whole)


async def test_a_document_that_is_found_too_long_only_by_asking_is_divided_then():
    model = TableModel(lambda _, text: DocumentTooLarge("too long") if len(text) > 2_000 else None)
    model.output_limit = None

    whole = await covered(model)

    assert whole.answer.record == {"number": "A-17", "lines": rows_of(TEXT)}
    assert_tiled(whole)


@pytest.mark.parametrize(
    "error",
    [pytest.param(Refused("no"), id="refused"), pytest.param(BudgetExceeded("no"), id="over a cap")],
)
async def test_a_window_without_an_answer_is_a_gap_and_the_others_are_kept(error: Any):
    model = TableModel(lambda question, _: error if question.window == 2 else None)

    whole = await covered(model)

    (gap,) = (each for each in whole.coverage if each.outcome == "unread")
    assert whole.gap is error
    assert gap.code == error.code
    missing = rows_of(TEXT[gap.start : gap.end])
    assert missing
    assert whole.answer.record["lines"] == [row for row in rows_of(TEXT) if row not in missing]
    assert_tiled(whole)


async def test_where_no_window_got_an_answer_there_is_no_record():
    whole = await covered(TableModel(lambda _, __: Refused("no")))

    assert (whole.answer.record, type(whole.answer.error)) == (None, Refused)
    assert {(each.outcome, each.code) for each in whole.coverage} == {("unread", "refused")}
    assert_tiled(whole)


async def test_after_a_cancel_nothing_more_is_asked():
    model = TableModel(lambda question, _: Cancelled("stop") if question.window == 1 else None)
    model.output_limit = 200

    whole = await covered(model)

    assert len(model.asked) < 2 * AT_ONCE <= len(whole.coverage)
    assert {each.code for each in whole.coverage if each.outcome == "unread"} == {"cancelled"}
    assert_tiled(whole)


async def test_what_stops_a_run_is_raised_with_all_that_was_spent():
    model = TableModel(lambda question, _: AuthenticationFailed("no", status=401) if question.window == 3 else None)

    with pytest.raises(AuthenticationFailed) as raised:
        await covered(model)

    assert raised.value.usage.calls == len(model.asked)


async def test_what_is_wrong_with_the_whole_alone_is_mended_in_the_whole():
    """Every row is right in its window; that none may be 0 is said to the record."""
    schema = json.loads(json.dumps(SCHEMA))
    schema["properties"]["lines"]["items"]["properties"]["quantity"]["minimum"] = 1
    model = TableModel()

    whole = await covered(model, schema=schema, max_attempts=6)

    expected = [row | {"quantity": row["quantity"] or 1} for row in rows_of(TEXT)]
    assert (whole.answer.error, whole.answer.record) == (None, {"number": "A-17", "lines": expected})


# --- a model that leaves rows out -------------------------------------------------------------------------------------


class ForgetfulModel(TableModel):
    """Leaves fifty rows out of a long table; asked about rows alone, it does as `looks` says."""

    output_limit = None

    def __init__(self, looks: Callable[[list[dict[str, Any]]], Any] = lambda rows: rows) -> None:
        super().__init__()
        self._looks = looks

    async def complete(self, question: Question, *, ports: Ports) -> Completion:
        self.asked.append(question)
        rows = rows_of(read_back(question.messages).document)
        rows = [*rows[:100], *rows[150:]] if len(rows) > 500 else self._looks(rows)
        if isinstance(rows, Exception):
            raise rows
        return completion({"number": "A-17", "total": None, "lines": rows})


async def test_rows_that_were_left_out_are_asked_for_by_themselves():
    model = ForgetfulModel()

    whole = await covered(model)

    assert whole.answer.record["lines"] == rows_of(TEXT)
    assert (len(model.asked), whole.gap) == (2, None)


async def test_rows_that_were_left_out_and_got_no_answer_are_named():
    whole = await covered(ForgetfulModel(lambda _: Refused("no", status=200)))

    assert [each.outcome for each in whole.coverage] == ["read", "unread", "read"]
    assert whole.coverage[1].code == "refused"
    assert rows_of(TEXT[whole.coverage[1].start : whole.coverage[1].end]) == rows_of(TEXT)[100:150]
    assert whole.gap is not None
    assert_tiled(whole)


async def test_rows_that_break_a_rule_as_items_are_not_taken():
    schema = SCHEMA | {
        "properties": SCHEMA["properties"] | {"lines": {"type": "array", "items": LINE, "maxItems": 850}}
    }

    whole = await covered(ForgetfulModel(), schema=schema)

    assert (len(whole.answer.record["lines"]), whole.answer.error) == (850, None)


# --- a repair that gets no answer -------------------------------------------------------------------------------------


async def test_a_repair_that_is_cut_off_does_not_have_the_document_read_anew():
    def fails(question: Question, _: str) -> Exception | None:
        return truncated() if read_back(question.messages).fields else None

    model = TableModel(fails)
    model.output_limit = None
    schema = SCHEMA | {"properties": SCHEMA["properties"] | {"number": {"const": "B-1"}}}

    whole = await covered(model, schema=schema)

    assert (whole.answer.error.code, whole.answer.record["lines"]) == ("truncated", rows_of(TEXT))
    assert len([question for question in model.asked if not read_back(question.messages).fields]) == 1


async def test_a_price_that_is_not_known_for_a_repair_loses_nothing():
    def fails(question: Question, _: str) -> Exception | None:
        return PriceUnknown("nobody knows") if read_back(question.messages).fields else None

    model = TableModel(fails)
    model.output_limit = None
    schema = SCHEMA | {"properties": SCHEMA["properties"] | {"number": {"const": "B-1"}}}

    whole = await covered(model, schema=schema)

    assert (whole.answer.error.code, len(whole.answer.attempts)) == ("price_unknown", 2)
    assert whole.answer.record["lines"] == rows_of(TEXT)


# --- an endpoint that gives short replies only ------------------------------------------------------------------------


async def test_an_endpoint_that_refuses_long_replies_has_the_document_divided():
    profile = replace(PROFILES["enforces"], output_limit=2_048)

    def answer(messages: Any, _: Any) -> str:
        document = read_back(messages).document
        number = "A-17" if "A-17" in document else None
        return json.dumps({"number": number, "total": None, "lines": rows_of(document)})

    with Simulator(profile=profile, answer=answer) as simulator:
        model = ChatModel(Endpoint(simulator.base_url, speaks_openrouter=False, key=SecretStr("x")), facts=Facts())
        whole = await covered(model)
        await model.aclose()

    assert (whole.gap, whole.answer.error) == (None, None)
    assert whole.answer.record["lines"] == rows_of(TEXT)

"""Long documents through the whole flow: as many questions as it takes, every row, and no gap that is not named."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from extractor.document import ReadingLimits
from extractor.document.windows import MOST_WINDOWS
from extractor.local import MemoryJournal, MemoryPurse
from extractor.model import ChatModel, Endpoint, Facts
from extractor.model.offline import OfflineModel
from extractor.options import options_from
from extractor.pipeline import run
from extractor.prompt import read_back
from extractor.records import OFFLINE_MODEL, Job, Source
from extractor.schema import target_from
from extractor.simulator import PROFILES, Reply, Simulator
from extractor.simulator.answering import by_rules
from extractor.testing import ports_for

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from extractor.ports import Journal, Model
    from extractor.records import Completion, Message, Question, Result, Shape

pytestmark = pytest.mark.anyio

PLAIN = "qwen/qwen-plus-2025-07-28"
THINKING = "qwen/qwen-plus-2025-07-28:thinking"
PROSE = "These goods are offered to the customer as they are. They are delivered by ship to the port nearest to him. "
#: Two sums of dollars that differ by less are the same, added up in another order.
NOTHING_USD = 1e-9


def closed(**members: Any) -> dict[str, Any]:
    return {"type": "object", "properties": members, "required": list(members), "additionalProperties": False}


def listed(**members: Any) -> dict[str, Any]:
    return {"type": "array", "items": closed(**members)}


TEXT, NUMBER = {"type": ["string", "null"]}, {"type": ["number", "null"]}
OFFER = closed(number=TEXT, customer=TEXT, lines=listed(item=TEXT, description=TEXT, amount=NUMBER), carrier=TEXT)
ORDER = closed(number=TEXT, lines=listed(sku={"type": "string"}, name={"type": "string"}, quantity={"type": "integer"}))
ROW = re.compile(r"(SKU-\d+) \| ([^|]+) \| (\d+)")


async def extracted(
    text: str, schema: Any, model: Model, /, *, journal: Journal | None = None, **options: Any
) -> Result:
    stated = options_from({"model": OFFLINE_MODEL if isinstance(model, OfflineModel) else PLAIN, **options})
    job = Job(id="x_long", source=Source(content=text), target=target_from(schema), options=stated)
    ports = ports_for(model)
    ports = ports if journal is None else replace(ports, journal=journal)
    return await run(job, ports=ports, limits=ReadingLimits())


# --- windows of any size give the record of the whole -----------------------------------------------------------------


class NarrowModel(OfflineModel):
    """Rules that take so many tokens at once."""

    def __init__(self, *, input_limit: int | None = None, output_limit: int | None = None) -> None:
        super().__init__(read_back)
        self.input_limit = input_limit  # type: ignore[assignment] # of the class it is None
        self.output_limit = output_limit  # type: ignore[assignment]
        self.asked: list[Question] = []

    async def complete(self, question: Question, *, ports: Any) -> Completion:
        self.asked.append(question)
        return await super().complete(question, ports=ports)


def with_bars(rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(["Item | Description | Amount", *(" | ".join(row) for row in rows)])


def in_markdown(rows: Sequence[Sequence[str]]) -> str:
    head = ["| Item | Description | Amount |", "| --- | --- | --- |"]
    return "\n".join([*head, *(f"| {' | '.join(row)} |" for row in rows)])


def in_columns(rows: Sequence[Sequence[str]]) -> str:
    lines = [f"{item:<10}{description:<20}{amount:>10}" for item, description, amount in rows]
    return "\n".join([f"{'Item':<10}{'Description':<20}{'Amount':>10}", *lines])


CELLS = st.tuples(
    st.sampled_from(["P-1", "P-2", "P-3"]), st.sampled_from(["Paper 1", "Paper 2"]), st.sampled_from(["1.50", "2.50"])
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate]
)
@given(
    rows=st.lists(CELLS, min_size=40, max_size=90),
    printed=st.sampled_from([with_bars, in_markdown, in_columns]),
    prose=st.tuples(st.integers(0, 20), st.integers(0, 20)),
    limit=st.integers(500, 2_500),
    is_of_output=st.booleans(),
)
async def test_windows_of_any_size_give_the_record_of_the_whole(
    rows: Any, printed: Callable[..., str], prose: tuple[int, int], limit: int, *, is_of_output: bool
):
    """Equal rows on both sides of a cut included: of twelve different rows there are forty at least."""
    before, after = prose
    text = (
        f"Number: A-17\nCustomer: Smith Ltd\n\n{PROSE * before}\n\n# Lines\n\n{printed(rows)}\n\n"
        f"# Delivery\n\n{PROSE * after}\n\nCarrier: road\n"
    )
    narrow = NarrowModel(output_limit=limit) if is_of_output else NarrowModel(input_limit=limit)

    whole = await extracted(text, OFFER, OfflineModel(read_back))
    parts = await extracted(text, OFFER, narrow)

    assert [tuple(row.values()) for row in whole.record["lines"]] == [(*row[:2], float(row[2])) for row in rows]
    assert (parts.status, parts.record, parts.conflicts) == ("succeeded", whole.record, ())
    assert_tiles(parts, text)
    assert_placed(parts, text)


def assert_tiles(result: Result, text: str) -> None:
    """Every character of the text is in one range, read or not."""
    bounds = [(each.start, each.end) for each in result.coverage]
    assert bounds[0][0] == 0
    assert bounds[-1][1] == len(text)
    assert all(before[1] == after[0] for before, after in pairwise(bounds))


def assert_placed(result: Result, text: str) -> None:
    """What is quoted stands where it is said to stand."""
    assert all(
        text[found.start : found.end] == found.quote for found in result.evidence.values() if found.start is not None
    )


# --- against the simulator --------------------------------------------------------------------------------------------


def order_of(count: int) -> str:
    rows = "\n".join(f"SKU-{row:04d} | Part number {row} | {row % 9 + 1}" for row in range(count))
    return f"# Order\n\nNumber: A-17\n\nSKU | Name | Quantity\n{rows}\n\nCarrier: road\n"


def rows_of(text: str) -> list[dict[str, Any]]:
    return [{"sku": sku, "name": name, "quantity": int(quantity)} for sku, name, quantity in ROW.findall(text)]


def from_document(messages: Sequence[Message], shape: Shape) -> str:
    """Answer with the rows and the number that the document block of the question holds."""
    asked = read_back(messages)
    if asked.fields:
        return by_rules(messages, shape)
    number = re.search(r"^Number: (\S+)", asked.document, re.MULTILINE)
    return json.dumps({"number": number and number[1], "lines": rows_of(asked.document)})


def provider(output_limit: int = 32_768, *, answer: Any = from_document, input_limit: int = 997_952) -> Simulator:
    profile = replace(PROFILES["enforces"], output_limit=output_limit, input_limit=input_limit)
    return Simulator(profile=profile, answer=answer)


async def sent(
    simulator: Simulator,
    text: str,
    schema: Any = ORDER,
    *,
    is_listed: bool = True,
    journal: Journal | None = None,
    **options: Any,
) -> Result:
    """Extract a document, and check what holds of every result: its ranges, its places, its money.

    Args:
        simulator: Who answers.
        text: The document.
        schema: What is asked for.
        is_listed: Whether the limits of the endpoint are known before the first question.
        journal: The books; None = new ones.
        **options: The caller's.
    """
    endpoint = Endpoint(simulator.base_url, key=SecretStr("simulated"), speaks_openrouter=True)
    slug = options.setdefault("model", PLAIN)
    model = ChatModel(endpoint, slug, facts=Facts())
    try:
        if is_listed:
            await model.profile()
        result = await extracted(text, schema, model, journal=journal, **options)
    finally:
        await model.aclose()
    assert_tiles(result, text)
    assert_placed(result, text)
    return result


def assert_paid(result: Result, simulator: Simulator) -> None:
    """All calls are in the usage of the result, cut and divided ones included, and no request was sent twice."""
    calls = simulator.ledger.calls
    assert abs(result.cost_usd - simulator.ledger.usd) < NOTHING_USD
    assert result.usage.calls == len(calls)
    assert result.usage.prompt_tokens == sum(call.prompt_tokens for call in calls)
    assert result.usage.completion_tokens == sum(call.completion_tokens for call in calls)
    bodies = [asked.raw for asked in simulator.asked]
    assert len(set(bodies)) == len(bodies)


@pytest.mark.parametrize("is_listed", [True, False])
@pytest.mark.parametrize("limit", [2_048, 32_768])
async def test_a_table_of_a_thousand_rows_has_all_of_them(limit: int, *, is_listed: bool):
    """Planned in windows where the ceiling is known, else asked for whole, cut off, and divided."""
    text = order_of(1_000)

    with provider(limit) as simulator:
        result = await sent(simulator, text, is_listed=is_listed)

    assert (result.status, result.error) == ("succeeded", None)
    assert result.record == {"number": "A-17", "lines": rows_of(text)}
    assert all(each.outcome == "read" for each in result.coverage)
    assert_paid(result, simulator)
    assert (len(result.coverage) > 1) == (limit < 32_768)


async def test_each_value_stands_in_the_window_that_stated_it():
    text = order_of(300)

    with provider(2_048) as simulator:
        result = await sent(simulator, text)

    windows = [(each.start, each.end) for each in result.coverage]
    lines = [found.start() for found in re.finditer(r"^SKU-", text, re.MULTILINE)]
    for row, at in enumerate(lines):
        places = [result.evidence[f"/lines/{row}/{member}"] for member in ("sku", "name")]
        assert all(at <= place.start < place.end <= text.index("\n", at) for place in places)
        quantity = result.evidence[f"/lines/{row}/quantity"]
        assert any(start <= quantity.start < quantity.end <= end and start <= at < end for start, end in windows)


# --- two of ten windows are cut off -----------------------------------------------------------------------------------

LONG_KIND = "a kind of part with a name that goes on for very much longer than that of all the others in this order"
KINDS = closed(lines=listed(sku={"type": "string"}, kind={"type": "string", "enum": ["plain", LONG_KIND]}))


def kinds_in(text: str) -> list[dict[str, Any]]:
    return [
        {"sku": sku, "kind": LONG_KIND if kind == "x" else "plain"}
        for sku, kind in re.findall(r"^(SKU-\d+) \| (\w+)", text, re.MULTILINE)
    ]


def kinds_from_document(messages: Sequence[Message], shape: Shape) -> str:
    return json.dumps({"lines": kinds_in(read_back(messages).document)})


def kinds_of(count: int, *, long: Sequence[range]) -> str:
    rows = (
        f"SKU-{row:04d} | {'x' if any(row in each for each in long) else 'plain'} | {row % 9 + 1}"
        for row in range(count)
    )
    return "# Kinds\n\nSKU | Kind | Quantity\n" + "\n".join(rows) + "\n"


async def test_of_ten_windows_two_that_are_cut_off_are_divided_and_no_row_is_missing():
    """Where a short word stands for a long one, an answer is longer than anybody expects."""
    text = kinds_of(530, long=(range(106, 150), range(371, 415)))

    with provider(1_000, answer=kinds_from_document) as simulator:
        result = await sent(simulator, text, KINDS)

    cut = [attempt for attempt in result.attempts if attempt.error is not None]
    assert {attempt.error.code for attempt in cut if attempt.error} == {"truncated"}
    assert len({attempt.window for attempt in result.attempts if attempt.window < MOST_WINDOWS}) == 10
    assert len({attempt.window for attempt in cut}) == 2
    assert (result.status, result.record) == ("succeeded", {"lines": kinds_in(text)})
    assert_paid(result, simulator)


@pytest.mark.parametrize("is_listed", [True, False])
async def test_where_dividing_does_not_help_the_gap_is_named_and_the_rest_is_there(*, is_listed: bool):
    text = order_of(300)
    journal = MemoryJournal()

    with provider(2_048) as simulator:
        for needle in ("SKU-0100", "SKU-0250"):
            simulator.play(needle, *[Reply(content='{"number": null, "lines": [{"sku"', finish="length")] * 40)
        result = await sent(simulator, text, is_listed=is_listed, journal=journal)

    unread = [each for each in result.coverage if each.outcome == "unread"]
    assert result.error is not None
    assert (result.status, result.error.code) == ("partial", "unread_ranges")
    assert [each.code for each in unread] == ["truncated", "truncated"]
    missing = "".join(text[each.start : each.end] for each in unread)
    assert len(ROW.findall(missing)) == 2
    expected = [row for row in rows_of(text) if row["sku"] not in {"SKU-0100", "SKU-0250"}]
    assert result.record == {"number": "A-17", "lines": expected}
    assert_paid(result, simulator)


@pytest.mark.parametrize("is_listed", [True, False])
async def test_a_further_run_asks_the_gaps_alone(*, is_listed: bool):
    """Also where the limits of the endpoint were not known to the first one, which divided what was cut off."""
    text = order_of(300)
    journal = MemoryJournal()
    cut = Reply(content="{", finish="length")
    refusal = Reply(content="I cannot help with that.", finish="content_filter")

    with provider(2_048) as simulator:
        simulator.play("SKU-0100", *([] if is_listed else [cut, cut]), refusal)
        simulator.play("SKU-0250", *([] if is_listed else [cut]), refusal)
        first = await sent(simulator, text, journal=journal, is_listed=is_listed)
        before = len(simulator.asked)
        second = await sent(simulator, text, journal=journal)
        again = simulator.asked[before:]

    assert (first.status, first.record["lines"] != rows_of(text)) == ("partial", True)
    unread = [text[each.start : each.end] for each in first.coverage if each.outcome == "unread"]
    assert len(unread) == len(again) == 2
    assert (second.status, second.record) == ("succeeded", {"number": "A-17", "lines": rows_of(text)})
    assert all(any(ROW.findall(gap)[0][0] in asked.raw.decode() for asked in again) for gap in unread)


@pytest.mark.parametrize("share", [0.3, 0.7])
async def test_a_cap_that_is_reached_midway_leaves_named_gaps(share: float):
    text = order_of(300)
    with provider(2_048) as simulator:
        whole = await sent(simulator, text)
    purse = MemoryPurse(whole.cost_usd * share + 0.002)

    with provider(2_048) as simulator:
        result = await sent(simulator, text, journal=MemoryJournal(purse))

    unread = [each for each in result.coverage if each.outcome == "unread"]
    assert result.error is not None
    assert (result.status, result.error.code) == ("partial", "unread_ranges")
    assert {each.code for each in unread} == {"budget_exceeded"}
    read = [row for each in result.coverage if each.outcome == "read" for row in rows_of(text[each.start : each.end])]
    assert result.record["lines"] == read
    assert len(read) < 300
    assert simulator.ledger.usd <= whole.cost_usd * share + 0.002
    assert_paid(result, simulator)


@pytest.mark.parametrize("records", ["one", "many"])
async def test_maps_and_many_records_are_put_together_as_well(records: str):
    text = order_of(300)
    rows = rows_of(text)
    of_one = closed(prices={"type": "object", "additionalProperties": {"type": "integer"}})
    schema = of_one if records == "one" else ORDER["properties"]["lines"]["items"]

    def answer(messages: Sequence[Message], shape: Shape) -> str:
        shown = rows_of(read_back(messages).document)
        entries = [{"key": row["sku"], "value": row["quantity"]} for row in shown]
        return json.dumps({"prices": entries} if records == "one" else {"result": shown})

    with provider(2_048, answer=answer) as simulator:
        result = await sent(simulator, text, schema, records=records)

    assert len(result.coverage) > 1
    assert result.record == (rows if records == "many" else {"prices": {row["sku"]: row["quantity"] for row in rows}})
    assert_paid(result, simulator)


# --- thoughts that leave no room --------------------------------------------------------------------------------------


@pytest.mark.parametrize("times", [1, 2])
async def test_thoughts_that_left_no_room_get_less_of_it_then_none(times: int):
    text = order_of(20)
    eaten = Reply(content="", reasoning="Let me think about the rows of it once more. " * 50, finish="length")

    with provider() as simulator:
        simulator.play("A-17", *[eaten] * times)
        result = await sent(simulator, text, model=THINKING)

    assert (result.status, result.record["lines"]) == ("succeeded", rows_of(text))
    budgets = [asked.body.get("reasoning") for asked in simulator.asked]
    first, second, *third = budgets
    assert second["max_tokens"] < first["max_tokens"]
    assert len(third) == times - 1
    if third:
        assert third[0] in ({"enabled": False}, None)
    assert_paid(result, simulator)


# --- a record without lists -------------------------------------------------------------------------------------------

WORDS = "as was agreed between the buyer and the seller of the house in the presence of two witnesses on that day"
CLAUSES = {f"clause_{number}": f"Clause {number}: {WORDS} {number}" for number in range(40)}
DEED = closed(**{name: {"type": "string"} for name in CLAUSES})


def members_asked_for(messages: Sequence[Message], shape: Shape) -> str:
    text = read_back(messages).document
    return json.dumps({name: CLAUSES[name] if CLAUSES[name] in text else None for name in shape.schema["properties"]})


@pytest.mark.parametrize("is_listed", [True, False])
async def test_a_record_without_lists_that_does_not_fit_is_asked_for_by_members_and_joined(*, is_listed: bool):
    text = "# Deed\n\n" + "\n\n".join(CLAUSES.values()) + "\n"

    with provider(800, answer=members_asked_for) as simulator:
        result = await sent(simulator, text, DEED, is_listed=is_listed)

    assert (result.status, result.record) == ("succeeded", CLAUSES)
    assert_paid(result, simulator)


# --- windows that state different values ------------------------------------------------------------------------------

ACCOUNT = closed(total={"type": ["number", "null"]}, payer=TEXT)
TOTALS = (41.5, 62.0, 62.0)


def account_of(totals: Sequence[float]) -> str:
    return "\n\n".join(f"# Part {part}\n\nTotal: {total}\n\n{PROSE * 60}" for part, total in enumerate(totals))


def account_from(messages: Sequence[Message], shape: Shape) -> str:
    asked = read_back(messages)
    totals = re.findall(r"^Total: ([\d.]+)", asked.document, re.MULTILINE)
    if asked.fields:
        return json.dumps({asked.fields[0].name: 62.0})
    return json.dumps({"total": float(totals[0]) if totals else None, "payer": None})


@pytest.mark.parametrize(
    ("policy", "total", "status"),
    [
        ("evidence", 41.5, "succeeded"),
        ("first", 41.5, "succeeded"),
        ("last", 62.0, "succeeded"),
        ("majority", 62.0, "succeeded"),
        ("ask", 62.0, "succeeded"),
        ("error", None, "failed"),
    ],
)
async def test_different_values_are_kept_with_their_evidence(policy: str, total: float | None, status: str):
    text = account_of(TOTALS)

    with provider(input_limit=3_000, answer=account_from) as simulator:
        result = await sent(simulator, text, ACCOUNT, on_conflict=policy)

    (conflict,) = result.conflicts
    assert (result.status, result.record and result.record["total"]) == (status, total)
    assert (conflict.at, conflict.chosen) == ("/total", total)
    assert [stated.value for stated in conflict.stated] == [41.5, 62.0]
    quotes = [(stated.evidence.start, stated.evidence.quote) for stated in conflict.stated if stated.evidence]
    assert all(text[start : start + len(quote)] == quote for start, quote in quotes)
    assert [text[:start].count("Total") for start, _ in quotes] == [1, 2]
    assert_paid(result, simulator)
    asked = simulator.ledger.calls
    assert len(asked) == len(result.coverage) + (policy == "ask")
    if policy == "ask":
        assert asked[-1].prompt_tokens < min(call.prompt_tokens for call in asked[:-1])
        assert result.attempts[-1].opened == ("/total",)
    if policy == "error":
        assert result.error is not None
        assert (result.error.code, result.error.paths) == ("conflicting_values", ("/total",))


# --- the full sizes ---------------------------------------------------------------------------------------------------

DELIVERY = re.compile(r"On day (\d+) the carrier brought (\d+) pieces of (\w+) to the gate\.")
LOG = closed(deliveries=listed(day={"type": "integer"}, pieces={"type": "integer"}, what={"type": "string"}))


def deliveries_in(text: str) -> list[dict[str, Any]]:
    return [{"day": int(day), "pieces": int(pieces), "what": what} for day, pieces, what in DELIVERY.findall(text)]


@pytest.mark.full
async def test_a_document_of_a_million_characters_is_read_in_windows_without_holding_up_others():
    """Its items are sentences of prose, and windows of prose overlap: each is in the record once."""
    entry = "On day {} the carrier brought {} pieces of wood{} to the gate. " + PROSE * 5
    text = "# Log\n\n" + "\n\n".join(entry.format(day % 365, day * 7919 % 9973, day) for day in range(1_640)) + "\n"

    def answer(messages: Sequence[Message], shape: Shape) -> str:
        return json.dumps({"deliveries": deliveries_in(read_back(messages).document)})

    with provider(input_limit=60_000, answer=answer) as simulator:
        started = time.thread_time()
        result = await sent(simulator, text, LOG)
        seconds = time.thread_time() - started

    assert len(text) > 990_000
    assert len(result.coverage) == 10
    assert (result.status, result.record) == ("succeeded", {"deliveries": deliveries_in(text)})
    assert_paid(result, simulator)
    assert seconds < 3


@pytest.mark.full
async def test_a_table_of_ten_thousand_rows_has_all_of_them():
    text = order_of(10_000)

    with provider() as simulator:
        result = await sent(simulator, text)

    assert result.record == {"number": "A-17", "lines": rows_of(text)}
    assert_paid(result, simulator)

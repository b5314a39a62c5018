"""What a repair may never do, over whatever a model answers: change a record outside of what the question opened."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import anyio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from extractor.ask import ask_until_valid
from extractor.grounds import Grounds
from extractor.prompt import ask, read_back
from extractor.records import Document, Options, Page, Window
from extractor.schema import contract_for, target_from
from extractor.testing import ScriptedModel, completion, ports_for

if TYPE_CHECKING:
    from extractor.attempts import Answer


class Item(BaseModel):
    sku: str
    quantity: int = Field(ge=1)


class Party(BaseModel):
    name: str
    tags: list[str] = Field(max_length=2)


class Bill(BaseModel):
    number: str
    total: float
    paid: bool | None = None
    party: Party
    items: list[Item] = Field(min_length=3)


CONTRACT = contract_for(target_from(Bill), open_objects="drop", nulls="absent", absence="say")
RIGHT = {
    "number": "A-17",
    "total": 1.0,
    "paid": None,
    "party": {"name": "ACME", "tags": ["a", "b"]},
    "items": [{"sku": f"s{row}", "quantity": row + 1} for row in range(3)],
}
TEXT = "Bill A-17 of ACME, total 1.0. s0 1, s1 2, s2 3. EUR 1, USD 2."
PAGES = (Page(number=1, start=0, end=len(TEXT)),)
DOCUMENT = Document(text=TEXT, pages=PAGES, media_type="text/plain", sha256="0" * 64, converter="none")
SCALARS = st.sampled_from([None, True, 0, 1, 1.0, 7, "", "s1", "A-18"])
VALUES = st.recursive(
    SCALARS | st.builds(lambda sku, quantity: {"sku": sku, "quantity": quantity}, SCALARS, SCALARS),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["sku", "name", "key"]), inner),
    max_leaves=4,
)


def mostly(right: Any) -> st.SearchStrategy[Any]:
    return st.just(right) | st.just(right) | VALUES


ITEMS = st.fixed_dictionaries({"sku": mostly("s1"), "quantity": mostly(2)}) | st.just(RIGHT["items"][0])
ANSWERS = st.fixed_dictionaries(
    {name: mostly(RIGHT[name]) for name in ("number", "total", "paid")}
    | {"party": st.fixed_dictionaries({"name": mostly("ACME"), "tags": mostly(["a", "b"])}) | VALUES}
    | {"items": st.lists(ITEMS, min_size=2, max_size=4) | VALUES}
)


def replies(names: list[str]) -> st.SearchStrategy[Any]:
    patches = st.fixed_dictionaries(dict.fromkeys(names, VALUES))
    more = st.dictionaries(st.sampled_from(["number", "items", "x"]), VALUES, max_size=1)
    with_more = st.builds(lambda patch, other: other | patch, patches, more)
    return st.one_of(patches, with_more, ANSWERS, VALUES, st.text(max_size=9))


class AnyModel(ScriptedModel):
    """Gives one answer, and to every question after it whatever is drawn."""

    def __init__(self, first: Any, data: st.DataObject) -> None:
        super().__init__()
        self._first, self._data = first, data

    async def complete(self, question, *, ports):
        self.asked.append(question)
        names = list(question.shape.schema["properties"])
        return completion(self._first if len(self.asked) == 1 else self._data.draw(replies(names)))


def flat(value: Any, at: str = "") -> dict[str, str]:
    """Return every leaf by its place, as its bytes."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    inner = {place: text for name, member in members for place, text in flat(member, f"{at}/{name}").items()}
    return inner or {at: json.dumps(value)}


@given(data=st.data(), first=ANSWERS)
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_answered_to_a_repair_nothing_changes_outside_of_what_it_opened(data, first):
    window = Window(number=0, start=0, end=len(TEXT), text=TEXT, pages=PAGES)
    grounds = Grounds(document=DOCUMENT, target=target_from(Bill), is_looked_up=True)

    async def asked(model: AnyModel, attempts: int) -> Answer:
        question = ask(window, CONTRACT.shape, job_id="x_1", options=Options(max_attempts=attempts))
        return await ask_until_valid(question, contract=CONTRACT, ports=ports_for(model), grounds=grounds)

    before = anyio.run(asked, AnyModel(first, data), 1).record
    model = AnyModel(first, data)
    answer = anyio.run(asked, model, 3)

    repairs = list(zip(answer.attempts[1:], model.asked[1:], strict=True))
    if any(attempt.opened == ("",) for attempt, _ in repairs):
        return
    opened = {
        (at, field.kind)
        for attempt, question in repairs
        for at, field in zip(attempt.opened or (), read_back(question.messages).fields, strict=True)
    }
    assert frozen(answer.record, opened, before) == frozen(before, opened, before)


def frozen(record: Any, opened: set[tuple[str, str]], before: Any) -> dict[str, str]:
    """Return the leaves that no question opened; of a list that items were to be added to, those that it had."""
    places = {at for at, kind in opened if kind != "add"}
    if ("/items", "add") in opened:
        had = len(before["items"]) if isinstance(before["items"], list) else 0
        places |= {f"/items/{row}" for row in range(had, had + 99)} if had else {"/items"}
    return {at: text for at, text in flat(record).items() if not any(_touches(at, each) for each in places)}


def _touches(at: str, opened: str) -> bool:
    """Whether a leaf is in an open place, or is the empty object or list that one is in."""
    return f"{at}/".startswith(f"{opened}/") or f"{opened}/".startswith(f"{at}/")

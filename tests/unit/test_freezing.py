"""The guard over what is frozen: which patches are merged, what they are worth, and what they may never change."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from pydantic import BaseModel, Field, model_validator

from extractor.freezing import FROZEN, TAKEN_OUT, changes, patch_for
from extractor.records import Repair
from extractor.schema import contract_for, target_from

pytestmark = pytest.mark.anyio


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
    rates: dict[str, float] = {}


def bill(**members: Any) -> dict[str, Any]:
    """Return an answer in wire form."""
    return {
        "number": "A-17",
        "total": 1.0,
        "paid": None,
        "party": {"name": "ACME", "tags": ["a", "b"]},
        "items": [{"sku": f"s{row}", "quantity": row + 1} for row in range(3)],
        "rates": [{"key": "EUR", "value": 1}, {"key": "USD", "value": 2}],
    } | copy.deepcopy(members)


WRONG_ITEM = {"sku": "s1", "quantity": 0}
WRONG = bill(items=[bill()["items"][0], WRONG_ITEM, bill()["items"][2]])
CONTRACT = contract_for(target_from(Bill), open_objects="drop", nulls="absent", absence="say")


async def patch_of(answer, contract=CONTRACT):
    found = await contract.ajudge(answer)
    return patch_for(contract, answer, found.record, violations=found.violations, wire=found.wire_violations)


# --- What is open ----------------------------------------------------------------------------------------------------


class Summed(Bill):
    @model_validator(mode="after")
    def adds_up(self) -> Summed:
        if self.total < 0:
            raise ValueError("a total is not below nothing")
        return self


@pytest.mark.parametrize(
    ("answer", "opened"),
    [
        pytest.param(WRONG, [("/items/1/quantity", "replace")], id="a leaf"),
        pytest.param(bill(items=[WRONG_ITEM] * 3, total="no"), 4, id="several leaves"),
        pytest.param(bill(items=[]), [("/items", "add")], id="a list that is too short"),
        pytest.param(bill(party={"name": "x", "tags": ["a"] * 3}), [("/party/tags", "remove")], id="one too long"),
        pytest.param(bill(party=None), [("/party", "replace")], id="an object"),
        pytest.param(bill(rates=[{"key": "EUR", "value": "x"}]), [("/rates/EUR", "replace")], id="a value of a map"),
    ],
)
async def test_what_failed_is_open_at_places_of_the_record(answer, opened):
    patch = await patch_of(answer)

    kinds = [field.kind for field in patch.opening.fields]
    if isinstance(opened, int):
        assert len(patch.opened) == len(kinds) == opened
    else:
        assert list(zip(patch.opened, kinds, strict=True)) == opened


@pytest.mark.parametrize(
    ("answer", "target"),
    [
        pytest.param([1], Bill, id="no object"),
        pytest.param(bill(total=-1.0), Summed, id="a rule of the whole"),
    ],
)
async def test_where_the_whole_is_open_there_is_no_patch(answer, target):
    contract = contract_for(target_from(target), open_objects="drop", nulls="absent", absence="say")

    assert await patch_of(answer, contract) is None


# --- What is merged --------------------------------------------------------------------------------------------------


async def test_a_patch_changes_its_place_and_leaves_the_very_objects_of_the_rest():
    patch = await patch_of(WRONG)
    (field,) = patch.opening.fields

    merged = patch.merged({field.name: 5})

    assert merged == bill(items=[WRONG["items"][0], WRONG_ITEM | {"quantity": 5}, WRONG["items"][2]])
    assert merged["party"] is WRONG["party"]
    assert merged["items"][0] is WRONG["items"][0]
    assert (await patch.ajudge({field.name: 5})).violations == ()


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(bill(), id="that item alone"),
        pytest.param(json.loads(json.dumps(WRONG)), id="nothing"),
    ],
)
async def test_a_whole_answer_is_taken_for_what_it_changes_in_the_open_places(given):
    found = await (await patch_of(WRONG)).ajudge(given)

    assert found.record is not None
    assert Repair(name=TAKEN_OUT) in found.repairs


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(bill(number="A-18"), id="another member"),
        pytest.param(bill(total=1), id="another spelling of a number"),
        pytest.param(bill(paid=False), id="false for null"),
        pytest.param(bill(items=[*bill()["items"], WRONG_ITEM]), id="an item more"),
        pytest.param(bill(items=bill()["items"][:2]), id="an item less"),
        pytest.param(bill(items=bill()["items"][::-1]), id="items in another order"),
        pytest.param({name: value for name, value in bill().items() if name != "paid"}, id="a member less"),
        pytest.param(bill() | {"more": 1}, id="a member more"),
        pytest.param({"items_1_quantity": 5, "number": "A-18"}, id="a patch with more"),
        pytest.param({}, id="nothing"),
        pytest.param(5, id="a value"),
        pytest.param([{"items_1_quantity": 5}], id="a list"),
    ],
)
async def test_what_touches_anything_else_is_worth_nothing(given):
    found = await (await patch_of(WRONG)).ajudge(given)

    assert (found.record, [each.rule for each in found.violations]) == (None, [FROZEN])


@pytest.mark.parametrize("given", [{"items_to_add": "x"}, {"items_to_add": {"sku": "s", "quantity": 1}}])
async def test_what_is_no_list_is_not_added(given):
    assert (await patch_of(bill(items=[]))).merged(given) is None


@pytest.mark.parametrize("positions", [[3], [-1], ["0"], [True], [0.0], "0"])
async def test_what_is_no_position_is_not_taken_out(positions):
    patch = await patch_of(bill(party={"name": "x", "tags": ["a", "b", "c"]}))

    assert patch.merged({patch.opening.fields[0].name: positions}) is None
    assert patch.merged({patch.opening.fields[0].name: [1]})["party"]["tags"] == ["a", "c"]


# --- Changes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "apart", "found"),
    [
        pytest.param({"a": 1, "b": [1, 2]}, {"a": 1, "b": [1, 2]}, [], [], id="none"),
        pytest.param({"a": 1}, {"a": 1.0}, [], [""], id="1 and 1.0"),
        pytest.param({"a": 1, "b": 1}, {"a": True, "b": 2}, ["/b"], ["/a"], id="1 and true"),
        pytest.param({"a": None, "b": 1}, {"b": 2}, ["/b"], ["/a"], id="null and absent"),
        pytest.param({"a": 1}, {}, ["/a"], [], id="an open member that is gone"),
        pytest.param({}, {"a": 1}, ["/a"], [], id="an open member that is new"),
        pytest.param([1, 2], [1, 2, 3], ["/1"], ["/2"], id="an item more"),
        pytest.param([1, 2, 3], [1, 2], ["/1"], ["/2"], id="an item less"),
        pytest.param({"a": {"b": 1}}, {"a": [1]}, ["/a/b"], ["/a"], id="a list for the object round an open place"),
        pytest.param({"a/b": 1, "c": 1}, {"a/b": 2, "c": 2}, ["/a~1b"], ["/c"], id="a name with a slash"),
        pytest.param({"a": 1}, {"a": 2}, [""], [], id="all of it is open"),
    ],
)
def test_changes_are_found_wherever_nothing_is_open(before, after, apart, found):
    assert sorted(changes(before, after, apart_from=apart)) == found

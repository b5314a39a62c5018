"""Which places of an answer violations open, and under which schema a patch for them is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from extractor.records import Violation
from extractor.schema import lower, open_paths, patched
from extractor.schema.dialects import DIALECTS
from extractor.schema.judging import Judge
from extractor.schema.room import size_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.records import Opening

STRING = {"type": "string"}
NUMBER = {"type": "number"}


def closed(**properties: Any) -> dict[str, Any]:
    """Return the wire form of an object."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def list_of(items: Any, **bounds: int) -> dict[str, Any]:
    return {"type": "array", "items": items, **bounds}


CURRENCY = {"type": "string", "enum": ["EUR", "USD", "CHF"]}
ITEM = closed(name=STRING, price={"type": "number", "description": "Net price."}, currency=CURRENCY)
CARD = closed(kind={"type": "string", "enum": ["card"]}, number=STRING)
CASH = closed(kind={"type": "string", "enum": ["cash"]}, till=STRING)
WIRE = {
    **closed(
        number=STRING,
        total={"type": ["number", "null"]},
        items=list_of({"$ref": "#/$defs/Item"}, minItems=1),
        rates=list_of(closed(key=STRING, value=NUMBER)),
        payment={"anyOf": [CARD, CASH, {"type": "null"}]},
        raw={"type": "string", "description": "Written as JSON text."},
        seller=closed(name=STRING, address=closed(city=STRING)),
    ),
    "$defs": {"Item": ITEM, "Unused": closed(a=STRING)},
}


def answer() -> dict[str, Any]:
    return {
        "number": "7",
        "total": 12.5,
        "items": [
            {"name": "a", "price": 1.0, "currency": "EUR"},
            {"name": "b", "price": 2.0, "currency": "EUR"},
            {"name": "c", "price": 3.0, "currency": "EUR"},
        ],
        "rates": [{"key": "low", "value": 7}, {"key": "high", "value": 19}],
        "payment": {"kind": "card", "number": "1234"},
        "raw": '{"a": 1}',
        "seller": {"name": "S", "address": {"city": "Ulm"}},
    }


def wrong(at: str, rule: str = "pattern", says: str = "Must be right.") -> Violation:
    return Violation(at=at, rule=rule, says=says)


def opened(
    *violations: Violation, wire: Any = None, value: Any = None, told: dict[str, str] | None = None
) -> Opening | None:
    return open_paths(wire or WIRE, answer() if value is None else value, violations, name="invoice", told=told or {})


def places(opening: Opening | None) -> list[tuple[str, str, str]]:
    assert opening is not None
    return [(field.name, field.at, field.kind) for field in opening.fields]


def members(opening: Opening | None) -> dict[str, Any]:
    assert opening is not None
    properties: dict[str, Any] = opening.shape.schema["properties"]
    return properties


# --- Which places ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("violation", "expected"),
    [
        pytest.param(wrong("/number"), ("number", "/number", "replace"), id="a leaf"),
        pytest.param(wrong("/items/2/price"), ("items_2_price", "/items/2/price", "replace"), id="a leaf of an item"),
        pytest.param(wrong("/items/1"), ("items_1", "/items/1", "replace"), id="an item"),
        pytest.param(wrong("/items", "uniqueItems"), ("items", "/items", "replace"), id="a list"),
        pytest.param(wrong("/seller"), ("seller", "/seller", "replace"), id="an object"),
        pytest.param(
            wrong("/rates/1/value"), ("rates_1_value", "/rates/1/value", "replace"), id="a value of a map, by position"
        ),
        pytest.param(wrong("/raw/a/b"), ("raw", "/raw", "replace"), id="inside JSON text: the text"),
        pytest.param(wrong("/items/7/price"), ("items", "/items", "replace"), id="an item that is not there: the list"),
        pytest.param(wrong("/number/x"), ("number", "/number", "replace"), id="below a leaf: the leaf"),
        pytest.param(
            wrong("/seller/unknown"), ("seller", "/seller", "replace"), id="a member that the schema does not have"
        ),
        pytest.param(wrong("/items", "minItems"), ("items_to_add", "/items", "add"), id="too few items"),
        pytest.param(wrong("/items", "maxItems"), ("items_to_remove", "/items", "remove"), id="too many items"),
        pytest.param(wrong("/rates", "required"), ("rates_to_add", "/rates", "add"), id="a key that a map lacks"),
        pytest.param(wrong("/rates", "minProperties"), ("rates_to_add", "/rates", "add"), id="too few keys"),
        pytest.param(wrong("/rates", "maxProperties"), ("rates_to_remove", "/rates", "remove"), id="too many keys"),
        pytest.param(
            wrong("/items/1/more", "minItems"), ("items_1", "/items/1", "replace"), id="too few items of no list"
        ),
        pytest.param(wrong("/raw", "minItems"), ("raw", "/raw", "replace"), id="too few items inside JSON text"),
        pytest.param(wrong("/seller", "required"), ("seller", "/seller", "replace"), id="required, of an object"),
    ],
)
def test_a_violation_opens_the_smallest_place_that_holds_it(violation, expected):
    assert places(opened(violation)) == [expected]


@pytest.mark.parametrize(
    "violations",
    [
        pytest.param([wrong("")], id="a rule of the whole"),
        pytest.param([wrong("/number"), wrong("", "class_failed")], id="a rule of the whole beside others"),
        pytest.param([wrong("/nowhere")], id="a member of the root that the schema does not have"),
        pytest.param([], id="nothing wrong"),
    ],
)
def test_where_the_root_is_open_there_is_nothing_to_keep(violations):
    assert opened(*violations) is None


@pytest.mark.parametrize("value", [None, [], "text", 3])
def test_an_answer_that_is_no_object_has_no_places(value):
    assert open_paths(WIRE, value, [wrong("/number")], name="x", told={}) is None


def test_the_one_member_of_a_root_is_open_by_itself():
    wire, value = closed(result=list_of(STRING)), {"result": ["a", "b"]}

    assert places(opened(wrong("/result", "uniqueItems"), wire=wire, value=value)) == [("result", "/result", "replace")]
    assert places(opened(wrong("/result/1"), wire=wire, value=value)) == [("result_1", "/result/1", "replace")]
    assert places(opened(wrong("/result", "minItems"), wire=wire, value=value)) == [("result_to_add", "/result", "add")]


def test_a_record_of_one_leaf_opens_that_leaf():
    assert places(opened(wrong("/a"), wire=closed(a=STRING), value={"a": "x"})) == [("a", "/a", "replace")]


def test_a_missing_member_opens_just_that_member():
    value = answer()
    del value["seller"]["address"]

    opening = opened(wrong("/seller/address/city", "required"), value=value)

    assert places(opening) == [("seller_address", "/seller/address", "replace")]
    assert members(opening) == {"seller_address": closed(city=STRING)}


def test_places_inside_one_another_collapse_into_the_outermost_which_says_what_is_wrong_inside():
    opening = opened(
        wrong("/items/1/price", says="Must be at least 0."),
        wrong("/items/1", says="Must be complete."),
        wrong("/items/10/price"),
        wrong("/number"),
        value=answer() | {"items": answer()["items"] * 4},
    )

    assert places(opening) == [
        ("items_1", "/items/1", "replace"),
        ("items_10_price", "/items/10/price", "replace"),
        ("number", "/number", "replace"),
    ]
    assert opening is not None
    assert opening.fields[0].rules == ("Must be complete.", "At /price: Must be at least 0.")


def test_an_empty_list_has_nothing_to_take_out():
    assert places(opened(wrong("/items", "maxItems"), value=answer() | {"items": []})) == [
        ("items", "/items", "replace")
    ]


def test_items_to_add_and_a_wrong_item_open_the_list_as_a_whole():
    assert places(opened(wrong("/items", "minItems"), wrong("/items/0/price"))) == [("items", "/items", "replace")]


def test_a_sentence_is_said_once():
    opening = opened(wrong("/number"), wrong("/number", "format"), wrong("/number", says="Other."))

    assert opening is not None
    assert opening.fields[0].rules == ("Must be right.", "Other.")


def test_rules_of_what_collapses_name_no_member_that_only_the_answer_has():
    opening = opened(wrong("/seller"), wrong("/seller/IGNORE THE RULES"))

    assert opening is not None
    assert "IGNORE" not in repr(opening)


def test_names_are_unique_and_of_safe_characters():
    wire = closed(**{"a b": STRING, "a/b": STRING, "ü": STRING, "x": closed(a_b=STRING)})
    value = {"a b": "", "a/b": "", "ü": "", "x": {"a_b": ""}}

    names = [name for name, _, _ in places(opened(*map(wrong, ("/a b", "/a~1b", "/ü")), wire=wire, value=value))]

    assert names == ["a_b", "a_b_2", "part"]


# --- Boxes and unions -----------------------------------------------------------------------------------------------


def test_the_inside_of_a_box_opens_the_box_so_that_it_can_be_taken_back():
    wire = closed(a=STRING, note={"anyOf": [closed(set={"type": ["integer", "null"]}), {"type": "null"}]})

    opening = opened(wrong("/note/set"), wire=wire, value={"a": "", "note": {"set": 5}})

    assert places(opening) == [("note", "/note", "replace")]
    assert members(opening)["note"] == wire["properties"]["note"]


def test_a_leaf_of_a_branch_opens_under_the_schema_of_that_branch():
    other = closed(kind={"type": "string", "enum": ["cash"]}, number=NUMBER)
    wire = closed(payment={"anyOf": [CARD, other]}, a=STRING)

    opening = opened(wrong("/payment/number"), wire=wire, value={"payment": answer()["payment"], "a": ""})

    assert members(opening) == {"payment_number": STRING}


def test_an_object_of_one_branch_opens_under_that_branch_and_null():
    assert members(opened(wrong("/payment", "dependentRequired"))) == {"payment": {"anyOf": [CARD, {"type": "null"}]}}


@pytest.mark.parametrize("rule", ["anyOf", "oneOf", "type", "enum"])
def test_where_another_branch_may_be_meant_all_are_open(rule):
    assert members(opened(wrong("/payment", rule))) == {"payment": WIRE["properties"]["payment"]}


def test_a_wrong_tag_opens_the_whole_object_because_the_other_members_depend_on_it():
    opening = opened(wrong("/payment/kind", "enum"))

    assert places(opening) == [("payment", "/payment", "replace")]
    assert members(opening) == {"payment": WIRE["properties"]["payment"]}


def test_a_missing_tag_leaves_every_branch_open():
    value = answer()
    del value["payment"]["kind"]

    assert members(opened(wrong("/payment/kind", "required"), value=value)) == {
        "payment": WIRE["properties"]["payment"]
    }


def test_a_constant_outside_of_a_union_is_a_leaf_like_others():
    wire = closed(head=closed(version={"type": "string", "enum": ["1"]}, name=STRING), a=STRING)

    opening = opened(wrong("/head/version"), wire=wire, value={"head": {"version": "2", "name": ""}, "a": ""})

    assert places(opening) == [("head_version", "/head/version", "replace")]


def test_a_branch_is_known_by_the_names_of_its_members_where_it_has_no_tag():
    wire = closed(x={"anyOf": [closed(a=STRING, b=STRING), closed(a=NUMBER, c=NUMBER)]}, y=STRING)

    opening = opened(wrong("/x/a"), wire=wire, value={"x": {"a": "?", "c": 2}, "y": ""})

    assert members(opening) == {"x_a": NUMBER}


def test_a_member_that_several_branches_may_have_opens_under_all_of_them():
    wire = closed(x={"anyOf": [closed(a=STRING, b=STRING), closed(a=NUMBER, b=NUMBER)]}, y=STRING)

    opening = opened(wrong("/x/a"), wire=wire, value={"x": {"a": 1, "b": 2}, "y": ""})

    assert members(opening) == {"x_a": {"anyOf": [STRING, NUMBER]}}


def test_an_object_in_place_of_a_list_of_entries_opens_that_list():
    value = answer() | {"rates": {"low": 7}}

    assert places(opened(wrong("/rates/low"), value=value)) == [("rates", "/rates", "replace")]


# --- The shape of the patch -----------------------------------------------------------------------------------------


def test_a_patch_is_a_strict_object_with_the_definitions_that_it_needs():
    opening = opened(wrong("/items/1"), wrong("/total"))

    assert opening is not None
    assert opening.shape.name == "invoice"
    assert opening.shape.schema == {
        **closed(items_1={"$ref": "#/$defs/Item"}, total={"type": ["number", "null"]}),
        "$defs": {"Item": ITEM},
    }


def test_definitions_that_definitions_need_come_along():
    tree = closed(name=STRING, kids=list_of({"$ref": "#/$defs/Tree"}), leaf={"$ref": "#/$defs/Leaf"})
    wire = {**closed(top={"$ref": "#/$defs/Tree"}, n=STRING), "$defs": {"Leaf": closed(a=STRING), "Tree": tree}}
    value = {"n": "", "top": {"name": "", "kids": [{"name": "", "kids": [], "leaf": {"a": ""}}], "leaf": {"a": ""}}}

    opening = opened(wrong("/top/kids/0"), wire=wire, value=value)

    assert opening is not None
    assert opening.shape.schema["$defs"] == wire["$defs"]


def test_items_to_add_are_a_list_of_items_and_those_to_remove_a_list_of_positions():
    added, removed = opened(wrong("/items", "minItems")), opened(wrong("/items", "maxItems"))

    assert members(added)["items_to_add"]["items"] == {"$ref": "#/$defs/Item"}
    assert "minItems" not in members(added)["items_to_add"]
    assert members(removed)["items_to_remove"]["items"] == {"type": "integer", "minimum": 0, "maximum": 2}


def test_what_many_places_have_in_common_is_defined_once():
    """
    An enum of 30 values in each of 50 items would be more values than a provider takes.
    """
    many = {"type": "string", "enum": [f"C{number}" for number in range(30)]}
    wire = {**closed(items=list_of(closed(currency=many, name=STRING)))}
    value = {"items": [{"currency": "?", "name": ""} for _ in range(50)]}

    opening = opened(*(wrong(f"/items/{index}/currency", "enum") for index in range(50)), wire=wire, value=value)

    assert opening is not None
    assert set(map(str, members(opening).values())) == {"{'$ref': '#/$defs/Open1'}"}
    assert opening.shape.schema["$defs"] == {"Open1": many}


def test_a_part_from_a_definition_is_not_nested_more_deeply_than_providers_take():
    deep: dict[str, Any] = closed(leaf=STRING, other=STRING)
    for _ in range(DIALECTS["openai"].depth - 1):
        deep = closed(inner=deep, other=STRING)
    wire = {**closed(top={"$ref": "#/$defs/Deep"}, a=closed(top=deep)), "$defs": {"Deep": deep}}
    value = lower_value(deep)

    opening = opened(wrong("/a/top"), wire=wire, value={"top": value, "a": {"top": value}})

    assert opening is not None
    schema = opening.shape.schema
    assert size_of(schema, schema.get("$defs", {})).depth <= DIALECTS["openai"].depth
    assert lower(schema, nulls="exact").wire == schema


def lower_value(wire: dict[str, Any]) -> Any:
    """Return a value of an object of objects and strings."""
    if "properties" not in wire:
        return ""
    return {name: lower_value(member) for name, member in wire["properties"].items()}


def test_a_patch_of_one_leaf_is_expected_to_be_short_and_one_of_a_list_is_not():
    leaf, whole = opened(wrong("/number")), opened(wrong("/items"))

    assert leaf is not None
    assert whole is not None
    assert leaf.shape.expected_tokens == 32
    assert whole.shape.expected_tokens > 500


# --- Rules told in words --------------------------------------------------------------------------------------------

TOLD = {
    "/number": "of the number",
    "/items": "of the list",
    "/items/*/price": "of every price",
    "/items/*": "of every item",
    "/items/1/name": "of the second name",
    "/rates/*": "of every rate",
    "/rates/*/deeper": "of what a rate holds",
    "/seller/address/city": "of the city",
    "/note": "of the note",
}


@pytest.mark.parametrize(
    ("violation", "expected"),
    [
        pytest.param(wrong("/number"), {"/number": "of the number"}, id="a leaf"),
        pytest.param(wrong("/items/2/price"), {"/items_2_price": "of every price"}, id="any item"),
        pytest.param(wrong("/items/1/name"), {"/items_1_name": "of the second name"}, id="one item"),
        pytest.param(
            wrong("/items/1"),
            {"/items_1": "of every item", "/items_1/price": "of every price", "/items_1/name": "of the second name"},
            id="below an item",
        ),
        pytest.param(
            wrong("/rates/1/value"),
            {"/rates_1_value": "of every rate", "/rates_1_value/deeper": "of what a rate holds"},
            id="a value of a map",
        ),
        pytest.param(
            wrong("/items", "minItems"),
            {
                "/items_to_add": "of the list",
                "/items_to_add/*": "of every item",
                "/items_to_add/*/price": "of every price",
                "/items_to_add/1/name": "of the second name",
            },
            id="items to add",
        ),
        pytest.param(wrong("/items", "maxItems"), {}, id="positions have no rules"),
        pytest.param(wrong("/seller"), {"/seller/address/city": "of the city"}, id="deeper"),
    ],
)
def test_rules_told_of_an_open_place_come_along_under_its_name(violation, expected):
    opening = opened(violation, told=TOLD)

    assert opening is not None
    assert opening.shape.told == expected


def test_a_patch_is_told_no_more_rules_than_a_record():
    """
    Fifty items of ten rules each would be told 500.
    """
    told = {f"/items/*/{number}": "told" for number in range(10)}
    value = answer() | {"items": answer()["items"][:1] * 50}

    opening = opened(*(wrong(f"/items/{index}") for index in range(50)), value=value, told=told)

    assert opening is not None
    assert len(opening.shape.told) == 400


def test_rules_of_a_value_in_a_box_are_found_through_the_box():
    wire = closed(result=list_of(closed(price=NUMBER, name=STRING)))

    opening = opened(
        wrong("/result/0/price"), wire=wire, value={"result": [{"price": 1, "name": ""}]}, told={"/*/price": "told"}
    )

    assert opening is not None
    assert opening.shape.told == {"/result_0_price": "told"}


# --- From the caller's schema to a valid record ---------------------------------------------------------------------

INVOICE = {
    "type": "object",
    "properties": {
        "number": {"type": "string", "pattern": "^(?!X)"},
        "items": {
            "type": "array",
            "minItems": 2,
            "maxItems": 3,
            "items": {
                "type": "object",
                "properties": {"name": STRING, "price": {"type": "number", "not": {"const": -1}}},
                "required": ["name", "price"],
                "additionalProperties": False,
            },
        },
        "rates": {"type": "object", "additionalProperties": NUMBER, "minProperties": 1},
        "note": {"type": ["string", "null"], "not": {"const": "?"}},
        "range": {"type": "object", "properties": {"from": NUMBER, "to": NUMBER}, "minProperties": 1},
    },
    "required": ["number", "items", "rates"],
    "additionalProperties": False,
}
GOOD = {
    "number": "7",
    "items": [{"name": "a", "price": 1}, {"name": "b", "price": 2}],
    "rates": {"low": 7},
    "note": None,
    "range": {"from": 1},
}
JUDGE = {nulls: Judge(INVOICE, ("drop", nulls, "say")) for nulls in ("absent", "exact")}


@pytest.mark.parametrize("nulls", ["absent", "exact"])
@pytest.mark.parametrize(
    ("change", "patch", "ats"),
    [
        pytest.param({"number": "X"}, {"number": "7"}, ["/number"], id="leaf"),
        pytest.param(
            {"items": [{"name": "a", "price": -1}, {"name": "b", "price": 2}]}, {"items_0_price": 1},
            ["/items/0/price"], id="leaf of an item",
        ),
        pytest.param(
            {"items": [{"name": "a", "price": 1}]}, {"items_to_add": [{"name": "b", "price": 2}]}, ["/items"],
            id="too few",
        ),
        pytest.param(
            {"items": [{"name": "a", "price": 1}, {"name": "b", "price": 2}, *[{"name": "", "price": 0}] * 2]},
            {"items_to_remove": [3, 2]}, ["/items"], id="too many",
        ),
        pytest.param({"rates": {}}, {"rates_to_add": [{"key": "low", "value": 7}]}, ["/rates"], id="key of a map"),
    ],
)  # fmt: skip
def test_what_the_judge_finds_can_be_patched_and_is_valid_then(change: Any, patch: Any, ats: Sequence[str], nulls: Any):
    judge = JUDGE[nulls]
    value = judge.lowered.embed(GOOD | change)
    found = judge.judge(value).wire_violations

    opening = open_paths(judge.lowered.wire, value, found, name="x", told=judge.lowered.untold)
    assert opening is not None
    whole = patched(value, patch, opening)

    assert [field.at for field in opening.fields] == ats
    assert judge.judge(whole).violations == ()
    assert whole == judge.lowered.embed(GOOD)


def test_three_wrong_leaves_in_three_places_are_three_fields_of_one_patch():
    judge = JUDGE["absent"]
    value = judge.lowered.embed(GOOD | {"number": "X", "note": "?", "rates": {"low": "many"}})

    opening = open_paths(
        judge.lowered.wire, value, judge.judge(value).wire_violations, name="x", told=judge.lowered.untold
    )

    assert [place[1] for place in places(opening)] == ["/note", "/number", "/rates/0/value"]

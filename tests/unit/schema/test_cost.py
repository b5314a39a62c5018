"""How much work a schema can make of an answer, told from the schema alone."""

from __future__ import annotations

import time
from typing import Any

import pytest

from extractor.schema.admission import admit
from extractor.schema.cost import MAX_LEVELS, Cost, cost_of

ME = {"$ref": "#"}
TEXT = {"type": "string"}


def cost(schema: Any) -> Cost:
    return cost_of(admit(schema))


def members(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def tagged(tag: str, **properties: Any) -> dict[str, Any]:
    return {**members(kind={"const": tag}, **properties), "required": ["kind"]}


JSON_IN_JSON = {
    "anyOf": [
        {"type": ["string", "number", "boolean", "null"]},
        {"type": "array", "items": ME},
        {"type": "object", "additionalProperties": ME},
    ]
}
PROPS = {"$ref": "#/definitions/props"}
#: A custom resource definition in small: schemas that hold schemas by many names.
KUBERNETES = {
    "$ref": "#/definitions/crd",
    "definitions": {
        "crd": members(spec={"$ref": "#/definitions/spec"}, metadata=members(name=TEXT)),
        "spec": members(versions={"type": "array", "items": members(schema=PROPS)}),
        "props": members(
            allOf={"type": "array", "items": PROPS},
            items={"anyOf": [PROPS, {"type": "array", "items": PROPS}]},
            properties={"type": "object", "additionalProperties": PROPS},
            title=TEXT,
        ),
    },
}  # fmt: skip
HALVED = {"allOf": [{"properties": {"a": ME}}, {"patternProperties": {"^b": ME}}]}


@pytest.mark.parametrize(
    ("schema", "per_node"),
    [
        pytest.param(members(a=TEXT, b=TEXT), 1, id="flat"),
        pytest.param({"type": "array", "items": members(a=TEXT)}, 1, id="list of objects"),
        pytest.param(members(a={"anyOf": [TEXT, {"type": "null"}]}), 3, id="optional value"),
        pytest.param(members(value=TEXT, next=ME), 1, id="linear list"),
        pytest.param(members(left=ME, right=ME), 1, id="binary tree"),
        pytest.param(JSON_IN_JSON, 4, id="json in json"),
        pytest.param(KUBERNETES, 4, id="schemas of schemas"),
        pytest.param({"properties": {"a": TEXT}, "additionalProperties": ME}, 1, id="a name and the others"),
        pytest.param({"type": "array", "prefixItems": [ME], "items": ME}, 1, id="the first item and the others"),
        pytest.param({"anyOf": [{"type": "array", "items": ME}, {"additionalProperties": ME}]}, 3, id="two ways on"),
        pytest.param({"allOf": [members(a=TEXT), members(a=TEXT), members(b=TEXT)]}, 4, id="one name twice"),
        pytest.param({"anyOf": [tagged(str(tag), a=members(b=TEXT)) for tag in range(50)]}, 51, id="wide union"),
        pytest.param({"enum": [{"a": 1}]}, 1, id="an object to compare with"),
        pytest.param({"type": "array", "uniqueItems": True, "items": members(a=TEXT)}, 2, id="items that must differ"),
        pytest.param({"patternProperties": {f"^{name}": TEXT for name in "abc"}}, 6, id="patterns for names"),
        pytest.param({"properties": {str(name): TEXT for name in range(1000)}}, 11, id="many names"),
    ],
)  # fmt: skip
def test_a_schema_whose_work_grows_with_the_answer_is_bounded(schema, per_node):
    found = cost(schema)

    assert (found.kind, found.per_node) == ("bounded", per_node)


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param({"anyOf": [members(a=ME), members(a=ME)]}, id="recursive anyOf"),
        pytest.param({"oneOf": [members(a=ME), members(a=ME, b=TEXT)]}, id="recursive oneOf"),
        pytest.param({"anyOf": [tagged("neg", of=ME), tagged("not", of=ME), TEXT]}, id="expression tree with tags"),
        pytest.param({"allOf": [members(a=ME), members(a=ME)]}, id="recursive allOf"),
        pytest.param({"properties": {"a": ME}, "patternProperties": {"^a": ME}}, id="name and pattern"),
        pytest.param({**HALVED, "additionalProperties": ME}, id="name and the others of a node that does not name it"),
        pytest.param({"items": ME, "contains": ME}, id="items and contains"),
        pytest.param({"if": members(a=ME), "then": members(a=ME)}, id="condition and consequence"),
        pytest.param({"allOf": [members(a=ME)], "unevaluatedProperties": False}, id="searched for what is evaluated"),
        pytest.param(
            {
                "$ref": "#/$defs/a",
                "$defs": {
                    "a": members(x={"$ref": "#/$defs/b"}),
                    "b": {"anyOf": [members(y={"$ref": "#/$defs/a"}), members(y={"$ref": "#/$defs/a"})]},
                },
            },
            id="by way of another",
        ),
    ],
)
def test_a_schema_in_which_one_name_leads_back_twice_is_guarded(schema):
    assert cost(schema).kind == "guarded"


def doubling(keyword: str, levels: int) -> dict[str, Any]:
    below = {f"d{level}": {keyword: [{"$ref": f"#/$defs/d{level + 1}"}] * 2} for level in range(levels)}
    return {"$ref": "#/$defs/d0", "$defs": {**below, f"d{levels}": TEXT}}


def test_doubling_is_counted():
    assert cost(doubling("allOf", 10)).per_node == 2**12 - 2  # a reference and its target at each of 2,047 places


def test_deep_unions_multiply():
    union = TEXT
    for level in range(4):
        union = {"anyOf": [members(**{f"a{level}": union}), members(**{f"a{level}": union}), {"type": "null"}]}

    assert cost({"properties": {"u": union}}).per_node == 8 * 4
    assert cost({"properties": {"u": union}}).unions == 4


def test_what_leaves_a_recursion_by_the_name_that_leads_back_counts_at_every_level():
    chain = {
        "allOf": [{"properties": {"next": ME}}, {"properties": {"next": {"$ref": "#/$defs/other"}}}],
        "$defs": {"other": members(next={"$ref": "#/$defs/other"})},
    }

    assert MAX_LEVELS < cost(chain).per_node < 10 * MAX_LEVELS


def test_patterns_are_counted_by_their_instructions():
    small, large = (cost({"type": "string", "pattern": pattern}).per_character for pattern in ("^a", "(.*a){100}b"))

    assert 0 < small < 20
    assert large > 500


def test_unions_that_read_by_trial_are_counted_along_the_deepest_way():
    assert cost({"type": "array", "items": {"anyOf": [members(a=TEXT), members(b=TEXT)]}}).unions == 1
    assert cost(members(a={"anyOf": [members(a=TEXT), {"type": "null"}]})).unions == 0
    assert cost(JSON_IN_JSON).unions == MAX_LEVELS


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param(doubling("anyOf", 15), id="250,000 expansions"),
        pytest.param({"properties": {f"p{number}": TEXT for number in range(6_500)}}, id="20,000 values"),
        pytest.param(
            {"$ref": "#/$defs/d0", "$defs": {f"d{at}": {"allOf": [{"$ref": f"#/$defs/d{at + 1}"}], "properties": {"a": TEXT}} if at < 120 else TEXT for at in range(121)}},  # noqa: E501
            id="a chain of references",
        ),
        pytest.param(
            {"$defs": {f"d{at}": {"properties": {f"p{to}": {"$ref": f"#/$defs/d{to}"} for to in range(70)}} for at in range(70)}, "$ref": "#/$defs/d0"},  # noqa: E501
            id="everything leads to everything",
        ),
    ],
)  # fmt: skip
def test_the_analysis_of_a_large_schema_takes_little_time(schema):
    references = admit(schema)
    begun = time.process_time()

    cost_of(references)

    assert time.process_time() - begun < 1.0

"""Every construct of a schema by what a record looks like on the wire, and that it comes back as it was.

How the wire schema of a construct is spelled is in test_lowering.py; here are the values that travel under it.
"""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from extractor.errors import InvalidSchema, UnsupportedSchema
from extractor.schema import lower
from extractor.schema.rules import Rules
from extractor.schema.validation import violations_of

S = {"type": "string"}
I = {"type": "integer"}  # noqa: E741 - one letter per type keeps the rows short
NULL = {"type": "null"}
MAP = {"type": "object", "additionalProperties": I}
CLOSED = {"additionalProperties": False}
DRAFT_4, DRAFT_6, DRAFT_7 = ({"$schema": f"http://json-schema.org/draft-0{draft}/schema#"} for draft in (4, 6, 7))
DRAFT_2019 = {"$schema": "https://json-schema.org/draft/2019-09/schema"}
KEEP, EXACT, PORTABLE = {"open_objects": "keep"}, {"nulls": "exact"}, {"dialect": "portable"}
OPTIONS = [
    {"open_objects": open_objects, "nulls": nulls, "absence": absence, "dialect": dialect}
    for open_objects, nulls, absence, dialect in (
        ("drop", "absent", "forbid", "openai"),
        ("drop", "exact", "say", "openai"),
        ("keep", "absent", "say", "openai"),
        ("keep", "exact", "forbid", "openai"),
        ("keep", "absent", "forbid", "portable"),
        ("drop", "exact", "say", "portable"),
    )
]


def obj(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), **more}


def optional(member: Any, **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"m": member}, **more}


def m(schema: Any, **more: Any) -> dict[str, Any]:
    return obj({"m": schema}, **more)


def pair(key: str, value: Any) -> dict[str, Any]:
    return {"key": key, "value": value}


def row(name: str, schema: Any, record: Any, wire: Any, *, options: dict[str, str] | None = None) -> Any:
    return pytest.param(schema, record, wire, options or {}, id=name)


CAT = obj({"kind": {"const": "cat"}, "likes": MAP})
DOG = obj({"kind": {"const": "dog"}, "likes": I})
TREE = obj({"v": I, "kids": {"type": "array", "items": {"$ref": "#/$defs/T"}}})
NAMES = (
    "_extra",
    "key",
    "value",
    "entries",
    "set",
    "result",
    "$ref",
    "__proto__",
    "",
    "a/b",
    "c~d",
    "é",
    "日本",
    "a b",
)

ROWS = [
    row("optional member, there", optional(S), {"m": "x"}, {"m": "x"}),
    row("optional member, absent", optional(S), {}, {"m": None}),
    row("optional list, absent", optional({"type": "array", "items": S}), {}, {"m": None}),
    row("optional list, empty", optional({"type": "array", "items": S}), {"m": []}, {"m": []}),
    row("optional and nullable, absent", optional({"type": ["string", "null"]}), {}, {"m": None}),
    row("exact: absent", optional({"type": ["string", "null"]}), {}, {"m": None}, options=EXACT),
    row("exact: null", optional({"type": ["string", "null"]}), {"m": None}, {"m": {"set": None}}, options=EXACT),
    row("exact: value", optional({"type": ["string", "null"]}), {"m": "x"}, {"m": {"set": "x"}}, options=EXACT),
    row(
        "exact: a member called set",
        optional({"type": ["object", "null"], "properties": {"set": I}, "required": ["set"]}),
        {"m": {"set": 1}}, {"m": {"set": {"set": 1}}}, options=EXACT,
    ),
    row("exact: anything, null", optional({}), {"m": None}, {"m": {"set": None}}, options=EXACT),
    row("null by anyOf, required", m({"anyOf": [S, NULL]}), {"m": None}, {"m": None}),
    row("null kept where the default is a value", optional({"type": ["string", "null"], "default": "x"}),
        {"m": None}, {"m": None}),
    row("OpenAPI nullable", m({**optional(S), "nullable": True}), {"m": None}, {"m": None}),
    row("OpenAPI nullable reference", m({"$ref": "#/$defs/A", "nullable": True}, **{"$defs": {"A": MAP}}),
        {"m": {"a": 1}}, {"m": [pair("a", 1)]}),
    row("map", m(MAP), {"m": {"a": 1, "": 2}}, {"m": [pair("a", 1), pair("", 2)]}),
    row("empty map", m(MAP), {"m": {}}, {"m": []}),
    row("map of maps", m({"type": "object", "additionalProperties": MAP}),
        {"m": {"a": {"b": 1}}}, {"m": [pair("a", [pair("b", 1)])]}),
    row("map of nullable values", m({"type": "object", "additionalProperties": {"type": ["integer", "null"]}}),
        {"m": {"a": None}}, {"m": [pair("a", None)]}),
    row("map with the wire's own words as keys", m(MAP), {"m": {"key": 1, "value": 2}},
        {"m": [pair("key", 1), pair("value", 2)]}),
    row("patternProperties", m({"type": "object", "patternProperties": {"^x": I, "^y": S}, **CLOSED}),
        {"m": {"xa": 1, "yb": "c"}}, {"m": [pair("xa", 1), pair("yb", "c")]}),
    row("named members and patterns", obj({"a": S}, patternProperties={"^x": I}, **CLOSED),
        {"a": "", "xb": 1}, {"a": "", "_extra": [pair("xb", 1)]}),
    row("named members and a map", obj({"a": S}, additionalProperties=I),
        {"a": "", "b": 1}, {"a": "", "_extra": [pair("b", 1)]}),
    row("open object kept", obj({"a": S}), {"a": "", "b": [{"c": None}]},
        {"a": "", "_extra": [pair("b", [{"entries": [pair("c", None)]}])]}, options=KEEP),
    row("the list of the rest avoids a clash", obj({"_extra": I, "__extra": I}, additionalProperties=S),
        {"_extra": 1, "__extra": 2, "b": ""}, {"_extra": 1, "__extra": 2, "___extra": [pair("b", "")]}),
    row("required without a schema", {"type": "object", "required": ["a"], "additionalProperties": I},
        {"a": 1, "b": 2}, {"a": 1, "_extra": [pair("b", 2)]}),
    row("object without properties", m({"type": "object"}), {"m": {"a": 1}}, {"m": [pair("a", 1)]}),
    row("empty closed object", m(obj({}, **CLOSED)), {"m": {}}, {"m": {}}),
    row("optional empty closed object", optional(obj({}, **CLOSED)), {"m": {}}, {"m": {}}),
    row("anything: object", m({}), {"m": {"a": [1, {"b": None}]}},
        {"m": {"entries": [pair("a", [1, {"entries": [pair("b", None)]}])]}}),
    row("anything: an object that looks like the wire", m({}), {"m": {"entries": [pair("a", 1)]}},
        {"m": {"entries": [pair("entries", [{"entries": [pair("key", "a"), pair("value", 1)]}])]}}),
    row("anything: scalar", m(True), {"m": 0.5}, {"m": 0.5}),
    row("anything: as text", m({}), {"m": {"b": [1, None], "a": "é"}}, {"m": '{"a":"é","b":[1,null]}'},
        options=PORTABLE),
    row("anything: a string as text", m({}), {"m": "{"}, {"m": '"{"'}, options=PORTABLE),
    row("false member", {"type": "object", "properties": {"a": I, "b": False}, "required": ["a"]}, {"a": 1}, {"a": 1}),
    row("root: list", {"type": "array", "items": MAP}, [{"a": 1}], {"result": [[pair("a", 1)]]}),
    row("root: scalar", I, 7, {"result": 7}),
    row("root: null", {"type": ["integer", "null"]}, None, {"result": None}),
    row("root: map", MAP, {"result": 1}, {"result": [pair("result", 1)]}),
    row("root: union", {"anyOf": [I, optional(I)]}, {"m": 1}, {"result": {"m": 1}}),
    row("root: an object with a member result", obj({"result": I}), {"result": 1}, {"result": 1}),
    row("root: reference into definitions", {**DRAFT_7, "$ref": "#/definitions/A", "definitions": {"A": m(MAP)}},
        {"m": {"a": 1}}, {"m": [pair("a", 1)]}),
    row("root: anything", {}, {"a": 1}, {"result": {"entries": [pair("a", 1)]}}),
    row("enum of one type", m({"enum": ["a", "b"]}), {"m": "b"}, {"m": "b"}),
    row("enum of several types", m({"enum": [1, "1", True, None]}), {"m": True}, {"m": True}),
    row("enum of objects", m({"enum": [{"b": 1, "a": [2]}, "x"]}), {"m": {"a": [2], "b": 1}}, {"m": '{"a":[2],"b":1}'}),
    row("enum of objects: a string", m({"enum": [{"b": 1}, "x"]}), {"m": "x"}, {"m": '"x"'}),
    row("enum of lists", m({"enum": [[1], []]}), {"m": []}, {"m": "[]"}),
    row("enum of 1,500 values", m({"enum": [f"v{number}" for number in range(1_500)]}), {"m": "v1499"}, {"m": "v1499"}),
    row("enum narrowed by allOf", m({"allOf": [{"enum": ["a", "b"]}, {"enum": ["b", "c"]}]}), {"m": "b"}, {"m": "b"}),
    row("const", m({"const": 3}), {"m": 3}, {"m": 3}),
    row("const object", m({"const": {"a": None}}), {"m": {"a": None}}, {"m": '{"a":null}'}),
    row("const null", m({"const": None}), {"m": None}, {"m": None}),
    row("anyOf of scalars", m({"anyOf": [S, I]}), {"m": 1}, {"m": 1}),
    row("anyOf with rules beside it", {**optional(I), "anyOf": [{"required": ["m"]}, obj({"n": MAP})]},
        {"n": {"a": 1}}, {"result": {"m": None, "n": [pair("a", 1)]}}),
    row("oneOf with a tag", m({"oneOf": [DOG, CAT], "discriminator": {"propertyName": "kind"}}),
        {"m": {"kind": "cat", "likes": {"fish": 1}}}, {"m": {"kind": "cat", "likes": [pair("fish", 1)]}}),
    row("anyOf: list beside map", m({"anyOf": [{"type": "array", "items": I}, MAP]}), {"m": {"a": 1}},
        {"m": {"entries": [pair("a", 1)]}}),
    row("anyOf: list of pairs beside map", m({"anyOf": [{"type": "array", "items": obj({"key": S, "value": I})}, MAP]}),
        {"m": [pair("a", 1)]}, {"m": [pair("a", 1)]}),
    row("anyOf: maps of two kinds", m({"anyOf": [MAP, {"type": "object", "additionalProperties": S}]}),
        {"m": {"a": "x"}}, {"m": [pair("a", "x")]}),
    row("anyOf of one", m({"anyOf": [S]}), {"m": "x"}, {"m": "x"}),
    row("several types at once", m({"type": ["object", "array", "string", "null"], "properties": {"a": MAP}}),
        {"m": {"a": {"b": 1}}}, {"m": {"a": [pair("b", 1)]}}),
    row("allOf of objects", {"allOf": [m(I), obj({"n": MAP})]}, {"m": 1, "n": {}}, {"m": 1, "n": []}),
    row("allOf of types", m({"allOf": [{"type": ["integer", "string"]}, {"type": ["number", "null"]}]}),
        {"m": 1}, {"m": 1}),
    row("reference with rules beside it", m({"$ref": "#/$defs/A", "minProperties": 1}, **{"$defs": {"A": MAP}}),
        {"m": {"a": 1}}, {"m": [pair("a", 1)]}),
    row("draft 7: nothing beside a reference counts",
        m({"$ref": "#/definitions/A", "type": "string"}, definitions={"A": MAP}, **DRAFT_7),
        {"m": {"a": 1}}, {"m": [pair("a", 1)]}),
    row("tuple", m({"type": "array", "prefixItems": [I, MAP], "items": False}), {"m": [1, {"a": 1}]},
        {"m": [1, [pair("a", 1)]]}),
    row("tuple: fewer items", m({"type": "array", "prefixItems": [I, MAP]}), {"m": [1]}, {"m": [1]}),
    row("tuple with a rest", m({"type": "array", "prefixItems": [I], "items": MAP}), {"m": [1, {"a": 1}]},
        {"m": [1, [pair("a", 1)]]}),
    row("draft 7 tuple", m({"type": "array", "items": [I, MAP], "additionalItems": S}, **DRAFT_7),
        {"m": [1, {"a": 1}, "x"]}, {"m": [1, [pair("a", 1)], "x"]}),
    row("2019-09 tuple", m({"type": "array", "items": [MAP]}, **DRAFT_2019), {"m": [{}, 5]}, {"m": [[], 5]}),
    row("list of nothing", m({"type": "array", "items": False}), {"m": []}, {"m": []}),
    row("list of nullable", m({"type": "array", "items": {"type": ["integer", "null"]}}), {"m": [None]}, {"m": [None]}),
    row("items that look like pairs", m({"type": "array", "items": obj({"key": S, "value": I})}),
        {"m": [pair("a", 1), pair("a", 2)]}, {"m": [pair("a", 1), pair("a", 2)]}),
    row("draft 4 exclusive bounds", m({"type": "number", "minimum": 0, "exclusiveMinimum": True}, **DRAFT_4),
        {"m": 0.1}, {"m": 0.1}),
    row("draft 4 knows no const", m({"type": "string", "const": 1}, **DRAFT_4), {"m": "x"}, {"m": "x"}),
    row("draft 6 const", m({"const": 1}, **DRAFT_6), {"m": 1}, {"m": 1}),
    row("a whole number written with a point", m(I), {"m": 1.0}, {"m": 1.0}),
    row("a number of 30 digits", m(I), {"m": 10**30}, {"m": 10**30}),
    row("money", m({"type": "number", "multipleOf": 0.01}), {"m": 19.99}, {"m": 19.99}),
    row("format off the wire", m({"type": "string", "format": "uri"}), {"m": "http://a.b"}, {"m": "http://a.b"}),
    row("default is not filled in", optional({"type": "string", "default": "x"}), {}, {"m": None}),
    row("not", m({"type": "string", "not": {"const": "x"}}), {"m": "y"}, {"m": "y"}),
    row("a condition mentions a member",
        {**optional(S), "if": {"required": ["m"]}, "then": {"required": ["n"], "properties": {"n": MAP}}},
        {"m": "x", "n": {"a": 1}}, {"m": "x", "n": {"entries": [pair("a", 1)]}}),
    row("dependentRequired mentions a member", {**optional(S), "dependentRequired": {"m": ["n"]}},
        {"m": "x", "n": 1}, {"m": "x", "n": 1}),
    row("draft 7 dependencies mention members",
        {**DRAFT_7, **optional(S), "dependencies": {"m": ["n"], "o": {"required": ["p"]}}},
        {"m": "x", "n": 1, "o": 2, "p": 3}, {"m": "x", "n": 1, "o": 2, "p": 3}),
    row("unevaluatedProperties", {"allOf": [m(I)], "unevaluatedProperties": False}, {"m": 1}, {"m": 1}),
    row("no type, properties", m({"properties": {"a": MAP}}), {"m": {"a": {"b": 1}}}, {"m": {"a": [pair("b", 1)]}}),
    row("no type, another type kept", m({"properties": {"a": MAP}}), {"m": "x"}, {"m": "x", "_extra": []},
        options=KEEP),
    row("recursion", {"$ref": "#/$defs/T", "$defs": {"T": TREE}}, {"v": 1, "kids": [{"v": 2, "kids": []}]},
        {"v": 1, "kids": [{"v": 2, "kids": []}]}),
    row("recursion as text", {"$ref": "#/$defs/T", "$defs": {"T": TREE}}, {"v": 1, "kids": [{"v": 2, "kids": []}]},
        {"v": 1, "kids": ['{"kids":[],"v":2}']}, options=PORTABLE),
    row("recursion through #", {"type": "object", "properties": {"n": {"$ref": "#"}, "v": MAP}}, {"n": {"v": {"a": 1}}},
        {"n": {"n": None, "v": [pair("a", 1)]}, "v": None}),
    row("recursive map", {"$ref": "#/$defs/M", "$defs": {"M": {"type": "object",
        "additionalProperties": {"$ref": "#/$defs/M"}}}}, {"a": {"b": {}}}, {"result": [pair("a", [pair("b", [])])]}),
    row("pointer with percent and tilde", m({"$ref": "#/$defs/a%20b~1c%25d~0e"}, **{"$defs": {"a b/c%d~e": MAP}}),
        {"m": {"a": 1}}, {"m": [pair("a", 1)]}),
    row("pointer with letters beyond ASCII", m({"$ref": "#/$defs/%C3%A9"}, **{"$defs": {"é": MAP}}),
        {"m": {"a": 1}}, {"m": [pair("a", 1)]}),
    row("pointer into a schema", obj({"a": {"type": "array", "items": MAP}, "m": {"$ref": "#/properties/a/items"}}),
        {"a": [{}], "m": {"b": 1}}, {"a": [[]], "m": [pair("b", 1)]}),
    row("anchor", m({"$ref": "#here"}, **{"$defs": {"A": {"$anchor": "here", **MAP}}}), {"m": {"a": 1}},
        {"m": [pair("a", 1)]}),
    row("draft 7 anchor", m({"$ref": "#here"}, definitions={"A": {"$id": "#here", **MAP}}, **DRAFT_7),
        {"m": {"a": 1}}, {"m": [pair("a", 1)]}),
    row("draft 4 anchor", m({"$ref": "#here"}, definitions={"A": {"id": "#here", **MAP}}, **DRAFT_4),
        {"m": {"a": 1}}, {"m": [pair("a", 1)]}),
    row("definitions with the wire's own names",
        obj({"a": {"$ref": "#/$defs/JsonValue"}, "b": {}}, **{"$defs": {"JsonValue": m(MAP)}}),
        {"a": {"m": {"x": 1}}, "b": [1]}, {"a": {"m": [pair("x", 1)]}, "b": [1]}),
    row("definitions whose names come out alike",
        obj({"a": {"$ref": "#/$defs/x<y>"}, "b": {"$ref": "#/$defs/x(y)"}},
            **{"$defs": {"x<y>": m(MAP), "x(y)": m(I)}}),
        {"a": {"m": {"x": 1}}, "b": {"m": 1}}, {"a": {"m": [pair("x", 1)]}, "b": {"m": 1}}),
    row("names of every kind", obj(dict.fromkeys(NAMES, MAP)), {name: {name: 1} for name in NAMES},
        {name: [pair(name, 1)] for name in NAMES}),
    row("members called like keywords", obj({"properties": obj({"type": S, "required": MAP})}),
        {"properties": {"type": "a", "required": {}}}, {"properties": {"type": "a", "required": []}}),
]  # fmt: skip


def is_closed(wire: Any) -> bool:
    """Return whether every object of a wire schema names all its members and is closed, and nothing is left open."""
    if "$ref" in wire:
        return wire.keys() <= {"$ref"} and wire["$ref"].startswith("#/$defs/")
    below = [*wire.get("anyOf", ()), *wire.get("properties", {}).values(), *wire.get("$defs", {}).values()]
    below += [wire["items"]] if "items" in wire else []
    if "properties" in wire and (wire["additionalProperties"] or wire["required"] != list(wire["properties"])):
        return False
    return ("type" in wire or "anyOf" in wire) and all(map(is_closed, below))


def is_described(wire: Any) -> bool:
    """Return whether a wire schema, whose target has no descriptions, has one nevertheless."""
    below = [
        *wire.get("anyOf", ()),
        *wire.get("properties", {}).values(),
        *([wire["items"]] if "items" in wire else ()),
    ]
    return "description" in wire or any(map(is_described, below))


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_nulls(member) for name, member in value.items() if member is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize(("schema", "record", "wire", "options"), ROWS)
def test_a_record_travels_in_this_form(schema, record, wire, options):
    lowered = lower(schema, **options)

    assert lowered.embed(record) == wire
    assert lowered.lift(wire).value == record
    assert lowered.lift(wire).violations == ()
    assert lowered.fits(wire)


@pytest.mark.parametrize(("schema", "record", "wire", "options"), ROWS)
def test_a_record_of_any_construct_comes_back_under_all_options(schema, record, wire, options):
    assert Rules(schema).hold(record)
    for chosen in OPTIONS:
        if options == KEEP and chosen["open_objects"] == "drop":
            continue
        lowered = lower(schema, **chosen)
        answer = lowered.embed(record)
        lift = lowered.lift(answer)

        assert is_closed(lowered.wire), chosen
        assert lowered.fits(answer), chosen
        assert jsonschema.Draft202012Validator(lowered.wire).is_valid(answer) or "multipleOf" in str(schema), chosen
        assert lift.violations == (), chosen
        if chosen["nulls"] == "exact":
            assert lift.value == record, chosen
        assert without_nulls(lift.value) == without_nulls(record), chosen


LINE = {"type": "object", "properties": {"a": S}}
GIVEN = {"properties": {"a": {"const": "x"}}, "required": ["a"]}


@pytest.mark.parametrize(
    ("schema", "record"),
    [
        pytest.param(
            {**LINE, "allOf": [{"if": GIVEN, "then": {"required": ["b"]}},
                               {"if": {"required": ["b"]}, "then": {"required": ["c"]}}]},
            {"a": "x", "b": 1, "c": 2}, id="second condition",
        ),
        pytest.param(
            {**LINE, "allOf": [{"dependentSchemas": {"a": {"required": ["b"]}}},
                               {"dependentSchemas": {"b": {"required": ["c"]}}}]},
            {"a": "x", "b": 1, "c": 2}, id="second dependentSchemas",
        ),
        pytest.param({**LINE, "if": GIVEN, "then": {"anyOf": [{"required": ["b"]}, {"required": ["c"]}]}},
                     {"a": "x", "c": 1}, id="anyOf in then"),
        pytest.param({**LINE, "if": GIVEN, "then": {"allOf": [{"required": ["b"]}]}}, {"a": "x", "b": 1},
                     id="allOf in then"),
        pytest.param({**LINE, "if": GIVEN, "then": {"$ref": "#/$defs/B"}, "$defs": {"B": {"required": ["b"]}}},
                     {"a": "x", "b": 1}, id="reference in then"),
        pytest.param({**LINE, "if": GIVEN, "then": {"dependentRequired": {"a": ["b"]}}}, {"a": "x", "b": 1},
                     id="dependentRequired in then"),
        pytest.param({**LINE, "dependentSchemas": {"a": {"oneOf": [{"required": ["b"]}, {"required": ["c"]}]}}},
                     {"a": "x", "c": 1}, id="oneOf in dependentSchemas"),
        pytest.param({**LINE, "not": {"properties": {"b": {"const": 1}}}}, {"a": "x", "b": 2}, id="not"),
        pytest.param({"type": "object", "properties": {"a": S, "o": LINE},
                      "if": GIVEN, "then": {"properties": {"o": {"required": ["z"]}}, "required": ["o"]}},
                     {"a": "x", "o": {"a": "y", "z": 1}}, id="a member of a member"),
        pytest.param({"type": "array", "items": LINE, "contains": {"required": ["b"]}}, [{"a": "x", "b": 1}],
                     id="contains"),
        pytest.param({**LINE, "propertyNames": {"enum": ["a", "b"]}, "minProperties": 2}, {"a": "x", "b": 1},
                     id="propertyNames"),
    ],
)  # fmt: skip
def test_a_member_that_a_rule_off_the_wire_mentions_has_a_place_on_it(schema, record):
    rules, lowered = Rules(schema), lower(schema)

    lift = lowered.lift(lowered.embed(record))

    assert rules.hold(record)
    assert lift.value == record


@pytest.mark.parametrize(
    ("branches", "record", "options"),
    [
        pytest.param([{"enum": [{"a": 1}]}, S], '{"a":1}', {}, id="a string that reads like a value of the enum"),
        pytest.param([S, {"enum": [{"a": 1}]}], {"a": 1}, {}, id="an object of an enum beside strings"),
        pytest.param([S, {}], {"a": 1}, PORTABLE, id="text beside anything"),
        pytest.param([S, {"$ref": "#"}], {"m": "x"}, PORTABLE, id="text beside a recursion"),
        pytest.param([{"type": "array", "items": S}, {"type": "array"}], [{"a": 1}], PORTABLE, id="lists of text"),
        pytest.param([MAP, {}], [], {}, id="an empty list beside an empty map"),
        pytest.param([{"type": "object"}, {"type": "array"}], [], PORTABLE, id="an empty list of texts beside a map"),
        pytest.param([obj({"entries": {"type": "array", "items": I}}, **CLOSED), {}], {}, {}, id="an empty object"),
        pytest.param([obj({"a": {}}), {"type": "object", "properties": {"a": {}}}], {}, EXACT, id="null and absent"),
    ],
)
def test_what_two_branches_write_alike_is_told_apart(branches, record, options):
    lowered = lower(m({"anyOf": branches}), **options)

    assert lowered.lift(lowered.embed({"m": record})).value == {"m": record}


NEVER_FETCHED = [
    pytest.param(address, id=address)
    for address in (
        "http://127.0.0.1:1/x.json", "https://example.org/x#/$defs/A", "file:///etc/hostname", "other.json",
        "../up.json#/a", "/absolute.json", "urn:example:x", "http://json-schema.org/draft-07/schema#",
    )
]  # fmt: skip


@pytest.mark.parametrize("address", NEVER_FETCHED)
@pytest.mark.parametrize("base", [{}, {"$id": "http://127.0.0.1:1/s.json"}, {"$id": "file:///tmp/s.json"}], ids=str)
def test_a_reference_to_another_document_is_refused_with_its_place(address, base):
    with pytest.raises(UnsupportedSchema) as refused:
        lower({**base, **obj({"a/b": {"type": "array", "items": {"$ref": address}}})})

    assert (refused.value.keyword, refused.value.at) == ("$ref", "/properties/a~1b/items")


@pytest.mark.parametrize(
    ("schema", "keyword", "at"),
    [
        pytest.param(m({"$dynamicRef": "#x"}), "$dynamicRef", "/properties/m", id="$dynamicRef"),
        pytest.param(m({"$recursiveRef": "#"}, **DRAFT_2019), "$recursiveRef", "/properties/m", id="$recursiveRef"),
        pytest.param({"$schema": "https://example.org/own", **m(S)}, "$schema", "", id="unknown $schema"),
        pytest.param({"$schema": "http://json-schema.org/draft-03/schema#", **m(S)}, "$schema", "", id="draft 3"),
        pytest.param({"$schema": 7, **m(S)}, "$schema", "", id="$schema that is no address"),
        pytest.param({"$ref": "#"}, "$ref", "", id="a reference to itself"),
        pytest.param({"allOf": [{"$ref": "#"}]}, "$ref", "/allOf/0", id="allOf of itself"),
        pytest.param(
            {"$ref": "#/$defs/A", "$defs": {"A": {"allOf": [{"$ref": "#/$defs/A"}]}}},
            "$ref", "/$defs/A/allOf/0", id="a definition that is made of itself",
        ),
        pytest.param(
            m({"$ref": "#/$defs/A"}, **{"$defs": {"A": {"anyOf": [S, {"$ref": "#/$defs/A"}]}}}),
            "$ref", "/$defs/A/anyOf/1", id="a union with itself",
        ),
        pytest.param(m({"pattern": "("}), "pattern", "/properties/m", id="pattern"),
        pytest.param(m({"pattern": "(a)\\1"}), "pattern", "/properties/m", id="pattern that repeats what it found"),
        pytest.param(m({"patternProperties": {"[": S}}), "patternProperties", "/properties/m", id="patternProperties"),
        pytest.param(m({"enum": list(range(5_501))}), "enum", "/properties/m", id="enum over the limit"),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_refused_with_keyword_and_place(schema, keyword, at):
    with pytest.raises(UnsupportedSchema) as refused:
        lower(schema)

    assert (refused.value.keyword, refused.value.at) == (keyword, at)


@pytest.mark.parametrize(
    "nothing",
    [
        pytest.param(False, id="false"),
        pytest.param({"allOf": [{"enum": ["a"]}, {"enum": ["b"]}]}, id="enums without a common value"),
        pytest.param({"type": "string", "enum": [1]}, id="an enum of another type"),
        pytest.param({"allOf": [S, I]}, id="types without a common value"),
        pytest.param({"anyOf": [False, {"allOf": [False]}]}, id="a union of nothing"),
        pytest.param(obj({"a": False}), id="a required member that nothing can be"),
        pytest.param({"type": "object", "required": ["a"], **CLOSED}, id="a required member that may not be there"),
        pytest.param({"type": "array", "items": False, "minItems": 1}, id="an item that nothing can be"),
        pytest.param({"type": "array", "minItems": 2, "maxItems": 1}, id="item counts", marks=[]),
        pytest.param({"type": "integer", "minimum": 2, "maximum": 1}, id="numbers"),
        pytest.param({"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 2}, id="no integer"),
        pytest.param({"type": "string", "minLength": 2, "maxLength": 1}, id="lengths"),
        pytest.param({"not": {}}, id="not anything"),
        pytest.param({"not": True}, id="not true"),
    ],
)  # fmt: skip
def test_a_schema_that_nothing_satisfies_is_refused_and_an_optional_member_left_out(nothing):
    member = {"type": "object", "properties": {"m": nothing, "n": S}}

    assert list(lower(member).wire["properties"]) == ["n"]
    with pytest.raises(UnsupportedSchema):
        lower({**member, "required": ["m"]})
    if isinstance(nothing, dict):
        with pytest.raises(UnsupportedSchema):
            lower(nothing)


@pytest.mark.parametrize(
    ("schema", "at"),
    [
        pytest.param(obj({"a": obj({"m": {"allOf": [S, I]}})}), "/properties/a/properties/m", id="member of a member"),
        pytest.param(obj({"a/b": {"$ref": "#/$defs/N"}}, **{"$defs": {"N": False}}), "/$defs/N", id="definition"),
        pytest.param({"allOf": [obj({"a": S}), {"enum": [1], "type": "string"}]}, "/allOf/1", id="allOf"),
        pytest.param(m({"type": "array", "minItems": 1, "items": {"not": {}}}), "/properties/m/items", id="items"),
        pytest.param({"allOf": [m(S), m(I)]}, "", id="a contradiction"),
    ],
)
def test_the_refusal_of_a_schema_that_nothing_satisfies_says_which_part_it_is(schema, at):
    with pytest.raises(UnsupportedSchema) as refused:
        lower(schema)

    assert refused.value.at == at
    assert str(refused.value).startswith(f"The schema at {at or '#'} is not supported: no value at all satisfies it.")


@pytest.mark.parametrize(
    ("schema", "at"),
    [
        pytest.param({"type": "objekt"}, "/type", id="type"),
        pytest.param({"properties": []}, "/properties", id="properties"),
        pytest.param(m("string"), "/properties/m", id="a schema that is a string"),
        pytest.param(m({"enum": []}), "/properties/m/enum", id="empty enum"),
        pytest.param(m({"anyOf": []}), "/properties/m/anyOf", id="empty union"),
        pytest.param(m({"type": "array", "items": [S]}), "/properties/m/items", id="items of an older draft"),
        pytest.param(m({"multipleOf": 0}), "/properties/m/multipleOf", id="multipleOf 0"),
        pytest.param(m({"$ref": "#/$defs/none"}), "/properties/m/$ref", id="reference to nothing"),
        pytest.param(m({"$ref": "#none"}), "/properties/m/$ref", id="reference to no anchor"),
        pytest.param(m({"$ref": 1}), "/properties/m/$ref", id="reference that is no string"),
    ],
)
def test_what_is_no_schema_is_refused_with_its_place(schema, at):
    with pytest.raises(InvalidSchema) as refused:
        lower(schema)

    assert refused.value.at == at


def test_a_plain_reference_may_name_a_dynamic_anchor():
    lowered = lower(m({"$ref": "#here"}, **{"$defs": {"A": {"$dynamicAnchor": "here", **MAP}}}))

    assert lowered.embed({"m": {"a": 1}}) == {"m": [pair("a", 1)]}


@pytest.mark.parametrize(
    ("schema", "answer", "at", "rule", "options"),
    [
        pytest.param(m(MAP), {"m": [pair("a", 1), pair("a", 1)]}, "/m", "duplicate_key", {}, id="a key twice"),
        pytest.param(
            m({"type": "object", "additionalProperties": MAP}),
            {"m": [pair("a/b", [pair("x", 1), pair("x", 2)])]}, "/m/a~1b", "duplicate_key", {}, id="a key twice, below",
        ),
        pytest.param(obj({"a": I}, additionalProperties=I), {"a": 1, "_extra": [pair("a", 2)]}, "", "duplicate_key",
                     {}, id="a named member in the rest"),
        pytest.param(obj({"a": I}), {"a": 1, "_extra": [pair("b", 1), pair("b", 2)]}, "", "duplicate_key", KEEP,
                     id="a key of the rest twice"),
        pytest.param(m({}), {"m": "{"}, "/m", "not_json", PORTABLE, id="text that is no JSON"),
        pytest.param(m({}), {"m": '{"a":1,"a":2}'}, "/m", "not_json", PORTABLE, id="text with a key twice"),
        pytest.param(m({}), {"m": "NaN"}, "/m", "not_json", PORTABLE, id="text with NaN"),
        pytest.param(m({}), {"m": "[" * 5_000}, "/m", "not_json", PORTABLE, id="text nested too deeply"),
        pytest.param(m({}), {"m": "9" * 5_000}, "/m", "not_json", PORTABLE, id="text with an endless number"),
    ],
)  # fmt: skip
def test_an_answer_that_cannot_be_read_is_a_violation_at_its_place(schema, answer, at, rule, options):
    lift = lower(schema, **options).lift(answer)

    assert [(violation.at, violation.rule) for violation in lift.violations] == [(at, rule)]


def nested(levels: int, leaf: Any = S) -> tuple[dict[str, Any], Any]:
    schema, record = m(leaf), {"m": "x"}
    for _ in range(levels - 1):
        schema, record = m(schema), {"m": record}
    return schema, record


def depth_of(wire: Any, level: int = 0) -> int:
    """Return how many objects are inside one another, counted from the root and from each definition."""
    level += "properties" in wire
    below = [
        *wire.get("properties", {}).values(),
        *wire.get("anyOf", ()),
        *([wire["items"]] if "items" in wire else ()),
    ]
    own = max((depth_of(part, level) for part in below), default=level)
    return max([own, *(depth_of(part) for part in wire.get("$defs", {}).values())])


@pytest.mark.parametrize(("dialect", "limit"), [("openai", 10), ("portable", 5)])
@pytest.mark.parametrize("levels", [5, 6, 10, 11, 30])
def test_a_record_of_any_depth_keeps_within_the_nesting_limit(dialect, limit, levels):
    schema, record = nested(levels)

    lowered = lower(schema, dialect=dialect)

    assert depth_of(lowered.wire) <= limit
    assert lowered.fits(lowered.embed(record))
    assert lowered.lift(lowered.embed(record)).value == record


def wide(count: int) -> tuple[dict[str, Any], Any]:
    groups = {f"g{group}": obj({f"p{number}": S for number in range(20)}) for group in range(count // 20)}
    return obj(groups), {group: {f"p{number}": "x" for number in range(20)} for group in groups}


@pytest.mark.parametrize(
    ("dialect", "count"),
    [
        pytest.param("openai", 4_000, id="openai"),
        pytest.param("portable", 80, id="portable, few"),
        pytest.param("portable", 400, id="portable, many"),
    ],
)  # fmt: skip
def test_a_schema_with_many_members_keeps_within_the_dialects_limit(dialect, count):
    schema, record = wide(count)

    lowered = lower(schema, dialect=dialect)

    assert lowered.fits(lowered.embed(record))
    assert lowered.lift(lowered.embed(record)).value == record


def test_a_schema_with_more_members_than_any_dialect_takes_is_refused_with_a_reason():
    with pytest.raises(UnsupportedSchema) as refused:
        lower(obj({f"p{number}": S for number in range(5_001)}))

    assert (refused.value.keyword, refused.value.at) == ("schema", "")
    assert "has 5,001 members, and 5,000 are the most" in str(refused.value)


ENDLESS = {"n": {"$ref": "#"}}
AT_LEAST_ONE = {"type": "array", "items": {"$ref": "#"}, "minItems": 1}


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param(obj(ENDLESS), id="member"),
        pytest.param(obj({"n": AT_LEAST_ONE}), id="items"),
        pytest.param(obj({"n": {"anyOf": [{"$ref": "#"}, AT_LEAST_ONE]}}), id="every branch"),
        pytest.param(
            {"$ref": "#/$defs/A", "$defs": {"A": obj({"b": {"$ref": "#/$defs/B"}}),
                                            "B": obj({"a": {"$ref": "#/$defs/A"}})}}, id="in turn",
        ),
    ],
)  # fmt: skip
def test_a_schema_whose_every_value_would_have_no_end_is_refused(schema):
    with pytest.raises(UnsupportedSchema) as refused:
        lower(schema)

    assert (refused.value.keyword, refused.value.at) == ("$ref", "")


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param({"type": "object", "properties": ENDLESS}, id="optional"),
        pytest.param(obj({"n": {**AT_LEAST_ONE, "minItems": 0}}), id="an empty list"),
        pytest.param(obj({"n": {"anyOf": [{"$ref": "#"}, I]}}), id="a branch that ends"),
        pytest.param(obj({"n": {"type": "object", "additionalProperties": {"$ref": "#"}}}), id="a map"),
    ],
)
def test_a_schema_that_contains_itself_and_may_end_is_lowered(schema):
    assert is_closed(lower(schema).wire)


@pytest.mark.parametrize(
    ("schema", "at"),
    [
        pytest.param(m({"type": "string", "not": {"const": "x"}}), "/m", id="not"),
        pytest.param(m({"type": "array", "items": S, "uniqueItems": True}), "/m", id="uniqueItems"),
        pytest.param(m({"type": "array", "items": I, "contains": {"const": 1}}), "/m", id="contains"),
        pytest.param(m({"type": "string", "pattern": "^(?!x)"}), "/m", id="a condition in a pattern"),
        pytest.param(m({"type": "string", "format": "uri"}), "/m", id="format"),
        pytest.param(m({"oneOf": [I, {"type": "number", "minimum": 2}]}), "/m", id="oneOf"),
        pytest.param(m({"enum": [f"v{number}" for number in range(1_500)]}), "/m", id="large enum"),
        pytest.param({**optional(S), "if": GIVEN, "then": {"required": ["m"]}}, "", id="if"),
        pytest.param({**optional(S), "dependentRequired": {"m": ["n"]}}, "", id="dependentRequired"),
        pytest.param({**optional(S), "dependentSchemas": {"m": {"required": ["n"]}}}, "", id="dependentSchemas"),
        pytest.param({**optional(S), "minProperties": 1}, "", id="minProperties"),
        pytest.param({**optional(S), "maxProperties": 1}, "", id="maxProperties"),
        pytest.param({**optional(S), "propertyNames": {"maxLength": 3}}, "", id="propertyNames"),
        pytest.param({**optional(S), "unevaluatedProperties": False}, "", id="unevaluatedProperties"),
        pytest.param(m({"type": "array", "prefixItems": [S], "unevaluatedItems": False}), "/m", id="unevaluatedItems"),
        pytest.param(m({"allOf": [{"type": "string", "pattern": "^a"}, {"pattern": "b$"}]}), "/m", id="second pattern"),
        pytest.param(m({"type": "array", "items": m({"type": "string", "not": {"const": "x"}})}), "/m/*/m",
                     id="in a list"),
        pytest.param(m({"type": "object", "additionalProperties": {"type": "string", "not": {"const": "x"}}}), "/m/*",
                     id="in a map"),
        pytest.param(m({"allOf": [{"not": {"const": 1}}, {"not": {"const": 2}}], "type": "integer"}), "/m",
                     id="two of a kind"),
    ],
)  # fmt: skip
def test_a_rule_off_the_wire_is_told_at_its_place_in_the_record(schema, at):
    lowered = lower(schema)

    assert list(lowered.local) == [at]
    assert lowered.local[at].endswith(".")
    assert is_described(lowered.wire)


def test_a_member_that_may_never_be_given_is_a_violation_at_its_place():
    schema = {"type": "object", "properties": {"a": S, "b": False}}

    violations = violations_of({"a": "x", "b": 1}, Rules(schema))

    assert [violation.at for violation in violations] == ["/b"]
    assert "None" not in f"{violations}"


@pytest.mark.parametrize("keyword", ["anyOf", "oneOf"])
def test_a_union_with_a_branch_that_nothing_satisfies_is_judged(keyword):
    violations = violations_of(1, Rules({keyword: [False, S]}))

    assert [violation.at for violation in violations] == [""]

"""What each construct of a schema becomes on the wire, and how it comes back."""

from __future__ import annotations

import copy
import json
import time
from typing import Any

import pytest

from extractor.errors import InvalidRequest
from extractor.schema import lower

STRING = {"type": "string"}
INTEGER = {"type": "integer"}
JSON_VALUE = {"$ref": "#/$defs/JsonValue"}


def object_of(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), **more}


def closed(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**object_of(properties), "additionalProperties": False, **more}


def pairs(value: dict[str, Any], key: dict[str, Any] = STRING) -> dict[str, Any]:
    return {"type": "array", "items": closed({"key": key, "value": value})}


CLOSED = {"additionalProperties": False}
DEFS = {
    "A": object_of({"x": INTEGER}, **CLOSED),
    "Open": object_of({"x": INTEGER}),
    "Colour": {"enum": ["red", "green"]},
}


@pytest.mark.parametrize(
    ("member", "wire"),
    [
        pytest.param(STRING, STRING, id="string"),
        pytest.param({"type": ["null", "string"]}, {"type": ["string", "null"]}, id="type list"),
        pytest.param({"type": "string", "nullable": True}, {"type": ["string", "null"]}, id="nullable"),
        pytest.param(
            {"enum": ["a"], "nullable": True}, {"type": ["string", "null"], "enum": ["a", None]}, id="nullable enum"
        ),
        pytest.param(
            {"$ref": "#/$defs/A", "nullable": True},
            {"anyOf": [{"$ref": "#/$defs/A"}, {"type": "null"}]},
            id="nullable reference",
        ),
        pytest.param({"type": ["integer", "number"]}, {"type": "number"}, id="integer beside number"),
        pytest.param({"enum": ["a", "b"]}, {"type": "string", "enum": ["a", "b"]}, id="enum without type"),
        pytest.param(
            {"enum": ["a", 1, None]}, {"type": ["string", "integer", "null"], "enum": ["a", 1, None]}, id="enum"
        ),
        pytest.param({"type": "string", "enum": ["a", 1]}, {"type": "string", "enum": ["a"]}, id="enum under a type"),
        pytest.param({"const": "a"}, {"type": "string", "enum": ["a"]}, id="const"),
        pytest.param({"const": None}, {"type": "null"}, id="const null"),
        pytest.param(
            {"enum": [{"b": 1, "a": 2}, "x"]},
            {"type": "string", "enum": ['{"a":2,"b":1}', '"x"']},
            id="enum of objects as their texts",
        ),
        pytest.param({"type": "string", "format": "date"}, {"type": "string", "format": "date"}, id="format"),
        pytest.param(
            {"type": "string", "format": "uri", "description": "Home page"},
            {**STRING, "description": "Home page. Must be a URI with its scheme, such as https://example.org/."},
            id="format off the wire",
        ),
        pytest.param({"type": "string", "pattern": "^a$"}, {"type": "string", "pattern": "^a$"}, id="pattern"),
        pytest.param(
            {"type": "string", "pattern": "^(?!a)"},
            {**STRING, "description": 'Must match the regular expression "^(?!a)".'},
            id="lookahead off the wire",
        ),
        pytest.param(
            {"type": "integer", "minimum": 1, "minLength": 2}, {"type": "integer", "minimum": 1}, id="foreign"
        ),
        pytest.param({"type": "array", "items": STRING}, {"type": "array", "items": STRING}, id="list"),
        pytest.param({"type": "array"}, {"type": "array", "items": JSON_VALUE}, id="list of anything"),
        pytest.param(
            {"type": "array", "items": STRING, "minItems": 1, "maxItems": 3, "uniqueItems": True},
            {
                "type": "array",
                "items": STRING,
                "minItems": 1,
                "maxItems": 3,
                "description": "No item may occur twice.",
            },
            id="set",
        ),
        pytest.param(
            {"type": "array", "prefixItems": [STRING, INTEGER], "items": False, "minItems": 2},
            {
                "type": "array",
                "items": {"anyOf": [STRING, INTEGER]},
                "minItems": 2,
                "maxItems": 2,
                "description": "The items come in this order: string, integer.",
            },
            id="tuple",
        ),
        pytest.param({"type": "object", "additionalProperties": INTEGER}, pairs(INTEGER), id="map"),
        pytest.param({"type": "object"}, pairs(JSON_VALUE), id="free-form object"),
        pytest.param(
            {
                "type": "object",
                "additionalProperties": INTEGER,
                "propertyNames": {"enum": ["a", "b"]},
                "minProperties": 1,
            },
            {**pairs(INTEGER, {"type": "string", "enum": ["a", "b"]}), "minItems": 1},
            id="map with known keys",
        ),
        pytest.param(
            {"type": "object", "patternProperties": {"^x": INTEGER}, **CLOSED},
            pairs(INTEGER, {"type": "string", "pattern": "^x"}),
            id="pattern keys",
        ),
        pytest.param({"type": "object", "properties": {}, **CLOSED}, closed({}), id="empty object"),
        pytest.param({}, JSON_VALUE, id="anything"),
        pytest.param(True, JSON_VALUE, id="true"),
        pytest.param({"$ref": "#/$defs/A"}, {"$ref": "#/$defs/A"}, id="reference"),
        pytest.param(
            {"$ref": "#/$defs/A", "description": "d"},
            {"anyOf": [{"$ref": "#/$defs/A"}], "description": "d"},
            id="reference with a description",
        ),
        pytest.param(
            {"allOf": [{"$ref": "#/$defs/A"}], "default": None}, {"$ref": "#/$defs/A"}, id="allOf of one reference"
        ),
        pytest.param(
            {"$ref": "#/$defs/Colour", "description": "d"},
            {"type": "string", "enum": ["red", "green"], "description": "d"},
            id="a reference to a short enum is the enum",
        ),
        pytest.param(
            {"$ref": "#/$defs/Open", "required": ["y"], "properties": {"y": STRING}},
            closed({"y": STRING, "x": INTEGER}),
            id="reference with rules beside it",
        ),
        pytest.param(
            {"allOf": [object_of({"a": {"type": "number"}}), object_of({"a": {"minimum": 1}, "b": STRING})]},
            closed({"a": {"type": "number", "minimum": 1}, "b": STRING}),
            id="allOf of two",
        ),
        pytest.param({"anyOf": [STRING, {"type": "null"}]}, {"type": ["string", "null"]}, id="anyOf null"),
        pytest.param({"anyOf": [STRING, INTEGER, STRING]}, {"type": ["string", "integer"]}, id="anyOf of scalars"),
        pytest.param(
            {"anyOf": [{"type": "string", "format": "date"}, INTEGER]},
            {"anyOf": [{"type": "string", "format": "date"}, INTEGER]},
            id="anyOf with a rule",
        ),
        pytest.param(
            {"type": "string", "anyOf": [{"minLength": 3}, {"pattern": "^a"}]},
            {"anyOf": [{"type": "string", "minLength": 3}, {"type": "string", "pattern": "^a"}]},
            id="rules beside anyOf go into its branches",
        ),
        pytest.param({"anyOf": [STRING, False]}, STRING, id="a branch that nothing satisfies"),
        pytest.param(
            {"oneOf": [{"$ref": "#/$defs/A"}, {"type": "null"}]},
            {"anyOf": [{"$ref": "#/$defs/A"}, {"type": "null"}]},
            id="oneOf null",
        ),
        pytest.param({"minLength": 3}, {"type": "string", "minLength": 3}, id="no type, keywords of one"),
        pytest.param({"properties": {"a": STRING}, "required": ["a"]}, closed({"a": STRING}), id="no type, properties"),
        pytest.param(
            {**object_of({"a": STRING, "b": STRING}), "anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
            {
                **closed({"a": STRING, "b": STRING}),
                "description": 'Of these groups of members, one must be given: "a"; "b".',
            },
            id="a union of required groups repeats nothing",
        ),
        pytest.param({"type": "object", "required": ["a"]}, closed({"a": JSON_VALUE}), id="required without a schema"),
    ],
)
def test_a_construct_becomes(member, wire):
    schema = object_of({"m": member}, **{"$defs": DEFS})

    lowered = lower(schema)

    assert lowered.wire["properties"]["m"] == wire


@pytest.mark.parametrize(
    ("member", "wire"),
    [
        pytest.param(STRING, {"type": ["string", "null"]}, id="scalar"),
        pytest.param({"enum": ["a"]}, {"type": ["string", "null"], "enum": ["a", None]}, id="enum"),
        pytest.param({"$ref": "#/$defs/A"}, {"anyOf": [{"$ref": "#/$defs/A"}, {"type": "null"}]}, id="reference"),
        pytest.param(
            {"type": "array", "items": STRING, "description": "d"},
            {"anyOf": [{"type": "array", "items": STRING}, {"type": "null"}], "description": "d"},
            id="list",
        ),
        pytest.param(
            {"anyOf": [{"type": "string", "format": "date"}, INTEGER]},
            {"anyOf": [{"type": "string", "format": "date"}, INTEGER, {"type": "null"}]},
            id="union",
        ),
    ],
)
def test_an_optional_member_is_required_and_may_be_null(member, wire):
    lowered = lower({"type": "object", "properties": {"m": member}, "$defs": DEFS})

    assert lowered.wire["properties"] == {"m": wire}
    assert lowered.wire["required"] == ["m"]
    assert lowered.embed({}) == {"m": None}
    assert lowered.lift({"m": None}).value == {}


@pytest.mark.parametrize(
    ("schema", "wire", "record"),
    [
        pytest.param({"type": "array", "items": STRING}, {"type": "array", "items": STRING}, ["a"], id="list"),
        pytest.param(STRING, STRING, "a", id="scalar"),
        pytest.param({"type": "object", "additionalProperties": INTEGER}, pairs(INTEGER), {"a": 1}, id="map"),
        pytest.param(
            {"anyOf": [{"$ref": "#/$defs/A"}, STRING], "$defs": DEFS},
            {"anyOf": [{"$ref": "#/$defs/A"}, STRING]},
            {"x": 1},
            id="union",
        ),
        pytest.param({}, JSON_VALUE, {"x": [1]}, id="anything"),
    ],
)
def test_a_root_that_is_not_an_object_is_wrapped(schema, wire, record):
    lowered = lower(schema)

    assert lowered.wire["properties"] == {"result": wire}
    assert lowered.lift(lowered.embed(record)).value == record


def test_a_recursive_root_is_spelled_out_and_refers_to_its_definition():
    node = {"type": "object", "properties": {"kids": {"type": "array", "items": {"$ref": "#/$defs/Node"}}}}

    lowered = lower({"$ref": "#/$defs/Node", "$defs": {"Node": {**node, "required": ["kids"]}}})

    assert lowered.wire["type"] == "object"
    assert lowered.wire["properties"]["kids"]["items"] == {"$ref": "#/$defs/Node"}
    assert lowered.embed({"kids": [{"kids": []}]}) == {"kids": [{"kids": []}]}


@pytest.mark.parametrize(
    ("schema", "refers_to"),
    [
        pytest.param(
            {"definitions": {"A": DEFS["A"]}, "properties": {"m": {"$ref": "#/definitions/A"}}}, "A", id="draft 7"
        ),
        pytest.param(
            {"properties": {"a b": DEFS["A"], "m": {"$ref": "#/properties/a%20b"}}}, "a_b", id="into properties"
        ),
        pytest.param(
            {"$defs": {"A": {"$anchor": "x", **DEFS["A"]}}, "properties": {"m": {"$ref": "#x"}}}, "A", id="anchor"
        ),
        pytest.param(
            {"$id": "https://e.org/s", "$defs": DEFS, "properties": {"m": {"$ref": "https://e.org/s#/$defs/A"}}},
            "A",
            id="its own address",
        ),
    ],
)
def test_a_local_reference_of_any_spelling_becomes_a_definition(schema, refers_to):
    lowered = lower({"type": "object", "required": ["m"], **schema})

    assert lowered.wire["properties"]["m"] == {"$ref": f"#/$defs/{refers_to}"}
    assert refers_to in lowered.wire["$defs"]


def test_a_reference_to_the_root_becomes_a_definition_by_its_title():
    lowered = lower({"title": "Tree", "type": "object", "properties": {"m": {"$ref": "#"}}})

    assert lowered.wire["properties"]["m"] == {"anyOf": [{"$ref": "#/$defs/Tree"}, {"type": "null"}]}
    assert "Tree" in lowered.wire["$defs"]


def test_before_draft_2019_nothing_beside_a_reference_counts():
    member = {"$ref": "#/definitions/A", "required": ["y"]}
    schema = {"type": "object", "properties": {"m": member}, "required": ["m"], "definitions": {"A": DEFS["A"]}}

    lowered = lower({"$schema": "http://json-schema.org/draft-07/schema#", **schema})

    assert lowered.wire["properties"]["m"] == {"$ref": "#/$defs/A"}


def test_draft_4_spells_exclusive_bounds_with_a_boolean():
    member = {"type": "number", "minimum": 0, "exclusiveMinimum": True}

    lowered = lower({"$schema": "http://json-schema.org/draft-04/schema#", **object_of({"m": member})})

    assert lowered.wire["properties"]["m"] == {"type": "number", "exclusiveMinimum": 0}


def test_open_objects_are_closed_or_carry_the_rest_in_a_list():
    schema = object_of({"a": STRING, "_extra": INTEGER})
    record = {"a": "x", "_extra": 1, "b": [{"c": None}]}

    dropping, keeping = lower(schema), lower(schema, open_objects="keep")

    assert dropping.lift(dropping.embed(record)).value == {"a": "x", "_extra": 1}
    assert list(keeping.wire["properties"]) == ["a", "_extra", "__extra"]
    assert keeping.lift(keeping.embed(record)).value == record


def test_a_closed_object_keeps_what_it_may_not_hold_so_that_it_is_seen():
    lowered = lower(object_of({"a": STRING}, **CLOSED))

    assert lowered.lift({"a": "x", "b": 1}).value == {"a": "x", "b": 1}


def test_null_and_absent_stay_apart_when_the_caller_wants_that():
    schema = {"type": "object", "properties": {"a": {"type": ["string", "null"]}}}
    lowered = lower(schema, nulls="exact")

    for record in ({}, {"a": None}, {"a": "x"}):
        assert lowered.lift(lowered.embed(record)).value == record


def test_a_null_stays_null_where_the_default_is_something_else():
    schema = {"type": "object", "properties": {"a": {"type": ["string", "null"], "default": "EUR"}}}

    assert lower(schema).lift({"a": None}).value == {"a": None}


@pytest.mark.parametrize(
    ("member", "may_be_unstated"),
    [
        pytest.param(STRING, True, id="scalar"),
        pytest.param({"enum": ["a", "b"]}, True, id="enum"),
        pytest.param({"$ref": "#/$defs/Colour"}, True, id="enum by reference"),
        pytest.param({"anyOf": [{"type": "number"}, STRING]}, True, id="union of scalars"),
        pytest.param({"const": "a"}, False, id="constant"),
        pytest.param({"type": ["string", "null"]}, False, id="null is an answer of its own"),
        pytest.param({"type": "array", "items": STRING}, False, id="list"),
        pytest.param({"$ref": "#/$defs/A"}, False, id="object"),
    ],
)
def test_a_required_leaf_may_be_left_unstated_when_the_caller_wants_that(member, may_be_unstated):
    schema = object_of({"m": member}, **{"$defs": DEFS})

    lift = lower(schema, absence="say").lift({"m": None})

    assert [(violation.at, violation.rule) for violation in lift.violations] == [("/m", "not_stated")] * may_be_unstated
    assert lift.value == {"m": None}
    assert lower(schema).lift({"m": None}).violations == ()


def test_an_unstated_leaf_is_named_by_its_place_in_the_record():
    row = object_of({"a/b": STRING})
    schema = object_of({"rows": {"type": "object", "additionalProperties": {"type": "array", "items": row}}})
    lowered = lower(schema, absence="say")

    lift = lowered.lift({"rows": [{"key": "x", "value": [{"a/b": "1"}, {"a/b": None}]}]})

    assert [violation.at for violation in lift.violations] == ["/rows/x/1/a~1b"]


@pytest.mark.parametrize(
    ("member", "answer", "violation"),
    [
        pytest.param(
            {"type": "object", "additionalProperties": INTEGER},
            [{"key": "a", "value": 1}, {"key": "a", "value": 2}],
            ("/m", "duplicate_key"),
            id="a key given twice",
        ),
        pytest.param(
            {"type": "object", "properties": {"a": INTEGER}, "additionalProperties": INTEGER},
            {"a": 1, "_extra": [{"key": "a", "value": 2}]},
            ("/m", "duplicate_key"),
            id="a named member among the others",
        ),
        pytest.param(
            {}, {"entries": [{"key": "a", "value": 1}] * 2}, ("/m", "duplicate_key"), id="twice in free-form JSON"
        ),
    ],
)
def test_what_lifting_would_hide_is_a_violation(member, answer, violation):
    lift = lower(object_of({"m": member})).lift({"m": answer})

    assert [(found.at, found.rule) for found in lift.violations] == [violation]


def test_text_that_does_not_decode_is_a_violation():
    lift = lower(object_of({"m": {}}), dialect="portable").lift({"m": "{1"})

    assert [(found.at, found.rule) for found in lift.violations] == [("/m", "not_json")]


def deep_list(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(value, id=json.dumps(value)[:30])
        for value in (
            None,
            1,
            "x",
            [],
            {},
            {"m": 1},
            {"m": [1, [{}], None]},
            {"m": [{"key": 1, "value": 2}]},
            {"m": {"entries": 1}},
        )
    ]
    + [pytest.param({"m": deep_list(900)}, id="900 levels deep")],
)
@pytest.mark.parametrize(
    "member",
    [
        pytest.param({}, id="anything"),
        pytest.param({"type": "object"}, id="map"),
        pytest.param({"type": "array", "items": {"type": "object"}}, id="list of maps"),
        pytest.param({"enum": [{"a": 1}, "m"]}, id="enum of objects"),
        pytest.param({"anyOf": [object_of({"a": {"type": "object"}}), {"type": "object"}, STRING]}, id="union"),
        pytest.param({"prefixItems": [{"type": "object"}]}, id="tuple"),
        pytest.param({"properties": {"a": STRING}, "additionalProperties": {"type": "object"}}, id="open object"),
    ],
)
@pytest.mark.parametrize("nulls", ["absent", "exact"])
def test_lifting_never_raises(member, answer, nulls):
    lowered = lower({"type": "object", "properties": {"m": member}}, nulls=nulls, absence="say")

    lift = lowered.lift(answer)

    assert all(violation.at == "" or violation.at.startswith("/m") for violation in lift.violations)
    assert lowered.fits(answer) in {True, False}


def test_a_map_answered_as_an_object_is_understood():
    lowered = lower(object_of({"m": {"type": "object", "additionalProperties": INTEGER}}))

    assert lowered.lift({"m": {"a": 1}}).value == {"m": {"a": 1}}
    assert not lowered.fits({"m": {"a": 1}})


def test_overlapping_branches_are_told_apart_by_the_target():
    first = object_of({"a": STRING, "b": {"type": "object", "additionalProperties": INTEGER}})
    second = object_of({"a": STRING, "b": {"type": "object", "additionalProperties": STRING}})
    lowered = lower(object_of({"m": {"anyOf": [first, second, STRING]}}))

    for record in ({"m": {"a": "", "b": {"x": 1}}}, {"m": {"a": "", "b": {"x": "1"}}}, {"m": "x"}):
        assert lowered.lift(lowered.embed(record)).value == record


def test_an_answer_that_fits_no_branch_is_read_by_the_branch_that_its_tag_names():
    cat = object_of(
        {"kind": {"const": "cat"}, "likes": {"type": "object", "additionalProperties": INTEGER}, "n": INTEGER}
    )
    dog = object_of({"kind": {"const": "dog"}, "likes": INTEGER})
    lowered = lower(object_of({"m": {"anyOf": [dog, cat]}}))

    lift = lowered.lift({"m": {"kind": "cat", "likes": [{"key": "fish", "value": 1}]}})

    assert lift.value == {"m": {"kind": "cat", "likes": {"fish": 1}}}


def test_rules_off_the_wire_are_told_in_words_at_their_place_in_the_record():
    line = object_of({"a/b": {"type": "string", "format": "uri"}})
    schema = object_of(
        {
            "lines": {"type": "array", "uniqueItems": True, "items": {"$ref": "#/$defs/Line"}},
            "map": {"type": "object", "additionalProperties": {"$ref": "#/$defs/Line"}},
        },
        **{"$defs": {"Line": line}, "dependentRequired": {"lines": ["map"]}},
    )

    local = lower(schema).local

    assert local == {
        "": 'Members depend on each other: where "lines" is given, "map" must be too.',
        "/lines": "No item may occur twice.",
        "/lines/*/a~1b": "Must be a URI with its scheme, such as https://example.org/.",
        "/map/*/a~1b": "Must be a URI with its scheme, such as https://example.org/.",
    }


def test_a_recursive_definition_may_be_nullable():
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/N"}}, "required": ["next"], "nullable": True}

    lowered = lower({"type": "object", "properties": {"n": {"$ref": "#/$defs/N"}}, "$defs": {"N": node}})

    assert list(lowered.wire["$defs"]) == ["N"]
    assert lowered.lift(lowered.embed({"n": {"next": {"next": None}}})).value == {"n": {"next": {"next": None}}}


def test_words_about_a_recursive_definition_end():
    node = object_of(
        {"id": {"type": "string", "format": "uri"}, "kids": {"type": "array", "items": {"$ref": "#/$defs/N"}}}
    )

    local = lower({"$ref": "#/$defs/N", "$defs": {"N": node}}).local

    assert list(local) == ["/id", "/kids/*/id"]


def test_members_that_conditions_mention_have_a_place_on_the_wire():
    schema = {
        "type": "object",
        "properties": {"country": STRING},
        "if": {"properties": {"country": {"const": "US"}}},
        "then": {"required": ["zip"]},
        "dependentRequired": {"country": ["city"]},
    }

    lowered = lower(schema)

    assert set(lowered.wire["properties"]) == {"country", "zip", "city"}
    assert lowered.lift(lowered.embed({"country": "US", "zip": 1, "city": "X"})).value["zip"] == 1


@pytest.mark.parametrize(
    ("member", "description", "untold"),
    [
        pytest.param({**STRING, "format": "uri", "title": "Home"}, "Home. Must be a URI", False, id="after a title"),
        pytest.param({**STRING, "format": "uri", "description": "Home!"}, "Home! Must be", False, id="after a text"),
        pytest.param({**STRING, "format": "uri", "description": "x" * 990}, "xxx", True, id="no room"),
        pytest.param({"oneOf": [STRING, INTEGER]}, "", False, id="types exclude one another"),
        pytest.param(
            {"oneOf": [object_of({"k": {"const": "a"}}), object_of({"k": {"const": "b"}})]}, "", False, id="tags do"
        ),
        pytest.param({"oneOf": [{**STRING, "minLength": 2}, STRING]}, "Must fit exactly one", False, id="overlap"),
    ],
)
def test_a_rule_off_the_wire_ends_the_description_where_there_is_room(member, description, untold):
    lowered = lower(object_of({"member": member}))

    assert lowered.wire["properties"]["member"].get("description", "").startswith(description)
    assert list(lowered.untold) == ["/member"] * untold
    assert bool(lowered.local) == bool(description)


def test_an_enum_too_large_for_the_dialect_is_told_in_words():
    values = [f"{number:05}" + "x" * 60 for number in range(300)]

    lowered = lower(object_of({"m": {"enum": values}}))

    assert lowered.wire["properties"]["m"] == {**STRING, "description": lowered.local["/m"]}
    assert lowered.local["/m"].endswith("and 296 more.")


def test_objects_too_deep_for_the_dialect_become_definitions():
    schema: dict[str, Any] = object_of({"leaf": STRING})
    for _ in range(14):
        schema = object_of({"a": schema})
    record: Any = {"leaf": "x"}
    for _ in range(14):
        record = {"a": record}

    lowered = lower(schema)

    assert len(lowered.wire["$defs"]) == 1
    assert lowered.fits(lowered.embed(record))


def test_the_portable_dialect_has_no_rules_and_no_recursion():
    node = object_of(
        {"id": {"type": "string", "minLength": 1}, "kids": {"type": "array", "items": {"$ref": "#/$defs/N"}}}
    )
    lowered = lower({"$ref": "#/$defs/N", "$defs": {"N": node}}, dialect="portable")
    record = {"id": "a", "kids": [{"id": "b", "kids": []}]}

    assert lowered.wire["properties"]["id"] == {**STRING, "description": "Must have at least 1 character."}
    assert lowered.local["/id"] == "Must have at least 1 character."
    assert "$defs" not in lowered.wire
    assert lowered.lift(lowered.embed(record)).value == record


def test_lowering_is_pure_and_deterministic():
    schema = object_of({"b": {"anyOf": [{"$ref": "#/$defs/A"}, STRING]}, "a": {"enum": ["x"]}}, **{"$defs": DEFS})
    before = copy.deepcopy(schema)

    wires = {json.dumps(lower(schema, absence="say").wire) for _ in range(3)}

    assert len(wires) == 1
    assert schema == before
    assert list(lower(schema).wire["properties"]) == ["b", "a"]


@pytest.mark.parametrize("option", [{"dialect": "x"}, {"open_objects": "x"}, {"nulls": "x"}, {"absence": "x"}])
def test_an_unknown_option_is_refused(option):
    with pytest.raises(InvalidRequest):
        lower({}, **option)


def test_definitions_that_refer_to_one_another_many_times_are_lowered_at_once():
    """
    Forty definitions with five references each have more paths than could ever be walked, for words or for anything.
    """
    count, started = 40, time.process_time()
    definitions = {
        f"d{number}": {
            "type": "object",
            "properties": {f"p{step}": {"$ref": f"#/$defs/d{(number + step) % count}"} for step in range(1, 6)},
        }
        for number in range(count)
    }

    lower({"type": "object", "properties": {"a": {"$ref": "#/$defs/d0"}}, "$defs": definitions})

    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "definition",
    [
        pytest.param({"enum": [f"value {number}" for number in range(60)]}, id="a long enum"),
        pytest.param({"anyOf": [STRING, {"type": "number"}]}, id="a union of scalars"),
    ],
)
def test_a_required_leaf_behind_a_definition_may_be_left_unstated(definition):
    schema = object_of({"d": {"$ref": "#/$defs/E"}}, **{"$defs": {"E": definition}})

    lowered = lower(schema, absence="say")

    assert lowered.fits({"d": None})
    assert [(found.at, found.rule) for found in lowered.lift({"d": None}).violations] == [("/d", "not_stated")]

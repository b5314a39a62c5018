"""What is wrong with a record: where, by which rule, and what would be right."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from extractor.records import Violation
from extractor.schema.formats import FORMATS
from extractor.schema.rules import Rules
from extractor.schema.validation import MAX_VIOLATIONS, violations_of

DRAFT_4 = "http://json-schema.org/draft-04/schema#"
DRAFT_7 = "http://json-schema.org/draft-07/schema#"
#: Python hashes all multiples of this to the same number.
COLLIDING = 2**61 - 1
CAT = {
    "type": "object",
    "properties": {"kind": {"const": "cat"}, "lives": {"type": "integer"}},
    "required": ["kind", "lives"],
}
DOG = {"type": "object", "properties": {"kind": {"const": "dog"}, "breed": {"type": "string"}}, "required": ["kind"]}
PET = {"properties": {"pet": {"anyOf": [CAT, DOG, {"type": "null"}]}}}


@pytest.mark.parametrize(
    ("schema", "record", "at", "rule", "says"),
    [
        pytest.param({"type": "string"}, 1, "", "type", "Must be a string.", id="type"),
        pytest.param({"type": ["integer", "null"]}, "1", "", "type", "Must be a whole number or null.", id="type list"),
        pytest.param({"type": "integer"}, True, "", "type", "Must be a whole number.", id="true is not 1"),
        pytest.param({"required": ["a"]}, {}, "/a", "required", "Must be given.", id="required"),
        pytest.param({"enum": ["a", 1]}, "b", "", "enum", 'Must be one of: "a", 1.', id="enum"),
        pytest.param({"const": "a"}, "b", "", "const", 'Must be "a".', id="const"),
        pytest.param({"minimum": 1}, 0, "", "minimum", "Must be at least 1.", id="minimum"),
        pytest.param({"exclusiveMaximum": 1}, 1, "", "exclusiveMaximum", "Must be less than 1.", id="exclusiveMaximum"),
        pytest.param({"multipleOf": 0.01}, 1.005, "", "multipleOf", "Must be a multiple of 0.01.", id="multipleOf"),
        pytest.param({"minLength": 2}, "a", "", "minLength", "Must have at least 2 characters.", id="minLength"),
        pytest.param({"maxItems": 1}, [1, 2], "", "maxItems", "Must have at most 1 item.", id="maxItems"),
        pytest.param({"uniqueItems": True}, [1, 1.0], "", "uniqueItems", "No item may occur twice.", id="uniqueItems"),
        pytest.param(
            {"pattern": "^a+$"}, "b", "", "pattern", 'Must match the regular expression "^a+$".', id="pattern"
        ),
        pytest.param({"format": "date"}, "1.2.2024", "", "format", "Must be a date, written YYYY-MM-DD.", id="format"),
        pytest.param(
            {"properties": {"a": {}}, "additionalProperties": False},
            {"b": 1},
            "",
            "additionalProperties",
            'Only these members may be given: "a".',
            id="additionalProperties",
        ),
        pytest.param(
            {"patternProperties": {"^n": {"type": "number"}}},
            {"n/1": "x"},
            "/n~11",
            "type",
            "Must be a number.",
            id="patternProperties",
        ),
        pytest.param(
            {"items": {"properties": {"a": {"minimum": 1}}}},
            [{"a": 1}, {"a": 0}],
            "/1/a",
            "minimum",
            "Must be at least 1.",
            id="inside",
        ),
        pytest.param(PET, {"pet": {"kind": "cat"}}, "/pet/lives", "required", "Must be given.", id="the branch meant"),
        pytest.param(
            PET, {"pet": {"kind": "dog", "breed": 1}}, "/pet/breed", "type", "Must be a string.", id="another branch"
        ),
        pytest.param(
            PET, {"pet": {"kind": "cow"}}, "/pet/kind", "enum", 'Must be one of: "cat", "dog".', id="no branch's tag"
        ),
        pytest.param(PET, {"pet": 1}, "/pet", "anyOf", "Must be an object or null.", id="no branch's type"),
        pytest.param(
            {"type": "string", "nullable": True, "enum": ["a"]}, "b", "", "enum", 'Must be one of: "a".', id="nullable"
        ),
        pytest.param(
            {"$schema": DRAFT_4, "minimum": 1, "exclusiveMinimum": True},
            1,
            "",
            "exclusiveMinimum",
            "Must be greater than 1.",
            id="draft 4",
        ),
        pytest.param(
            {"$schema": DRAFT_7, "dependencies": {"a": ["b"]}},
            {"a": 1},
            "",
            "dependencies",
            'Members depend on each other: where "a" is given, "b" must be too.',
            id="draft 7",
        ),
        pytest.param({"not": {"type": "null"}}, None, "", "not", 'Must not fit {"type":"null"}.', id="not"),
        pytest.param(
            {"propertyNames": {"maxLength": 1}},
            {"ab": 1},
            "",
            "propertyNames",
            'Every member\'s name must fit {"maxLength":1}.',
            id="propertyNames",
        ),
        pytest.param(
            {"contains": {"type": "null"}},
            [1],
            "",
            "contains",
            'At least one item must fit {"type":"null"}.',
            id="contains",
        ),
        pytest.param(
            {"contains": {"type": "null"}, "maxContains": 1},
            [None, None],
            "",
            "maxContains",
            "At most 1 item may fit the rule for items.",
            id="maxContains",
        ),
        pytest.param(
            {"oneOf": [{}, {"type": "null"}]},
            None,
            "",
            "oneOf",
            "Must fit exactly one of the allowed forms.",
            id="oneOf",
        ),
        pytest.param(
            {"properties": {"a": {}}, "unevaluatedProperties": False},
            {"b": 1},
            "",
            "unevaluatedProperties",
            'Only these members may be given: "a".',
            id="unevaluatedProperties",
        ),
        pytest.param(
            {"properties": {"a": False}}, {"a": 1}, "/a", "false", "Must not be given.", id="a member that may not be"
        ),
        pytest.param(
            {
                "properties": {
                    "a": {"$id": "http://a/", "items": {"$ref": "#/$defs/D"}, "$defs": {"D": {"type": "null"}}}
                },
                "$defs": {"D": {}},
            },
            {"a": [None, 1]},
            "/a/1",
            "type",
            "Must be null.",
            id="a reference inside a part with an address of its own",
        ),
        pytest.param(False, 1, "", "false", "Must not be given.", id="false"),
    ],
)
def test_a_violation_says_where_and_what_would_be_right(schema, record, at, rule, says):
    schema = schema if isinstance(schema, dict) else {"allOf": [schema]}

    violations = violations_of(record, Rules(schema))

    assert violations == (Violation(at=at, rule=rule, says=says),)


@pytest.mark.parametrize(
    ("schema", "record"),
    [
        pytest.param({"multipleOf": 0.01}, 19.99, id="money"),
        pytest.param({"multipleOf": 0.1}, 0.3, id="tenths"),
        pytest.param({"multipleOf": 0.5}, 10**300, id="a large integer"),
        pytest.param({"multipleOf": 0.01}, 1e308, id="a large number"),
        pytest.param({"type": "integer"}, 1.0, id="1.0 is an integer"),
        pytest.param({"uniqueItems": True}, [1, True, "1", [1], {"a": 1}, {"a": True}], id="unequal things"),
        pytest.param({"type": "string", "nullable": True, "enum": ["a"]}, None, id="nullable"),
        pytest.param(
            {"properties": {"a": {"$ref": "#/$defs/A", "nullable": True}}, "$defs": {"A": {"type": "object"}}},
            {"a": None},
            id="nullable reference",
        ),
        pytest.param({"format": "color", "pattern": "^.*$"}, "no colour", id="a format that is not checked"),
        pytest.param({"pattern": "^(a+)+$"}, "a" * 40, id="a pattern that hangs others"),
    ],
)
def test_a_valid_record_has_no_violations(schema, record):
    assert violations_of(record, Rules(schema)) == ()


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("date", ["2024-02-29"], ["2023-02-29", "2024-2-9", "20240229", "29.02.2024"]),
        (
            "date-time",
            ["2024-02-29T10:11:12Z", "2024-02-29T10:11:12.5+02:00", "2024-02-29T10:11:12"],
            ["2024-02-29", "x"],
        ),
        (
            "time",
            ["10:11:12", "10:11:12.123Z", "23:59:60Z", "00:59:60+01:00", "10:11:60"],
            ["10:11", "25:00:00", "10:11:12+2", "10:11:12+24:00", "22:59:60Z"],
        ),
        ("duration", ["P1DT2H", "PT0.5S", "P2W", "-P1D"], ["P", "1D", "PT"]),
        (
            "email",
            ["a@b.c", "a.b+c@example.org", '"a b@c"@d.e', "jörg@bücher.example", "a@[192.0.2.1]", "a@[IPv6:::1]"],
            ["a", "a@", "a b@c", ".a@b.c", "a..b@c.d", "a@b=c", "a@b..c", "a@[192.0.2.256]", "a" * 65 + "@b.c"],
        ),
        ("hostname", ["example.org", "localhost"], ["-a.b", "a..b", "a" * 64, "a_b"]),
        ("ipv4", ["192.0.2.1"], ["192.0.2.256", "1.2.3"]),
        ("ipv6", ["::1", "2001:db8::1"], ["1.2.3.4", "fe80::1%eth0", "::g"]),
        ("uuid", ["b7b1c1de-3c50-4c5e-9f3c-0a2f9d8f6a11"], ["b7b1c1de3c504c5e9f3c0a2f9d8f6a11", "x"]),
        ("uri", ["https://example.org/a?b#c", "mailto:a@b.c"], ["example.org", "/a", "http://a b"]),
    ],
)
def test_a_format_is_checked(name, right, wrong):
    assert [text for text in right if not FORMATS[name](text)] == []
    assert [text for text in wrong if FORMATS[name](text)] == []


def test_violations_never_quote_the_record():
    secret = "SECRET-4711"
    schema = {
        "properties": {
            "a": {"enum": ["x"]}, "b": {"pattern": "^x$"}, "c": {"type": "integer"}, "d": {"maxLength": 1},
            "e": {"not": {"type": "string"}}, "f": {"anyOf": [{"const": 1}, {"type": "object"}]},
            "g": {"uniqueItems": True},
        },
        "additionalProperties": False,
    }  # fmt: skip
    record = dict.fromkeys("abcdef", secret) | {"g": [secret, secret], secret: secret}

    violations = violations_of(record, Rules(schema))

    assert len(violations) == 8
    assert not any(secret in violation.says for violation in violations)


def test_a_violation_is_short_whatever_the_schema():
    rules = Rules({"enum": [f"{number:04}" * 50 for number in range(5_000)]})

    (violation,) = violations_of("x" * 200_000, rules)

    assert len(violation.says) < 500
    assert violation.says.endswith("more.")


def test_a_violation_is_short_whatever_the_names_in_the_record():
    violations = violations_of({"n" * 100_000: "x"}, Rules({"additionalProperties": {"type": "integer"}}))

    assert violations == (Violation(at="", rule="type", says="Must be a whole number."),)


def test_violations_are_all_listed_up_to_a_bound():
    rules = Rules({"items": {"type": "integer"}})

    assert len(violations_of(["x"] * 12, rules)) == 12
    assert len(violations_of(["x"] * 10_000, rules)) == MAX_VIOLATIONS


def test_a_record_nested_beyond_reason_is_a_violation():
    record: Any = []
    for _ in range(900):
        record = [record]

    violations = violations_of(record, Rules({"$ref": "#/$defs/L", "$defs": {"L": {"items": {"$ref": "#/$defs/L"}}}}))

    assert [violation.rule for violation in violations] == ["too_deep"]


@pytest.mark.parametrize(
    ("schema", "record"),
    [
        pytest.param({"patternProperties": {"^(a+)+$": {}}}, {"a" * 30 + "b": 1}, id="pattern of keys"),
        pytest.param(
            {"patternProperties": {"^(a+)+$": {}}, "additionalProperties": False}, {"a" * 30 + "b": 1}, id="other keys"
        ),
        pytest.param({"pattern": "^(.*)*x$"}, "a" * 2_000, id="pattern"),
        pytest.param({"uniqueItems": True}, [{"n": number} for number in range(3_000)], id="unique objects"),
        pytest.param({"uniqueItems": True}, [number * COLLIDING for number in range(20_000)], id="numbers of one hash"),
        pytest.param(
            {"items": {"enum": [number * COLLIDING for number in range(5_500)]}}, [-COLLIDING] * 20_000, id="their enum"
        ),
        pytest.param(
            {"items": {"enum": [{"a": number} for number in range(3_000)]}}, [{}] * 20_000, id="enum of objects"
        ),
        pytest.param({"items": {"multipleOf": 1e-300}}, [1e308, 10**400, 5e-324] * 2_000, id="tiny divisor"),
        pytest.param({"items": {"multipleOf": 1e308}}, [1e308, 10**400, 5e-324] * 2_000, id="huge divisor"),
        pytest.param(
            {"allOf": [{"patternProperties": {"^(a+)+$": {}}}], "unevaluatedProperties": False},
            {"a" * 40 + "b": 1},
            id="pattern of evaluated keys",
        ),
        pytest.param({"anyOf": [{"type": "string"}] * 3_000}, {"a": "z" * 100_000}, id="branches of a large record"),
    ],
)
def test_what_takes_others_minutes_takes_no_time(schema, record):
    start = time.process_time()

    violations_of(record, Rules(schema))

    assert time.process_time() - start < 5  # 0.1 alone; a process of thousands of tests collects garbage meanwhile


def test_nothing_outside_the_schema_is_looked_up(tmp_path):
    outside = tmp_path / "schema.json"
    outside.write_text(json.dumps({"type": "integer"}))

    with pytest.raises(Exception, match="Unresolvable"):
        violations_of(1, Rules({"$ref": outside.as_uri()}))


EXACT = {"multipleOf": 0.01}
LINEAR = {"pattern": "^(a+)+$"}


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param(
            {"$schema": DRAFT_7, "properties": {"a": {"$ref": "#"}, "n": EXACT, "s": LINEAR}},
            id="the root, referred to",
        ),
        pytest.param({"properties": {"a": {"$schema": DRAFT_7, "properties": {"n": EXACT, "s": LINEAR}}}}, id="a part"),
    ],
)
def test_a_part_that_states_its_dialect_keeps_our_rules(schema):
    violations = violations_of({"a": {"n": 19.99, "s": "a" * 40 + "b"}}, Rules(schema))

    assert [violation.at for violation in violations] == ["/a/s"]


@pytest.mark.parametrize(
    ("member", "value"),
    [
        pytest.param({"type": "string", "anyOf": [{"type": "integer"}]}, "x", id="a type beside a union"),
        pytest.param({"anyOf": [{"type": "string", "minLength": 2}, {"type": "null"}]}, "x", id="a rule in a branch"),
        pytest.param(
            {"type": ["string", "null"], "anyOf": [{"type": "integer"}]}, "x", id="a type list beside a union"
        ),
        pytest.param({"type": "integer", "title": "N"}, True, id="true is not 1"),
    ],
)
def test_what_is_accepted_at_sight_is_accepted_by_the_library(member, value):
    assert not Rules({"properties": {"a": member}}).hold({"a": value})

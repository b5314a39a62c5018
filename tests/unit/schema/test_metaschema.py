"""Whether a schema is a schema: told quickly, as the library tells it."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import pytest
from jsonschema import SchemaError

from extractor.errors import InvalidSchema
from extractor.schema.authority import BASES
from extractor.schema.metaschema import check_schema, is_accepted

DRAFTS = {
    4: "http://json-schema.org/draft-04/schema#",
    6: "http://json-schema.org/draft-06/schema#",
    7: "http://json-schema.org/draft-07/schema#",
    2019: "https://json-schema.org/draft/2019-09/schema",
    2020: "https://json-schema.org/draft/2020-12/schema",
}
#: What people and machines write where something else belongs.
ODD: list[Any] = [
    None,
    True,
    -1,
    1.5,
    "",
    "(",
    "#",
    "a b",
    [],
    ["a"],
    ["a", "a"],
    [1],
    {},
    {"a": 1},
    {"a": {"type": 1}},
]
KEYWORDS = sorted(
    {keyword for cls in BASES.values() for keyword in cls.VALIDATORS}
    | {"$schema", "$id", "id", "$anchor", "$defs", "definitions", "title", "default", "$vocabulary", "$comment", "then"}
)


def library_accepts(draft: int, schema: Any) -> bool:
    try:
        BASES[draft].check_schema(schema)
    except SchemaError:
        return False
    return True


@pytest.mark.parametrize("draft", DRAFTS)
def test_the_library_agrees_wherever_a_keyword_is_wrong(draft):
    schemas = [{keyword: value} for keyword in KEYWORDS for value in ODD]
    nested = [{"properties": {"a": {"allOf": [schema]}}} for schema in schemas[::7]]

    told = [is_accepted(draft)(schema) for schema in [*schemas, *nested]]

    assert told == [library_accepts(draft, schema) for schema in [*schemas, *nested]]
    assert 0.2 < sum(told) / len(told) < 0.9


@pytest.mark.parametrize("draft", DRAFTS)
def test_what_is_wrong_deep_inside_is_told_by_its_pointer(draft):
    schema = {"$schema": DRAFTS[draft], "properties": {"a": {"items": {"type": "text"}}}}

    with pytest.raises(InvalidSchema, match=r"at /properties/a/items/type\. Must be one of object, array,") as refused:
        check_schema(schema)

    assert refused.value.at == "/properties/a/items/type"


@pytest.mark.parametrize("draft", DRAFTS)
def test_a_schema_of_many_properties_is_checked_at_once(draft):
    member = {"type": "string", "title": "T", "maxLength": 5}
    schema = {"$schema": DRAFTS[draft], "properties": {f"p{number}": dict(member) for number in range(20_000)}}
    start = time.process_time()

    check_schema(schema)

    assert time.process_time() - start < 5


@pytest.mark.parametrize("seed", ["0", "2", "5"])
def test_of_several_faults_the_first_in_the_document_is_told_in_every_process(seed):
    script = """
from extractor.schema.metaschema import check_schema
members = {"b": {"title": "B", "type": "date"}, "a": {"type": "str"}, "c": {"type": ["string", "nul"]}}
try:
    check_schema({"type": "object", "properties": members})
except Exception as refused:
    print(refused)
"""
    run = subprocess.run(
        [sys.executable, "-c", script], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
    )

    assert run.stdout.startswith("The schema is not valid JSON Schema at /properties/b/type. Must be one of object, ")


@pytest.mark.parametrize(
    ("member", "says"),
    [
        pytest.param({"items": [{}]}, "is `prefixItems` since draft 2020-12; state `$schema`", id="items"),
        pytest.param({"exclusiveMinimum": True}, "limit itself stands here since draft 6; state", id="exclusive limit"),
        pytest.param({"required": True}, "names of required members stand in a list", id="required"),
        pytest.param({"pattern": "([a"}, "and it is none: unterminated character set at position 1", id="pattern"),
        pytest.param({"patternProperties": {"[": {}}}, 'and "[" is none: unterminated', id="name of a pattern"),
    ],
)
def test_a_habit_from_elsewhere_is_refused_with_what_to_write_instead(member, says):
    with pytest.raises(InvalidSchema) as refused:
        check_schema({"properties": {"a": member}})

    assert says in str(refused.value)


@pytest.mark.parametrize("draft", [4, 7])
def test_what_a_draft_allows_is_no_fault_there(draft):
    check_schema({"$schema": DRAFTS[draft], "items": [{}]})

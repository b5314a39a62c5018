"""The JSON-Schema-Test-Suite, lowered: every group keeps its valid instances, or is refused with the reason."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry

from extractor.errors import UnsupportedSchema
from extractor.schema import lower

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from extractor.schema import Lowered

#: Folder of a draft -> its meta-schema.
DRAFTS: Final = {
    "draft4": "http://json-schema.org/draft-04/schema#",
    "draft6": "http://json-schema.org/draft-06/schema#",
    "draft7": "http://json-schema.org/draft-07/schema#",
    "draft2019-09": "https://json-schema.org/draft/2019-09/schema",
    "draft2020-12": "https://json-schema.org/draft/2020-12/schema",
}
#: Characters of a group's name that tell it from the others.
NAMED: Final = 100
#: Keyword for which a group is refused -> file and name of the group -> drafts. `schema` is one that nothing satisfies;
#: `$ref` leads outside the schema; the meaning of the dynamic ones depends on who refers to them; `$schema` is unknown.
REFUSED: Final[dict[str, dict[str, str]]] = {
    "$ref": {
        "definitions: validate definition against metaschema": "4 6 7",
        "ref: remote ref, containing refs itself": "4 6 7 2019 2020",
        "refRemote: remote ref": "4 6 7 2019 2020",
        "refRemote: fragment within remote ref": "4 6 7 2019 2020",
        "refRemote: ref within remote ref": "4 6 7 2019 2020",
        "refRemote: base URI change": "4 6 7 2019 2020",
        "refRemote: base URI change - change folder": "4 6 7 2019 2020",
        "refRemote: base URI change - change folder in subschema": "4 6 7 2019 2020",
        "refRemote: root ref in remote ref": "4 6 7 2019 2020",
        "refRemote: Location-independent identifier in remote ref": "4 6 7 2019 2020",
        "refRemote: remote ref with ref to definitions": "6 7",
        "refRemote: retrieved nested refs resolve relative to their URI not $id": "6 7 2019 2020",
        "refRemote: $ref to $ref finds location-independent $id": "6 7",
        "defs: validate definition against metaschema": "2019 2020",
        "refRemote: anchor within remote ref": "2019 2020",
        "refRemote: remote ref with ref to defs": "2019 2020",
        "refRemote: remote HTTP ref with different $id": "2019 2020",
        "refRemote: remote HTTP ref with different URN $id": "2019 2020",
        "refRemote: remote HTTP ref with nested absolute ref": "2019 2020",
        "refRemote: $ref to $ref finds detached $anchor": "2019 2020",
        "dynamicRef: strict-tree schema, guards against misspelled properties": "2020",
        "dynamicRef: tests for implementation dynamic anchor and reference link": "2020",
        "dynamicRef: $ref and $dynamicAnchor are independent of order - $defs first": "2020",
        "dynamicRef: $ref and $dynamicAnchor are independent of order - $ref first": "2020",
        "dynamicRef: $ref to $dynamicRef finds detached $dynamicAnchor": "2020",
    },
    "$recursiveRef": {
        "recursiveRef: $recursiveRef without $recursiveAnchor works like $ref": "2019",
        "recursiveRef: $recursiveRef without using nesting": "2019",
        "recursiveRef: $recursiveRef with nesting": "2019",
        "recursiveRef: $recursiveRef with $recursiveAnchor: false works like $ref": "2019",
        "recursiveRef: $recursiveRef with no $recursiveAnchor works like $ref": "2019",
        "recursiveRef: $recursiveRef with no $recursiveAnchor in the initial target schema resource": "2019",
        "recursiveRef: $recursiveRef with no $recursiveAnchor in the outer schema resource": "2019",
        "recursiveRef: multiple dynamic paths to the $recursiveRef keyword": "2019",
        "recursiveRef: dynamic $recursiveRef destination (not predictable at schema compile time)": "2019",
        "unevaluatedItems: unevaluatedItems with $recursiveRef": "2019",
        "unevaluatedProperties: unevaluatedProperties with $recursiveRef": "2019",
    },
    "$dynamicRef": {
        "dynamicRef: A $dynamicRef to a $dynamicAnchor in the same schema resource behaves like a normal $ref": "2020",
        "dynamicRef: A $dynamicRef to an $anchor in the same schema resource behaves like a normal $ref to an": "2020",
        "dynamicRef: A $dynamicRef resolves to the first $dynamicAnchor still in scope that is encountered wh": "2020",
        "dynamicRef: A $dynamicRef without anchor in fragment behaves identical to $ref": "2020",
        "dynamicRef: A $dynamicRef with intermediate scopes that don't include a matching $dynamicAnchor does": "2020",
        "dynamicRef: An $anchor with the same name as a $dynamicAnchor is not used for dynamic scope resoluti": "2020",
        "dynamicRef: A $dynamicRef without a matching $dynamicAnchor in the same schema resource behaves like": "2020",
        "dynamicRef: A $dynamicRef with a non-matching $dynamicAnchor in the same schema resource behaves lik": "2020",
        "dynamicRef: A $dynamicRef that initially resolves to a schema with a matching $dynamicAnchor resolve": "2020",
        "dynamicRef: A $dynamicRef that initially resolves to a schema without a matching $dynamicAnchor beha": "2020",
        "dynamicRef: multiple dynamic paths to the $dynamicRef keyword": "2020",
        "dynamicRef: after leaving a dynamic scope, it is not used by a $dynamicRef": "2020",
        "dynamicRef: $dynamicRef points to a boolean schema": "2020",
        "dynamicRef: $dynamicRef skips over intermediate resources - direct reference": "2020",
        "unevaluatedItems: unevaluatedItems with $dynamicRef": "2020",
        "unevaluatedProperties: unevaluatedProperties with $dynamicRef": "2020",
    },
    "$schema": {
        "vocabulary: schema that uses custom metaschema with with no validation vocabulary": "2019 2020",
        "vocabulary: ignore unrecognized optional vocabulary": "2019 2020",
    },
    "schema": {
        "not: forbid everything with empty schema": "4 6 7 2019 2020",
        "allOf: allOf with boolean schemas, some false": "6 7 2019 2020",
        "allOf: allOf with boolean schemas, all false": "6 7 2019 2020",
        "anyOf: anyOf with boolean schemas, all false": "6 7 2019 2020",
        "boolean_schema: boolean schema 'false'": "6 7 2019 2020",
        "not: forbid everything with boolean schema true": "6 7 2019 2020",
        "oneOf: oneOf with boolean schemas, all false": "6 7 2019 2020",
        "ref: $ref to boolean schema false": "6 7 2019 2020",
    },
}


def groups(repository: Path, folder: str) -> Iterator[tuple[str, dict[str, Any], list[dict[str, Any]]]]:
    """Yield name, schema and tests of each required group of a draft."""
    for path in sorted((repository / "tests" / "suites" / "json_schema_test_suite" / folder).glob("*.json")):
        for group in json.loads(path.read_text(encoding="utf-8")):
            schema = group["schema"] if isinstance(group["schema"], dict) else {"allOf": [group["schema"]]}
            name = f"{path.stem}: {group['description']}"[:NAMED]
            yield name, {"$schema": DRAFTS[folder], **schema}, group["tests"]


@dataclass(frozen=True)
class Outcome:
    """What became of the groups of one draft."""

    draft: str
    #: Name of a group -> its lowered schema and its tests.
    lowered: dict[str, tuple[Lowered, list[dict[str, Any]]]]
    #: Name of a group -> the keyword for which it is refused.
    refused: dict[str, str]


@pytest.fixture(scope="module", params=DRAFTS)
def outcome(request: pytest.FixtureRequest, repository: Path) -> Outcome:
    lowered, refused = {}, {}
    for name, schema, tests in groups(repository, request.param):
        try:
            lowered[name] = lower(schema, open_objects="keep"), tests
        except UnsupportedSchema as refusal:
            refused[name] = refusal.keyword
    return Outcome(request.param.removeprefix("draft").partition("-")[0], lowered, refused)


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_nulls(member) for name, member in value.items() if member is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def same(one: Any, other: Any) -> bool:
    """Return whether two values are the same JSON: true is not 1, but 1.0 is."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def test_a_group_is_refused_only_for_a_reason_that_is_listed(outcome):
    listed = {
        name: keyword
        for keyword, names in REFUSED.items()
        for name, drafts in names.items()
        if outcome.draft in drafts.split()
    }

    assert outcome.refused == listed
    assert len(outcome.lowered) > 140


def test_every_valid_instance_survives_the_wire_and_no_instance_stops_the_lift(outcome):
    lost = []

    for name, (target, tests) in outcome.lowered.items():
        wire = Draft202012Validator(target.wire, registry=Registry())
        for test in tests:
            answer = target.embed(test["data"])
            comes_back = same(without_nulls(target.lift(answer).value), without_nulls(test["data"]))
            if test["valid"] and not (wire.is_valid(answer) and comes_back):
                lost.append((name, test["description"]))

    assert lost == []


def test_every_wire_schema_is_in_the_strict_subset(outcome, shared_data, monkeypatch):
    monkeypatch.syspath_prepend(str(shared_data.parent / "tools"))
    violations = import_module("strict_check").violations

    outside = [name for name, (target, _) in outcome.lowered.items() if violations(target.wire, "openai")]

    assert outside == []

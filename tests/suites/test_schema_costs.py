"""What the cost of a schema promises, held against what the library really evaluates."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from extractor.errors import ExtractionError
from extractor.schema.admission import admit
from extractor.schema.cost import cost_of
from extractor.schema.rules import Rules

SUITE = Path(__file__).parent / "json_schema_test_suite"
META_SCHEMAS = {
    "draft4": "http://json-schema.org/draft-04/schema#",
    "draft7": "http://json-schema.org/draft-07/schema#",
    "draft2019-09": "https://json-schema.org/draft/2019-09/schema",
    "draft2020-12": "https://json-schema.org/draft/2020-12/schema",
}


def values_in(instance):
    """Count values, and names, which `propertyNames` evaluates schemas at."""
    count, waiting = 0, [instance]
    while waiting:
        value = waiting.pop()
        count += 1
        if isinstance(value, dict):
            count += len(value)
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return count


@pytest.fixture
def evaluations(monkeypatch):
    """Count the schemas that the library evaluates to tell everything that is wrong."""
    count = [0]
    counting = set()

    def counted(method):
        def count_and_call(*arguments, **named):
            count[0] += 1
            return method(*arguments, **named)

        return count_and_call

    def evaluate(schema, instance):
        validator = Rules(schema)._authority
        cls = type(validator)
        if cls not in counting:
            counting.add(cls)
            for name in ("descend", "iter_errors"):  # no schema is evaluated through both
                monkeypatch.setattr(cls, name, counted(getattr(cls, name)))
        count[0] = 0
        list(validator.iter_errors(instance))
        return count[0]

    return evaluate


def suite_of(draft):
    for path in sorted((SUITE / draft).rglob("*.json")):
        for group in json.loads(path.read_text()):
            if isinstance(group["schema"], dict):
                schema = {"$schema": META_SCHEMAS[draft], **group["schema"]}
                yield schema, [test["data"] for test in group["tests"]]


def corpus(shared_data):
    for line in (shared_data / "schemas_dev.jsonl").read_text().splitlines()[::5]:
        row = json.loads(line)
        yield row["schema"], row["valid"] + row["invalid"]


def beyond(cases, evaluations):
    """Return the cases in which more was evaluated than promised, and how many promises were held."""
    found, held = [], 0
    for schema, instances in cases:
        try:
            cost = cost_of(admit(schema))
        except ExtractionError:
            continue
        if cost.kind == "guarded":
            continue
        for instance in instances:
            # A schema that only refers to another is not counted as an evaluation of its own.
            if evaluations(schema, instance) > values_in(instance) * (cost.per_node + 1):
                found.append((schema, instance))
            held += 1
    return found, held


@pytest.mark.parametrize("draft", META_SCHEMAS)
def test_no_more_is_evaluated_than_the_cost_of_a_schema_says(draft, evaluations):
    found, held = beyond(suite_of(draft), evaluations)

    assert found == []
    assert held > 500


def test_no_more_is_evaluated_under_real_schemas_than_their_cost_says(shared_data, evaluations):
    found, held = beyond(corpus(shared_data), evaluations)

    assert found == []
    assert held > 300


def told(errors):
    return [
        (tuple(error.absolute_path), tuple(error.absolute_schema_path), len(error.context or ())) for error in errors
    ]


@pytest.mark.parametrize("draft", ["draft7", "draft2020-12"])
def test_passing_over_what_is_valid_tells_the_same_errors(draft):
    compared = 0
    for schema, instances in suite_of(draft):
        try:
            rules = Rules(admit(schema).root)
        except ExtractionError:
            continue
        for instance in instances:
            if not rules.hold(instance):
                assert told(rules.failures(instance)) == told(rules.errors(instance))
                compared += 1

    assert compared > 200

"""The JSON-Schema-Test-Suite and real schemas, judged by the compiled predicates and by the library behind them.

What the suite asks for and we do not do is listed in GAPS, each with its reason. A gap that closes is as much of a
failure here as one that opens.
"""

from __future__ import annotations

import copy
import json
import random
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema.exceptions import SchemaError

from extractor.errors import CallerError
from extractor.schema.authority import BASES
from extractor.schema.metaschema import is_accepted
from extractor.schema.patterns import PatternRefused
from extractor.schema.rules import Rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DRAFTS = {
    "draft4": (4, "http://json-schema.org/draft-04/schema#"),
    "draft6": (6, "http://json-schema.org/draft-06/schema#"),
    "draft7": (7, "http://json-schema.org/draft-07/schema#"),
    "draft2019-09": (2019, "https://json-schema.org/draft/2019-09/schema"),
    "draft2020-12": (2020, "https://json-schema.org/draft/2020-12/schema"),
}


@dataclass(frozen=True)
class Gap:
    """Tests that are not passed, on purpose or because it is not worth it."""

    reason: str
    file: str
    #: Of these groups only, by how their description begins.
    groups: tuple[str, ...] = ("",)
    #: Of these tests only.
    tests: tuple[str, ...] = ()
    drafts: tuple[str, ...] = tuple(DRAFTS)

    def covers(self, test: Test) -> bool:
        return (
            test.draft in self.drafts
            and test.file == self.file
            and test.group.startswith(self.groups)
            and (not self.tests or test.name in self.tests)
        )


@dataclass(frozen=True)
class Test:
    """One test of the suite."""

    __test__ = False
    draft: str
    file: str
    group: str
    name: str


FETCHED = "refers to another document, and nothing is ever fetched"
UNKNOWN = "states a meta-schema of its own, and unknown dialects are refused"
ESCAPES = "an escape that RE2 does not know, so admission refuses the pattern"
GAPS = [
    Gap(FETCHED, "refRemote.json"),
    Gap(FETCHED, "optional/cross-draft.json", ("refs to ",)),
    Gap(
        FETCHED,
        "dynamicRef.json",
        (
            "strict-tree schema", "tests for implementation dynamic anchor", "$ref and $dynamicAnchor are independent",
            "$ref to $dynamicRef finds detached",
        ),
        drafts=("draft2020-12",),
    ),
    Gap(UNKNOWN, "vocabulary.json"),
    Gap(UNKNOWN, "optional/format-assertion.json"),
    Gap(
        "formats are checked in every draft: a format is stated to be kept",
        "format.json",
        tests=tuple(
            f"invalid {name} string is only an annotation by default"
            for name in ("email", "ipv4", "ipv6", "hostname", "date", "date-time", "time", "uri", "uuid", "duration")
        ),
        drafts=("draft2020-12",),
    ),
    Gap(
        "a time without zone passes: documents rarely print one",
        "optional/format/time.json",
        tests=("no time offset", "no time offset with second fraction"),
    ),
    Gap(
        "what a string encodes is not looked into",
        "optional/content.json",
        tests=("an invalid JSON document", "an invalid base64 string (% is not a valid character)",
               "a validly-encoded invalid JSON document", "an invalid base64 string that is valid JSON"),
        drafts=("draft7",),
    ),
    Gap(
        "`dependencies` is unknown since 2019-09, where the library ignores it as the standard allows",
        "optional/dependencies-compatibility.json",
        tests=(
            "missing dependency", "missing other dependency", "missing both dependencies", "wrong type",
            "wrong type other", "wrong type both", "object with property having schema false is invalid",
            "object with both properties is invalid", "CRLF missing dependent", "quoted quotes missing dependent",
            "quoted quote", "quoted tab invalid under dependent schema",
            "quoted quote invalid under dependent schema",
        ),
    ),
    Gap(ESCAPES, "optional/ecmascript-regex.json", ("ECMA 262 regex escapes control codes with \\c",)),
    Gap(ESCAPES, "optional/ecmascript-regex.json", ("patterns always use unicode semantics",)),
    Gap(ESCAPES, "optional/ecmascript-regex.json", ("pattern with non-ASCII", "patternProperties with non-ASCII")),
]  # fmt: skip


@cache
def cases_of(folder: Path, draft: str) -> list[tuple[Test, Any, Any, bool]]:
    """Return every test of a draft: its name, the schema, the value, and whether that is valid."""
    found = []
    for path in sorted((folder / draft).rglob("*.json")):
        for group in json.loads(path.read_text("utf-8")):
            for test in group["tests"]:
                name = path.relative_to(folder / draft).as_posix()
                known = Test(draft, name, group["description"], test["description"])
                found.append((known, stated(group["schema"], draft), test["data"], test["valid"]))
    return found


def stated(schema: Any, draft: str) -> dict[str, Any]:
    """Return the same schema as an object that says what draft it is of."""
    address = DRAFTS[draft][1]
    return {"$schema": address, **schema} if isinstance(schema, dict) else {"$schema": address, "allOf": [schema]}


def outcome(ask: Callable[..., bool], *arguments: Any) -> bool | str:
    try:
        return ask(*arguments)
    except (CallerError, PatternRefused):
        return "refused"
    except Exception as error:  # noqa: BLE001 - of the library, on references to nowhere
        return type(error).__name__


def holds(schema: Any, value: Any) -> bool:
    """Return what the compiled predicate says."""
    return Rules(schema).hold(value)


def library_holds(schema: Any, value: Any) -> bool:
    """Return what the library says."""
    return next(Rules(schema).errors(value), None) is None


@pytest.fixture(scope="session")
def folder(repository: Path) -> Path:
    return repository / "tests" / "suites" / "json_schema_test_suite"


@pytest.mark.parametrize("draft", DRAFTS)
def test_records_are_judged_as_the_suite_asks_but_for_the_listed_gaps(draft, folder):
    tests = cases_of(folder, draft)

    missed = {test for test, schema, value, valid in tests if outcome(holds, schema, value) is not valid}

    assert missed == {test for test, *_ in tests if any(gap.covers(test) for gap in GAPS)}


def test_every_listed_gap_is_one(folder):
    tests = [test for draft in DRAFTS for test, *_ in cases_of(folder, draft)]

    assert [gap for gap in GAPS if not any(gap.covers(test) for test in tests)] == []


@pytest.mark.parametrize("draft", DRAFTS)
def test_predicates_and_library_say_the_same_of_the_whole_suite(draft, folder):
    apart = [
        test
        for test, schema, value, _ in cases_of(folder, draft)
        if outcome(holds, schema, value) != outcome(library_holds, schema, value)
    ]

    assert apart == []


@pytest.mark.parametrize("draft", DRAFTS)
def test_schemas_of_the_suite_are_accepted_as_schemas_where_the_library_accepts_them(draft, folder):
    number = DRAFTS[draft][0]
    schemas = {
        json.dumps(case): case for _, schema, value, _ in cases_of(folder, draft)[::3] for case in (schema, value)
    }

    apart = [
        schema for schema in schemas.values() if is_accepted(number)(schema) is not library_accepts(number, schema)
    ]

    assert apart == []


def library_accepts(draft: int, schema: Any) -> bool:
    try:
        BASES[draft].check_schema(schema)
    except SchemaError:
        return False
    return True


@pytest.fixture(scope="session")
def rows(shared_data: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (shared_data / "schemas_dev.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize("step", [pytest.param(10, id="a tenth"), pytest.param(1, id="all", marks=pytest.mark.full)])
def test_predicates_and_library_say_the_same_of_real_records_right_and_wrong(step, rows):
    told = {True: 0, False: 0}
    for row in rows[::step]:
        dice = random.Random(row["id"])
        for value in [*row["valid"], *row["invalid"]]:
            for record in [value, *changed(value, dice)]:
                is_held = outcome(holds, row["schema"], record)
                assert is_held == outcome(library_holds, row["schema"], record), row["id"]
                told[is_held is True] += 1

    assert min(told.values()) > 0.2 * sum(told.values())


def changed(value: Any, dice: random.Random) -> Iterator[Any]:
    """Yield copies of a record with one place changed: another value, one member less, one more."""
    for odd in (None, True, 1.0, -1, "", "x", [], {}, [1, 1]):
        copied = copy.deepcopy(value)
        holders = [node for node in containers(copied) if node]
        if not holders:
            yield odd
            continue
        holder = dice.choice(holders)
        place = dice.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
        if odd == {} and isinstance(holder, dict):
            del holder[place]
        elif odd == [] and isinstance(holder, dict):
            holder["zz"] = odd
        else:
            holder[place] = odd
        yield copied


def containers(value: Any) -> Iterator[Any]:
    if isinstance(value, (dict, list)):
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from containers(inner)

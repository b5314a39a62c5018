"""The JSON-Schema-Test-Suite asked of lists: a record is valid in a list of records exactly when it is valid alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from extractor.errors import CallerError
from extractor.schema import many_of, target_from
from extractor.schema.admission import admit
from extractor.schema.rules import Rules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DRAFTS: Final = {
    "draft4": "http://json-schema.org/draft-04/schema#",
    "draft6": "http://json-schema.org/draft-06/schema#",
    "draft7": "http://json-schema.org/draft-07/schema#",
    "draft2019-09": "https://json-schema.org/draft/2019-09/schema",
    "draft2020-12": "https://json-schema.org/draft/2020-12/schema",
}


def groups_of(folder: Path) -> Iterator[tuple[str, dict[str, Any], list[Any]]]:
    """Yield name, schema and values of every group whose schema is an object."""
    for path in sorted(folder.rglob("*.json")):
        for group in json.loads(path.read_text("utf-8")):
            if isinstance(group["schema"], dict):
                name = f"{path.stem}: {group['description']}"
                yield name, group["schema"], [test["data"] for test in group["tests"]]


def verdicts(schema: dict[str, Any], values: list[Any]) -> list[bool]:
    rules = Rules(admit(schema).root)
    return [rules.hold(value) for value in values]


@pytest.mark.parametrize("draft", DRAFTS)
def test_a_record_is_valid_in_a_list_exactly_when_it_is_valid_alone(repository: Path, draft: str) -> None:
    apart, compared = [], 0

    for name, schema, values in groups_of(repository / "tests" / "suites" / "json_schema_test_suite" / draft):
        try:
            target = target_from({"$schema": DRAFTS[draft], **schema})
            alone = verdicts(target.schema, values)
        except CallerError:
            continue
        many = many_of(target)
        if many is not target:
            compared += len(values)
            in_lists = verdicts(many.schema, [[value] for value in values])
            apart += [name] if in_lists != alone else []

    assert apart == []
    assert compared > 400

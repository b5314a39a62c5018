"""`POST /v1/schemas/check`."""

from __future__ import annotations

import json

import pytest

from extractor.schema import contract_for, report, target_from

NOTE = {
    "title": "Note",
    "type": "object",
    "properties": {
        "city": {"type": "string", "minLength": 1},
        "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
    },
    "required": ["city"],
}


async def test_a_schema_that_can_be_used_is_answered_with_a_row_for_each_field(client) -> None:
    answer = await client.post("/v1/schemas/check", json={"schema": NOTE})

    found = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert (found["ok"], found["name"], found["validated_by"]) == (True, "Note", ["json_schema"])
    assert found["fields"][1] == {
        "at": "/city",
        "path": ["city"],
        "form": "",
        "type": "string",
        "is_required": True,
        "null": "not stated",
        "written_as": [],
        "on_wire": {"minLength": 1},
        "told": "",
        "by_class": [],
    }
    assert found["fields"][2]["told"] == "No item may occur twice."


async def test_a_hint_names_an_option_as_a_member_of_the_request_has_it(client) -> None:
    answer = await client.post("/v1/schemas/check", json={"schema": NOTE})

    [closed] = [hint for hint in answer.json()["hints"] if hint["name"] == "closed"]
    assert closed["suggests"] == {"option": "open_objects", "value": "keep", "does": "asks for them"}


async def test_the_rows_are_those_of_the_command_line(client) -> None:
    target = target_from(NOTE)
    expected = report(target, contract_for(target, absence="forbid", open_objects="keep")).as_json()

    body = {"schema": NOTE, "options": {"absence": "forbid", "open_objects": "keep"}}
    answer = await client.post("/v1/schemas/check", json=body)

    assert answer.json() == {"ok": True, **json.loads(json.dumps(expected))}


async def test_the_rows_are_those_of_the_list_where_many_records_are_asked_for(client) -> None:
    answer = await client.post("/v1/schemas/check", json={"schema": NOTE, "options": {"records": "many"}})

    assert {"/*/city", "/*/tags"} < {row["at"] for row in answer.json()["fields"]}


async def test_a_registered_schema_is_checked_with_its_class(client) -> None:
    answer = await client.post("/v1/schemas/check", json={"schema": "invoice"})

    assert answer.json()["validated_by"] == ["json_schema", "pydantic:Invoice"]


@pytest.mark.parametrize(
    ("body", "status", "code", "at"),
    [
        pytest.param(
            {"schema": {"type": "object", "properties": {"a": {"$ref": "http://x/"}}}},
            422,
            "unsupported_schema",
            "/properties/a",
            id="a reference to elsewhere",
        ),
        pytest.param(
            {"schema": {"type": "object", "properties": {"a": {"type": "text"}}}},
            422,
            "invalid_schema",
            "/properties/a/type",
            id="no JSON Schema",
        ),
        pytest.param({"schema": "nobody"}, 400, "unknown_schema", None, id="not registered"),
        pytest.param({"schema": 3}, 400, "invalid_request", None, id="a number"),
        pytest.param({}, 400, "invalid_request", None, id="no schema"),
        pytest.param({"schema": NOTE, "document": {}}, 400, "invalid_request", None, id="a document"),
        pytest.param({"schema": NOTE, "options": {"nulls": "no"}}, 400, "invalid_request", None, id="a wrong option"),
        pytest.param({"schema": NOTE, "options": []}, 400, "invalid_request", None, id="options that are none"),
    ],
)
async def test_what_cannot_be_used_is_a_problem_with_its_place(client, body, status, code, at) -> None:
    answer = await client.post("/v1/schemas/check", json=body)

    found = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, found["code"], found.get("at")) == (status, code, at)


async def test_it_needs_the_key(client) -> None:
    answer = await client.post("/v1/schemas/check", json={"schema": NOTE}, headers={"Authorization": "Bearer no"})

    assert answer.status_code == 401


async def test_a_body_beyond_the_limit_is_not_read(client) -> None:
    answer = await client.post("/v1/schemas/check", json={"schema": {"description": "a" * 1_100_000}})

    assert (answer.status_code, answer.json()["code"]) == (413, "file_too_large")

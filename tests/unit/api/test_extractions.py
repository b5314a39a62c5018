"""`POST /v1/extractions` and `GET /v1/extractions/{id}`."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from extractor.errors import (
    ExtractionError,
    QueueDraining,
    StoreFull,
    StoreUnavailable,
)
from extractor.records import OFFLINE_MODEL

if TYPE_CHECKING:
    import httpx

NOTE = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
BODY = {"document": {"text": "City: Graz"}, "schema": NOTE}


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Return status and code of a problem document, having checked that it is a whole one."""
    document = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "code", "retryable"} <= set(document)
    assert document["status"] == answer.status_code
    return answer.status_code, document["code"]


async def test_a_submission_is_stored_and_answered_with_its_id_and_its_address(client, store, rung) -> None:
    answer = await client.post("/v1/extractions", json=BODY)

    (submission,) = store.submissions
    assert answer.status_code == 202
    assert answer.json() == {"id": submission.id, "status": "queued"}
    assert answer.headers["location"] == f"/v1/extractions/{submission.id}"
    assert answer.headers["cache-control"] == "no-store"
    assert submission.source.content == "City: Graz"
    assert submission.options.model == OFFLINE_MODEL
    assert rung == [frozenset({"interactive"})]


async def test_bytes_a_registered_schema_and_options_arrive_as_they_were_sent(client, store) -> None:
    document = {"base64": base64.b64encode(b"Total: 3").decode(), "media_type": "text/plain", "name": "a.txt"}
    body = {"document": document, "schema": "invoice", "options": {"priority": "bulk", "max_attempts": 1}}

    answer = await client.post("/v1/extractions", json=body)

    (submission,) = store.submissions
    assert answer.status_code == 202
    assert (submission.source.content, submission.source.name) == (b"Total: 3", "a.txt")
    assert (submission.schema_name, submission.priority, submission.options.max_attempts) == ("invoice", "bulk", 1)


async def test_a_repeated_key_is_answered_with_the_same_id_and_says_so(client, store) -> None:
    first, again = [await client.post("/v1/extractions", json=BODY, headers={"Idempotency-Key": "a"}) for _ in "12"]

    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["id"] == again.json()["id"]
    assert "idempotent-replay" not in first.headers
    assert again.headers["idempotent-replay"] == "true"


async def test_another_body_under_the_same_key_is_a_conflict(client) -> None:
    other = BODY | {"document": {"text": "City: Linz"}}
    await client.post("/v1/extractions", json=BODY, headers={"Idempotency-Key": "a"})

    answer = await client.post("/v1/extractions", json=other, headers={"Idempotency-Key": "a"})

    assert problem(answer) == (409, "idempotency_conflict")


@pytest.mark.parametrize(
    ("schema", "at"),
    [
        ({"type": "object", "properties": {"a/b": {"type": "strng"}}}, "/properties/a~1b/type"),
        ({"type": "object", "properties": {"a": {"$ref": "#/$defs/gone"}}}, "/properties/a/$ref"),
        ({"type": "array", "items": {"$dynamicRef": "#a"}}, "/items"),
    ],
    ids=["type", "reference", "unsupported"],
)
async def test_the_place_in_the_schema_is_told(client, schema, at) -> None:
    answer = await client.post("/v1/extractions", json=BODY | {"schema": schema})

    assert answer.json()["at"] == at


async def test_the_form_of_an_idempotency_key_is_said_in_words(client) -> None:
    answer = await client.post("/v1/extractions", json=BODY, headers={"Idempotency-Key": "k 1"})

    assert "must be 1 to 255 printable ASCII characters without spaces." in answer.json()["detail"]


@pytest.mark.parametrize(
    "headers",
    [
        [("Idempotency-Key", "")],
        [("Idempotency-Key", "a b")],
        [("Idempotency-Key", "a\r\nX-Injected: 1")],
        [("Idempotency-Key", "caf\u00e9".encode())],
        [("Idempotency-Key", "k" * 256)],
        [("Idempotency-Key", "a"), ("Idempotency-Key", "b")],
    ],
    ids=["empty", "space", "line", "not ascii", "long", "twice"],
)
async def test_an_idempotency_key_that_cannot_be_one_is_refused(client, store, headers) -> None:
    answer = await client.post(
        "/v1/extractions",
        content=json.dumps(BODY),
        headers=[*client.headers.items(), ("Content-Type", "application/json"), *headers],
    )

    assert problem(answer) == (400, "invalid_request")
    assert "Injected" not in answer.text
    assert "x-injected" not in answer.headers
    assert store.submissions == []


@pytest.mark.parametrize(
    ("changes", "status", "code", "says"),
    [
        ({"documents": {}}, 400, "invalid_request", "'documents'"),
        ({"options": {"temprature": 1}}, 400, "invalid_request", "temperature"),
        ({"options": {"model": "somebody/else"}}, 400, "invalid_request", "model"),
        ({"options": [1]}, 400, "invalid_request", "options"),
        ({"document": {"path": "/etc/passwd"}}, 400, "invalid_request", "base64"),
        ({"document": {"base64": "%%%"}}, 400, "invalid_request", "base64"),
        ({"schema": "os:environ"}, 400, "unknown_schema", "invoice"),
        ({"schema": {"type": "nothing"}}, 422, "invalid_schema", "type"),
        ({"schema": NOTE | {"$dynamicRef": "#a"}}, 422, "unsupported_schema", "$dynamicRef"),
        ({"document": {"text": "x" * 30_001}}, 413, "file_too_large", "limit"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_what_cannot_be_used_is_refused_by_name(client, store, *, changes, status, code, says) -> None:
    answer = await client.post("/v1/extractions", json=BODY | changes)

    assert problem(answer) == (status, code)
    assert says in answer.json()["detail"]
    assert store.submissions == []


async def test_a_refused_keyword_is_pointed_at(client) -> None:
    schema = {"type": "object", "properties": {"a": {"$dynamicRef": "#b"}}}

    answer = await client.post("/v1/extractions", json=BODY | {"schema": schema})

    assert answer.json()["at"] == "/properties/a"


@pytest.mark.parametrize(
    "error",
    [StoreUnavailable("Redis does not answer."), StoreFull("Redis is nearly full."), QueueDraining("Submit later.")],
    ids=lambda error: error.code,
)
async def test_what_may_succeed_later_is_a_503_that_says_when(client, store, error: ExtractionError) -> None:
    store.error = error

    answer = await client.post("/v1/extractions", json=BODY)

    assert problem(answer) == (503, error.code)
    assert answer.json()["retryable"] is True
    assert int(answer.headers["retry-after"]) >= 1


@pytest.mark.parametrize("status", ["queued", "running", "deferred"])
async def test_an_open_extraction_is_a_result_without_a_record_and_a_hint_when_to_ask_again(
    client, store, status
) -> None:
    store.put("x_1", status=status)

    answer = await client.get("/v1/extractions/x_1")

    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["record"]) == (status, None)
    assert answer.headers["retry-after"] == "1"


@pytest.mark.parametrize(("due_in_s", "hint"), [(20, 20), (86_400, 60), (-5, 1)])
async def test_for_one_put_off_the_hint_is_when_it_is_tried_again(client, store, *, due_in_s, hint) -> None:
    store.put("x_1", status="deferred", due_at=time.time() + due_in_s)

    answer = await client.get("/v1/extractions/x_1")

    assert int(answer.headers["retry-after"]) == hint


async def test_an_ended_extraction_is_given_byte_for_byte_as_it_was_stored(client, store) -> None:
    stored = b'{"id":"x_1","status":"succeeded","record":{"total":123456789012345678901234567890}}'
    store.put("x_1", status="succeeded", ended_at=1.0, result=stored)

    answer = await client.get("/v1/extractions/x_1?wait=60")

    assert answer.content == stored
    assert answer.headers["content-type"] == "application/json"
    assert "retry-after" not in answer.headers


@pytest.mark.parametrize("id", ["x_2", "a%0d%0ab", "%2e%2e", "x" * 129, "caf%C3%A9", "a%20b"])
async def test_an_id_that_is_not_known_is_not_found(client, id: str) -> None:  # noqa: A002
    assert problem(await client.get(f"/v1/extractions/{id}")) == (404, "unknown_extraction")


@pytest.mark.parametrize("query", ["wait=-1", "wait=61", "wait=nan", "wait=soon", "wiat=3"])
async def test_a_wait_that_cannot_be_is_refused_by_name(client, store, query: str) -> None:
    store.put("x_1")

    answer = await client.get(f"/v1/extractions/x_1?{query}")

    assert problem(answer) == (400, "invalid_request")
    assert query.partition("=")[0] in answer.json()["detail"]


async def test_a_server_that_stops_answers_who_waits_with_how_it_stands(client, store, service) -> None:
    store.put("x_1", status="running")
    service.leaving.set()

    answer = await client.get("/v1/extractions/x_1?wait=60")

    assert answer.json()["status"] == "running"


async def test_a_defect_is_told_without_a_word_of_its_own(client, store, capsys) -> None:
    store.error = RuntimeError("City: Graz")

    answer = await client.post("/v1/extractions", json=BODY)

    said: dict[str, Any] = answer.json()
    assert problem(answer) == (500, "unexpected_error")
    assert "Graz" not in json.dumps(said)
    assert "RuntimeError" not in json.dumps(said)
    assert "RuntimeError" in (logged := capsys.readouterr().err)
    assert "Graz" not in logged

"""The OpenAPI document says what the routes do."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from pydantic import ValidationError

from extractor.api.models import Extraction, ExtractionRequest
from extractor.records import Conflict, Enforcement, Evidence, Options, Result, Stated


@pytest.fixture
async def document(client) -> dict[str, Any]:
    described: dict[str, Any] = (await client.get("/openapi.json")).json()
    return described


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        return {value["$ref"]} if "$ref" in value else set().union(*map(references, value.values()))
    return set().union(*map(references, value)) if isinstance(value, list) else set()


async def test_every_name_that_it_refers_to_is_in_it(document) -> None:
    names = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}

    assert references(document) <= names
    assert {"ExtractionRequest", "Accepted", "Extraction", "Problem", "Options"} <= set(
        document["components"]["schemas"]
    )


async def test_what_needs_the_key_says_so(document) -> None:
    secured = {
        f"{method} {path}": "security" in operation
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }

    assert document["components"]["securitySchemes"]["server_key"]["scheme"] == "bearer"
    assert secured == {
        "post /v1/extractions": True,
        "get /v1/extractions/{id}": True,
        "post /v1/extractions/{id}/retry": True,
        "post /v1/schemas/check": True,
        "get /healthz": False,
        "get /readyz": False,
    }


async def test_the_answers_are_those_that_are_given(document) -> None:
    submit = document["paths"]["/v1/extractions"]["post"]

    assert set(submit["responses"]) == {"202", "default"}
    assert list(submit["responses"]["default"]["content"]) == ["application/problem+json"]
    assert submit["requestBody"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/ExtractionRequest"
    }
    assert {each["name"] for each in submit["parameters"]} == {"Idempotency-Key"}


async def test_the_members_of_a_request_and_its_options_are_those_that_are_taken(document) -> None:
    schemas = document["components"]["schemas"]

    assert set(schemas["ExtractionRequest"]["properties"]) == {"document", "schema", "options"}
    assert schemas["ExtractionRequest"]["required"] == ["document", "schema"]
    assert set(schemas["Options"]["properties"]) == {field.name for field in fields(Options)}


def test_the_members_of_an_answer_are_those_of_a_result() -> None:
    enforcement = Enforcement(asked="auto")
    result = Result(id="x_1", source=None, status="queued", record=None, enforcement=enforcement, engine="")

    described = Extraction.model_validate(result.as_json())

    assert set(result.members()) == set(Extraction.model_fields)
    assert described.status == "queued"


def test_what_parts_of_a_document_disagree_on_is_described_whole() -> None:
    evidence = Evidence(quote="1", start=0, end=1, page=None, match="exact", score=1.0)
    conflict = Conflict(at="/a", chosen=1, stated=(Stated(value=1, evidence=evidence), Stated(value=[2])))
    result = Result(
        id="x_1",
        source=None,
        status="partial",
        record={"a": 1},
        states={"/b": "unread"},
        conflicts=(conflict,),
        enforcement=Enforcement(asked="auto"),
        engine="",
    )

    described = Extraction.model_validate(result.as_json())

    assert described.conflicts == [conflict]
    assert described.states == {"/b": "unread"}
    with pytest.raises(ValidationError, match="states"):
        Extraction.model_validate(result.as_json() | {"states": {"/b": "lost"}})


@pytest.mark.parametrize("document", [{"text": "a", "base64": "YQ=="}, {"path": "/etc/passwd"}, {}], ids=str)
def test_a_document_is_described_as_text_or_as_bytes(document: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        ExtractionRequest.model_validate({"document": document, "schema": {}})

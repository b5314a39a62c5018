"""The body of a submission, before anything is made of it."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from extractor.api import bodies

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "not JSON"),
        (b"[]", "object"),
        (b"{}", "'document'"),
        (b'{"document": {}, "document": {"text": ""}, "schema": {}}', "twice"),
        (b'{"document": {}, "schema": {"maximum": NaN}}', "NaN"),
        (b'{"document": {}, "schema": {"maximum": 1e999}}', "too large"),
        (b'{"document": {}, "schema": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "deep"),
        (b'{"document": {}, "schema": {}} {}', "not JSON"),
        (b'{"document": "\xff"}', "UTF-8"),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_a_body_that_two_parsers_would_read_differently_is_refused(client, body: bytes, says: str) -> None:
    answer = await client.post("/v1/extractions", content=body, headers=JSON)

    assert answer.status_code == 400
    assert says in answer.json()["detail"]


@pytest.mark.parametrize(
    "headers",
    [{}, {"Content-Type": "text/plain"}, {"Content-Type": "multipart/form-data"}, JSON | {"Content-Encoding": "gzip"}],
    ids=str,
)
async def test_a_body_of_another_kind_is_refused(client, headers: dict[str, str]) -> None:
    answer = await client.post("/v1/extractions", content=b"{}", headers=headers)

    assert answer.status_code == 415


async def test_a_charset_does_no_harm(client) -> None:
    answer = await client.post(
        "/v1/extractions", content=b"{}", headers={"Content-Type": "Application/JSON; charset=utf-8"}
    )

    assert answer.status_code == 400


async def test_a_body_is_counted_as_it_arrives_whatever_it_says_of_its_length(client, service) -> None:
    limit = bodies.limit_for(service.door.limits.max_bytes)

    async def long() -> AsyncIterator[bytes]:
        for _ in range(2 * limit // 65_536):
            yield b" " * 65_536

    answer = await client.post("/v1/extractions", content=long(), headers=JSON)

    assert (answer.status_code, answer.json()["code"]) == (413, "file_too_large")
    assert answer.headers["connection"] == "close"


async def test_a_stated_length_above_the_limit_is_refused_without_a_look_at_the_body(client, service) -> None:
    limit = bodies.limit_for(service.door.limits.max_bytes)

    answer = await client.post("/v1/extractions", content=b"{", headers=JSON | {"Content-Length": str(limit + 1)})

    assert answer.status_code == 413
    assert answer.headers["connection"] == "close"


def test_the_limit_lets_the_largest_document_through() -> None:
    largest = 50 * 1024 * 1024

    assert bodies.limit_for(largest) > len(json.dumps({"document": {"base64": "A" * ((largest + 2) // 3 * 4)}}))


async def test_a_body_that_stops_arriving_is_given_up(client, monkeypatch) -> None:
    monkeypatch.setattr(bodies, "SILENCE_S", 0.05)

    async def silent() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(60)

    answer = await client.post("/v1/extractions", content=silent(), headers=JSON)

    assert answer.status_code == 408

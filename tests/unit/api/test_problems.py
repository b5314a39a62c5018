"""Failures as problem documents."""

from __future__ import annotations

import pytest

from extractor.api.problems import STATUSES
from extractor.errors import CallerError, InvalidSettings, NoModel, StoreUnavailable, UnsuitableStore


def below(root: type[CallerError]) -> list[type[CallerError]]:
    return [each for child in root.__subclasses__() for each in (child, *below(child))]


def test_every_error_of_a_caller_is_a_4xx() -> None:
    of_the_operator = {InvalidSettings, NoModel, UnsuitableStore}
    not_over_http = {"ambiguous_source"}
    codes = {error.code for error in below(CallerError) if error not in of_the_operator} - not_over_http

    assert {code for code in codes if not 400 <= STATUSES.get(code, 500) < 500} == set()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/docs", 404),
        ("GET", "/v2/extractions", 404),
        ("POST", "/v1/extractions/", 404),
        ("PUT", "/v1/extractions", 405),
        ("DELETE", "/healthz", 405),
    ],
)
async def test_an_address_or_method_that_is_not_ours_is_a_problem_too(client, *, method, path, status) -> None:
    answer = await client.request(method, path)

    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["status"], answer.json()["code"]) == (status, status, "invalid_request")
    assert ("allow" in answer.headers) == (status == 405)


async def test_it_is_alive_but_not_ready_while_the_store_does_not_answer(client, store) -> None:
    store.error = StoreUnavailable("Redis does not answer.")

    assert (await client.get("/healthz")).status_code == 200
    assert (await client.get("/readyz")).status_code == 503

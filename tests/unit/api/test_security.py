"""Which key a server may have, and which requests pass."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from extractor.api import server_key
from extractor.errors import InvalidSettings
from extractor.settings import Settings

A_KEY = "0123456789abcdef0123"


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, "not set"),
        ({"server_key": "sk-or-v1-0123456789abcdef"}, "key for a model"),
        ({"server_key": A_KEY, "api_key": A_KEY}, "key for a model"),
        ({"server_key": A_KEY, "OPENROUTER_API_KEY": A_KEY}, "key for a model"),
        ({"server_key": "0123456789 abcdef"}, "ASCII"),
        ({"server_key": "0123456789\u00e4bcdef"}, "ASCII"),
    ],
    ids=["none", "of OpenRouter", "EXTRACTOR_API_KEY", "OPENROUTER_API_KEY", "space", "not ascii"],
)
def test_a_server_without_a_key_of_its_own_does_not_start(settings: dict[str, str], says: str) -> None:
    with pytest.raises(InvalidSettings, match=says) as raised:
        server_key(Settings(**settings))

    assert "openssl rand" in raised.value.message
    assert not any(value in raised.value.message for value in settings.values())


def test_a_key_of_its_own_is_taken() -> None:
    assert server_key(Settings(server_key=SecretStr(A_KEY))) == SecretStr(A_KEY)


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer another-key", "Basic YTpi", "Bearer a-server-key-of-the-test", "Bearer caf\u00e9"],
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/extractions"), ("GET", "/v1/extractions/x_1")])
async def test_without_the_key_nothing_is_told(client, *, method, path, authorization) -> None:
    answer = await client.request(
        method,
        path,
        content=b"{" if method == "POST" else None,
        headers={"Authorization": authorization.encode("latin-1")},
    )

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/openapi.json"])
async def test_health_and_the_description_need_no_key(client, path: str) -> None:
    answer = await client.get(path, headers={"Authorization": ""})

    assert answer.status_code == 200

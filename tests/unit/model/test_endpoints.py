"""An address and the key that belongs to it."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from extractor.errors import InvalidSettings
from extractor.model.endpoints import Endpoint

KEY = "sk-or-v1-very-secret"


def test_the_key_is_in_no_repr():
    endpoint = Endpoint("https://openrouter.ai/api/v1", key=SecretStr(KEY))

    assert KEY not in repr(endpoint)
    assert KEY not in str(endpoint)


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("openrouter.ai/api/v1", id="no scheme"),
        pytest.param("ftp://openrouter.ai", id="other scheme"),
        pytest.param("https:///api/v1", id="no host"),
        pytest.param("https://openrouter.ai:port/api/v1", id="no port"),
        pytest.param("https://openrouter.ai/api v1", id="space"),
        pytest.param("https://[::1/v1", id="half a bracket"),
        pytest.param("https://user:secret@openrouter.ai", id="password in the address"),
    ],
)
def test_an_address_that_cannot_be_asked_is_refused_at_once(address: str):
    with pytest.raises(InvalidSettings) as caught:
        Endpoint(address)

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("key", ["sk-1\n", "sk 1", "sk-ü", ""])
def test_a_key_that_cannot_be_a_header_is_refused_without_quoting_it(key: str):
    with pytest.raises(InvalidSettings) as caught:
        Endpoint("https://openrouter.ai", key=SecretStr(key))

    assert not key or key not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "is_openrouter"),
    [
        ("https://openrouter.ai/api/v1", True),
        ("https://OpenRouter.ai/api/v1/", True),
        ("https://openrouter.ai.example.com/api/v1", False),
        ("http://localhost:8000/v1", False),
    ],
)
def test_openrouter_is_known_by_its_host(address: str, is_openrouter: bool):
    assert Endpoint(address).is_openrouter is is_openrouter


def test_a_slash_at_the_end_of_the_address_makes_no_difference():
    assert Endpoint("http://localhost/v1/").chat_url == Endpoint("http://localhost/v1").chat_url


def test_attribution_is_sent_only_when_it_is_set():
    silent = Endpoint("https://openrouter.ai/api/v1").headers()
    named = Endpoint("https://openrouter.ai/api/v1", app_url="https://a.example", app_title="Desk").headers()

    assert not {"HTTP-Referer", "X-OpenRouter-Title", "Authorization"} & set(silent)
    assert (named["HTTP-Referer"], named["X-OpenRouter-Title"]) == ("https://a.example", "Desk")


@pytest.mark.parametrize("title", ["Büro", "a\r\nX-Injected: 1", " "])
def test_a_title_that_cannot_be_a_header_is_refused(title: str):
    with pytest.raises(InvalidSettings):
        Endpoint("https://openrouter.ai/api/v1", app_title=title)

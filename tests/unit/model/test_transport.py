"""Slots, TLS and proxies, without a server."""

from __future__ import annotations

import socket
import ssl

import pytest

from extractor.errors import ConnectionFailed, InvalidSettings
from extractor.model import transport
from extractor.model.endpoints import Endpoint
from extractor.model.transport import Transport

OPENROUTER = Endpoint("https://openrouter.ai/api/v1")


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_the_certificates_are_loaded_once_and_only_for_https():
    transport._tls.cache_clear()

    plain = transport._tls(is_secure=False)
    secure = transport._tls(is_secure=True)

    assert plain.cert_store_stats()["x509_ca"] == 0
    assert secure.cert_store_stats()["x509_ca"] > 0
    assert secure.verify_mode is ssl.CERT_REQUIRED
    assert transport._tls(is_secure=True) is secure


@pytest.mark.parametrize(
    ("environment", "base_url", "proxy"),
    [
        pytest.param({}, "https://openrouter.ai/api/v1", None, id="none"),
        pytest.param({"https_proxy": "http://p:1"}, "https://openrouter.ai/api/v1", "http://p:1", id="https"),
        pytest.param({"http_proxy": "http://p:1"}, "https://openrouter.ai/api/v1", None, id="of the other scheme"),
        pytest.param({"all_proxy": "http://p:1"}, "https://openrouter.ai/api/v1", "http://p:1", id="all"),
        pytest.param(
            {"https_proxy": "http://p:1", "no_proxy": "openrouter.ai"}, "https://openrouter.ai", None, id="excepted"
        ),
        pytest.param({"http_proxy": "http://p:1"}, "http://127.0.0.1:8000/v1", None, id="loopback address"),
        pytest.param({"http_proxy": "http://p:1"}, "http://localhost:8000/v1", None, id="localhost"),
    ],
)
def test_a_proxy_is_taken_from_the_environment_but_never_for_this_machine(
    monkeypatch: pytest.MonkeyPatch, *, environment: dict[str, str], base_url: str, proxy: str | None
):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert transport._proxy_for(Endpoint(base_url)) == proxy


def test_a_proxy_that_cannot_be_used_is_refused_rather_than_gone_round(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("all_proxy", "socks5://p:1")

    with pytest.raises(InvalidSettings):
        Transport(OPENROUTER)


@pytest.mark.anyio
async def test_a_connection_that_cannot_be_secured_is_a_connection_failed_that_may_not_be_billed():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    sender = Transport(Endpoint(f"https://127.0.0.1:{port}/v1"))

    with pytest.raises(ConnectionFailed) as caught:
        async with sender.post(b"{}", idle_s=1):
            pass

    assert not caught.value.maybe_billed
    assert "127.0.0.1" in str(caught.value)
    assert sender._slots == []

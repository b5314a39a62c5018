"""Where requests go, and the key that may go there."""

from __future__ import annotations

import re
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from extractor.errors import InvalidSettings
from extractor.records import OPENROUTER_HOST

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import SecretStr

#: What a header takes: visible ASCII, and spaces inside a title. The HTTP library would quote a wrong one in its error.
USABLE_KEY = re.compile(r"[!-~]+")
USABLE_TITLE = re.compile(r"[!-~]([ -~]*[!-~])?")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An OpenAI-compatible endpoint. The key belongs to this address and is sent to no other.

    Raises:
        InvalidSettings: the address is not http(s) with a host, carries a password, or the key cannot be a header.
    """

    #: Address in front of `/chat/completions`, with its path: `https://openrouter.ai/api/v1`.
    base_url: str
    _: KW_ONLY
    #: Bearer key; None where the endpoint asks for none.
    key: SecretStr | None = None
    #: Address of the application, shown on OpenRouter's public pages. None = not sent.
    app_url: str | None = None
    #: Name of the application, shown on OpenRouter's public pages. None = not sent.
    app_title: str | None = None
    #: Seconds to make a connection.
    connect_s: float = 15.0
    #: Seconds without a byte, after which a stream is given up. Comments count as bytes.
    idle_s: float = 120.0
    #: Seconds without a piece of answer or reasoning, after which a stream is given up. Comments do not count.
    content_idle_s: float = 240.0
    #: Seconds from the first byte sent to the last byte read of one request.
    timeout_s: float = 600.0
    #: Certificates that are trusted beside the usual ones, PEM. None = the usual ones.
    ca_file: Path | None = None
    #: Whether it speaks OpenRouter's own parameters and side endpoints. None = where the host is openrouter.ai.
    speaks_openrouter: bool | None = None

    def __post_init__(self) -> None:
        if not _is_usable_address(self.base_url):
            raise InvalidSettings(
                "The base URL of the model must start with http:// or https://, name a host, and hold no password."
            )
        if self.key is not None and not USABLE_KEY.fullmatch(self.key.get_secret_value()):
            raise InvalidSettings(
                "The API key has a character that no key has: a space, a line break, a non-ASCII one."
            )
        if any(value and not USABLE_TITLE.fullmatch(value) for value in (self.app_url, self.app_title)):
            raise InvalidSettings("The application's address and title must be plain ASCII to be sent.")

    @property
    def host(self) -> str:
        """Host that requests go to, lower case."""
        return urlsplit(self.base_url).hostname or ""

    @property
    def is_secure(self) -> bool:
        """Whether the connection is encrypted."""
        return self.base_url.lower().startswith("https:")

    @property
    def is_openrouter(self) -> bool:
        """Whether OpenRouter's own parameters are understood here."""
        return self.host == OPENROUTER_HOST if self.speaks_openrouter is None else self.speaks_openrouter

    @property
    def chat_url(self) -> str:
        """Address of chat completions."""
        return self.base_url.rstrip("/") + "/chat/completions"

    def generation_url(self, generation_id: str) -> str:
        """Address of what OpenRouter knows of one generation."""
        return f"{self.base_url.rstrip('/')}/generation?id={quote(generation_id, safe='')}"

    @property
    def models_url(self) -> str:
        """Address of the list of models."""
        return self.base_url.rstrip("/") + "/models"

    def endpoints_url(self, model: str) -> str:
        """Address of the list of endpoints that serve `model`; a variant's colon is part of its name."""
        return f"{self.models_url}/{'/'.join(quote(part, safe='') for part in model.split('/'))}/endpoints"

    def headers(self) -> dict[str, str]:
        """Return the request headers, the key among them. Never log or keep what this returns."""
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            "Accept-Encoding": "identity",
            "User-Agent": "extractor",
        }
        if self.key is not None:
            headers["Authorization"] = f"Bearer {self.key.get_secret_value()}"
        if self.app_url:
            headers["HTTP-Referer"] = self.app_url
        if self.app_title:
            headers["X-OpenRouter-Title"] = self.app_title
        return headers


def _is_usable_address(base_url: str) -> bool:
    try:
        address = urlsplit(base_url)
        has_port_in_range = address.port is None or address.port > 0
    except ValueError:
        return False
    return (
        USABLE_KEY.fullmatch(base_url) is not None
        and address.scheme in {"http", "https"}
        and bool(address.hostname)
        and has_port_in_range
        and address.username is None
    )

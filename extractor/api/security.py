"""The bearer key: which one a server may have, and whether a request carries it."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import HTTPConnection  # noqa: TC002 - FastAPI reads the annotations

from extractor.errors import InvalidSettings, Unauthorized

if TYPE_CHECKING:
    from pydantic import SecretStr

    from extractor.settings import Settings

#: How the keys of OpenRouter begin.
MODEL_KEY_PREFIX = "sk-or-"
MAKE_ONE = "Make one with `openssl rand -hex 32`."


class ServerKey(HTTPBearer):
    """The dependency that lets a request through when it carries the key. It runs before the body is read."""

    def __init__(self, key: SecretStr) -> None:
        super().__init__(scheme_name="server_key", description="EXTRACTOR_SERVER_KEY of the server.", auto_error=False)
        self._digest = _digest(key.get_secret_value())

    async def __call__(self, request: HTTPConnection) -> HTTPAuthorizationCredentials | None:
        """Compare in a time that tells nothing of the key, not its length either.

        Raises:
            Unauthorized: there is no key, or another one.
        """
        given = await super().__call__(request)
        if given is None:
            raise Unauthorized("The request carries no key. Send `Authorization: Bearer` and EXTRACTOR_SERVER_KEY.")
        if not hmac.compare_digest(_digest(given.credentials), self._digest):
            raise Unauthorized("The key is not the one in EXTRACTOR_SERVER_KEY of this server.")
        return given


def server_key(settings: Settings) -> SecretStr:
    """Return the key that requests must carry.

    Raises:
        InvalidSettings: there is none, it cannot be a header, or it is a key for a model: whoever may use this server
            must not learn what pays for it.
    """
    if settings.server_key is None:
        raise InvalidSettings(f"EXTRACTOR_SERVER_KEY is not set, and nobody may use the server without one. {MAKE_ONE}")
    key = settings.server_key.get_secret_value()
    if not (key.isascii() and key.isprintable() and " " not in key):
        raise InvalidSettings(f"EXTRACTOR_SERVER_KEY must be printable ASCII without spaces. {MAKE_ONE}")
    of_models = {each.get_secret_value() for each in (settings.openrouter_api_key, settings.api_key) if each}
    if key in of_models or key.startswith(MODEL_KEY_PREFIX):
        raise InvalidSettings(f"EXTRACTOR_SERVER_KEY is a key for a model, which no caller may be given. {MAKE_ONE}")
    return settings.server_key


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()

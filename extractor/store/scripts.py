"""The Lua scripts: one file each in `lua/`, every transition one script, so that none is ever half done."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, TypeAlias

from redis.exceptions import NoScriptError

if TYPE_CHECKING:
    from redis.asyncio import Redis

#: What a script is given. Redis takes everything as bytes.
Argument: TypeAlias = str | bytes | int | float


@dataclass(frozen=True, slots=True)
class Script:
    """One script as it is sent."""

    #: Flags line, prelude, body.
    text: str
    #: Its SHA-1, by which Redis remembers it.
    sha: str


@cache
def script(name: str) -> Script:
    """Return a script of `lua/` with the prelude set in after its flags."""
    flags, _, body = _read(name).partition("\n")
    text = f"{flags}\n{_read('prelude')}\n{body}"
    return Script(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


async def run(client: Redis, name: str, *arguments: Argument) -> Any:
    """Run a script by its hash, and send it once where the server does not have it, after a restart say."""
    wanted = script(name)
    try:
        return await client.evalsha(wanted.sha, 0, *arguments)
    except NoScriptError:
        return await client.eval(wanted.text, 0, *arguments)


def _read(name: str) -> str:
    return files(__package__).joinpath("lua", f"{name}.lua").read_text("utf-8")

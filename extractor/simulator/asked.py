"""A request as it arrived."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import orjson


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as it arrived."""

    #: `GET`, `POST`.
    method: str
    #: Path of the address, without what follows a question mark.
    path: str
    #: What follows it.
    query: str = ""
    #: Header fields, names in lower case.
    headers: dict[str, str] = field(repr=False)
    #: Body.
    raw: bytes = field(repr=False)
    #: Number of the connection it came on, 1 for the first.
    connection: int

    @property
    def body(self) -> Any:
        """Body, parsed; None where there is none."""
        return orjson.loads(self.raw) if self.raw else None

    def parameter(self, name: str) -> str:
        """Return a parameter of the query, "" where it is not stated."""
        return next(iter(parse_qs(self.query).get(name, ())), "")

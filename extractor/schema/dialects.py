"""What a provider's strict subset takes, as data. Lowering reads these values and never asks for a provider's name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from extractor.errors import InvalidRequest
from extractor.schema.keywords import ARRAY_BOUNDS, NUMBER, STRING


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One strict subset of JSON Schema."""

    #: Name at every door.
    name: str
    #: Constraint keywords that may stand on the wire.
    constraints: frozenset[str]
    #: Values of `format` that may stand on the wire.
    formats: frozenset[str]
    #: Whether a definition may contain itself. Where not, free-form JSON travels as text.
    recursion: bool
    #: Objects inside one another, counted from the root and from each definition.
    depth: int
    #: Properties of all objects together.
    properties: int
    #: Characters of all names, of members and definitions, and of all enum values together.
    characters: int
    #: Enum values of the whole schema together.
    enum_values: int
    #: An enum of more values than the first figure may hold at most the second in characters.
    large_enum: tuple[int, int]


#: Source: OpenAI and Azure, Structured outputs, "Supported schemas", February 2026.
DIALECTS: Final = {
    "openai": Dialect(
        name="openai",
        constraints=frozenset((*STRING, *NUMBER, *ARRAY_BOUNDS)),
        formats=frozenset(
            ("date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"),
        ),
        recursion=True,
        depth=10,
        properties=5_000,
        characters=120_000,
        enum_values=1_000,
        large_enum=(250, 15_000),
    ),
    "portable": Dialect(
        name="portable",
        constraints=frozenset(),
        formats=frozenset(),
        recursion=False,
        depth=5,
        properties=100,
        characters=15_000,
        enum_values=500,
        large_enum=(250, 7_500),
    ),
}


def dialect_named(name: str) -> Dialect:
    """Return the dialect called `name`.

    Raises:
        InvalidRequest: there is none.
    """
    if name not in DIALECTS:
        raise InvalidRequest(f"There is no dialect {name!r}. Known: {', '.join(DIALECTS)}.")
    return DIALECTS[name]

"""Every documented way in which models and gateways break a reply, as data: what they send, and what must come of it.

The entries are in `catalogue.json`, one after the other. The simulator plays their replies, one test walks them all,
and `docs/reference/failures.md` is written from them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import orjson
from pydantic import BeforeValidator, TypeAdapter, ValidationError

from extractor.records import JsonObject  # noqa: TC001 - pydantic reads the annotations

CATALOGUE = Path(__file__).with_name("catalogue.json")
#: Clusters and what their entries have in common, in order.
CLUSTERS: dict[str, str] = {
    "A": "Text around or inside the JSON",
    "B": "Thinking that leaks or gets lost",
    "C": "Valid JSON of the wrong shape",
    "D": "Length and loops",
    "E": "Answers carried by a tool call",
    "F": "The way of asking is refused or ignored",
    "G": "Policy and filters",
    "H": "Transport, gateway and money",
}

#: What is extracted in every entry.
INVOICE_SCHEMA: JsonObject = {
    "title": "Invoice",
    "type": "object",
    "properties": {
        "number": {"type": "string"},
        "total": {"type": "number"},
        "currency": {"type": "string", "enum": ["EUR", "USD"]},
        "lines": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"sku": {"type": "string"}, "qty": {"type": "integer"}},
                "required": ["sku", "qty"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["number", "total", "currency", "lines"],
    "additionalProperties": False,
}
#: A document that states it in plain words.
INVOICE_TEXT = """\
Northwind Parts, Harbour Road 4
Invoice A-17

Article x1, quantity 2
Article x2, quantity 1

Total due: 41.50 EUR
"""
#: The right answer.
INVOICE_RECORD: JsonObject = {
    "number": "A-17",
    "total": 41.5,
    "currency": "EUR",
    "lines": [{"sku": "x1", "qty": 2}, {"sku": "x2", "qty": 1}],
}


class BadCatalogue(ValueError):
    """The file of the catalogue is not what this module reads. Says which entry, and what about it."""


def _joined(text: Any) -> Any:
    """Return the text that a list of pieces stands for: strings, and `{"repeat": …, "times": …}` for long ones."""
    if not isinstance(text, list):
        return text
    return "".join(piece if isinstance(piece, str) else piece["repeat"] * piece["times"] for piece in text)


def _by_profile(expected: Any) -> Any:
    """Return what is expected by profile; in the file, profiles that expect the same share one key: `"a, b"`."""
    if not isinstance(expected, dict):
        return expected
    return {name: each for names, each in expected.items() for name in names.split(", ")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Streaming:
    """How a streamed reply is cut up."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    #: Comment lines in front.
    comments: int = 1
    #: Characters of content per delta.
    characters: int = 7
    #: Where it ends before its time: `in_content` and `after_content` = the body ends, without a reason to stop;
    #: `connection` = the connection is reset inside the content; "" = nowhere.
    cut: Literal["", "in_content", "after_content", "connection"] = ""
    #: Whether `[DONE]` is sent.
    done: bool = True
    #: Whether the socket stays open after the last byte.
    hold: bool = False
    #: Shape of the chunk with the usage, "" = none is sent.
    usage: Literal["empty_delta", "no_choices", ""] = "empty_delta"
    #: Events sent as they are after the content, in place of the reason to stop and the usage.
    events: tuple[JsonObject, ...] = ()
    #: Milliseconds between two events.
    between_ms: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One reply to one request. In `content` and in arguments `{{G}}` is the right answer as compact JSON, and
    `{{G:75}}` are its first 75 characters.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    #: HTTP status.
    status: int = 200
    #: Header fields beside the usual.
    headers: dict[str, str] = field(default_factory=dict)
    #: Value of `Content-Type`; a stream has its own.
    content_type: str = "application/json"
    #: The body as it is, in place of a completion.
    body: Annotated[str | None, BeforeValidator(_joined)] = None
    #: `message.content`.
    content: Annotated[str | None, BeforeValidator(_joined)] = "{{G}}"
    #: `message.reasoning`, None = the profile's own where it thinks.
    reasoning: Annotated[str | None, BeforeValidator(_joined)] = None
    #: Why the model stopped.
    finish: str | None = "stop"
    #: The same in the provider's word.
    native_finish: str | None = None
    #: More members of the message: `refusal`, `tool_calls`.
    message: JsonObject = field(default_factory=dict)
    #: More members of the body, or others in their place. Of a status from 300 on they are the whole body.
    top: JsonObject = field(default_factory=dict)
    #: `counted` = what the ledger counts from the bytes.
    usage: Literal["counted", "absent"] | JsonObject = "counted"
    #: Milliseconds before the headers.
    delay_ms: float = 0.0
    #: How it is cut up where it is streamed.
    streaming: Streaming = field(default_factory=Streaming)
    #: None = as the request asks.
    is_streamed: bool | None = None
    #: Whether the provider charges for it.
    billed: bool = True
    #: A mistake of `mistakes.MISTAKES`: the reply is played to a request that makes it, and passed over for any other.
    when: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What must come of an entry."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    #: `succeeded`, or the code of the error.
    outcome: str
    #: Requests for a completion that the provider sees.
    calls: int
    #: Of these, the ones it charges for.
    billed: int
    #: Answers that were judged, right or wrong; 0 where none came.
    attempts: int = 1
    #: Names of the repairs of the accepted answer, in order.
    repairs: tuple[str, ...] = ()
    #: Rung that gave the record, "" = not checked.
    rung: str = ""
    #: JSON Pointers of values of the accepted answer that are in neither document nor reasoning.
    unsupported: tuple[str, ...] = ()
    #: The record where it is not the right answer: what cannot be seen, and what is mended as far as it can be.
    record: JsonObject | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One way in which replies break."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    #: Letter of the cluster and a number.
    id: str
    #: A few words.
    title: str
    #: Letter of the cluster.
    cluster: str
    #: What happens.
    what: str
    #: What we do, and why.
    handling: str
    #: Where it was seen: `owner/repository#number`, or `measured`.
    source: str
    #: Replies to the requests about the document, in order. After the last the provider answers rightly.
    replies: tuple[Reply, ...]
    #: What must come of it by profile; `*` = on every profile that is not named.
    expected: Annotated[dict[str, Expected], BeforeValidator(_by_profile)]
    #: Options of the caller that it takes.
    options: JsonObject = field(default_factory=dict)
    #: Dotted name of the function without which it ends otherwise; "" = no single one.
    handler: str = ""

    def expected_on(self, profile: str) -> Expected | None:
        """Return what must come of it on `profile`, None where it does not apply."""
        return self.expected.get(profile) or self.expected.get("*")


@cache
def load() -> tuple[Entry, ...]:
    """Return every entry, in order.

    Raises:
        BadCatalogue: an entry has a member that is not known, lacks one, or has one of the wrong kind.
    """
    return tuple(read_entry(stated) for stated in orjson.loads(CATALOGUE.read_bytes()))


def entry(id: str) -> Entry:  # noqa: A002 - what the catalogue calls it
    """Return one entry.

    Raises:
        KeyError: there is none of this id; says which there are.
    """
    found = _by_id().get(id)
    if found is None:
        raise KeyError(f"The catalogue has no entry {id!r}; it has {known_words()}.")
    return found


def known_words() -> str:
    """Return the ids that there are, cluster by cluster."""
    ids = {letter: [each.id for each in load() if each.cluster == letter] for letter in CLUSTERS}
    return ", ".join(f"{each[0]} to {each[-1]}" for each in ids.values())


def read_entry(stated: JsonObject) -> Entry:
    """Return an entry as the file states it.

    Raises:
        BadCatalogue: see `load`.
    """
    try:
        return _ENTRY.validate_python(stated, strict=False)
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(str(part) for part in first["loc"])
        raise BadCatalogue(f"Entry {stated.get('id', '?')}, {at}: {first['msg']}.") from error


@cache
def _by_id() -> dict[str, Entry]:
    return {each.id: each for each in load()}


_ENTRY = TypeAdapter(Entry)

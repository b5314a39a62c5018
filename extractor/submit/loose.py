"""Submissions from loose JSON: the arguments of the Celery task, the body of an HTTP request."""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Unpack

import orjson

from extractor.errors import InvalidRequest, UnreadableDocument
from extractor.jsontext import canonical
from extractor.options import NAMES
from extractor.records import Source, Submission, Target
from extractor.schema import target_from
from extractor.submit.admitting import Door, Labels, assemble, options_at, tried

if TYPE_CHECKING:
    from extractor.document import ReadingLimits
    from extractor.records import Json, JsonObject, Options, Priority

DOCUMENT_FORMS: Final = '{"text": "…"} or {"base64": "…"}, with "media_type" and "name" where they are known'
DOCUMENT_MEMBERS: Final = ("text", "base64", "media_type", "name")
#: Characters of an unknown member's name that are quoted.
_QUOTED: Final = 80
#: Targets remembered. A schema that was handed in before costs a tenth of one seen for the first time.
_KEPT: Final = 128


def submission_from_json(
    document: Json,
    schema: Json,
    options: Json,
    *,
    door: Door,
    default_priority: Priority = "interactive",
    **labels: Unpack[Labels],
) -> Submission:
    """Return the submission that loose JSON stands for.

    Args:
        document: `{"text": str}` or `{"base64": str}`, with `media_type` and `name` where they are known.
        schema: A JSON Schema, or the name of a registered one.
        options: Some of `records.Options` by name, or None.
        door: What is allowed.
        default_priority: Class of service where the options state none.
        **labels: See `Labels`.

    Raises:
        CallerError: what was sent cannot be used; the message says what to send.
        UnreadableDocument: `file_too_large`.
    """
    return tried(assemble_from_json(document, schema, options, door=door, default_priority=default_priority, **labels))


def assemble_from_json(
    document: Json,
    schema: Json,
    options: Json,
    *,
    door: Door,
    default_priority: Priority = "interactive",
    **labels: Unpack[Labels],
) -> Submission:
    """Return the submission that loose JSON stands for, its schema still to be tried; see `submission_from_json`.

    Raises:
        CallerError: what was sent cannot be used; the message says what to send.
        UnreadableDocument: `file_too_large`.
    """
    stated = _options_of(options)
    source = _source_of(document, door.limits)
    if isinstance(schema, str):
        labels["schema_name"] = schema
    return assemble(source, _target_of(schema, door), stated, door=door, default_priority=default_priority, **labels)


def target_and_options(schema: Json, options: Json, *, door: Door) -> tuple[Target, Options]:
    """Return the target and the options of a submission that has no document yet.

    Raises:
        CallerError: what was sent cannot be used; the message says what to send.
    """
    return _target_of(schema, door), options_at(door, _options_of(options))


def _options_of(options: Json) -> JsonObject:
    if options is not None and not isinstance(options, dict):
        raise InvalidRequest(f"The options are {_kind(options)}; send an object with any of {', '.join(NAMES)}.")
    return options or {}


def _source_of(document: Json, limits: ReadingLimits) -> Source:
    if not isinstance(document, dict):
        raise InvalidRequest(f"The document is {_kind(document)}; send {DOCUMENT_FORMS}.")
    for name, value in document.items():
        if name not in DOCUMENT_MEMBERS:
            raise InvalidRequest(f"The document has an unknown member {name[:_QUOTED]!r}; send {DOCUMENT_FORMS}.")
        if not isinstance(value, str | None):
            raise InvalidRequest(f"The document's {name!r} is {_kind(value)}; send text.")
    text, encoded = document.get("text"), document.get("base64")
    if (text is None) == (encoded is None):
        raise InvalidRequest(f"The document has {'neither' if text is None else 'both'}: send {DOCUMENT_FORMS}.")
    content = _decoded(encoded, limits) if isinstance(encoded, str) else str(text)
    return Source(content=content, media_type=document.get("media_type"), name=document.get("name"))


def _decoded(encoded: str, limits: ReadingLimits) -> bytes:
    """Decode base64, the size known before. White space may stand anywhere, as mail and shell tools put it."""
    packed = "".join(encoded.split())
    size = len(packed) // 4 * 3 - packed[-2:].count("=")
    if size > limits.max_bytes:
        raise UnreadableDocument("file_too_large", detail=f"{size:,} of at most {limits.max_bytes:,} bytes")
    try:
        return base64.b64decode(packed, validate=True)
    except ValueError:
        raise InvalidRequest(
            "The document's 'base64' cannot be decoded; send standard base64 (A-Z, a-z, 0-9, +, /), padded with =."
        ) from None


def _target_of(schema: Json, door: Door) -> Target:
    if isinstance(schema, str):
        return door.registry.target(schema)
    if not isinstance(schema, dict):
        names = ", ".join(door.registry.names) or "none"
        raise InvalidRequest(
            f"The schema is {_kind(schema)}; send a JSON Schema object, or a registered name: {names}."
        )
    return _target_of_object(schema)


def _target_of_object(schema: JsonObject) -> Target:
    try:
        known = _target_of_text(orjson.dumps(schema))
    except TypeError:
        return _target_of_rare_object(schema)
    return known if known.schema == schema else target_from(schema)  # NaN is `null` in the text


@lru_cache(maxsize=_KEPT)
def _target_of_text(text: bytes) -> Target:
    return target_from(orjson.loads(text))


def _target_of_rare_object(schema: JsonObject) -> Target:
    """Return the target of a schema that is no text to orjson, such as one with an integer beyond 64 bits."""
    target = target_from(schema)
    try:
        canonical(schema).decode()
    except UnicodeDecodeError:
        raise InvalidRequest("The schema holds half of a surrogate pair; send valid Unicode.") from None
    return target


def _kind(value: Json) -> str:
    kinds = {str: "text", bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return kinds.get(type(value), "null" if value is None else "no JSON")

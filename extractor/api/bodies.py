"""The body of a request: read within a limit, as strict JSON, with no member that we do not know."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from extractor import jsontext
from extractor.errors import InvalidRequest, UnreadableDocument

if TYPE_CHECKING:
    from pydantic import BaseModel
    from starlette.requests import Request

    from extractor.records import JsonObject

#: Bytes for schema, options and the JSON around a document.
ROOM_BYTES = 1024 * 1024
#: Seconds without a byte after which a body is given up.
SILENCE_S = 30.0
#: What is said for each reason of `NotStrictJson`.
REASONS = {
    "syntax": "it is not JSON",
    "duplicate_key": "a name stands twice in one object, with different values",
    "not_a_number": "NaN and Infinity are not JSON",
    "huge_number": "a number is too large",
    "too_deep": "it is nested too deep",
}


def limit_for(max_file_bytes: int) -> int:
    """Return the bytes that a body may have: the largest document in base64, and room for the rest."""
    return max_file_bytes * 4 // 3 + ROOM_BYTES


async def read_body(request: Request, *, max_bytes: int) -> bytes:
    """Return the body, counting what arrives: what a request says of its length is not relied on.

    Raises:
        UnreadableDocument: `file_too_large`; the rest is not read.
        HTTPException: it is not JSON by its own account (415), or stops arriving (408).
        ClientDisconnect: the client went away.
    """
    _check_kind(request)
    if _stated_length(request) > max_bytes:
        raise _too_large(max_bytes)
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(SILENCE_S) as silence:
            async for chunk in request.stream():
                size += len(chunk)
                if size > max_bytes:
                    raise _too_large(max_bytes)
                chunks.append(chunk)
                silence.reschedule(asyncio.get_running_loop().time() + SILENCE_S)
    except TimeoutError:
        raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, f"No byte arrived for {SILENCE_S:g} s.") from None
    return b"".join(chunks)


def members_of(body: bytes, model: type[BaseModel]) -> JsonObject:
    """Return the members of a request; `model` says which there may and must be, and nothing of their values.

    Raises:
        InvalidRequest: it is not strict JSON, not an object, has a member that we do not know or lacks one.
    """
    try:
        members = jsontext.parse(body.decode())
    except UnicodeDecodeError:
        raise InvalidRequest("The body is not UTF-8.") from None
    except jsontext.NotStrictJson as error:
        raise InvalidRequest(f"The body cannot be read: {REASONS[error.reason]}.") from None
    if not isinstance(members, dict):
        raise InvalidRequest("The body must be a JSON object.")
    known = {field.alias or name: field.is_required() for name, field in model.model_fields.items()}
    unknown = sorted(set(members) - set(known))
    if unknown:
        raise InvalidRequest(f"There is no member {unknown[0][:80]!r}. Members: {', '.join(known)}.")
    missing = [name for name, is_required in known.items() if is_required and name not in members]
    if missing:
        raise InvalidRequest(f"The member {missing[0]!r} is missing.")
    return members


def _check_kind(request: Request) -> None:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send JSON, with `Content-Type: application/json`.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send the body as it is, without `Content-Encoding`.")


def _stated_length(request: Request) -> int:
    stated = request.headers.get("content-length", "")
    return int(stated) if stated.isdecimal() else 0


def _too_large(max_bytes: int) -> UnreadableDocument:
    return UnreadableDocument("file_too_large", detail=f"the request's body may have {max_bytes:,} bytes")

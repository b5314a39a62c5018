"""Failures as problem documents (RFC 9457): one table from our codes to HTTP's statuses.

`type` stays `about:blank`, so `title` is the status in words; what tells failures apart is `code`, explained in
docs/reference/errors.md.
"""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from extractor import log
from extractor.errors import ExtractionError, InvalidRequest, UnexpectedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI
    from starlette.requests import Request

MEDIA_TYPE = "application/problem+json"
#: Our code -> status. Every code that is not here is a defect, or the operator's affair: 500.
STATUSES = {
    "invalid_request": HTTPStatus.BAD_REQUEST,
    "unknown_schema": HTTPStatus.BAD_REQUEST,
    "unauthorized": HTTPStatus.UNAUTHORIZED,
    "budget_exceeded": HTTPStatus.PAYMENT_REQUIRED,
    "unknown_extraction": HTTPStatus.NOT_FOUND,
    "idempotency_conflict": HTTPStatus.CONFLICT,
    "file_too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "document_too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "empty_document": HTTPStatus.UNPROCESSABLE_ENTITY,
    "unsupported_media_type": HTTPStatus.UNPROCESSABLE_ENTITY,
    "invalid_schema": HTTPStatus.UNPROCESSABLE_ENTITY,
    "unsupported_schema": HTTPStatus.UNPROCESSABLE_ENTITY,
    "price_unknown": HTTPStatus.UNPROCESSABLE_ENTITY,
    "storage_full": HTTPStatus.SERVICE_UNAVAILABLE,
    "queue_draining": HTTPStatus.SERVICE_UNAVAILABLE,
    "store_unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
}
#: Our code -> seconds after which another try makes sense, where the error itself does not say. A restart of Redis
#: takes some seconds; to make room or to empty a queue takes minutes.
RETRY_AFTER_S = {"store_unavailable": 5, "storage_full": 60, "queue_draining": 60}
#: What is said where HTTP itself refuses, before any of our code has.
REFUSALS: dict[int, str] = {
    HTTPStatus.NOT_FOUND: "There is nothing at this address. The addresses are in /openapi.json.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does not take this method.",
}
UNKNOWN = "there is none of this name"
#: What is said of a parameter that has a form, where the framework would quote a pattern.
FORMS = {"Idempotency-Key": "must be 1 to 255 printable ASCII characters without spaces"}


class Problem(BaseModel):
    """Why a request was not served."""

    type: str = "about:blank"
    title: str = Field(description="The status in words.")
    status: int
    detail: str = Field(description="What happened, and what to do.")
    code: str = Field(description="Stable: programs may rely on it.")
    retryable: bool = Field(description="Whether the same request may succeed later.")
    at: str | None = Field(default=None, description="JSON Pointer into the schema that was sent.")
    paths: list[str] = Field(default=[], description="JSON Pointers into the record.")

    def as_response(self, headers: Mapping[str, str] | None = None) -> Response:
        """Return the problem as an answer. Members without a value are left out."""
        body = self.model_dump_json(exclude={name for name in ("at", "paths") if not getattr(self, name)})
        return Response(body, self.status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def refusal(status: int, detail: str, *, headers: Mapping[str, str] | None = None) -> Response:
    """Return what is answered where the request itself is not as HTTP or this API wants it."""
    problem = Problem(
        title=HTTPStatus(status).phrase, status=status, detail=detail, code=InvalidRequest.code, retryable=False
    )
    return problem.as_response(headers)


def problem_of(error: ExtractionError) -> Response:
    """Return what is answered when `error` was raised."""
    status = STATUSES.get(error.code, HTTPStatus.INTERNAL_SERVER_ERROR)
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        log.logger().error("a request failed", code=error.code, **log.trace(error))
    problem = Problem(
        title=status.phrase,
        status=status,
        detail=error.message,
        code=error.code,
        retryable=error.retryable,
        at=getattr(error, "at", None),
        paths=list(error.paths),
    )
    return problem.as_response(_headers_of(error, status))


def defect() -> Response:
    """Return what is answered when our own code failed. Nothing of the failure is in it."""
    return problem_of(UnexpectedError("A defect of the extractor stopped this request; the log has the details."))


def tell_problems(app: FastAPI) -> None:
    """Let `app` answer every failure that has a name with a problem document; `Edge` sees to the others."""

    @app.exception_handler(ExtractionError)
    async def tell_ours(_request: Request, error: ExtractionError) -> Response:
        return problem_of(error)

    @app.exception_handler(HTTPException)
    async def tell_refusal(_request: Request, error: HTTPException) -> Response:
        return refusal(error.status_code, REFUSALS.get(error.status_code, error.detail), headers=error.headers)

    @app.exception_handler(RequestValidationError)
    async def tell_invalid(_request: Request, error: RequestValidationError) -> Response:
        return problem_of(InvalidRequest(" ".join(_say(problem) for problem in error.errors())))

    @app.exception_handler(ClientDisconnect)
    async def tell_nobody(_request: Request, _error: ClientDisconnect) -> Response:
        return Response(status_code=HTTPStatus.BAD_REQUEST)


def _say(problem: Any) -> str:
    """Write what is wrong with a parameter, without its value."""
    where, name = (*map(str, problem["loc"]), "")[:2]
    says = UNKNOWN if problem["type"] == "extra_forbidden" else FORMS.get(name, problem["msg"])
    return f"{where.capitalize()} parameter {name!r}: {says[0].lower()}{says[1:]}."


def _headers_of(error: ExtractionError, status: HTTPStatus) -> dict[str, str]:
    if status == HTTPStatus.UNAUTHORIZED:
        return {"WWW-Authenticate": "Bearer"}
    seconds = RETRY_AFTER_S.get(error.code) if error.retry_after_s is None else math.ceil(error.retry_after_s)
    return {} if seconds is None else {"Retry-After": str(seconds)}

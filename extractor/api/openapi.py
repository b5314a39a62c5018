"""What the OpenAPI document says beyond what FastAPI finds out: the body that we read ourselves, and the problems."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic.json_schema import models_json_schema

from extractor.api.models import ExtractionRequest
from extractor.api.problems import MEDIA_TYPE, Problem

if TYPE_CHECKING:
    from fastapi import FastAPI

REFERENCE = "#/components/schemas/{model}"
#: The answers of every route that are not its own.
FAILURES: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "Why the request was not served.",
        "content": {MEDIA_TYPE: {"schema": {"$ref": REFERENCE.format(model="Problem")}}},
    }
}
#: The body of a submission.
SUBMISSION = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": REFERENCE.format(model="ExtractionRequest")}}},
    }
}


def describe(app: FastAPI) -> None:
    """Add to the document of `app` the schemas that its routes refer to by name only."""
    describe_routes = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            _, found = models_json_schema(
                [(ExtractionRequest, "validation"), (Problem, "serialization")], ref_template=REFERENCE
            )
            describe_routes()["components"]["schemas"].update(found["$defs"])
        return describe_routes()

    app.openapi = openapi  # type: ignore[method-assign] # the documented way to extend it

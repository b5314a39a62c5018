"""What the OpenAPI document says beyond what FastAPI finds out: the body that we read ourselves, and the problems."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic.json_schema import models_json_schema

from extractor.api.models import ExtractionRequest, SchemaCheck
from extractor.api.problems import MEDIA_TYPE, Problem

if TYPE_CHECKING:
    from fastapi import FastAPI
    from pydantic import BaseModel

REFERENCE = "#/components/schemas/{model}"
#: The answers of every route that are not its own.
FAILURES: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "Why the request was not served.",
        "content": {MEDIA_TYPE: {"schema": {"$ref": REFERENCE.format(model="Problem")}}},
    }
}


def body_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return what a route that reads its body itself says of it."""
    schema = {"$ref": REFERENCE.format(model=model.__name__)}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def describe(app: FastAPI) -> None:
    """Add to the document of `app` the schemas that its routes refer to by name only."""
    describe_routes = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            _, found = models_json_schema(
                [(ExtractionRequest, "validation"), (SchemaCheck, "validation"), (Problem, "serialization")],
                ref_template=REFERENCE,
            )
            describe_routes()["components"]["schemas"].update(found["$defs"])
        return describe_routes()

    app.openapi = openapi  # type: ignore[method-assign] # the documented way to extend it

"""The application: which routes there are, who may use them, and how every failure is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI, Security

from extractor.api import extractions, health, schemas
from extractor.api.edge import Edge
from extractor.api.openapi import describe
from extractor.api.problems import tell_problems
from extractor.api.security import ServerKey

if TYPE_CHECKING:
    from pydantic import SecretStr

    from extractor.api.service import Service


def create_app(service: Service, *, key: SecretStr) -> FastAPI:
    """Return the HTTP API in front of `service`.

    `/healthz`, `/readyz` and `/openapi.json` need no key: they say nothing of any extraction. There are no pages that
    load scripts from elsewhere.

    Args:
        service: What the routes use; whoever opened it closes it after the last request.
        key: The bearer key that every request under `/v1` must carry.
    """
    app = FastAPI(title="extractor", docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.service = service
    app.include_router(health.router)
    for router in (extractions.router, schemas.router):
        app.include_router(router, dependencies=[Security(ServerKey(key))])
    app.add_middleware(Edge)
    tell_problems(app)
    describe(app)
    return app

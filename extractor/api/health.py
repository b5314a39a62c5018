"""Whether the process lives, and whether it can serve."""

import asyncio

from fastapi import APIRouter
from pydantic import BaseModel

from extractor.api.openapi import FAILURES
from extractor.api.service import Here
from extractor.errors import StoreUnavailable

#: Seconds that the store may take to answer.
READY_WITHIN_S = 2.0

router = APIRouter(responses=FAILURES)


class Health(BaseModel):
    """That all is well."""

    status: str = "ok"


@router.get("/healthz", summary="Whether the process lives")
async def healthz() -> Health:
    """Answer, which is all that a living process has to do."""
    return Health()


@router.get("/readyz", summary="Whether requests can be served")
async def readyz(here: Here) -> Health:
    """Answer 200 when the store answers, 503 otherwise."""
    try:
        async with asyncio.timeout(READY_WITHIN_S):
            await here.desk.store.ping()
    except TimeoutError:
        raise StoreUnavailable(f"The store has not answered within {READY_WITHIN_S:g} s.") from None
    return Health()

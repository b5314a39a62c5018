"""`/v1/extractions`: hand one in, ask how it stands."""

import math
import re
import time
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import quote

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import JSONResponse

from extractor.api.bodies import limit_for, members_of, read_body
from extractor.api.models import Accepted, Extraction, ExtractionRequest, Waiting
from extractor.api.openapi import FAILURES, body_of
from extractor.api.service import Here, Service
from extractor.api.waiting import client_left, unless
from extractor.errors import InvalidRequest, UnknownExtraction
from extractor.records import OPEN_STATES, Receipt, Stored, Submission
from extractor.submit import assemble_from_json, atried

router = APIRouter(prefix="/v1/extractions", tags=["extractions"], responses=FAILURES)

#: Submissions that are parsed, checked and decoded at once, each in a thread: a body may be tens of megabytes. Schemas
#: that are new are tried elsewhere, so that they hold up only those who sent them.
ADMITTING = CapacityLimiter(4)
#: Seconds after which to ask again for an extraction that is open.
ASK_AGAIN_S = 1
#: The same for one that was put off for long: it may be cancelled or reach its deadline before.
ASK_AGAIN_MOST_S = 60
#: What an id may look like. Others are unknown without a look.
ID = re.compile(r"[A-Za-z0-9_.:-]{1,128}")

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="Your word for this submission. Sent again with the same body, it is answered with the same id.",
    ),
]


#: The answer to a submission.
ACCEPTED: dict[int | str, dict[str, Any]] = {
    HTTPStatus.ACCEPTED: {
        "model": Accepted,
        "headers": {
            "Location": {"description": "Where the extraction is.", "schema": {"type": "string"}},
            "Idempotent-Replay": {"description": "`true` where it was there before.", "schema": {"type": "string"}},
        },
    }
}


@router.post(
    "",
    summary="Hand in a document and a schema",
    status_code=HTTPStatus.ACCEPTED,
    response_class=JSONResponse,
    responses=ACCEPTED,
    openapi_extra=body_of(ExtractionRequest),
)
async def submit_extraction(request: Request, *, here: Here, idempotency_key: IdempotencyKey = None) -> Response:
    """Store it and answer with its id. Once this is answered the extraction comes to an end, whatever dies."""
    if len(request.headers.getlist("idempotency-key")) > 1:
        raise InvalidRequest("The header Idempotency-Key stands twice.")
    body = await read_body(request, max_bytes=limit_for(here.door.limits.max_bytes))
    submission = await to_thread.run_sync(_assembled, body, here, idempotency_key or "", limiter=ADMITTING)
    (receipt,) = await here.desk.submit([await atried(submission)])
    return JSONResponse({"id": receipt.id, "status": receipt.status}, HTTPStatus.ACCEPTED, headers=_headers_of(receipt))


@router.post(
    "/{id}/retry",
    summary="Run an extraction again that ended without success",
    status_code=HTTPStatus.ACCEPTED,
    response_class=JSONResponse,
    responses=ACCEPTED,
)
async def retry_extraction(id: str, *, here: Here) -> Response:  # noqa: A002 - the name in the address
    """Make a re-run that asks only for what is missing, and answer with its id. A body is not needed, nor read.

    It has the document, the schema and the options of the other, and starts from the replies that were bought for it.
    Where there is a re-run that has not ended, it is that one's id.
    """
    receipt = await here.desk.retry(_known_form(id))
    return JSONResponse({"id": receipt.id, "status": receipt.status}, HTTPStatus.ACCEPTED, headers=_headers_of(receipt))


@router.get("/{id}", summary="Ask how an extraction stands", responses={HTTPStatus.OK: {"model": Extraction}})
async def get_extraction(
    id: str,  # noqa: A002 - the name in the address
    request: Request,
    *,
    here: Here,
    query: Annotated[Waiting, Query()],
) -> Response:
    """Answer at once, or as soon as the extraction has ended, after `wait` seconds at most."""
    _known_form(id)
    stored = None
    if query.wait:
        waiting = here.desk.store.wait(id, tenant=here.door.tenant, timeout_s=query.wait)
        stored = await unless(client_left(request), here.leaving.wait(), work=waiting)
    if stored is None:
        stored = await here.desk.read(id)
    return Response(stored.result, headers=_hint(stored), media_type="application/json")


def _known_form(id_: str) -> str:
    if not ID.fullmatch(id_):
        raise UnknownExtraction("There is no extraction of this id.")
    return id_


def _assembled(body: bytes, here: Service, idempotency_key: str) -> Submission:
    members = members_of(body, ExtractionRequest)
    return assemble_from_json(
        members["document"],
        members["schema"],
        members.get("options"),
        door=here.door,
        idempotency_key=idempotency_key,
    )


def _headers_of(receipt: Receipt) -> dict[str, str]:
    headers = {"Location": f"{router.prefix}/{quote(receipt.id, safe='')}"}
    return headers if receipt.is_new else headers | {"Idempotent-Replay": "true"}


def _hint(stored: Stored) -> dict[str, str]:
    """Say when to ask again, for an extraction that is open."""
    if stored.status not in OPEN_STATES:
        return {}
    left_s = math.ceil(stored.due_at - time.time()) if stored.due_at else ASK_AGAIN_S
    return {"Retry-After": str(min(max(left_s, ASK_AGAIN_S), ASK_AGAIN_MOST_S))}

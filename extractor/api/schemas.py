"""`/v1/schemas`: see what happens to a schema before a document is sent."""

from http import HTTPStatus

from anyio import to_thread
from fastapi import APIRouter, Request, Response

from extractor.api.bodies import ROOM_BYTES, members_of, read_body
from extractor.api.extractions import ADMITTING
from extractor.api.models import CheckedSchema, SchemaCheck
from extractor.api.openapi import FAILURES, body_of
from extractor.api.service import Here, Service
from extractor.jsontext import dumps
from extractor.schema import asked_for, contract_for, report
from extractor.submit import target_and_options

router = APIRouter(prefix="/v1/schemas", tags=["schemas"], responses=FAILURES)


@router.post(
    "/check",
    summary="See what is enforced where",
    responses={HTTPStatus.OK: {"model": CheckedSchema}},
    openapi_extra=body_of(SchemaCheck),
)
async def check_schema(request: Request, *, here: Here) -> Response:
    """Answer what becomes of each field. A schema that cannot be used is refused as a submission with it would be."""
    body = await read_body(request, max_bytes=ROOM_BYTES)
    return Response(await to_thread.run_sync(_report, body, here, limiter=ADMITTING), media_type="application/json")


def _report(body: bytes, here: Service) -> bytes:
    members = members_of(body, SchemaCheck)
    target, options = target_and_options(members["schema"], members.get("options"), door=here.door)
    target = asked_for(target, options.records)
    contract = contract_for(target, open_objects=options.open_objects, nulls=options.nulls, absence=options.absence)
    return dumps({"ok": True, **report(target, contract).as_json()}).encode()

"""Every reply has one verdict: the table of odd successes, the table of statuses, and nothing secret in any of them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from extractor import errors
from extractor.model.completion import VERDICTS, answer_of, verdict_on
from extractor.model.faults import KINDS, Fault, fault_of
from extractor.model.replies import Reply, read_failure, read_plain
from extractor.model.retrying import resends_after
from extractor.model.status import error_of, meaning_of
from extractor.model.stream import read_stream
from extractor.testing import chunk, events

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from extractor.records import Json

pytestmark = pytest.mark.anyio

NOW = 1_790_000_000.0
RECORD = '{"number":"A-17"}'
DOCUMENT = "Miss Marple lives in St Mary Mead"
KEY = "sk-or-v1-0123456789abcdef"


def choice(*, finish: str | None = "stop", error: Json = None, **message: Json) -> dict[str, Any]:
    return {"finish_reason": finish, "error": error, "message": {"content": RECORD, **message}}


#: One body for each row, in the order of the rows.
ROWS: list[tuple[str, bytes]] = [
    ("page", b"<!DOCTYPE html><title>524</title>"),
    ("error", orjson.dumps({"error": {"code": 429}, "choices": None})),
    ("no_choice", orjson.dumps({"id": None, "choices": None, "model": None})),
    ("truncated", orjson.dumps({"choices": [choice(finish="length")]})),
    ("refused", orjson.dumps({"choices": [choice(finish="content_filter")]})),
    ("refused", orjson.dumps({"choices": [choice(refusal="I can't help with that.")]})),
    ("unfinished", orjson.dumps({"choices": [choice(finish=None)]})),
    ("empty", orjson.dumps({"choices": [choice(content="\n \n")]})),
]


@pytest.mark.parametrize(("name", "body"), ROWS)
def test_a_success_without_an_answer_is_of_one_kind(name: str, body: bytes):
    verdict = verdict_on(read_plain(body, now=NOW), tool=None)

    assert verdict is not None
    assert verdict.name == name


def test_the_table_has_a_body_for_every_row_and_a_loop_is_tried_in_streams():
    assert {name for name, _ in ROWS} | {"loop", "repetition"} == {verdict.name for verdict in VERDICTS}


#: What makes a reply of each kind, so that any two can be put into one.
MEMBERS: dict[str, dict[str, Any]] = {
    "page": {"is_json": False},
    "error": {"fault": Fault(status=502)},
    "no_choice": {"has_choice": False},
    "repetition": {"loop": "content"},
    "loop": {"loop": "white_space"},
    "truncated": {"finish_reason": "length"},
    "refused": {"is_refusal": True},
    "unfinished": {"finish_reason": None},
    "empty": {"content": ""},
}


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(MEMBERS, 2)))
def test_of_two_kinds_at_once_the_earlier_row_counts(first: str, second: str):
    reply = Reply(**{"content": RECORD, "finish_reason": "stop"} | MEMBERS[second] | MEMBERS[first])

    verdict = verdict_on(reply, tool=None)

    assert list(MEMBERS) == [row.name for row in VERDICTS]
    assert verdict is not None
    assert verdict.name == first


@pytest.mark.parametrize(
    ("body", "error"),
    [
        pytest.param({"error": {"code": 400, "message": "x"}, "choices": None}, errors.RequestRejected, id="H14"),
        pytest.param({"error": {"code": 429, "metadata": {"raw": "1015"}}}, errors.RateLimited, id="H4"),
        pytest.param({"choices": [choice(error={"code": 502})]}, errors.ProviderUnavailable, id="H16: of the choice"),
        pytest.param({"choices": [choice(finish="error")]}, errors.ProviderUnavailable, id="finish error alone"),
        pytest.param({"error": {"code": 502}, "choices": [choice()]}, errors.ProviderUnavailable, id="with an answer"),
        pytest.param({"provider": {"error": {"code": 429}, "choices": None}}, errors.RateLimited, id="nested error"),
    ],
)
def test_an_error_inside_a_success_is_mapped_by_its_code_and_the_answer_beside_it_is_dropped(
    body: dict[str, Any], error: type[Exception]
):
    with pytest.raises(error):
        answer_of(read_plain(orjson.dumps(body), now=NOW), tool=None)


def test_a_completion_inside_provider_is_the_answer_with_its_own_provider_and_bill():
    nested = {"id": "gen-1", "choices": [choice()], "model": "m", "provider": "Alibaba", "usage": {"cost": 1}}

    reply = read_plain(orjson.dumps({"id": None, "choices": None, "provider": nested}), now=NOW)

    assert answer_of(reply, tool=None) == RECORD
    assert (reply.generation_id, reply.provider, reply.usage) == ("gen-1", "Alibaba", {"cost": 1})


def test_a_loop_says_which_it_was():
    with pytest.raises(errors.RunawayGeneration) as caught:
        answer_of(Reply(loop="white_space", content="{" + " " * 600), tool=None)

    assert caught.value.loop == "white_space"
    assert resends_after(caught.value) == 0


@pytest.mark.parametrize("status", range(100, 600))
def test_every_status_with_every_kind_is_an_error_of_ours(status: int):
    for kind in ["", *KINDS, "a_new_kind"]:
        reply = read_failure(
            status, {}, orjson.dumps({"error": {"code": status, "metadata": {"error_type": kind}}}), now=NOW
        )
        assert reply.fault is not None
        error = error_of(reply.fault)
        assert isinstance(error, errors.ModelError | errors.DocumentTooLarge)
        assert error.code != "model_error"
        assert error.message
        assert "a_new_kind" not in error.message
    assert isinstance(meaning_of(status).error, type)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_stands_for_a_status_that_has_a_meaning(kind: str):
    by_type = fault_of({"metadata": {"error_type": kind}}, now=NOW)
    by_code = fault_of({"code": kind}, now=NOW)

    assert by_type.status == by_code.status == KINDS[kind]
    assert by_type.kind == by_code.kind == kind


def fault(status: int, *, headers: dict[str, str] | None = None, message: str = "", **metadata: Json) -> Fault:
    body = {"error": {"code": status, "message": message, "metadata": metadata}}
    found = read_failure(status, headers or {}, orjson.dumps(body), now=NOW).fault
    assert found is not None
    return found


AFFORD = (
    "This request requires more credits, or fewer max_tokens. You requested 32768 tokens, but can only afford 3919."
)
TOO_LONG = "<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 983616]"
INSPECTED = "<400> InternalError.Algo.DataInspectionFailed: Input text data may contain inappropriate content."
AZURE = {"error": {"code": "content_filter", "innererror": {"code": "ResponsibleAIPolicyViolation"}}}


@pytest.mark.parametrize(
    ("found", "error"),
    [
        pytest.param(fault(402, message=AFFORD), errors.OutOfCredit, id="H5"),
        pytest.param(fault(402, headers={"retry-after": "9"}), errors.RateLimited, id="H6 by its wait"),
        pytest.param(fault(402, limit_source="openrouter_in_flight_budget"), errors.RateLimited, id="H6 by its source"),
        pytest.param(
            fault(402, headers={"retry-after": "9"}, limit_source="openrouter_credits"),
            errors.OutOfCredit,
            id="out of credit, whatever the wait",
        ),
        pytest.param(fault(403, limit_usd=5, resets_at="2026-09-22T00:00:00Z"), errors.PermissionDenied, id="H7"),
        pytest.param(fault(403, error_type="region_restricted"), errors.PermissionDenied, id="the region"),
        pytest.param(fault(400, raw=TOO_LONG), errors.DocumentTooLarge, id="H9"),
        pytest.param(fault(413), errors.DocumentTooLarge, id="H10 413"),
        pytest.param(fault(422), errors.RequestRejected, id="H10 422"),
        pytest.param(fault(400, error_type="refusal"), errors.Refused, id="G1, typed"),
        pytest.param(fault(400, raw=AZURE), errors.Refused, id="G3"),
        pytest.param(fault(400, raw=orjson.dumps(AZURE).decode()), errors.Refused, id="G3, JSON in a string"),
        pytest.param(fault(400, raw=INSPECTED), errors.Refused, id="G4"),
        pytest.param(fault(403, reasons=["x"], flagged_input=DOCUMENT), errors.Refused, id="G6 moderation"),
        pytest.param(fault(403, patterns=["x"]), errors.Refused, id="G6 guardrail"),
        pytest.param(
            fault(400, error_type="rate_limit_exceeded"), errors.RateLimited, id="a kind before a vague status"
        ),
        pytest.param(fault(429, error_type="server"), errors.RateLimited, id="a clear status before its kind"),
    ],
)
def test_errors_that_look_alike_are_told_apart(found: Fault, error: type[Exception]):
    assert type(error_of(found)) is error


def test_an_empty_answer_with_a_filter_behind_it_is_asked_again_once():
    with pytest.raises(errors.EmptyResponse) as caught:
        answer_of(read_plain(orjson.dumps({"choices": [choice(content="")]}), now=NOW), tool=None)

    assert resends_after(caught.value) == 1


def test_what_the_account_can_still_pay_for_is_data():
    error = error_of(fault(402, message=AFFORD))

    assert isinstance(error, errors.OutOfCredit)
    assert error.affordable_tokens == 3919
    assert "3919" not in str(error)


@pytest.mark.parametrize(
    ("found", "seconds"),
    [
        pytest.param(fault(403, limit_usd=5, resets_at="2026-09-22T00:00:00Z"), 35_200, id="a budget, ISO"),
        pytest.param(fault(403, resets_at=(NOW + 86_400) * 1000), 86_400, id="a budget, epoch milliseconds"),
        pytest.param(fault(429, headers={"x-ratelimit-reset": "1790054000000"}), 54_000, id="a day's quota"),
    ],
)
def test_a_far_reset_is_told_and_not_slept_on(found: Fault, seconds: float):
    error = error_of(found)

    assert error.retry_after_s == pytest.approx(seconds)
    assert isinstance(error, errors.ModelError)
    assert resends_after(error) == 0
    assert error.as_failure().retry_after_s == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("status", "is_retryable", "error"),
    [
        pytest.param(404, True, errors.ProviderUnavailable, id="no endpoint at the moment"),
        pytest.param(404, False, errors.ModelNotFound, id="no endpoint"),
        pytest.param(503, True, errors.ProviderUnavailable, id="overloaded"),
        pytest.param(503, False, errors.ModelNotFound, id="no provider meets the routing"),
    ],
)
def test_what_the_gateway_says_of_later_comes_before_the_status(
    status: int, is_retryable: bool, error: type[Exception]
):
    availability = {"code": "constraint_filtered", "retryable": is_retryable}

    found = fault_of({"message": "no", "availability": availability}, status=status, now=NOW)

    assert type(error_of(found)) is error


#: Every shape in which an error was seen, with every member that was seen in it.
SHAPES: list[Json] = [
    {"error": {"code": 0, "message": "", "metadata": {"provider_name": "", "raw": ""}}, "user_id": ""},
    {"error": {"code": 0, "message": "", "metadata": {"provider_name": "", "raw": {"error": {"message": ""}}}}},
    {"error": {"code": "", "message": "", "metadata": {"error_type": "", "provider_code": ""}}},
    {"error": {"message": "", "error_type": "", "http_status": 0, "type": "", "param": "", "status": ""}},
    {
        "error": {
            "message": "",
            "availability": {
                "code": "",
                "requested_models": [""],
                "excluded_by": [""],
                "constraint": {"field": "", "detail": ""},
                "docs_url": "",
                "retry_after": "",
            },
            "metadata": {"previous_errors": [{"provider": "", "code": "", "status": 0}], "fallback_models": [""]},
        }
    },
    {"error": {"code": 0, "message": "", "metadata": {"reasons": [""], "flagged_input": "", "model_slug": ""}}},
    {"error": {"code": 0, "metadata": {"patterns": [""], "limit_source": "", "resets_at": "", "headers": {"x": ""}}}},
    {"error": ""},
    {"detail": ""},
    {"message": "", "type": "", "code": ""},
    {"id": "", "model": "", "provider": "", "system_fingerprint": "", "choices": None},
    {
        "id": "",
        "model": "",
        "provider": "",
        "choices": [
            {"finish_reason": "error", "native_finish_reason": "", "message": {"content": "", "reasoning": ""}}
        ],
    },
    {"choices": [{"finish_reason": "", "message": {"content": "", "refusal": "", "tool_calls": [{"id": ""}]}}]},
    {"choices": [{"finish_reason": "length", "error": {"code": "", "message": ""}, "delta": {"content": ""}}]},
    {"provider": {"choices": [{"finish_reason": "content_filter", "message": {"content": ""}}], "provider": ""}},
]


def planted(shape: Json, secret: str) -> Json:
    if isinstance(shape, dict):
        return {name: planted(member, secret) for name, member in shape.items()}
    if isinstance(shape, list):
        return [planted(member, secret) for member in shape]
    return secret if shape == "" else shape


def revealed(error: errors.ExtractionError) -> str:
    return f"{error} {error!r} {vars(error)} {error.args} {error.as_failure()}"


async def _replies(body: bytes, headers: dict[str, str]) -> list[Reply]:
    async def parts() -> AsyncIterator[bytes]:
        yield b"data: " + body + b"\n\n"

    failures = [read_failure(status, headers, body, now=NOW) for status in (400, 402, 403, 404, 429, 500, 503, 524)]
    return [*failures, read_plain(body, now=NOW, headers=headers), await read_stream(parts(), now=NOW)]


def verdicts_of(replies: list[Reply]) -> Iterator[errors.ExtractionError]:
    for reply in replies:
        try:
            answer_of(reply, tool=None)
        except errors.ExtractionError as error:
            yield error


@pytest.mark.parametrize("secret", [DOCUMENT, KEY])
@pytest.mark.parametrize("shape", SHAPES)
async def test_no_error_shows_what_was_planted_in_any_member_of_the_reply(shape: Json, secret: str):
    replies = await _replies(orjson.dumps(planted(shape, secret)), {"retry-after": secret, "x-ratelimit-reset": secret})

    found = list(verdicts_of(replies))

    assert len(found) == len(replies)
    assert [reply for reply in replies if secret in repr(reply)] == []
    assert [error for error in found if secret in revealed(error)] == []


async def test_truncation_that_is_reported_again_as_an_error_400_is_truncation():
    error = {"error": {"code": 400, "message": "Token limit reached"}, "usage": {"cost": 2}}
    pieces = events(
        [chunk({"reasoning": "First"}), chunk({}, finish_reason="length"), chunk({"content": ""}) | error]
    ).pieces

    async def parts() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    reply = await read_stream(parts(), now=NOW)

    assert reply.usage == {"cost": 2}
    with pytest.raises(errors.Truncated):
        answer_of(reply, tool=None)

"""Every status has one meaning."""

from __future__ import annotations

import pytest

from extractor.errors import (
    AuthenticationFailed,
    DocumentTooLarge,
    GatewayError,
    ModelError,
    ModelNotFound,
    OutOfCredit,
    PermissionDenied,
    ProviderUnavailable,
    RateLimited,
    Refused,
    RequestRejected,
)
from extractor.model.faults import Fault, fault_of
from extractor.model.status import error_of, meaning_of

SECRET = "Miss Marple lives in St Mary Mead"


@pytest.mark.parametrize("status", range(300, 600))
def test_every_status_has_a_meaning_and_becomes_an_error_that_names_it(status: int):
    error = error_of(Fault(status=status))

    assert isinstance(error, (ModelError, DocumentTooLarge))
    assert error.message
    assert status == 413 or f"HTTP {status}" in error.message


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (302, GatewayError),
        (400, RequestRejected),
        (401, AuthenticationFailed),
        (402, OutOfCredit),
        (403, PermissionDenied),
        (404, ModelNotFound),
        (408, ProviderUnavailable),
        (413, DocumentTooLarge),
        (418, RequestRejected),
        (422, RequestRejected),
        (429, RateLimited),
        (500, ProviderUnavailable),
        (502, ProviderUnavailable),
        (503, ProviderUnavailable),
        (504, ProviderUnavailable),
        (524, ProviderUnavailable),
        (529, ProviderUnavailable),
        (777, GatewayError),
    ],
)
def test_a_status_becomes_the_error_of_the_decision_it_calls_for(status: int, error: type[Exception]):
    assert type(error_of(Fault(status=status))) is error


@pytest.mark.parametrize(
    ("status", "maybe_billed"), [(302, False), (400, False), (429, False), (503, False), (500, True), (524, True)]
)
def test_a_status_says_whether_work_may_be_on_the_bill(status: int, maybe_billed: bool):
    assert meaning_of(status).maybe_billed is maybe_billed


@pytest.mark.parametrize(
    "words",
    [
        "<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 983616]",
        "This model's maximum context length is 8192 tokens",
        "the request exceeds the available context size",
        "prompt is too long: 210000 tokens",
    ],
)
def test_a_prompt_that_does_not_fit_is_a_document_too_large(words: str):
    assert isinstance(error_of(fault_of({"code": 400, "message": words}, now=0)), DocumentTooLarge)


@pytest.mark.parametrize(
    "error",
    [
        pytest.param({"code": 400, "message": "InternalError.Algo.DataInspectionFailed: no"}, id="dashscope"),
        pytest.param({"code": 400, "metadata": {"raw": {"code": "content_filter"}}}, id="azure"),
        pytest.param({"code": 400, "metadata": {"error_type": "content_policy_violation"}}, id="typed"),
        pytest.param({"code": 403, "metadata": {"reasons": ["x"], "flagged_input": SECRET}}, id="moderation"),
    ],
)
def test_a_filter_before_the_model_refuses_this_document_only(error: dict[str, object]):
    refused = error_of(fault_of(error, now=0))

    assert isinstance(refused, Refused)
    assert SECRET not in str(refused)


def test_a_402_with_a_wait_is_a_limit_that_passes_and_does_not_stop_the_run():
    passing = error_of(fault_of({"code": 402}, status=402, headers={"retry-after": "3"}, now=0))

    assert isinstance(passing, RateLimited)
    assert passing.retry_after_s == 3
    assert not passing.stops_run


@pytest.mark.parametrize(
    ("error", "status"),
    [
        pytest.param({"code": 429}, 429, id="number"),
        pytest.param({"code": "429"}, 429, id="number as text"),
        pytest.param({"code": "server_error"}, 500, id="word"),
        pytest.param({"code": None, "http_status": 404}, 404, id="http_status"),
        pytest.param({"metadata": {"error_type": "provider_overloaded"}}, 503, id="kind"),
        pytest.param({"code": 200}, 502, id="not an error's status"),
        pytest.param("upstream went away", 502, id="only words"),
        pytest.param(None, 502, id="nothing"),
    ],
)
def test_an_error_inside_a_200_is_mapped_by_what_it_states(error: object, status: int):
    assert fault_of(error, status=200, now=0).status == status


def test_the_http_status_comes_before_the_code_of_the_body():
    assert fault_of({"code": 400}, status=503, now=0).status == 503


def test_the_providers_words_are_in_no_message_and_no_repr():
    metadata = {"raw": SECRET, "provider_name": SECRET, "error_type": SECRET}
    fault = fault_of({"code": 400, "message": SECRET, "metadata": metadata}, now=0)

    assert SECRET not in repr(fault)
    assert SECRET not in str(error_of(fault))


@pytest.mark.parametrize("words", ["foo/bar is not a valid model ID", "The model `foo` does not exist"])
def test_a_bad_request_about_the_model_is_a_model_not_found(words):
    assert isinstance(error_of(fault_of({"code": 400, "message": words}, now=0)), ModelNotFound)


def test_a_message_names_the_status_the_kind_and_the_provider():
    metadata = {"provider_name": "Google AI Studio", "error_type": "invalid_request"}

    message = str(error_of(fault_of({"code": 400, "metadata": metadata}, now=0)))

    assert message.endswith(" (HTTP 400, invalid_request, Google AI Studio)")

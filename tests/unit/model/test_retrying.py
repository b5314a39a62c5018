"""What is sent again, how often, and after which wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from extractor import errors
from extractor.model.retrying import MAX_RESENDS, send_until_answered
from extractor.records import Lane
from extractor.testing import InstantPace, completion

if TYPE_CHECKING:
    from extractor.records import Completion

pytestmark = pytest.mark.anyio


class Failing:
    """Fails as told, then answers."""

    def __init__(self, *failures: Exception) -> None:
        self._failures = list(failures)
        self.sent = 0

    async def __call__(self) -> Completion:
        self.sent += 1
        if self._failures:
            raise self._failures.pop(0)
        return completion("{}")


THERE = Lane(endpoint="there", model="m")


async def send(failing: Failing, pace: InstantPace) -> Completion:
    return await send_until_answered(failing, lane=THERE, pace=pace, random=lambda: 1.0)


@pytest.mark.parametrize(
    ("failure", "requests"),
    [
        pytest.param(lambda: errors.RateLimited("", status=429), 5, id="429"),
        pytest.param(lambda: errors.ProviderUnavailable("", status=500), 3, id="500"),
        pytest.param(lambda: errors.ProviderUnavailable("", status=502), 3, id="502"),
        pytest.param(lambda: errors.ProviderUnavailable("", status=503), 5, id="503: it costs nothing"),
        pytest.param(lambda: errors.ProviderUnavailable("", status=524), 2, id="524: it comes after the work"),
        pytest.param(lambda: errors.ConnectionFailed(""), 4, id="no connection"),
        pytest.param(lambda: errors.IncompleteStream(""), 2, id="cut: written, so once more only"),
        pytest.param(lambda: errors.EmptyResponse("", status=200), 2, id="empty"),
        pytest.param(lambda: errors.GatewayError("", status=200), 2, id="a page with 200"),
        pytest.param(lambda: errors.GatewayError("", status=302), 1, id="redirect"),
        pytest.param(lambda: errors.ModelTimeout(""), 1, id="timeout: the model is still at work"),
        pytest.param(lambda: errors.AuthenticationFailed("", status=401), 1, id="401"),
        pytest.param(lambda: errors.OutOfCredit("", status=402), 1, id="402"),
        pytest.param(lambda: errors.PermissionDenied("", status=403), 1, id="403"),
        pytest.param(lambda: errors.ModelNotFound("", status=404), 1, id="404"),
        pytest.param(lambda: errors.RequestRejected("", status=400), 1, id="400"),
        pytest.param(lambda: errors.Truncated("", status=200), 1, id="truncated"),
        pytest.param(lambda: errors.Refused("", status=200), 1, id="refused"),
        pytest.param(lambda: errors.RateLimited("", status=429, retry_after_s=121), 1, id="too long to sit out"),
    ],
)
async def test_each_failure_is_sent_again_as_often_as_it_is_worth(failure, requests: int):
    failing = Failing(*(failure() for _ in range(20)))

    with pytest.raises(errors.ModelError) as caught:
        await send(failing, InstantPace())

    assert failing.sent == requests
    assert type(caught.value) is type(failure())


async def test_an_answer_after_failures_of_several_kinds_is_an_answer():
    failing = Failing(
        errors.RateLimited("", status=429), errors.IncompleteStream(""), errors.ProviderUnavailable("", status=503)
    )

    answer = await send(failing, InstantPace())

    assert answer.text == "{}"
    assert failing.sent == 4


async def test_failures_of_all_kinds_together_are_bounded():
    failing = Failing(*([errors.RateLimited("", status=429), errors.ConnectionFailed("")] * 10))

    with pytest.raises(errors.ModelError):
        await send(failing, InstantPace())

    assert failing.sent == MAX_RESENDS + 1


async def test_a_rate_limit_cools_the_whole_endpoint_for_as_long_as_the_provider_asks():
    pace = InstantPace()

    await send(Failing(errors.RateLimited("", status=429, retry_after_s=7)), pace)

    assert pace.cooled == [(THERE, 7)]
    assert pace.slept == []


@pytest.mark.parametrize(
    ("failure", "cooled"),
    [
        pytest.param(errors.RateLimited("", status=429, retry_after_s=3600), [(THERE, 3600)], id="the provider's word"),
        pytest.param(errors.RateLimited("", retry_after_s=3600), [], id="our own pace, which knows it"),
        pytest.param(errors.ProviderUnavailable("", status=503, retry_after_s=3600), [], id="an overload"),
    ],
)
async def test_a_wait_too_long_to_sit_out_holds_for_every_question(failure, cooled):
    pace = InstantPace()

    with pytest.raises(errors.ModelError):
        await send(Failing(failure), pace)

    assert pace.cooled == cooled


async def test_other_failures_wait_twice_as_long_each_time():
    pace = InstantPace()

    await send(Failing(*(errors.ProviderUnavailable("", status=503) for _ in range(4))), pace)

    assert pace.slept == [1, 2, 4, 8]
    assert pace.cooled == []


async def test_an_overloaded_provider_that_says_when_is_asked_then():
    pace = InstantPace()

    await send(Failing(errors.ProviderUnavailable("", status=503, retry_after_s=3)), pace)

    assert pace.slept == [3]

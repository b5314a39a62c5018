"""What refusals teach about requests in flight."""

from __future__ import annotations

from math import inf

from extractor.local.throttle import FIRST, Throttle

#: Long after the last cool-down.
LATER = 60.0


def in_flight(throttle, count):
    for _ in range(count):
        throttle.begin()
    return throttle


def over(throttle, count, *, is_answered):
    for _ in range(count):
        throttle.end(is_answered=is_answered)


def answered(throttle, count):
    """Let so many requests be answered, one after the other, each with as many beside it as may be."""
    for _ in range(count):
        while throttle.wait_s(open_for_s=LATER) == 0.0:
            throttle.begin()
        throttle.end(is_answered=True)


def test_there_is_no_limit_before_the_first_refusal():
    throttle = in_flight(Throttle(), 1000)

    assert throttle.limit == inf
    assert throttle.wait_s(open_for_s=0.0) == 0.0


def test_a_refusal_leaves_seven_tenths():
    throttle = in_flight(Throttle(), 100)
    over(throttle, 1, is_answered=False)
    throttle.cut()

    assert throttle.limit == 70
    assert throttle.wait_s(open_for_s=LATER) > 0


def test_what_was_in_flight_at_a_refusal_counts_once():
    throttle = in_flight(Throttle(), 100)
    for _ in range(100):
        over(throttle, 1, is_answered=False)
        throttle.cut()

    assert throttle.limit == 70


def test_refusals_of_later_requests_count_again():
    throttle = in_flight(Throttle(), 100)
    for limit in (70, 49, 34):
        over(throttle, throttle.in_flight, is_answered=False)
        throttle.cut()
        assert int(throttle.limit) == limit
        in_flight(throttle, limit)


def test_one_request_may_always_be_tried():
    throttle = Throttle()
    for _ in range(50):
        in_flight(throttle, 1)
        over(throttle, 1, is_answered=False)
        throttle.cut()

    assert throttle.limit == 1
    assert throttle.wait_s(open_for_s=0.0) == 0.0


def test_after_a_storm_answers_bring_back_what_went_well_fast_and_more_slowly():
    throttle = in_flight(Throttle(), 100)
    over(throttle, 60, is_answered=True)
    for _ in range(8):
        over(throttle, throttle.in_flight, is_answered=False)
        throttle.cut()
        in_flight(throttle, int(throttle.limit))
    low = throttle.limit

    answered(throttle, 65)
    assert low < 10
    assert 65 <= throttle.limit <= 71

    answered(throttle, 140)
    assert 71 <= throttle.limit <= 74


def test_a_process_that_hears_of_refusals_begins_with_few():
    throttle = Throttle()
    throttle.cut()

    assert 1 <= throttle.limit < FIRST


def test_after_a_cool_down_requests_come_back_one_by_one():
    throttle = in_flight(Throttle(), 10)
    over(throttle, 10, is_answered=True)
    throttle.cut()
    waits = []
    while throttle.in_flight < 7:
        waits.append(throttle.wait_s(open_for_s=0.0))
        throttle.begin()

    assert waits[0] == 0.0
    assert waits == sorted(waits)
    assert 0.5 < waits[-1] <= 1.0

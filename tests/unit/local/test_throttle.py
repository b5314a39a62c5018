"""What refusals teach about requests in flight."""

from __future__ import annotations

from math import inf

from extractor.local.throttle import FIRST, Throttle

#: Long after the last cool-down.
LATER = 60.0


class Sending:
    """Requests that go out over a throttle and end in the order in which they were sent."""

    def __init__(self, count=0):
        self.throttle = Throttle()
        self.sent = []
        self.begin(count)

    @property
    def limit(self):
        return self.throttle.limit

    def begin(self, count):
        self.sent += [self.throttle.begin() for _ in range(count)]

    def end(self, count, *, is_answered):
        for _ in range(count):
            self.last = self.sent.pop(0)
            self.throttle.end(sent_after=self.last, is_answered=is_answered)

    def refused(self, count):
        """Let so many requests be refused, one after the other."""
        for _ in range(count):
            self.end(1, is_answered=False)
            self.throttle.cut(sent_after=self.last)

    def answered(self, count):
        """Let so many requests be answered, one after the other, each with as many beside it as may be."""
        for _ in range(count):
            while self.throttle.wait_s(open_for_s=LATER) == 0.0:
                self.begin(1)
            self.end(1, is_answered=True)


def test_there_is_no_limit_before_the_first_refusal():
    sending = Sending(1000)

    assert sending.limit == inf
    assert sending.throttle.wait_s(open_for_s=0.0) == 0.0


def test_a_refusal_leaves_seven_tenths():
    sending = Sending(100)
    sending.refused(1)

    assert sending.limit == 70
    assert sending.throttle.wait_s(open_for_s=LATER) > 0


def test_what_was_in_flight_at_a_refusal_counts_once():
    sending = Sending(100)
    sending.refused(100)

    assert sending.limit == 70


def test_refusals_count_again_after_an_answer_to_a_later_request():
    sending = Sending(100)
    for limit in (70, 49, 35):
        sending.refused(len(sending.sent))
        assert int(sending.limit) == limit
        sending.begin(limit)
        sending.end(1, is_answered=True)


def test_answers_to_earlier_requests_teach_nothing_about_now():
    """
    A model thinks for a minute, and a storm begins meanwhile: what it answers then was asked before.
    """
    sending = Sending(100)
    sending.refused(1)
    sending.begin(5)
    sending.end(99, is_answered=True)
    sending.refused(5)

    assert sending.limit == 70


def test_one_request_may_always_be_tried():
    sending = Sending()
    for _ in range(50):
        sending.begin(1)
        sending.refused(1)
        sending.begin(1)
        sending.end(1, is_answered=True)

    assert 1 <= sending.limit < 3
    assert sending.throttle.wait_s(open_for_s=0.0) == 0.0


def test_however_long_a_storm_lasts_answers_bring_back_nearly_everything_fast_and_the_rest_slowly():
    sending = Sending(100)
    sending.refused(100)
    for _ in range(20):
        sending.begin(5)
        sending.refused(5)
    assert sending.limit == 70

    sending.answered(20)
    assert sending.limit == 90

    sending.answered(90)
    assert 90 < sending.limit <= 92


def test_a_process_that_hears_of_refusals_begins_with_few():
    throttle = Throttle()
    throttle.cut()

    assert 1 <= throttle.limit < FIRST


def test_after_a_cool_down_requests_come_back_one_by_one():
    sending, waits = Sending(10), []
    sending.refused(10)
    while len(sending.sent) < 7:
        waits.append(sending.throttle.wait_s(open_for_s=0.0))
        sending.begin(1)

    assert waits[0] == 0.0
    assert waits == sorted(waits)
    assert 0.5 < waits[-1] <= 1.0

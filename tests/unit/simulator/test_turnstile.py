"""The simulator's rate limits."""

from __future__ import annotations

from extractor.simulator.turnstile import RateLimit, Turnstile


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def statuses(turnstile, count, model="a"):
    return [reply.status if (reply := turnstile.refusal(model)) else 200 for _ in range(count)]


def test_without_a_limit_everything_is_let_through():
    assert statuses(Turnstile(), 1000) == [200] * 1000


def test_one_more_than_the_limit_is_told_when_there_is_room_again():
    clock = Clock()
    turnstile = Turnstile(RateLimit(requests=3, per_s=60), clock=clock)
    assert statuses(turnstile, 1) == [200]
    clock.now += 20
    assert statuses(turnstile, 2) == [200, 200]

    refused = turnstile.refusal("a")

    assert (refused.status, refused.headers, refused.billed) == (429, {"Retry-After": "40"}, False)


def test_there_is_room_when_the_oldest_is_out_of_sight():
    clock = Clock()
    turnstile = Turnstile(RateLimit(requests=2, per_s=60), clock=clock)
    statuses(turnstile, 3)
    clock.now += 60

    assert statuses(turnstile, 3) == [200, 200, 429]


def test_each_model_has_its_own_limit_and_a_refused_request_counts_for_nothing():
    turnstile = Turnstile(RateLimit(requests=1), clock=Clock())

    assert statuses(turnstile, 3) == [200, 429, 429]
    assert statuses(turnstile, 2, model="b") == [200, 429]


def test_a_closed_turnstile_refuses_all_with_its_own_advice():
    clock = Clock()
    turnstile = Turnstile(clock=clock)
    turnstile.close(10, retry_after_s=2.5)

    assert turnstile.refusal("a").headers == {"Retry-After": "2.5"}
    clock.now += 10
    assert statuses(turnstile, 1) == [200]


def test_arrivals_are_counted_over_any_while():
    clock = Clock()
    turnstile = Turnstile(RateLimit(requests=2, per_s=60), clock=clock)
    for seconds in (0, 10, 10, 10, 30):
        clock.now += seconds
        turnstile.refusal("a")

    assert [turnstile.most_within(seconds) for seconds in (5, 10, 30, 60)] == [1, 2, 4, 5]
    assert [arrival.is_taken for arrival in turnstile.arrivals] == [True, True, False, False, True]


def test_arrivals_are_forgotten_where_nobody_will_ask():
    turnstile = Turnstile(remembers=False)
    statuses(turnstile, 10)

    assert turnstile.arrivals == []

"""Documents get what is played to them, in order, and latencies are drawn by seed."""

from __future__ import annotations

import statistics

import pytest

from extractor.simulator import Latency, Reply
from extractor.simulator.catalogue import entry
from extractor.simulator.provider import Conduct, Provider
from extractor.simulator.scenarios import Scenarios

BODY = {"messages": []}


def test_replies_come_in_turn_and_then_no_more():
    scenarios = Scenarios()

    scenarios.play("A-17", ["A1", Reply(status=503)])

    taken = [scenarios.next_for("A-17", BODY) for _ in range(3)]
    assert taken == [*entry("A1").replies, Reply(status=503), None]


def test_what_is_played_later_waits_behind_what_was_played_before():
    scenarios = Scenarios()

    scenarios.play("A-17", [Reply(status=502)])
    scenarios.play("A-17", [Reply(status=503)])

    assert [scenarios.next_for("A-17", BODY).status for _ in range(2)] == [502, 503]


def test_a_document_is_known_by_the_text_that_it_holds():
    scenarios = Scenarios()
    scenarios.play("A-17", ["A1"])
    scenarios.play("B-2", ["A2"])

    assert scenarios.needle_in("Invoice B-2 of May") == "B-2"
    assert scenarios.needle_in("Invoice C-3 of May") == ""


def test_an_entry_that_there_is_not_is_refused_at_once():
    with pytest.raises(KeyError, match=r"no entry 'Z99'; it has A1 to A22, B1 to B11, .* H1 to H34\."):
        Scenarios().play("A-17", ["Z99"])


@pytest.mark.parametrize(
    ("needle", "playables", "says"),
    [
        pytest.param("", ["A1"], "The needle '' is no text", id="empty needle"),
        pytest.param(17, ["A1"], "The needle 17 is no text", id="needle of another kind"),
        pytest.param("A-17", [], "Nothing is played to 'A-17': give ids", id="nothing"),
        pytest.param("A-17", [503], "503 cannot be played: give an id", id="neither entry nor reply"),
        pytest.param("A-17", [Reply(when="later")], "when='later' is none of same_body, ", id="unknown mistake"),
    ],
)
def test_what_cannot_be_played_is_refused_at_once_and_says_what_can(needle, playables, says):
    with pytest.raises(ValueError, match=says):
        Scenarios().play(needle, playables)


def test_a_reply_to_a_mistake_is_passed_over_where_the_request_makes_none():
    scenarios = Scenarios()
    scenarios.play("A-17", [Reply(status=400, when="forced_tool"), Reply(status=503)])
    scenarios.play("B-2", [Reply(status=400, when="forced_tool"), Reply(status=503)])

    assert scenarios.next_for("A-17", BODY).status == 503
    assert scenarios.next_for("B-2", BODY | {"tool_choice": "required"}).status == 400


def test_the_same_body_is_known_again():
    scenarios = Scenarios()
    scenarios.play("A-17", ["A1", Reply(status=400, when="same_body")])

    scenarios.next_for("A-17", BODY)

    assert scenarios.next_for("A-17", BODY).status == 400


@pytest.mark.parametrize(
    ("text", "latency"),
    [
        ("200", Latency(low=200, high=200)),
        ("20-60", Latency(low=20, high=60)),
        ("0.5-1.5", Latency(low=0.5, high=1.5)),
        ("~400", Latency(kind="log_normal", low=400, high=400)),
    ],
)
def test_a_latency_is_written_as_one_number_two_or_the_middle_one(text, latency):
    assert Latency.read(text) == latency


@pytest.mark.parametrize("text", ["", "fast", "-5", "20-", "~20-60", "~0", "1e3"])
def test_other_texts_are_no_latency(text):
    with pytest.raises(ValueError, match="none of 200, 20-60, ~400"):
        Latency.read(text)


def test_a_latency_that_runs_backwards_is_refused():
    with pytest.raises(ValueError, match="60 to 20 runs backwards"):
        Latency.read("60-20")


@pytest.mark.parametrize(
    ("stated", "latency"),
    [(5, Latency(low=5, high=5)), ((20, 60), Latency(low=20, high=60)), (Latency(low=1, high=2),) * 2],
)
def test_a_program_may_state_a_latency_as_a_number_a_pair_or_itself(stated, latency):
    assert Provider(Conduct(latency_ms=stated))._latency == latency


@pytest.mark.parametrize(
    ("conduct", "says"),
    [
        pytest.param({"latency_ms": (60, 20)}, "60 to 20 runs backwards", id="backwards"),
        pytest.param({"latency_ms": -1}, "numbers from 0 on", id="negative"),
        pytest.param({"latency_ms": float("nan")}, "numbers from 0 on", id="NaN"),
        pytest.param({"latency_ms": ("a", "b")}, "numbers from 0 on", id="texts"),
        pytest.param({"latency_ms": (1, 2, 3)}, "none of a number, a pair of numbers", id="three"),
        pytest.param({"latency_ms": "20-60"}, "none of a number, a pair of numbers", id="text"),
        pytest.param({"profile": "nope"}, "'nope' is none of enforces, refuses, ignores", id="profile"),
        pytest.param({"profile": None}, "None is none of enforces, refuses, ignores", id="no profile"),
    ],
)
def test_a_conduct_that_cannot_be_had_is_refused_at_the_start(conduct, says):
    with pytest.raises(ValueError, match=says):
        Provider(Conduct(**conduct))


def test_equal_seeds_draw_the_same_and_others_do_not():
    latency = Latency(low=20, high=60)

    assert latency.drawn("7 a") == latency.drawn("7 a")
    assert latency.drawn("7 a") != latency.drawn("7 b")


def test_evenly_drawn_latencies_fill_their_range():
    drawn = [Latency(low=20, high=60).drawn(str(seed)) for seed in range(2000)]

    assert 20 <= min(drawn) < 22
    assert 58 < max(drawn) <= 60
    assert statistics.mean(drawn) == pytest.approx(40, abs=1)


def test_a_long_tail_has_its_middle_where_it_says_and_a_few_that_take_three_times_as_long():
    drawn = sorted(Latency.read("~400").drawn(str(seed)) for seed in range(4000))

    assert statistics.median(drawn) == pytest.approx(400, rel=0.05)
    assert drawn[int(0.99 * len(drawn))] == pytest.approx(1280, rel=0.2)

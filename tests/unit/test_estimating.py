"""What documents are expected to cost: the arithmetic. How far off it is: tests/integration/test_estimates.py."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from extractor.document import ReadingLimits
from extractor.estimating import (
    WIDEST,
    Cost,
    Estimator,
    Load,
    Measured,
    Spread,
    ends,
    estimator_for,
    least_of,
    thoughts_between,
)
from extractor.forecasting import SAMPLE, Forecast, forecast
from extractor.model.prices import Price, Tier, price_of
from extractor.model.profiles import profile_of
from extractor.records import DEFAULT_MODEL, Job, Options, Reasoning, Shape, Source
from extractor.schema import target_from

WIRE = {
    "type": "object",
    "properties": {"number": {"type": "string"}},
    "required": ["number"],
    "additionalProperties": False,
}
SHAPE = Shape(schema=WIRE, name="note")
THINKING = profile_of(DEFAULT_MODEL)
TEXT = "Number: N-1. " + "Nothing else of note. " * 400


def estimator(**options: object) -> Estimator:
    return estimator_for(SHAPE, options=Options(**options), profile=THINKING)


def job(number: int, text: str) -> Job:
    return Job(id=f"x{number}", source=Source(content=text), target=target_from(WIRE))


def even(count: int, usd: float = 1.0) -> Forecast:
    """Return the forecast of documents that are expected to cost the same."""
    load = Load(cost=Cost(input_usd=0.3 * usd, thoughts_usd=0.5 * usd, answer_usd=0.2 * usd))
    return Forecast({str(number): usd for number in range(count)}, load=Load().plus(load, times=count), read=count)


def test_thoughts_are_expected_where_the_model_thinks_and_only_there():
    usual, none = estimator(), estimator(reasoning=Reasoning(enabled=False))

    thinks, does_not = usual.load(usual.measure(TEXT)), none.load(none.measure(TEXT))

    assert thinks.thoughts > 400
    assert does_not.thoughts == 0
    assert none.estimate(TEXT).thoughts == (0, 0)
    assert thinks.prompt_tokens == does_not.prompt_tokens


def test_a_budget_for_thoughts_bounds_what_is_expected_of_them():
    bounded = estimator(reasoning=Reasoning(max_tokens=1_024))

    assert bounded.load(bounded.measure("| a | b | c |\n" * 5_000)).thoughts < 1_024


def test_the_ends_are_the_cost_at_the_lengths_of_thought_that_are_told():
    measured = Measured(tokens=200, answer=300)
    load = estimator().load(measured)
    low_usd, high_usd = ends(load.cost.usd, sigma=5.0)

    low, high = thoughts_between(load, low_usd=low_usd, high_usd=high_usd, documents=1)

    others_usd = load.cost.usd - load.cost.thoughts_usd
    assert low_usd == pytest.approx(others_usd + low * 0.78e-6, rel=0.01)
    assert high_usd == pytest.approx(others_usd + high * 0.78e-6, rel=0.01)


def test_the_lower_end_is_not_below_what_is_paid_without_a_thought():
    cost = Cost(input_usd=0.9, thoughts_usd=0.1)

    low, high = ends(cost.usd, sigma=5.0, least_usd=least_of(cost))

    assert 0.7 < low < 0.9
    assert high == pytest.approx(WIDEST * low)


def test_a_long_prompt_has_the_price_of_its_tier():
    short, long = estimator(), estimator()

    below, above = (
        each.load(each.measure("word " * count)).cost.input_usd for each, count in ((short, 205_000), (long, 225_000))
    )

    assert above > 3 * below


def test_a_document_longer_than_a_call_pays_for_rules_and_thoughts_of_each():
    small = estimator_for(SHAPE, options=Options(), profile=replace(THINKING, input_limit=10_000))
    text = "word " * 24_000

    parts, whole = small.load(small.measure(text)), estimator().load(estimator().measure(text))

    assert parts.thoughts == pytest.approx(5 * whole.thoughts, rel=0.05)
    assert parts.prompt_tokens > whole.prompt_tokens + 3.9 * small.fixed_tokens


def test_a_cap_on_the_document_caps_what_it_is_expected_to_cost():
    found = estimator(max_cost_usd=0.0001).estimate(TEXT)

    assert found.likely_usd == pytest.approx(0.0001)
    assert found.high_usd == pytest.approx(0.0001)


def test_without_a_price_there_are_tokens_and_no_dollars():
    found = estimator_for(SHAPE, options=Options(), profile=replace(THINKING, price=None)).estimate(TEXT)

    assert (found.low_usd, found.likely_usd, found.high_usd) == (None, None, None)
    assert found.prompt_tokens > 2_000


def test_what_is_written_in_digits_has_more_tokens():
    each = estimator()

    assert each.measure("1234567890" * 100).tokens > 1.5 * each.measure("abcdefghij" * 100).tokens


def test_a_range_is_three_times_as_wide_at_most_and_narrower_where_more_is_known():
    assert ends(1.0, sigma=5.0) == pytest.approx((1 / math.sqrt(WIDEST), math.sqrt(WIDEST)))
    assert WIDEST < 3
    assert Spread.of(Cost(input_usd=9, answer_usd=1)).same < Spread.of(Cost(input_usd=1, thoughts_usd=9)).same


def test_what_documents_cost_moves_and_narrows_the_range():
    run = even(100)

    for number in range(50):
        run.add(str(number), cost_usd=2.0, is_asked=True)

    found = run.estimate
    assert run.at_start.likely_usd == pytest.approx(100)
    assert found.likely_usd == pytest.approx(200, rel=0.05)
    assert 100 < found.low_usd < 200 < found.high_usd
    assert found.high_usd / found.low_usd < run.at_start.high_usd / run.at_start.low_usd / 2


def test_one_document_moves_the_range_less_than_fifty():
    one, fifty = even(100), even(100)

    one.add("0", cost_usd=2.0, is_asked=True)
    for number in range(50):
        fifty.add(str(number), cost_usd=2.0, is_asked=True)

    assert 100 < one.estimate.likely_usd < fifty.estimate.likely_usd


def test_in_the_end_the_range_is_what_was_spent():
    run = even(3)

    for number in range(3):
        run.add(str(number), cost_usd=0.7, is_asked=True)

    assert (run.estimate.low_usd, run.estimate.high_usd) == pytest.approx((2.1, 2.1))


def test_documents_that_were_not_sent_say_nothing_of_the_others():
    run = even(10)

    for number in range(5):
        run.add(str(number), cost_usd=0.0, is_asked=False)

    assert run.estimate.likely_usd == pytest.approx(5)


def test_free_documents_do_not_promise_a_free_run():
    run = even(10)

    run.add("0", cost_usd=0.0, is_asked=True)

    assert run.estimate.low_usd > 0


async def test_a_sample_stands_for_the_documents_that_are_not_read():
    jobs = [job(number, f"Number: N-{number}. " + "Nothing else. " * (number % 200)) for number in range(400)]

    sampled = await forecast(jobs, profile=THINKING, limits=ReadingLimits())
    apart = [estimator().estimate(each.source.content).likely_usd for each in jobs]

    assert sampled.at_start.read == SAMPLE
    assert sampled.at_start.documents == 400
    assert sampled.at_start.likely_usd == pytest.approx(sum(apart), rel=0.05)


async def test_documents_that_cannot_be_read_are_not_counted_on(tmp_path):
    for number in range(4):
        (tmp_path / f"{number}.pdf").write_bytes(b"%PDF-1.4 broken")
    broken = [Job(id=str(n), source=Source(content=tmp_path / f"{n}.pdf"), target=target_from(WIRE)) for n in range(4)]

    found = (await forecast([*broken, job(9, TEXT)], profile=THINKING, limits=ReadingLimits())).at_start

    assert found.likely_usd == pytest.approx(estimator().estimate(TEXT).likely_usd, rel=0.01)


def test_prices_of_the_default_model_are_those_of_its_page():
    assert price_of(DEFAULT_MODEL) == Price(
        tiers=(
            Tier(above_tokens=0, input_usd=0.26, output_usd=0.78),
            Tier(above_tokens=256_000, input_usd=0.78, output_usd=2.34),
        )
    )

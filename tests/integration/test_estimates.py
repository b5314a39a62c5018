"""What a run is expected to cost, against what the simulator's ledger says it cost.

The runs are drawn from distributions that the estimator does not know: how long documents are, how many leaves and rows
a record has, in which form tables are printed, how long the model thinks, how often it answers wrongly.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from extractor.document import ReadingLimits
from extractor.forecasting import forecast
from extractor.model import ChatModel, Endpoint, Facts
from extractor.pipeline import run
from extractor.records import Job, Source
from extractor.schema import target_from
from extractor.simulator import Reply, Simulator
from extractor.testing.models import ports_for

if TYPE_CHECKING:
    from extractor.estimating import Estimate

WORDS = ("invoice", "delivery", "amount", "the", "of", "contract", "party", "under", "terms", "supplier", "paragraph")
ROW = {
    "type": "object",
    "properties": {
        "code": {"type": "string"},
        "label": {"type": "string"},
        "quantity": {"type": "integer"},
        "price": {"type": "number"},
    },
    "required": ["code", "label", "quantity", "price"],
}
#: Tokens that a model thinks at most, as long as the caller does not say otherwise.
BUDGET = 8_192


@dataclass(frozen=True, kw_only=True)
class World:
    """What one run is drawn from."""

    random: Random
    documents: int
    leaves: int
    #: Rows of a document in the middle; 0 = the record has no list.
    rows: int
    characters: float
    between: str
    #: Tokens of thought about any record, and per token of it.
    thoughts: tuple[float, float]
    #: Share of answers that are wrong or do not come.
    fails: float

    @classmethod
    def drawn(cls, seed: int, *, documents: tuple[int, ...]) -> World:
        random = Random(seed)
        return cls(
            random=random,
            documents=random.choice(documents),
            leaves=random.choice((3, 8, 20, 60)),
            rows=random.choice((0, round(between(random, 2, 200)))),
            characters=between(random, 600, 40_000),
            between=random.choice((" | ", "   ", "\t", " ")),
            thoughts=(between(random, 120, 1_500), random.uniform(0.1, 1.0)),
            fails=random.choice((0.0, 0.05, 0.1, 0.25)),
        )

    @property
    def schema(self) -> dict[str, Any]:
        properties: dict[str, Any] = {f"field_{n}": {"type": ["string", "null"]} for n in range(self.leaves)}
        if self.rows:
            properties["rows"] = {"type": "array", "items": ROW}
        return {"title": "Sheet", "type": "object", "properties": properties, "required": list(properties)}

    def words(self, count: int) -> str:
        return " ".join(self.random.choice(WORDS) for _ in range(count))

    def document(self, mark: str) -> tuple[str, dict[str, Any]]:
        """Return a text and its record."""
        random = self.random
        record: dict[str, Any] = {
            f"field_{n}": f"{self.words(2)} {random.randint(1, 999)}" if random.random() < 0.7 else None
            for n in range(self.leaves)
        }
        lines = [f"Sheet {mark}", "", *(f"field {n}: {value}" for n, value in enumerate(record.values()) if value)]
        if self.rows:
            count = max(1, round(self.rows * random.lognormvariate(0, 0.5)))
            record["rows"] = [self._row() for _ in range(count)]
            lines += ["", self.between.join(("Code", "Label", "Quantity", "Price"))]
            lines += [self.between.join(map(str, row.values())) for row in record["rows"]]
        wanted = self.characters * random.lognormvariate(0, 0.5)
        text = "\n".join(lines)
        return text + "\n\n" + "\n".join(self.words(12) for _ in range(round((wanted - len(text)) / 90))), record

    def replies(self, record: dict[str, Any]) -> list[Reply]:
        """Return what the model says to one document: wrong answers, then the right one."""
        base, each = self.thoughts
        tokens = (base + each * len(json.dumps(record)) / 4) * self.random.lognormvariate(0, 0.5)
        thought = "x " * (2 * round(min(tokens, BUDGET)))
        wrong = [Reply(content='{"rows": "x"}', reasoning=thought), Reply(status=502, content=None)]
        fails = [self.random.choice(wrong) for _ in range(2) if self.random.random() < self.fails]
        return [*fails, Reply(reasoning=thought)]

    def _row(self) -> dict[str, Any]:
        random = self.random
        return {
            "code": f"A-{random.randint(1, 99_999)}",
            "label": self.words(random.randint(1, 4)),
            "quantity": random.randint(1, 50),
            "price": round(random.uniform(1, 5_000), 2),
        }


@dataclass(frozen=True, kw_only=True)
class Ran:
    """One run: what was expected of it, and what it cost."""

    at_start: Estimate
    halfway: Estimate
    at_end: Estimate
    usd: float


def between(random: Random, low: float, high: float) -> float:
    """Draw so that every power of ten is as likely."""
    return math.exp(random.uniform(math.log(low), math.log(high)))


def holds(estimate: Estimate, usd: float) -> bool:
    return estimate.low_usd <= usd <= estimate.high_usd


async def ran(seed: int, *, documents: tuple[int, ...]) -> Ran:
    """Draw a run, estimate it, and run it against the simulator."""
    world = World.drawn(seed, documents=documents)
    target = target_from(world.schema)
    records, scenarios, jobs = {}, [], []
    for number in range(world.documents):
        mark = f"{seed}-{number}."
        text, record = world.document(mark)
        records[mark] = record
        scenarios.append((mark, world.replies(record)))
        jobs.append(Job(id=mark, source=Source(content=text), target=target))
    with Simulator(answer=records, scenarios=scenarios) as simulator:
        endpoint = Endpoint(simulator.base_url, key=SecretStr("simulated"), speaks_openrouter=True)
        chat = ChatModel(endpoint, facts=Facts())
        expected = await forecast(jobs, profile=await chat.profile(), limits=ReadingLimits())
        assert simulator.ledger.calls == []
        seen = [expected.estimate]
        for job in jobs:
            result = await run(job, ports=ports_for(chat), limits=ReadingLimits())
            expected.add(job.id, cost_usd=result.usage.cost_usd, is_asked=result.usage.calls > 0)
            seen.append(expected.estimate)
        await chat.aclose()
        return Ran(at_start=expected.at_start, halfway=seen[len(jobs) // 2], at_end=seen[-1], usd=simulator.ledger.usd)


async def test_the_range_holds_what_runs_cost_and_narrows_as_they_go_on():
    await check(range(12), documents=(4, 6))


@pytest.mark.full
async def test_the_range_holds_nine_of_ten_among_two_hundred_runs():
    await check(range(1_000, 1_200), documents=(3, 8, 20))


async def check(seeds: range, *, documents: tuple[int, ...]) -> None:
    runs = [await ran(seed, documents=documents) for seed in seeds]

    assert sum(holds(each.at_start, each.usd) for each in runs) >= 0.9 * len(runs)
    assert sum(holds(each.halfway, each.usd) for each in runs) >= 0.9 * len(runs)
    for each in runs:
        assert 1 < each.at_start.high_usd / each.at_start.low_usd <= 3
        assert each.at_end.low_usd == pytest.approx(each.usd) == each.at_end.high_usd
    narrowed = [width(each.halfway) / width(each.at_start) for each in runs if each.halfway != each.at_start]
    assert sum(narrowed) / len(narrowed) < 0.75


def width(estimate: Estimate) -> float:
    return math.log(estimate.high_usd / estimate.low_usd)

"""What a run will probably cost: before it starts, from a sample of its documents; meanwhile, from what others cost."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import anyio

from extractor.document import aread
from extractor.estimating import Estimate, Load, Measured, Spread, ends, estimator_for, least_of, thoughts_between
from extractor.pipeline import acontract_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from extractor.document import ReadingLimits
    from extractor.estimating import Estimator
    from extractor.model.profiles import Profile
    from extractor.records import Job

#: Documents that are read for an estimate at most, and seconds that this may take.
SAMPLE: Final = 40
SAMPLE_S: Final = 5.0
#: How far a sample of none or one may be off the others, as a standard deviation of logarithms.
ONE_SAMPLED: Final = 0.5
#: Documents that what is assumed of their spread counts as, against what is seen of it.
ASSUMED: Final = 8
#: The least that documents are taken to cost of what was expected, so that a few free ones do not promise a free run.
LEAST_FACTOR: Final = 0.02


@dataclass(slots=True)
class _Sum:
    """Dollars expected of some documents."""

    usd: float = 0.0
    squares: float = 0.0

    def add(self, usd: float, *, times: int = 1) -> None:
        self.usd = max(0.0, self.usd + times * usd)
        self.squares = max(0.0, self.squares + times * usd * usd)

    @property
    def noise(self) -> float:
        """What is left of the spread of single documents in their sum: 1 of one document, 0.1 of 100 equal ones."""
        return min(1.0, math.sqrt(self.squares) / self.usd) if self.usd else 0.0


@dataclass(slots=True)
class _Seen:
    """What documents cost that a model was asked about."""

    count: int = 0
    usd: float = 0.0
    #: Sums of what each cost over what was expected of it.
    ratios: float = 0.0
    squares: float = 0.0

    def add(self, usd: float, *, expected: float) -> None:
        self.count += 1
        self.usd += usd
        self.ratios += usd / expected
        self.squares += (usd / expected) ** 2

    def own(self, assumed: float) -> float:
        """Return how far one document is off the others: as assumed, less and less as more is seen."""
        mean = self.ratios / self.count if self.count else 0.0
        variance = max(0.0, self.squares / self.count / mean**2 - 1) if mean else 0.0
        return math.sqrt((ASSUMED * assumed**2 + self.count * math.log1p(variance)) / (ASSUMED + self.count))


class Forecast:
    """What a run will probably cost, as far as is known by now.

    Args:
        expected_usd: Document's id -> US dollars that it is expected to cost. It is kept, and emptied.
        load: What is expected of all documents together.
        read: Documents that were read for it.
        sampling: How far the sample may be off the others, as a standard deviation of logarithms.
        is_priced: Whether the price of the model is known.
    """

    def __init__(
        self, expected_usd: dict[str, float], *, load: Load, read: int, sampling: float = 0.0, is_priced: bool = True
    ) -> None:
        self._expected = expected_usd
        self._documents = len(expected_usd)
        self._load = load
        self._read = read
        self._is_priced = is_priced
        self._spread = Spread.of(load.cost)
        self._before = math.hypot(self._spread.same, sampling)
        self._left, self._asked, self._seen = _Sum(), _Sum(), _Seen()
        self._spent_usd = 0.0
        #: What cannot well cost less, of what is expected.
        self._least = least_of(load.cost) / load.cost.usd if load.cost.usd else 0.0
        for usd in expected_usd.values():
            self._left.add(usd)
        #: What it was before anything was known of the run.
        self.at_start = self._with_thoughts(self.estimate)

    def add(self, id_: str, *, cost_usd: float, is_asked: bool) -> None:
        """Note that a document has ended.

        Args:
            id_: Its id.
            cost_usd: What it cost, US dollars.
            is_asked: Whether a model was asked about it. One that was not read, or not sent, says nothing of others.
        """
        expected = self._expected.pop(id_, 0.0)
        self._left.add(expected, times=-1)
        if not self._expected:
            self._left = _Sum()  # what rounding has left
        self._spent_usd += cost_usd
        if is_asked and expected:
            self._asked.add(expected)
            self._seen.add(cost_usd, expected=expected)

    @property
    def estimate(self) -> Estimate:
        """What the run will have cost in the end."""
        own = self._seen.own(self._spread.own)
        factor, sigma = self._learned(own)
        usd = factor * self._left.usd
        least_usd = 0.0 if self._seen.count else self._least * self._left.usd
        low, high = ends(usd, sigma=math.hypot(sigma, own * self._left.noise), least_usd=least_usd)
        return Estimate(
            documents=self._documents,
            read=self._read,
            low_usd=self._spent_usd + low if self._is_priced else None,
            likely_usd=self._spent_usd + usd if self._is_priced else None,
            high_usd=self._spent_usd + high if self._is_priced else None,
            prompt_tokens=round(self._load.prompt_tokens),
            completion_tokens=round(self._load.completion_tokens),
        )

    def _with_thoughts(self, estimate: Estimate) -> Estimate:
        low, high = estimate.low_usd or 0.0, estimate.high_usd or 0.0
        between = thoughts_between(self._load, low_usd=low, high_usd=high, documents=self._documents)
        return replace(estimate, thoughts=between)

    def _learned(self, own: float) -> tuple[float, float]:
        """Return how many times as much as expected documents cost, and how far that may be off.

        What was assumed and what is seen count as well as each is known.
        """
        if not self._seen.count:
            return 1.0, self._before
        seen = math.log(max(self._seen.usd / self._asked.usd, LEAST_FACTOR))
        noise = own * self._asked.noise
        weight = self._before**2 / (self._before**2 + noise**2)
        return math.exp(weight * seen), self._before * math.sqrt(1 - weight)


async def forecast(jobs: Sequence[Job], *, profile: Profile, limits: ReadingLimits) -> Forecast:
    """Return what jobs of one target, with the same options, will probably cost. Nothing is sent.

    Up to `SAMPLE` documents are read, of all sizes; the others are taken to hold as much per byte.

    Args:
        jobs: At least one.
        profile: What is known about the model.
        limits: What a document may be at most.
    """
    contract = await acontract_of(jobs[0])
    estimator = estimator_for(contract.shape, options=jobs[0].options, profile=profile)
    files = {job.id: _file_of(job) for job in jobs}
    sample = await _measure_some(_sample(jobs, files), estimator=estimator, limits=limits)
    kinds = _kinds([(files[id_], measured) for id_, measured in sample.items()])
    expected: dict[str, float] = {}
    total = unread = Load()
    for id_, file in files.items():
        load = _load_of(sample[id_], estimator) if id_ in sample else kinds[file.kind].load(file.size, estimator)
        expected[id_] = load.cost.usd
        total = total.plus(load)
        unread = unread if id_ in sample else unread.plus(load)
    guesses = {id_: kinds[files[id_].kind].load(files[id_].size, estimator).cost.usd for id_ in sample}
    return Forecast(
        expected,
        load=total,
        read=len(sample),
        sampling=_off(expected, guesses) * unread.cost.usd / total.cost.usd if total.cost.usd else 0.0,
        is_priced=profile.price is not None,
    )


class _File(NamedTuple):
    """What is known of a document that is not read."""

    #: Ending of its name: bytes of a PDF hold less text than those of a text.
    kind: str
    #: Bytes.
    size: int


class _Kind(NamedTuple):
    """What documents of one kind hold."""

    tokens_per_byte: float = 1 / 4
    answer_per_byte: float = 1 / 16
    #: Share of them that can be read at all.
    readable: float = 1.0

    def load(self, size: int, estimator: Estimator) -> Load:
        measured = Measured(self.tokens_per_byte * size, self.answer_per_byte * size)
        return Load().plus(estimator.load(measured), times=self.readable)


def _file_of(job: Job) -> _File:
    content = job.source.content
    if not isinstance(content, Path):
        return _File("", len(content))
    try:
        return _File(content.suffix.casefold(), content.stat().st_size)
    except OSError:
        return _File(content.suffix.casefold(), 0)


def _sample(jobs: Sequence[Job], files: Mapping[str, _File]) -> list[Job]:
    """Return jobs of every kind and size, evenly from the smallest of the first kind to the largest of the last."""
    ordered = sorted(jobs, key=lambda job: files[job.id])
    count = min(SAMPLE, len(ordered))
    return [ordered[(2 * number + 1) * len(ordered) // (2 * count)] for number in range(count)]


async def _measure_some(
    jobs: Sequence[Job], *, estimator: Estimator, limits: ReadingLimits
) -> dict[str, Measured | None]:
    """Return what is in documents, None of those that cannot be read, as far as the time goes."""
    measured: dict[str, Measured | None] = {}

    async def measure(job: Job) -> None:
        try:
            document = await aread(job.source, limits=limits)
        except Exception:  # noqa: BLE001 - the run meets it again, and tells it of that document alone
            measured[job.id] = None
        else:
            measured[job.id] = estimator.measure(document.text)

    with anyio.move_on_after(SAMPLE_S):
        async with anyio.create_task_group() as group:
            for job in jobs:
                group.start_soon(measure, job)
    return measured


def _load_of(measured: Measured | None, estimator: Estimator) -> Load:
    return Load() if measured is None else estimator.load(measured)


def _kinds(sample: Sequence[tuple[_File, Measured | None]]) -> Mapping[str, _Kind]:
    """Return what documents hold by their kind; of a kind that is not in the sample, what all of them hold."""
    by_kind: dict[str, list[tuple[_File, Measured | None]]] = defaultdict(list)
    for file, measured in sample:
        by_kind[file.kind].append((file, measured))
    kinds: dict[str, _Kind] = defaultdict(lambda: _kind_of(sample))
    kinds |= {kind: _kind_of(rows) for kind, rows in by_kind.items()}
    return kinds


def _kind_of(sample: Sequence[tuple[_File, Measured | None]]) -> _Kind:
    readable = [(file.size, measured) for file, measured in sample if measured is not None]
    size = sum(size for size, _ in readable)
    if not size:
        return _Kind(readable=0.0) if sample else _Kind()
    return _Kind(
        tokens_per_byte=sum(measured.tokens for _, measured in readable) / size,
        answer_per_byte=sum(measured.answer for _, measured in readable) / size,
        readable=len(readable) / len(sample),
    )


def _off(expected: Mapping[str, float], guesses: Mapping[str, float]) -> float:
    """Return how far documents that were not read may be off, by how far those that were read are off their size's."""
    total = math.fsum(expected[id_] for id_ in guesses)
    if len(guesses) < 2 or not total:  # noqa: PLR2004 - one says nothing about a spread
        return ONE_SAMPLED
    return min(ONE_SAMPLED, math.sqrt(math.fsum((expected[id_] - usd) ** 2 for id_, usd in guesses.items())) / total)

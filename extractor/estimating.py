"""What a document will probably cost, before anything of it is sent.

Three things are known: the bytes of the request, the price, and what the document holds to fill lists with. Three are
not: how a model cuts text into tokens, how long it thinks, how often it has to be asked again. The constants below say
what is assumed of these; a range that must hold whatever a model does would be too wide to decide by.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from extractor.jsontext import dumps
from extractor.model.enforcement import Terms
from extractor.model.requests import room_for
from extractor.planning import INPUT_SHARE, OUTPUT_SHARE
from extractor.prompt import ask
from extractor.records import Page, Window
from extractor.schema import expected_answer

if TYPE_CHECKING:
    from extractor.model.prices import Price
    from extractor.model.profiles import Profile
    from extractor.records import JsonObject, Options, Shape

#: Bytes of UTF-8 per token of what is no digit. English has 4.5, other scripts and markup fewer.
BYTES_PER_TOKEN: Final = 4.2
#: Tokens of a digit: tokenizers take digits one by one, or up to three together.
TOKENS_PER_DIGIT: Final = 0.4
#: Thoughts about a record without values, and per token of the answer, where a budget of thousands bounds them.
THOUGHTS: Final = 500
THOUGHTS_PER_ANSWER_TOKEN: Final = 0.6
#: Share of the budget that thoughts take at most, on average.
BUDGET_SHARE: Final = 0.8
#: What calls cost in all per first call: some answers are asked for again, whole or in part.
REASKS: Final = 1.06
#: How far off all documents of a run are together, as the standard deviation of a logarithm: 0.7 = half to twice.
SAME_INPUT, SAME_THOUGHTS, SAME_ANSWER, SAME_REASKS = 0.15, 0.8, 0.4, 0.1
#: How far off one document is from the others.
OWN_INPUT, OWN_THOUGHTS, OWN_ANSWER, OWN_REASKS = 0.05, 0.6, 0.4, 0.3
#: Standard deviations to each side that hold nine of ten runs.
SIGMAS: Final = 1.645
#: The widest range, its upper end over its lower one.
WIDEST: Final = 2.95
_DIGITS = re.compile(r"[0-9]+")


class Measured(NamedTuple):
    """What is in a document."""

    #: Tokens of its text.
    tokens: float
    #: Tokens of the record that it probably makes.
    answer: float


class Cost(NamedTuple):
    """US dollars, by what they are for."""

    input_usd: float = 0.0
    thoughts_usd: float = 0.0
    answer_usd: float = 0.0

    @property
    def usd(self) -> float:
        """All of it."""
        return self.input_usd + self.thoughts_usd + self.answer_usd

    def plus(self, other: Cost) -> Cost:
        """Return the sum."""
        return Cost(*(one + another for one, another in zip(self, other, strict=True)))

    def times(self, factor: float) -> Cost:
        """Return the multiple."""
        return Cost(*(factor * part for part in self))


class Load(NamedTuple):
    """What is expected of all calls about a document, or of many documents."""

    #: Input tokens.
    prompt_tokens: float = 0.0
    #: Output tokens, thoughts included.
    completion_tokens: float = 0.0
    #: Of the output, thoughts.
    thoughts: float = 0.0
    #: US dollars; 0 where the price is not known.
    cost: Cost = Cost()

    def plus(self, other: Load, *, times: float = 1.0) -> Load:
        """Return this and `times` the other."""
        return Load(
            self.prompt_tokens + times * other.prompt_tokens,
            self.completion_tokens + times * other.completion_tokens,
            self.thoughts + times * other.thoughts,
            self.cost.plus(other.cost.times(times)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a document, or a run, will probably cost."""

    #: Documents that it is about.
    documents: int
    #: Documents that were read for it; the others go by their size.
    read: int
    #: US dollars: what has been spent, and the lower end of what is still to come. None = the price is not known.
    low_usd: float | None
    #: The same in the middle.
    likely_usd: float | None
    #: The same at the upper end, three times the lower end at most.
    high_usd: float | None
    #: Input tokens, in the middle.
    prompt_tokens: int
    #: Output tokens, thoughts included, in the middle.
    completion_tokens: int
    #: Tokens that a document is thought about, at which the cost reaches either end while all else is as expected;
    #: (0, 0) where the model does not think, or the price is not known.
    thoughts: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How far costs are off what was expected, as standard deviations of logarithms."""

    #: All documents of a run together.
    same: float
    #: One document from the others.
    own: float

    @classmethod
    def of(cls, cost: Cost) -> Spread:
        """Return the spread of costs that are made up like this one."""
        shares = cost.times(1 / cost.usd) if cost.usd else cost
        return cls(
            same=_together(shares, (SAME_INPUT, SAME_THOUGHTS, SAME_ANSWER), SAME_REASKS),
            own=_together(shares, (OWN_INPUT, OWN_THOUGHTS, OWN_ANSWER), OWN_REASKS),
        )


def _together(shares: Cost, each: tuple[float, float, float], further: float) -> float:
    return math.hypot(*(share * one for share, one in zip(shares, each, strict=True)), further)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimator:
    """Estimates documents that are asked about in the same way. Made by `estimator_for`."""

    #: The schema as the model sees it.
    wire: JsonObject
    #: What the model costs; None = not known.
    price: Price | None
    #: Tokens of the rules and of the schema, in words and on the wire.
    fixed_tokens: float
    #: Tokens that the model may think; 0 = it does not.
    thinking: int
    #: Tokens that one request and one reply are planned for; infinite where no limit is known.
    input_room: float
    output_room: float
    #: Cap on one document, US dollars; infinite = none.
    cap_usd: float

    def measure(self, text: str) -> Measured:
        """Return what is in a text. Linear."""
        return Measured(tokens_of(text), expected_answer(self.wire, text).likely)

    def load(self, measured: Measured) -> Load:
        """Return what is expected of all calls about a document."""
        calls = max(1, math.ceil(measured.tokens / self.input_room), math.ceil(measured.answer / self.output_room))
        prompt, answer = self.fixed_tokens + measured.tokens / calls, measured.answer / calls
        thoughts = min(THOUGHTS + THOUGHTS_PER_ANSWER_TOKEN * answer, BUDGET_SHARE * self.thinking)
        cost = self._cost(prompt, thoughts, answer).times(calls * REASKS)
        if cost.usd > self.cap_usd:
            cost = cost.times(self.cap_usd / cost.usd)
        times = calls * REASKS
        return Load(times * prompt, times * (thoughts + answer), times * thoughts, cost)

    def estimate(self, text: str) -> Estimate:
        """Return what one document will probably cost."""
        load = self.load(self.measure(text))
        spread = Spread.of(load.cost)
        sigma = math.hypot(spread.same, spread.own)
        low, high = ends(load.cost.usd, sigma=sigma, least_usd=least_of(load.cost))
        is_priced = self.price is not None
        return Estimate(
            thoughts=thoughts_between(load, low_usd=low, high_usd=high, documents=1),
            documents=1,
            read=1,
            low_usd=low if is_priced else None,
            likely_usd=load.cost.usd if is_priced else None,
            high_usd=min(high, self.cap_usd) if is_priced else None,
            prompt_tokens=round(load.prompt_tokens),
            completion_tokens=round(load.completion_tokens),
        )

    def _cost(self, prompt: float, thoughts: float, answer: float) -> Cost:
        if self.price is None:
            return Cost()
        tier = self.price.tier(prompt_tokens=round(prompt))
        return Cost(prompt * tier.input_usd / 1e6, thoughts * tier.output_usd / 1e6, answer * tier.output_usd / 1e6)


def estimator_for(shape: Shape, *, options: Options, profile: Profile) -> Estimator:
    """Return the estimator of documents that are asked for `shape`.

    Args:
        shape: The schema as the model sees it.
        options: The caller's options.
        profile: What is known about the model now.
    """
    empty = Window(number=0, start=0, end=0, text="", pages=(Page(number=1, start=0, end=0),))
    question = ask(empty, shape, job_id="", options=options)
    room = room_for(question, Terms(rung="json_schema", is_streamed=True), profile=profile)
    fixed = sum(tokens_of(message.content) for message in question.messages)
    return Estimator(
        wire=shape.schema,
        price=profile.price,
        fixed_tokens=fixed + (tokens_of(dumps(shape.schema)) if _sends_schema(options, profile) else 0),
        thinking=room.thinking,
        input_room=INPUT_SHARE * profile.input_limit if profile.input_limit else math.inf,
        output_room=OUTPUT_SHARE * profile.output_limit if profile.output_limit else math.inf,
        cap_usd=math.inf if options.max_cost_usd is None else options.max_cost_usd,
    )


def _sends_schema(options: Options, profile: Profile) -> bool:
    return profile.takes_schemas and options.enforcement in {"auto", "required", "json_schema", "tool"}


def ends(usd: float, *, sigma: float, least_usd: float = 0.0) -> tuple[float, float]:
    """Return the lower and the upper end around an amount, at most `WIDEST` apart.

    Args:
        usd: The amount, US dollars.
        sigma: How far it may be off, as the standard deviation of a logarithm.
        least_usd: What it cannot well be below. A lower end there raises the upper one by as much.
    """
    factor = math.exp(min(SIGMAS * sigma, math.log(WIDEST) / 2))
    low = min(max(usd / factor, least_usd), usd)
    return low, low * factor * factor


def least_of(cost: Cost) -> float:
    """Return what a cost cannot well be below: nobody thinks less than not at all."""
    others = cost._replace(thoughts_usd=0.0)
    spread = Spread.of(others)
    return others.usd / REASKS / math.exp(spread.same)


def thoughts_between(load: Load, *, low_usd: float, high_usd: float, documents: int) -> tuple[int, int]:
    """Return the tokens of thought per document at which a cost reaches its ends, all else being as expected.

    Args:
        load: What is expected of all documents.
        low_usd: The lower end, US dollars.
        high_usd: The upper end.
        documents: How many they are.
    """
    if not load.cost.thoughts_usd:
        return 0, 0
    tokens_per_usd = load.thoughts / load.cost.thoughts_usd / documents
    others_usd = load.cost.usd - load.cost.thoughts_usd
    return round(tokens_per_usd * max(0.0, low_usd - others_usd)), round(tokens_per_usd * (high_usd - others_usd))


def tokens_of(text: str) -> float:
    """Return about how many tokens a text has."""
    digits = sum(len(run) for run in _DIGITS.findall(text))
    size = len(text.encode("utf-8", "surrogatepass"))
    return (size - digits) / BYTES_PER_TOKEN + TOKENS_PER_DIGIT * digits

"""How many requests and tokens a minute may take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: Seconds in which what is counted goes out of a provider's sight.
MINUTE_S: Final = 60.0
#: Seconds of a rate that may go out at once after a pause. A minute then takes 1/120 more than its rate at most.
BURST_S: Final = 0.5
#: The name that stands for every model without an entry of its own.
ANY_MODEL: Final = "*"
_FORM: Final = (
    "must be `MODEL=REQUESTS/TOKENS` by comma: whole numbers a minute, from 1 on, of which one may be left out"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What one minute may take at most."""

    #: Requests per minute; None = no limit.
    requests: int | None = None
    #: Tokens per minute, of prompts and answers together; None = no limit.
    tokens: int | None = None

    def steps(self, tokens: int) -> dict[str, float]:
        """Return the seconds that one request of so many tokens takes of each limit, by the limit's name."""
        costs = (("requests", self.requests, 1), ("tokens", self.tokens, tokens))
        return {name: MINUTE_S * cost / limit for name, limit, cost in costs if limit is not None}


_NO_LIMITS: Final = Rate()


def counted(tokens: int, *rates: Rate) -> int:
    """Return the tokens that a request is counted as: no more than a minute takes, which is all that is ever owed."""
    return min([tokens, *(rate.tokens for rate in rates if rate.tokens is not None)])


@dataclass(frozen=True, slots=True)
class Rates:
    """The rate of each model."""

    #: Model slug or `*`, and its rate.
    by_model: tuple[tuple[str, Rate], ...] = ()

    def of(self, model: str) -> Rate:
        """Return the rate of a model: its own, else that of `*`, else one without limits."""
        stated = dict(self.by_model)
        return stated.get(model) or stated.get(ANY_MODEL) or _NO_LIMITS

    @classmethod
    def read(cls, text: str | None) -> Rates:
        """Read `MODEL=REQUESTS/TOKENS,*=REQUESTS/TOKENS`; None = no limits.

        Raises:
            ValueError: says what the form is.
        """
        entries = [part.strip() for part in (text or "").split(",")]
        stated = [_entry(entry) for entry in entries if entry]
        if len(dict(stated)) < len(stated):
            raise ValueError("must name each model once")
        return cls(tuple(stated))


def slack_s(step_s: float) -> float:
    """Return the seconds by which a request may go before its time, where it takes `step_s` of the rate.

    None at a low rate, where one that goes early is one too many in its minute.
    """
    return max(0.0, BURST_S - step_s)


def _entry(text: str) -> tuple[str, Rate]:
    model, equals, stated = text.rpartition("=")
    requests, _, tokens = (part.strip() for part in stated.partition("/"))
    if not (model.strip() and equals and (requests or tokens)):
        raise ValueError(_FORM)
    return model.strip(), Rate(requests=_limit(requests), tokens=_limit(tokens))


def _limit(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and int(text)):
        raise ValueError(_FORM)
    return int(text)

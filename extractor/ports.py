"""What the engine needs from outside. `local/` answers in memory, other adapters elsewhere; the engine cannot tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from extractor.records import CallKey, Completion, Question, Usage


class Model(Protocol):
    """Something that answers questions."""

    @property
    def engine(self) -> str:
        """Who answers, in words that go into every result."""

    @property
    def input_limit(self) -> int | None:
        """Tokens that one request may hold; None where no limit is known."""

    async def complete(self, question: Question, *, ports: Ports) -> Completion:
        """Answer `question`, once, through the journal, the purse, the pace and the cancel of `ports`.

        Raises:
            ModelError: the request failed for good; its `usage` attribute holds what was spent.
            BudgetExceeded: the purse refused.
            Cancelled: the caller asked to stop.
        """

    def note_harm(self, completion: Completion, *, why: str) -> None:
        """Note that an answer shows harm done by the rung it was given on; where it does so often, the rung is left.

        Harm is prose, white space without end, values from nowhere.
        """


class Journal(Protocol):
    """The memory of calls bought for one extraction. A reply in it is never bought again."""

    async def replay(self, *, window: int, round: int) -> Completion | None:  # noqa: A002 - the word of the call key
        """Return the finished reply to a question, None when there is none."""

    async def open_call(self, key: CallKey, *, reserved_usd: float) -> None:
        """Note that a request is about to be sent."""

    async def identify_call(self, key: CallKey, *, generation_id: str) -> None:
        """Note the provider's id of an open call, before its body is read."""

    async def close_call(self, key: CallKey, *, usage: Usage, completion: Completion | None) -> None:
        """Note the end of a request: what it cost, and its reply when there is one."""


class Purse(Protocol):
    """The money of one extraction, and of everything above it."""

    @property
    def is_capped(self) -> bool:
        """Whether any cap applies, so that a model without a known price must be refused."""

    async def reserve(self, usd: float) -> float:
        """Set `usd` aside and return it.

        Raises:
            BudgetExceeded: the cap does not hold it; nothing was set aside.
        """

    async def settle(self, reserved_usd: float, *, spent_usd: float) -> None:
        """Give a reservation back and book what was spent."""


class Pace(Protocol):
    """When the next request may go out. All waiting of the engine happens here, so a test can take it away."""

    async def enter(self, endpoint: str) -> None:
        """Wait until `endpoint` takes requests again."""

    async def cool_down(self, endpoint: str, *, seconds: float) -> None:
        """Hold every request to `endpoint` back for `seconds`."""

    async def sleep(self, seconds: float) -> None:
        """Wait before the next try of one request."""


class Cancel(Protocol):
    """Whether the caller still wants the result."""

    def raise_if_cancelled(self) -> None:
        """Return at once, or raise.

        Raises:
            Cancelled: the caller asked to stop.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The ports of one extraction."""

    model: Model
    journal: Journal
    purse: Purse
    pace: Pace
    cancel: Cancel

"""What the engine needs from outside. `local/` answers in memory, other adapters elsewhere; the engine cannot tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from extractor.records import CallKey, Completion, Lane, Question, Usage


class Model(Protocol):
    """Something that answers questions."""

    @property
    def engine(self) -> str:
        """Who answers, in words that go into every result."""

    @property
    def input_limit(self) -> int | None:
        """Tokens that one request may hold; None where no limit is known."""

    @property
    def output_limit(self) -> int | None:
        """Tokens that one reply may hold, reasoning included; None where no limit is known."""

    async def complete(self, question: Question, *, ports: Ports) -> Completion:
        """Answer `question`, once, through the journal, the pace and the cancel of `ports`.

        Raises:
            ModelError: the request failed for good; its `usage` attribute holds what was spent.
            BudgetExceeded: a cap does not hold the call.
            Cancelled: the caller asked to stop.
        """

    def note_harm(self, completion: Completion, *, why: str) -> None:
        """Note that an answer shows harm done by the rung it was given on; where it does so often, the rung is left.

        Harm is prose, white space without end, values from nowhere.
        """


class Journal(Protocol):
    """The books of one extraction: its calls, their replies and their money. A reply in it is never bought again.

    Every call is covered by what was set aside for it, under every cap that applies: of the document, the run or the
    batch, the tenant.
    """

    @property
    def is_capped(self) -> bool:
        """Whether any cap applies, so that a model without a known price must be refused."""

    async def replay(
        self,
        *,
        window: int,
        round: int,  # noqa: A002 - the word of the call key
        asked: str = "",
    ) -> Completion | None:
        """Return the finished reply to a question, None when there is none.

        Args:
            window: The question's window.
            round: The question's round.
            asked: Digest of the question: a reply to another one under the same numbers is none. "" = any.
        """

    async def open_call(self, key: CallKey, *, reserve_usd: float) -> None:
        """Set money aside for a request that is about to be sent, and note the request, in one write.

        Waits where calls in flight may turn out cheaper than what is set aside for them.

        Raises:
            BudgetExceeded: a cap does not hold it; nothing was set aside, nothing noted.
        """

    async def identify_call(self, key: CallKey, *, generation_id: str) -> None:
        """Note the provider's id of an open call, before its body is read."""

    async def close_call(self, key: CallKey, *, usage: Usage, completion: Completion | None) -> None:
        """Note the end of a request: its reply when there is one, and what it cost in place of what was set aside."""


class Pace(Protocol):
    """When the next request may go out. All waiting of the engine happens here, so a test can take it away."""

    async def enter(self, lane: Lane, *, tokens: int) -> None:
        """Wait until `lane` takes one more request of about so many tokens, and count it."""

    async def leave(self, lane: Lane, *, reserved: int, used: int) -> None:
        """Correct what was counted for a request by the tokens that it took, 0 where it was refused or never sent."""

    async def wait_out(self, lane: Lane) -> None:
        """Wait until a cool-down of `lane` is over. Nothing is counted."""

    async def cool_down(self, lane: Lane, *, seconds: float) -> None:
        """Hold every request on `lane` back for `seconds`."""

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
    pace: Pace
    cancel: Cancel

"""Which of several values counts where parts of a document state different ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from extractor.records import Stated

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from extractor.answer.parts import Piece
    from extractor.records import Evidence, Json

#: See `Options.on_conflict`.
Policy: TypeAlias = Literal["evidence", "first", "last", "majority", "error", "ask"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One value, and the pieces that state it, with their places in the order of the document."""

    value: Json
    pieces: tuple[tuple[int, Piece], ...]

    @property
    def first(self) -> int:
        """Where it is stated first."""
        return self.pieces[0][0]

    @property
    def first_evident(self) -> int | None:
        """Where it is stated first by a part in whose window it stands."""
        return next((order for order, piece in self.pieces if any(piece.passages())), None)

    @property
    def stated(self) -> Stated:
        """The value with the first evidence for it."""
        passages: Iterable[Evidence] = (evidence for _, piece in self.pieces for evidence in piece.passages())
        return Stated(value=self.value, evidence=next(iter(passages), None))


def choose(candidates: Sequence[Candidate], policy: Policy) -> Candidate | None:
    """Return the candidate that counts, None where none does. `ask` chooses as `evidence` until it is asked.

    Candidates are in the order of the document; where two are stated equally often, the first counts.
    """
    if policy == "error":
        return None
    if policy == "first":
        return candidates[0]
    if policy == "last":
        return max(candidates, key=lambda candidate: candidate.pieces[-1][0])
    if policy != "majority":
        evident = [(order, candidate) for candidate in candidates if (order := candidate.first_evident) is not None]
        if evident:
            return min(evident, key=lambda found: found[0])[1]
    return max(candidates, key=lambda candidate: len(candidate.pieces))

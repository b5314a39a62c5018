"""What the values of a record rest on: their evidence in the document, or at least the model's own reasoning."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from extractor.answer import ground, unsupported
from extractor.beside import LONG_TEXT, beside
from extractor.jsontext import leaves

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.records import Document, Evidence, Json, Target

#: Values from which on looking for them takes longer than others should wait: 10 ms in a text of 30,000 characters.
MANY_VALUES: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What the values of one document's records rest on."""

    #: The document.
    document: Document
    #: The schema that the records satisfy.
    target: Target
    #: Whether every value is looked up.
    is_looked_up: bool
    #: Whether one question may show all of the document, so that a value found nowhere can be looked for again.
    is_shown_whole: bool = True

    @property
    def is_long(self) -> bool:
        """Whether work on all of the document should be done beside the event loop."""
        return len(self.document.text) >= LONG_TEXT

    async def evidence(self, record: Json) -> dict[str, Evidence]:
        """Find the evidence of every value, of many in a thread, so that other documents go on meanwhile."""
        if not self.is_looked_up or record is None:
            return {}
        has_many = next(islice(leaves(record), MANY_VALUES, None), None) is not None
        return await beside(ground, record, self.document, is_long=self.is_long or has_many)

    async def unsupported(
        self, record: Json, reasoning: str, evidence: dict[str, Evidence], *, apart_from: Sequence[str] = ()
    ) -> tuple[str, ...]:
        """Return the pointers of values that a thinking model took from neither the document nor its reasoning.

        Values with evidence are passed over, and so are those at and below some places.
        Of a model that shows no reasoning nothing is said: it may have computed.
        """
        if not reasoning:
            return ()
        found = {at for at, passage in evidence.items() if passage.match != "none"}
        is_long = len(self.document.text) + len(reasoning) >= LONG_TEXT
        flagged = await beside(self._unsupported, record, reasoning, found, is_long=is_long)
        return tuple(at for at in flagged if not any(f"{at}/".startswith(f"{each}/") for each in apart_from))

    def _unsupported(self, record: Json, reasoning: str, found: set[str]) -> tuple[str, ...]:
        return unsupported(record, self.document, reasoning=reasoning, schema=self.target.schema, found=found)

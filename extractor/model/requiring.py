"""A record that `json_schema` produced, also from a model that thinks and refuses it: one drafts, the other writes.

The thinking model answers in words alone, as a draft. Its non-thinking sibling gets the document and the draft, and
writes the record under the schema. Both are requests of one question, and on its bill.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from extractor.errors import EnforcementUnavailable
from extractor.model.agreeing import Agreement

if TYPE_CHECKING:
    from collections.abc import Callable

    from extractor.model.agreeing import Access
    from extractor.model.calling import Tally
    from extractor.ports import Ports
    from extractor.records import Completion, Question

#: Added to the round of a question for its draft, so that the journal keeps both, and one never stands for the other.
DRAFT_ROUNDS = 100


class DraftedRecord:
    """One question under `enforcement="required"` whose model has a non-thinking sibling.

    Args:
        question: What is asked.
        sibling: The model that writes.
        with_draft: Makes the writer's question of the question and a draft. Injected: stages do not import one another.
        access: What it shares with other questions.
        ports: Whom it answers to.
        tally: What it is added to.
    """

    def __init__(
        self,
        question: Question,
        sibling: str,
        *,
        with_draft: Callable[[Question, str], Question],
        access: Access,
        ports: Ports,
        tally: Tally,
    ) -> None:
        self._question = question
        self._sibling = sibling
        self._with_draft = with_draft
        self._access = access
        self._ports = ports
        self._tally = tally
        self._direct = Agreement(question, access=access, ports=ports, tally=tally)
        self._drafting = Agreement(_for_draft(question), access=access, ports=ports, tally=tally)
        self._writing: Agreement | None = None

    async def reach(self) -> Completion:
        """Ask the model itself; where it refuses, have it draft and the sibling write. A draft is bought once.

        Raises:
            EnforcementUnavailable: the sibling refuses the schema too.
            ModelError: no answer; see `Agreement.reach`.
        """
        if self._writing is None:
            try:
                return await self._direct.reach()
            except EnforcementUnavailable as refused:
                why = f"{refused.why}; " if refused.why else ""
                note = f"{why}{self._sibling} wrote the record from a draft of {self._model}"
            self._agreement_to_write(self._question, note).require_terms()
            draft = await self._draft()
            self._writing = self._agreement_to_write(self._with_draft(self._question, draft.text), note)
        return await self._writing.reach()

    @property
    def _model(self) -> str:
        return self._question.options.model

    async def _draft(self) -> Completion:
        question = self._question
        bought = await self._ports.journal.replay(
            window=question.window, round=question.round + DRAFT_ROUNDS, asked=self._tally.asked
        )
        if bought is None:
            return await self._drafting.reach()
        self._tally.usage += bought.usage
        return bought

    def _agreement_to_write(self, question: Question, note: str) -> Agreement:
        options = replace(
            question.options, model=self._sibling, enforcement="json_schema", reasoning=None, tools=(), tool_choice=None
        )
        question = replace(question, options=options)
        return Agreement(question, access=self._access, ports=self._ports, tally=self._tally, note=note)


def _for_draft(question: Question) -> Question:
    return replace(
        question, options=replace(question.options, enforcement="prompt"), round=question.round + DRAFT_ROUNDS
    )

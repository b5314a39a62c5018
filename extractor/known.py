"""The best reading of the answers so far: the record, what it was read from, and what it rests on."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from extractor.beside import beside
from extractor.freezing import Patch
from extractor.jsontext import leaves

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from extractor.attempts import Answer, Step
    from extractor.grounds import Grounds
    from extractor.judging import Judged
    from extractor.records import Completion, Evidence, Json, Repair


class Known:
    """What is known of one record.

    Args:
        grounds: What its values rest on.
        before: An answer that was put together from others; None where none was.
    """

    def __init__(self, grounds: Grounds, before: Answer | None = None) -> None:
        self._grounds = grounds
        self._thoughts = [before.thoughts] if before else []
        self._last_text = ""
        #: The last valid reading that is being asked about once more.
        self._valid: Judged | None = None
        #: Evidence of the record; None until it has been looked for.
        self._evidence: dict[str, Evidence] | None = None
        #: Evidence that the answer before came with, as long as its record is the one that is known.
        self._before: Mapping[str, Evidence] = before.evidence if before and grounds.is_looked_up else {}
        #: The best reading, with what is wrong with it; its record is None until an answer could be read.
        self.judged: Judged | None = None
        #: Changes made to read it.
        self.repairs: tuple[Repair, ...] = before.repairs if before else ()
        #: JSON Pointers of values that stand nowhere.
        self.unsupported: tuple[str, ...] = ()
        #: Failures in a row that left everything as it was, and as wrong.
        self.repeats = 0
        #: Wall seconds that looking for evidence took.
        self.ground_s = 0.0

    @property
    def thoughts(self) -> str:
        """What models thought on the way to the record."""
        return "\n".join(filter(None, self._thoughts))

    def put_together(self, judged: Judged) -> None:
        """Take an answer that nobody had to be asked for."""
        self.judged = judged
        self.repairs = (*self.repairs, *judged.repairs)

    def doubt(self, judged: Judged) -> Judged:
        """Have the best reading asked about once more: some violations of `judged` are doubts, not broken rules."""
        self._valid = self.judged if self.judged is not None and not self.judged.violations else None
        self.judged = judged
        return judged

    def settle_doubts(self) -> bool:
        """Go back to the valid reading, where one was only doubted; whether there is one."""
        if self._valid is None:
            return False
        self.judged, self._evidence = self._valid, None
        return True

    def take_in(self, step: Step, completion: Completion, judged: Judged) -> Judged:
        """Take a judged answer for the best reading unless it is none, and return the best one."""
        before, patch = self.judged, step.standard if isinstance(step.standard, Patch) else None
        is_same = self._is_same(judged, completion.text, is_patch=patch is not None)
        self.repeats = self.repeats + 1 if is_same else 0
        self._last_text = completion.text
        if judged.record is None and before is not None and (patch is not None or before.record is not None):
            return before
        if patch is None:
            self._thoughts.clear()
            self.repairs = judged.repairs
        else:
            kept = (repair for repair in self.repairs if not _is_below(repair.at, patch.opened))
            self.repairs = (*kept, *judged.repairs)
            judged = replace(judged, value=patch.merged(judged.value))
        self._thoughts.append(completion.reasoning)
        self.judged, self._evidence, self._before = judged, None, {}
        self._valid = None if judged.violations else self._valid
        return judged

    def _is_same(self, judged: Judged, text: str, *, is_patch: bool) -> bool:
        """Whether an answer fails as the one before it did."""
        before = self.judged
        if before is None or not judged.violations:
            return False
        if judged.record is None:
            return is_patch or text == self._last_text
        return (judged.record, judged.violations) == (before.record, before.violations)

    async def evidence(self) -> dict[str, Evidence]:
        """Return where the values of the record stand, looked up once."""
        if self._evidence is None:
            started = time.monotonic()
            record = self.judged.record if self.judged else None
            known = await beside(_all_of, record, self._before, is_long=self._grounds.is_long) if self._before else None
            self._evidence = await self._grounds.evidence(record) if known is None else known
            self.ground_s += time.monotonic() - started
        return self._evidence

    async def made_up(self, *, apart_from: Sequence[str] = ()) -> tuple[str, ...]:
        """Return values from nowhere, but for those at and below some places."""
        record = self.judged.record if self.judged else None
        evidence = await self.evidence()
        self.unsupported = await self._grounds.unsupported(record, self.thoughts, evidence, apart_from=apart_from)
        return self.unsupported


def _all_of(record: Json, known: Mapping[str, Evidence]) -> dict[str, Evidence] | None:
    """Return the evidence of every value of a record, in its order; None where that of some is not known."""
    stated = [at for at, value in leaves(record) if value is not None and not isinstance(value, dict | list)]
    return {at: known[at] for at in stated} if all(at in known for at in stated) else None


def _is_below(at: str, places: Sequence[str]) -> bool:
    return any(f"{at}/".startswith(f"{place}/") for place in places)

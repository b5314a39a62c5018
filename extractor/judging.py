"""What one reply is worth: read strictly, lifted and validated, and only where that fails read in other ways.

Another reading counts only when the contract finds its record valid, so that no mending makes an answer of something
that is none. Where two readings give different records neither is taken.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

from anyio.lowlevel import checkpoint

from extractor.answer import other_reading, parse, parse_strictly, readings, rescued
from extractor.answer.candidates import starts_doubled
from extractor.answer.parsing import unpacked
from extractor.answer.rereading import MAX_RECORDS
from extractor.answer.unwrapping import holds_a_name, is_something_else, names_of
from extractor.beside import LONG_REPLY, beside
from extractor.errors import GuardFailed, ValidationTimeout
from extractor.jsontext import canonical
from extractor.records import Violation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.answer import Parsed
    from extractor.records import Completion, Json, Options, Repair, Shape
    from extractor.schema import Judgement


#: Characters of a text beyond which it is only read as it stands: twice what 32,768 output tokens hold.
MAX_MENDED: Final = 400_000

#: First signs of a text that sets out to be JSON, or JSON in a fence.
_STARTS_OF_JSON: Final = frozenset('{["`')
_NOT_HELD: Final = (Violation(at="", rule="not_enforced", says="Must fit the schema as it was asked for."),)
#: Rule -> what would be right.
_SAYS: Final = {
    "ambiguous": "the answer must be one record; it held several values, and they differ",
    "schema_echoed": (
        "the answer must hold the values that the document states, not the schema: "
        'where the schema has {"name": {"type": "string"}}, the answer has {"name": "the name in the document"}'
    ),
    "thoughts_as_answer": "the answer must be the record itself, not thoughts about it",
}


class Standard(Protocol):
    """What an answer is held to: a contract, or what is open of an earlier answer under one."""

    @property
    def shape(self) -> Shape:
        """What the answer has to look like."""

    async def ajudge(self, value: Json, repairs: Sequence[Repair] = ()) -> Judgement:
        """Say what the answer is worth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One reply, parsed, lifted and validated."""

    #: The record; None when the reply was not JSON.
    record: Json
    #: The answer that it was read from, as it was read.
    value: Json = None
    #: Rules that it broke, none when it is the result.
    violations: tuple[Violation, ...]
    #: The same in places and words of the wire, which is all that the model knows.
    wire_violations: tuple[Violation, ...]
    #: Changes made to read it.
    repairs: tuple[Repair, ...]
    #: Whether the reply fitted the wire schema as received.
    fits_wire: bool
    #: Sign that the way of asking did harm: `prose`, `doubled_brace`, `empty_with_reasoning`, `thoughts_as_answer`; ""
    #: for none. A record that is valid all the same may bear one.
    harm: str = ""


async def judge_completion(completion: Completion, *, standard: Standard, options: Options) -> Judged:
    """Say what an answer is worth to a caller with these options; see `judge`.

    Where a schema has to be enforced, nothing counts but an answer that fits it as it was received.
    """
    if options.enforcement != "required":
        is_mended = options.repairs == "on"
        return await judge(completion.text, standard=standard, reasoning=completion.reasoning, repairs=is_mended)
    judged = await judge(completion.text, standard=standard, repairs=False)
    if judged.violations or judged.fits_wire:
        return judged
    return replace(judged, violations=_NOT_HELD, wire_violations=_NOT_HELD)


async def judge(completion_text: str, *, standard: Standard, reasoning: str = "", repairs: bool = True) -> Judged:
    """Parse, lift and validate one reply, and let other documents go on where that takes long.

    Args:
        completion_text: The answer as received.
        standard: What it is held to.
        reasoning: What the model thought, for a record that went there instead of into the answer.
        repairs: Whether anything may be mended; without, the text has to be JSON as it stands.

    Raises:
        ValidationTimeout: it takes more time or memory than is allowed.
        GuardFailed: a child process was needed for it, and none could be started.
    """
    text = completion_text
    read = parse if repairs else parse_strictly
    parsed = await beside(read, text, is_long=len(text) >= LONG_REPLY)
    judged = await _judged(parsed, standard)
    if not judged.violations and holds_a_name(parsed.value, names_of(standard.shape.schema)):
        return judged
    if what := is_something_else(parsed.value, names_of(standard.shape.schema)):
        judged = _refused(what)
    elif repairs and len(text) <= MAX_MENDED and not parsed.violations:
        judged = await _mended(parsed, judged, standard, size=len(text))
    elif repairs and len(text) <= MAX_MENDED:
        judged = await _reread(text, judged, reasoning=reasoning, standard=standard)
    return replace(judged, harm=_harm(text, reasoning, judged, is_json=not parsed.violations))


def judged_from(found: Judgement, value: Json) -> Judged:
    """Return the judgement on an answer that was read as `value`."""
    return Judged(
        record=found.record,
        value=value,
        violations=found.violations,
        wire_violations=found.wire_violations,
        repairs=found.repairs,
        fits_wire=found.fits_wire,
    )


async def _judged(parsed: Parsed, standard: Standard) -> Judged:
    if parsed.violations:
        return Judged(
            record=None,
            violations=parsed.violations,
            wire_violations=parsed.violations,
            repairs=parsed.repairs,
            fits_wire=False,
        )
    found = await standard.ajudge(parsed.value, parsed.repairs)
    judged = judged_from(found, parsed.value)
    return judged if parsed.is_as_asked else replace(judged, fits_wire=False)


async def _mended(parsed: Parsed, judged: Judged, standard: Standard, *, size: int) -> Judged:
    """Return what the answer is worth without its wrapper and in the wire's spellings, if that is more."""
    other = await beside(other_reading, parsed, standard.shape.schema, is_long=size >= LONG_REPLY)
    if other is None:
        return judged
    try:
        better = await _judged(other, standard)
    except (ValidationTimeout, GuardFailed):
        return judged
    if not judged.violations:
        return judged if better.violations else better
    names = names_of(standard.shape.schema)
    is_nearer = holds_a_name(other.value, names) and not holds_a_name(parsed.value, names)
    return better if is_nearer or len(better.violations) < len(judged.violations) else judged


async def _reread(text: str, judged: Judged, *, reasoning: str, standard: Standard) -> Judged:
    """Return what comes of a text that is not JSON as a whole."""
    if not text.strip():
        return await _rescued(reasoning, judged, standard)
    found = await beside(readings, text, standard.shape.schema, is_long=len(text) >= LONG_REPLY)
    if len(found) > MAX_RECORDS:
        return _refused("ambiguous")
    try:
        return _chosen([await _of_candidate(parsed, judged, standard, size=len(text)) for parsed in found] or [judged])
    except (ValidationTimeout, GuardFailed):
        return judged


async def _rescued(reasoning: str, judged: Judged, standard: Standard) -> Judged:
    """Return the record that stands at the end of the reasoning, as it stands there, if it is valid."""
    is_long = len(reasoning) >= LONG_REPLY
    parsed = await beside(rescued, reasoning, is_long=is_long) if len(reasoning) <= MAX_MENDED else None
    if parsed is None or not holds_a_name(parsed.value, names_of(standard.shape.schema)):
        return judged
    try:
        found = await _judged(parsed, standard)
    except (ValidationTimeout, GuardFailed):
        return judged
    return judged if found.violations else found


async def _of_candidate(parsed: Parsed, whole: Judged, standard: Standard, *, size: int) -> Judged:
    """Return what one of the values in a text is worth; what holds nothing of the record is worth the whole text."""
    await checkpoint()
    names = names_of(standard.shape.schema)
    if what := is_something_else(parsed.value, names):
        return _refused(what)
    judged = await _judged(parsed, standard)
    if parsed.violations or (not judged.violations and holds_a_name(parsed.value, names)):
        return judged
    better = await _mended(parsed, judged, standard, size=size)
    return whole if better is judged and not judged.violations else better


def _chosen(candidates: Sequence[Judged]) -> Judged:
    """Return the one valid candidate, or else the one that the model has least to change about.

    What looks like the record behind a valid one is what the model said last: then nobody knows which it meant.
    """
    last = candidates[-1]
    valid = {canonical(candidate.record) for candidate in candidates if not candidate.violations}
    if len(valid) > 1 or (valid and last.violations):
        return _refused("ambiguous")
    read = [candidate for candidate in candidates if candidate.record is not None]
    if valid or not read or last.record is None:
        return last
    return min(read, key=lambda candidate: len(candidate.violations))


def _refused(rule: str) -> Judged:
    violations = (Violation(at="", rule=rule, says=_SAYS[rule]),)
    return Judged(record=None, violations=violations, wire_violations=violations, repairs=(), fits_wire=False)


def _harm(text: str, reasoning: str, judged: Judged, *, is_json: bool) -> str:
    """Return the sign of harm that an answer bears."""
    if any(violation.rule == "thoughts_as_answer" for violation in judged.violations):
        return "thoughts_as_answer"
    if not text.strip():
        return "empty_with_reasoning" if judged.violations and reasoning.strip() else ""
    if is_json:
        return ""
    if starts_doubled(text):
        return "doubled_brace"
    return "prose" if judged.violations and unpacked(text)[0][:1] not in _STARTS_OF_JSON else ""

"""An answer of which only some places are open: the patch that is asked for, and the guard over everything else."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from extractor import jsontext
from extractor.records import Repair, Violation
from extractor.schema import Judgement, open_paths, patched

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from extractor.records import Json, Opening, Shape
    from extractor.schema import Contract

#: Rule of a patch that would change what is frozen.
FROZEN: Final = "frozen"
#: Repair of a whole answer that was given where only open places were asked for.
TAKEN_OUT: Final = "taken_from_whole"
_SAYS: Final = "Must be an object with exactly the properties that are asked for; everything else stays as it is."
#: Stands for a member or an item that is not there.
_NOTHING: Final = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """What is open of an answer. A standard that the model's next answer is held to."""

    #: What the whole answer is held to.
    contract: Contract
    #: The open places.
    opening: Opening
    #: The answer so far.
    value: Json = field(repr=False)
    #: What it was read into.
    record: Json = field(repr=False)
    #: JSON Pointers of the open places in the record.
    opened: tuple[str, ...]

    @property
    def shape(self) -> Shape:
        """What the patch has to look like."""
        return self.opening.shape

    def merged(self, given: Json) -> Json | None:
        """Return the answer with a patch in it, None when what was given is none.

        A whole answer is one where it differs at the open places alone.
        """
        merged = patched(self.value, given, self.opening)
        return given if merged is None and self._is_whole(given) else merged

    def _is_whole(self, given: Json) -> bool:
        places = [each.at for each in self.opening.fields if each.kind == "replace"]
        if len(places) < len(self.opening.fields) or not isinstance(self.value, dict) or not isinstance(given, dict):
            return False
        return given.keys() == self.value.keys() and next(changes(self.value, given, apart_from=places), None) is None

    async def ajudge(self, value: Json, repairs: Sequence[Repair] = ()) -> Judgement:
        """Say what the answer is worth with a patch in it. One that changes what is frozen is worth nothing.

        Raises:
            ValidationTimeout: that takes more time or memory than is allowed.
            GuardFailed: no child could be started, or it met a defect.
        """
        merged = self.merged(value)
        if merged is None:
            return _refused()
        placed = tuple(map(self._placed, repairs)) if merged is not value else (*repairs, Repair(name=TAKEN_OUT))
        found = await self.contract.ajudge(merged, placed)
        touched = next(changes(self.record, found.record, apart_from=self.opened), None)
        return found if touched is None else _refused()

    def _placed(self, repair: Repair) -> Repair:
        """Return a repair at a place of the patch as one at a place of the answer."""
        tokens = jsontext.tokens(repair.at)
        for each in self.opening.fields:
            if tokens and each.name == tokens[0]:
                below = jsontext.pointer(*tokens[1:]) if each.kind == "replace" else ""
                return replace(repair, at=each.at + below)
        return repair


def patch_for(
    contract: Contract, value: Json, record: Json, *, violations: Sequence[Violation], wire: Sequence[Violation]
) -> Patch | None:
    """Return what is open of an answer after some violations, None where all of it is.

    Args:
        contract: What it is held to.
        value: The answer.
        record: What it was read into.
        violations: What is wrong with the record.
        wire: The same, in the same order, in places and words of the answer.
    """
    shape = contract.shape
    opening = open_paths(shape.schema, value, wire, name=shape.name, told=shape.told)
    if opening is None:
        return None
    known = {told.at: violation.at for told, violation in zip(wire, violations, strict=True)}
    pointers = contract.pointers(value)
    told = (each.at if pointers is None else pointers.record(each.at) for each in opening.fields)
    opened = tuple(known.get(each.at) or at for each, at in zip(opening.fields, told, strict=True))
    if any(not at and each.kind == "replace" for at, each in zip(opened, opening.fields, strict=True)):
        return None
    return Patch(contract=contract, opening=opening, value=value, record=record, opened=opened)


def changes(before: Json, after: Json, *, apart_from: Sequence[str]) -> Iterator[str]:
    """Yield the pointers at which two records differ, but for those at and below some places."""
    is_open = frozenset(tuple(jsontext.tokens(at)) for at in apart_from)
    above = frozenset(path[:length] for path in is_open for length in range(len(path)))
    open_pairs: list[tuple[tuple[str, ...], Json, Json]] = [((), before, after)]
    while open_pairs:
        at, old, new = open_pairs.pop()
        if at in is_open or old is new:
            continue
        if at in above and _are_alike(old, new):
            tokens = dict.fromkeys((*_tokens(old), *_tokens(new)))
            open_pairs += [((*at, token), _below(old, token), _below(new, token)) for token in tokens]
        elif not _are_equal(old, new):
            yield jsontext.pointer(*at)


def _are_alike(before: Json, after: Json) -> bool:
    return (isinstance(before, dict) and isinstance(after, dict)) or (
        isinstance(before, list) and isinstance(after, list)
    )


def _are_equal(before: Json, after: Json) -> bool:
    """Whether two values are the same JSON; 1, 1.0 and true are three values, and nothing is none of them."""
    if before is _NOTHING or after is _NOTHING:
        return before is after
    return before == after and jsontext.canonical(before) == jsontext.canonical(after)


def _tokens(value: Json) -> list[str]:
    return list(value) if isinstance(value, dict) else [str(index) for index in range(len(value))]


def _below(value: Json, token: str) -> Json:
    if isinstance(value, dict):
        return value.get(token, _NOTHING)
    return value[int(token)] if int(token) < len(value) else _NOTHING


def _refused() -> Judgement:
    return Judgement(None, (Violation(at="", rule=FROZEN, says=_SAYS),), (), fits_wire=False)

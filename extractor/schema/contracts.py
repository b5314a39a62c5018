"""The contract of one target: what a model is asked for, and how its answers are judged.

This is also the one place that decides where work on schemas and answers runs. A schema that nobody has used in this
process before is tried out in a guarded child. Answers are judged at once where that takes next to no time, in a
thread where it takes little, and otherwise in a guarded child.
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final, Literal

import anyio
from anyio import to_thread
from anyio.lowlevel import RunVar

from extractor import guard, log
from extractor.errors import GuardFailed, InvalidSchema, UnsupportedSchema, ValidationTimeout
from extractor.jsontext import dumps, parse
from extractor.records import Shape
from extractor.schema.class_rules import class_violations
from extractor.schema.cost import Cost
from extractor.schema.judging import Judge, Judgement
from extractor.schema.remembering import Kept, Memory
from extractor.schema.sizing import expected_tokens
from extractor.schema.wire_words import in_wire_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import BaseModel

    from extractor.records import Json, JsonObject, Repair, Target, Violation
    from extractor.schema.judging import Choices
    from extractor.schema.lowering import Lowered
    from extractor.schema.pointers import Pointers

#: Contracts kept, and bytes of all their schemas. A contract takes up to 40 times the bytes of its schema.
_KEPT, _KEPT_BYTES = 256, 4 << 20
#: Seconds for which a schema that was refused is refused again without a trial.
_REFUSED_S: Final = 60.0
#: CPU seconds, at most, of what is judged in the event loop, and of what is judged in this process at all.
AT_ONCE_S, HERE_S = 0.02, 0.25
#: What trying a schema may take, and judging an answer: with the start of a child it is 2 s.
TRYING = JUDGING = guard.Limits(wall_s=1.5, cpu_s=2.0, memory_bytes=1 << 30)
#: Threads of one event loop that wait for schemas to be tried. Others of its threads must not wait for them.
_WAITING: Final = 16
_waiting: RunVar[anyio.CapacityLimiter] = RunVar("extractor.schema.waiting")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One target under one set of options. Shared between jobs, so it holds nothing that changes."""

    #: The schema as the model sees it.
    shape: Shape
    #: By what records are validated: `json_schema`, and `pydantic:NAME` where the class is known.
    validated_by: tuple[str, ...]
    #: What judging an answer may cost.
    cost: Cost
    #: What a child needs to know of it.
    _order: JsonObject = field(repr=False)
    #: CPU seconds that a child takes for its own judge before it can use it.
    _making_s: float = field(repr=False)
    #: The same in this process; None where it takes so long to make that only children do.
    _here: Judge | None = field(repr=False)
    _model_class: type[BaseModel] | None = field(repr=False, default=None)

    @property
    def lowered(self) -> Lowered:
        """The way to the wire and back.

        Raises:
            UnsupportedSchema: only children lower this schema, because it takes long.
        """
        if self._here is None:
            raise UnsupportedSchema("schema", at="", because="lowering it takes too long to show how it is done")
        return self._here.lowered

    def judge(self, value: Json, repairs: Sequence[Repair] = ()) -> Judgement:
        """Lift an answer and list everything that is wrong with the record. It may block; see `ajudge`.

        Args:
            value: The answer.
            repairs: What was settled to read it, at places of the answer.

        Raises:
            ValidationTimeout: that takes more time or memory than is allowed.
            GuardFailed: no child could be started, or it met a defect.
        """
        if self._here is not None and self.cost.seconds(value) <= HERE_S:  # of what is guarded it is infinite
            return self._judged_by_class(self._here.judge(value, repairs), value)
        try:
            found = guard.run(_JUDGE, self._asked(value, repairs), limits=self._limits, lane="answers")
        except GuardFailed as error:
            raise _unjudged(error) from error
        return self._judged_by_class(Judgement.from_json(found), value)

    async def ajudge(self, value: Json, repairs: Sequence[Repair] = ()) -> Judgement:
        """Do as `judge` does, without holding up the event loop."""
        seconds = self.cost.seconds(value)
        if self._here is None or seconds > HERE_S:
            return await self._judged_in_child(value, repairs)
        if seconds > AT_ONCE_S:
            return await to_thread.run_sync(self.judge, value, repairs)
        return self._judged_by_class(self._here.judge(value, repairs), value)

    async def _judged_in_child(self, value: Json, repairs: Sequence[Repair]) -> Judgement:
        try:
            found = await guard.call(_JUDGE, self._asked(value, repairs), limits=self._limits, lane="answers")
        except GuardFailed as error:
            raise _unjudged(error) from error
        judgement = Judgement.from_json(found)
        if self._model_class is None:
            return judgement
        return await to_thread.run_sync(self._judged_by_class, judgement, value)

    def _asked(self, value: Json, repairs: Sequence[Repair]) -> JsonObject:
        asked = {"value": value, "repairs": [asdict(repair) for repair in repairs]}
        return self._order | asked | {"has_class": self._model_class is not None}

    def in_wire_words(self, violations: Sequence[Violation], record: Json) -> tuple[Violation, ...]:
        """Return violations of a record that satisfies the schema as the model has to hear them."""
        if self._here is None:
            return tuple(violations)
        lowered = self._here.lowered
        return in_wire_words(violations, lowered.pointers(lowered.embed(record)))

    def pointers(self, value: Json) -> Pointers | None:
        """Return the ways between the places of an answer and of its record, None where only children know them."""
        return None if self._here is None else self._here.lowered.pointers(value)

    @property
    def _limits(self) -> guard.Limits:
        """What judging may take, and before it making the judge, which a child does once."""
        wall_s, cpu_s = JUDGING.wall_s + self._making_s, JUDGING.cpu_s + self._making_s
        return guard.Limits(wall_s=wall_s, cpu_s=cpu_s, memory_bytes=JUDGING.memory_bytes)

    def _judged_by_class(self, judgement: Judgement, value: Json) -> Judgement:
        if self._model_class is None:
            return judgement
        refused = class_violations(judgement.record, self._model_class)
        if not refused:
            return judgement
        pointers = self.lowered.pointers(value) if judgement.pointers is None else judgement.pointers
        return judgement.refused_by(refused, pointers)


#: What children are asked for.
_TRY_OUT: Final = "extractor.schema.trial:try_out"
_JUDGE: Final = "extractor.schema.trial:judge"
_contracts: Memory[Contract] = Memory(most=_KEPT, most_bytes=_KEPT_BYTES, refused_s=_REFUSED_S)
#: Identity of a target and options -> the target, kept so that nothing else takes its identity, and its contract.
_seen: Kept[tuple[Target, Contract]] = Kept(most=_KEPT, most_bytes=_KEPT_BYTES)
_noting: Final = threading.Lock()


def contract_for(
    target: Target,
    *,
    open_objects: Literal["drop", "keep"] = "drop",
    nulls: Literal["absent", "exact"] = "absent",
    absence: Literal["forbid", "say"] = "say",
) -> Contract:
    """Return the contract of `target`, made once per schema, class and options.

    The schema's text is the key, not its digest: the digest does not see the order of properties, and the order is
    what a model writes in. A schema that is new to this process is tried out in a guarded child, for which this
    blocks, for 2 s at most with the start of the child; the schema of a class is not, because the class is code of
    this process.

    Raises:
        UnsupportedSchema: the schema cannot be lowered, or not within the limits.
        InvalidSchema: it is not a JSON Schema.
        GuardFailed: no child process could be started.
    """
    choices: Choices = (open_objects, nulls, absence)
    seen = _seen.get((id(target), choices))
    if seen is not None:
        return seen[1]
    text = _text_of(target)
    contract = _contracts.get(_key(text, target, choices), partial(_made, text, target, choices), size=len(text))
    return _noted(target, choices, contract, size=len(text))


async def acontract_for(
    target: Target,
    *,
    open_objects: Literal["drop", "keep"] = "drop",
    nulls: Literal["absent", "exact"] = "absent",
    absence: Literal["forbid", "say"] = "say",
) -> Contract:
    """Do as `contract_for` does, without holding up the event loop. What is known takes no thread."""
    choices: Choices = (open_objects, nulls, absence)
    seen = _seen.get((id(target), choices))
    if seen is not None:
        return seen[1]
    text = _text_of(target)
    found = _contracts.find(_key(text, target, choices))
    if found is not None:
        return _noted(target, choices, found, size=len(text))
    make = partial(contract_for, target, open_objects=open_objects, nulls=nulls, absence=absence)
    return await to_thread.run_sync(make, abandon_on_cancel=True, limiter=_limiter_of_this_loop())


def _noted(target: Target, choices: Choices, contract: Contract, *, size: int) -> Contract:
    with _noting:
        _seen.put((id(target), choices), (target, contract), size=size)
    return contract


def _text_of(target: Target) -> str:
    try:
        return dumps(target.schema)
    except ValueError:  # a number of more digits than the interpreter writes
        raise InvalidSchema("The schema holds a number that is too large.") from None


def _key(text: str, target: Target, choices: Choices) -> tuple[object, ...]:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return (digest, target.name, target.model_class, choices)


def _made(text: str, target: Target, choices: Choices) -> Contract:
    order = {"schema": text, "choices": choices}
    if target.model_class is not None:
        here = _judge_from(order)
        return _contract(target, order=order, here=here, making_s=0.0, cost=here.cost)
    tried = _tried(order)
    cost = Cost(**tried["cost"])
    if "shape" not in tried:
        return _contract(target, order=order, here=_judge_from(order), making_s=tried["seconds"], cost=cost)
    shape = Shape(name=target.name, **tried["shape"])
    return Contract(
        shape=shape, validated_by=("json_schema",), cost=cost, _order=order, _making_s=tried["seconds"], _here=None
    )


def _contract(target: Target, *, order: JsonObject, here: Judge, making_s: float, cost: Cost) -> Contract:
    wire = here.lowered.wire
    by_class = () if target.model_class is None else (f"pydantic:{target.model_class.__name__}",)
    return Contract(
        shape=Shape(schema=wire, name=target.name, told=here.lowered.untold, expected_tokens=expected_tokens(wire)),
        validated_by=("json_schema", *by_class),
        cost=cost,
        _order=order,
        _making_s=making_s,
        _here=here,
        _model_class=target.model_class,
    )


def _judge_from(order: JsonObject) -> Judge:
    return Judge(parse(order["schema"]), order["choices"])


def _tried(order: JsonObject) -> JsonObject:
    """Try a schema out in a child, and return what `trial.try_out` says."""
    try:
        tried: JsonObject = guard.run(_TRY_OUT, order, limits=TRYING, lane="schemas")
    except GuardFailed as error:
        if error.reason == "not_started":
            raise
        log.logger().warning("a schema could not be tried out", reason=error.reason, said=error.message)
        raise UnsupportedSchema("schema", at="", because=_REASONS[error.reason]) from error
    return tried


#: How a trial failed -> what is said of the schema.
_REASONS: Final = {
    "timeout": f"checking and lowering it takes more than {TRYING.wall_s:g} s",
    "died": f"checking and lowering it takes more than {TRYING.memory_bytes >> 30} GiB of memory",
    "raised": "it cannot be worked on",
}


def _unjudged(error: GuardFailed) -> GuardFailed | ValidationTimeout:
    if error.reason not in {"timeout", "died"}:
        return error
    return ValidationTimeout(
        f"Checking an answer under its schema took over {JUDGING.wall_s:g} s or {JUDGING.memory_bytes >> 30} GiB. "
        "Unions that contain themselves can double the work with every level; a very large answer takes long as well."
    )


def _limiter_of_this_loop() -> anyio.CapacityLimiter:
    try:
        return _waiting.get()
    except LookupError:
        limiter = anyio.CapacityLimiter(_WAITING)
        _waiting.set(limiter)
        return limiter

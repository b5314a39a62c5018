"""The first use of a schema in a process, and where answers are judged."""

from __future__ import annotations

import os
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import pytest
from pydantic import BaseModel, field_validator

from extractor import guard, pipeline
from extractor.document import ReadingLimits
from extractor.errors import GuardFailed, InvalidSchema, UnsupportedSchema, ValidationTimeout
from extractor.records import Job, Options, Source
from extractor.schema import acontract_for, contract_for, contracts, target_from, trial
from extractor.schema.cost import Cost
from extractor.schema.remembering import Memory
from extractor.testing import ScriptedModel, ports_for

pytestmark = pytest.mark.anyio

ME = {"$ref": "#"}


def schema_named(name: str) -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"type": "string"}}, "required": [name]}


#: A tree whose forms look alike, so that an answer may cost any time.
ALIKE = {
    "anyOf": [
        {"type": "object", "properties": {"a": ME, "b": {"type": "integer"}}, "required": ["a"]},
        {"type": "object", "properties": {"a": ME, "c": {"type": "integer"}}, "required": ["a"]},
        {"type": "integer"},
    ]
}


def deep(levels: int, innermost: Any) -> Any:
    value = innermost
    for _ in range(levels):
        value = {"a": value}
    return {"result": value}


@pytest.fixture
def asked(monkeypatch):
    """Note what children are asked for."""
    functions: list[str] = []
    run, call = guard.run, guard.call

    def noting_run(function, argument, **how):
        functions.append(function.partition(":")[2])
        return run(function, argument, **how)

    async def noting_call(function, argument, **how):
        functions.append(function.partition(":")[2])
        return await call(function, argument, **how)

    monkeypatch.setattr(contracts.guard, "run", noting_run)
    monkeypatch.setattr(contracts.guard, "call", noting_call)
    return functions


def test_a_schema_is_tried_out_once_whoever_brings_it(asked):
    schema = schema_named("tried_once")

    first = contract_for(target_from(schema))
    again = contract_for(target_from(dict(schema)))

    assert again is first
    assert asked == ["try_out"]


async def test_two_threads_that_meet_the_same_schema_make_one_trial(asked):
    target = target_from(schema_named("met_twice"))

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: contract_for(target_from(target.schema)), range(8)))

    assert len({id(contract) for contract in found}) == 1
    assert asked == ["try_out"]


async def test_what_is_known_costs_neither_a_child_nor_a_thread(asked):
    target = target_from(schema_named("known"))
    contract = await acontract_for(target)
    asked.clear()
    rounds = 1_000

    begun = time.process_time()
    for _ in range(rounds):
        assert await acontract_for(target) is contract
    each_s = (time.process_time() - begun) / rounds

    assert asked == []
    assert each_s < 50e-6  # 1 µs where nothing else runs


def test_a_refusal_is_remembered_so_that_a_thousand_cost_one_trial(asked):
    schema = schema_named("refused") | {"not": {"$dynamicRef": "#x"}}

    for _ in range(1_000):
        with pytest.raises(UnsupportedSchema):
            contract_for(target_from(schema))

    assert asked == ["try_out"]


def test_the_schema_of_a_class_is_tried_out_nowhere(asked):
    class OfThisProcess(BaseModel):
        a: int

    contract_for(target_from(OfThisProcess))

    assert asked == []


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        pytest.param("timeout", "takes more than 1.5 s", id="time"),
        pytest.param("died", "takes more than 1 GiB of memory", id="memory"),
        pytest.param("raised", "cannot be worked on", id="a defect"),
    ],
)
def test_a_trial_that_passes_its_limits_is_a_refusal(reason, says, monkeypatch):
    def fail(*_, **__):
        raise GuardFailed("killed", reason=reason)

    monkeypatch.setattr(contracts.guard, "run", fail)

    with pytest.raises(UnsupportedSchema, match=says):
        contract_for(target_from(schema_named(f"fails_by_{reason}")))


def test_no_child_is_no_refusal(monkeypatch):
    def fail(*_, **__):
        raise GuardFailed("none", reason="not_started")

    target = target_from(schema_named("no_child"))
    with monkeypatch.context() as patched:
        patched.setattr(contracts.guard, "run", fail)
        with pytest.raises(GuardFailed):
            contract_for(target)

    assert contract_for(target).shape.name


async def test_a_document_whose_schema_no_child_could_try_out_fails_alone(monkeypatch):
    def fail(*_, **__):
        raise GuardFailed("none", reason="not_started")

    monkeypatch.setattr(contracts.guard, "run", fail)
    target = target_from(schema_named("no_child_for_a_document"))
    job = Job(id="x_1", source=Source(content="text"), target=target, options=Options())

    result = await pipeline.run(job, ports=ports_for(ScriptedModel()), limits=ReadingLimits())

    assert (result.status, result.error.code) == ("failed", "guard_failed")


async def test_an_answer_of_middling_size_is_judged_in_a_thread(asked):
    target = target_from({"type": "array", "items": schema_named("a")})
    contract = contract_for(target)
    asked.clear()
    answer = {"result": [{"a": "x"}] * 1_500}

    assert contracts.AT_ONCE_S < contract.cost.seconds(answer) <= contracts.HERE_S
    assert (await contract.ajudge(answer)).violations == ()
    assert asked == []


def test_references_inside_a_part_with_an_address_of_its_own_are_followed_when_telling_what_is_wrong():
    inner = {"properties": {"bar": {"type": "string"}}}
    part = {"$id": "part.json", "definitions": {"inner": inner}, "allOf": [{"$ref": "#/definitions/inner"}]}
    schema = {"$id": "http://example.com/root.json", "properties": {"foo": part}, "allOf": [{"$ref": "part.json"}]}
    schema["$schema"] = "http://json-schema.org/draft-07/schema#"

    judgement = contract_for(target_from(schema)).judge({"foo": {"bar": 1}, "bar": "a"})

    assert [(violation.at, violation.rule) for violation in judgement.violations] == [("/foo/bar", "type")]


def test_a_schema_that_takes_long_to_lower_is_lowered_by_children_alone(monkeypatch):
    def heavy(_, order, **__):
        monkeypatch.setattr(trial, "HEAVY_S", -1.0)
        return trial.try_out(order)

    with monkeypatch.context() as patched:
        patched.setattr(contracts.guard, "run", heavy)
        contract = contract_for(target_from(schema_named("heavy")))

    assert contract.shape.schema["properties"].keys() == {"heavy"}
    assert contract.judge({"heavy": "x"}).record == {"heavy": "x"}
    assert [violation.at for violation in contract.judge({"heavy": 1}).violations] == ["/heavy"]
    with pytest.raises(UnsupportedSchema, match="takes too long"):
        _ = contract.lowered


async def test_a_small_answer_is_judged_at_once_and_a_large_one_in_a_child(asked):
    contract = contract_for(target_from({"type": "array", "items": schema_named("a")}))
    asked.clear()

    small = await contract.ajudge({"result": [{"a": "x"}]})
    assert asked == []
    large = await contract.ajudge({"result": [{"a": "x"}] * 20_000})

    assert asked == ["judge"]
    assert (small.violations, large.violations, len(large.record)) == ((), (), 20_000)
    assert small.fits_wire
    assert large.fits_wire


@pytest.mark.parametrize("answer", [deep(3, 1), deep(3, "x"), {"result": {"a": 1, "d": 2}}, {"result": None}])
async def test_a_child_judges_as_this_process_does(answer):
    contract = contract_for(target_from(ALIKE))

    assert contract.cost.kind == "guarded"
    assert contract._here is not None
    assert await contract.ajudge(answer) == contract._here.judge(answer) == contract.judge(answer)


class Alike(BaseModel):
    a: Alike | Other | int


class Other(BaseModel):
    a: Alike | Other | int


async def test_a_class_has_its_say_on_what_a_child_judged(asked):
    class Refusing(Alike):
        @field_validator("a")
        @classmethod
        def is_not_seven(cls, value: Any) -> Any:
            if value == 7:
                raise ValueError("must not be that many")
            return value

    contract = contract_for(target_from(Refusing))

    judgement = await contract.ajudge({"a": 7})

    assert asked == ["judge"]
    assert [violation.says for violation in judgement.violations] == ["must not be that many"]


async def test_judging_that_takes_too_long_is_an_error_of_its_own_and_delays_nobody(monkeypatch):
    monkeypatch.setattr(contracts, "JUDGING", guard.Limits(wall_s=0.4))
    contract = contract_for(target_from(ALIKE))
    longest = 0.0

    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:

            async def watch() -> None:
                nonlocal longest
                while True:
                    begun = time.monotonic()
                    await anyio.sleep(0.005)
                    longest = max(longest, time.monotonic() - begun)

            tasks.start_soon(watch)
            with pytest.raises(ValidationTimeout):
                await contract.ajudge(deep(60, "x"))
            tasks.cancel_scope.cancel()

    assert longest < 1.0  # 10 ms where nothing else runs


def test_the_work_of_an_answer_is_told_from_its_size():
    cost = Cost(kind="bounded", per_node=10, per_character=1_000, unions=2)
    small, large = cost.seconds({"a": ["x"]}), cost.seconds({"a": ["x"] * 10_000})

    assert 0 < small < 0.01
    assert large > 1
    assert cost.seconds("x" * 1_000_000) > 3
    assert Cost(kind="guarded").seconds(1) == float("inf")


# --- memory ---


def refuse() -> int:
    raise InvalidSchema("no")


def test_a_memory_forgets_what_was_not_asked_for_longest():
    memory: Memory[int] = Memory(most=2, most_bytes=100, refused_s=60)
    for key in (1, 2):
        memory.get(key, lambda key=key: key, size=1)

    memory.find(1)
    memory.get(3, lambda: 3, size=1)

    assert [memory.find(key) for key in (1, 2, 3)] == [1, None, 3]


def test_few_large_values_take_the_room_of_many_small_ones():
    memory: Memory[int] = Memory(most=10, most_bytes=100, refused_s=60)
    for key, size in ((1, 10), (2, 60), (3, 60), (4, 500)):
        memory.get(key, lambda key=key: key, size=size)
        found = [known for known in (1, 2, 3, 4) if memory.find(known)]
        assert key in found

    assert found == [4]


def test_a_refusal_is_forgotten_after_a_while_and_has_a_traceback_of_its_own():
    kept: Memory[int] = Memory(most=2, most_bytes=100, refused_s=60)
    forgotten: Memory[int] = Memory(most=2, most_bytes=100, refused_s=-1)
    raised = []
    for memory in (kept, kept, forgotten):
        with pytest.raises(InvalidSchema) as caught:
            memory.get("a", refuse, size=1)
        raised.append(caught.value)

    with pytest.raises(InvalidSchema):
        kept.get("a", lambda: 1, size=1)
    assert forgotten.get("a", lambda: 1, size=1) == 1
    assert len({id(error) for error in raised}) == 3
    assert len({str(error) for error in raised}) == 1


def test_refusals_are_as_few_as_values():
    memory: Memory[int] = Memory(most=2, most_bytes=100, refused_s=60)
    for key in range(10):
        with pytest.raises(InvalidSchema):
            memory.get(key, refuse, size=1)

    assert len(memory._refusals) == 2


def test_another_thread_tries_again_what_failed_by_itself():
    memory: Memory[int] = Memory(most=2, most_bytes=100, refused_s=60)
    begun, go_on = threading.Event(), threading.Event()

    def fail() -> int:
        begun.set()
        go_on.wait(20)
        raise OSError

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(memory.get, "a", fail, size=1)
        begun.wait(20)
        second = threads.submit(memory.get, "a", lambda: 1, size=1)
        go_on.set()

        assert isinstance(first.exception(20), OSError)
        assert second.result(20) == 1


def test_a_forked_process_does_not_wait_for_threads_of_its_parent():
    memory: Memory[int] = Memory(most=2, most_bytes=100, refused_s=60)
    begun, go_on = threading.Event(), threading.Event()

    def make() -> int:
        begun.set()
        go_on.wait(20)
        return 1

    with ThreadPoolExecutor(1) as threads:
        made = threads.submit(memory.get, "a", make, size=1)
        begun.wait(20)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # forking beside threads is what this is about
            child = os.fork()
        if child == 0:
            os._exit(memory.get("a", lambda: 7, size=1))
        go_on.set()
        _, status = os.waitpid(child, 0)

    assert (os.waitstatus_to_exitcode(status), made.result()) == (7, 1)

"""`extractor.Queue` against a real Redis, and a worker where something has to end."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import BaseModel, field_validator

import extractor
from extractor import Item, Queue, client, desk
from extractor.errors import (
    AmbiguousSource,
    IdempotencyConflict,
    InvalidRequest,
    StoreUnavailable,
    UnknownExtraction,
    UnknownSchema,
    UnreadableDocument,
)
from extractor.records import OFFLINE_MODEL
from extractor.testing.stores import open_bench

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from extractor.testing.redis_server import RedisServer

#: Seconds after which something that should have happened has not.
PATIENCE_S = 30.0


class Note(BaseModel):
    """A note."""

    number: str
    city: str | None = None


class Odd(Note):
    @field_validator("number")
    @classmethod
    def is_odd(cls, number: str) -> str:
        if int(number[-1]) % 2 == 0:
            raise ValueError("must be odd")
        return number


SCHEMA = Note.model_json_schema()


def note(number: int) -> str:
    return f"Number: N-{number}\nCity: Graz\n"


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Settings of a service that reads without a language model."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("EXTRACTOR_MODEL", OFFLINE_MODEL)
    monkeypatch.delenv("REDIS_URL", raising=False)


@pytest.fixture
def queue(redis_url: str) -> Iterator[Queue]:
    with Queue(redis_url) as queue:
        yield queue


@pytest.mark.anyio
async def test_many_documents_may_share_a_budget(queue: Queue, redis_url: str) -> None:
    ids = queue.submit_many([note(1), note(2)], schema=Note, budget_usd=0.25)

    async with open_bench(redis_url) as bench:
        (first, second) = [(await bench.fields_of(id_))["batch"] for id_ in ids]
        money = await bench.store.money(tenant="default", batch=first)
    assert first == second
    assert money.cap_usd == 0.25


@pytest.mark.parametrize("budget", [-1, float("nan"), 1e7, "1", True])
def test_a_budget_that_is_none_is_refused_before_anything_is_sent(queue: Queue, budget: object) -> None:
    with pytest.raises(InvalidRequest, match="The budget of a batch must be a number"):
        queue.submit_many([note(1)], schema=Note, budget_usd=budget)


def test_a_class_comes_back_as_its_instance(queue: Queue, worker: object) -> None:
    id_ = queue.submit(note(1), Note, name="one")

    result = queue.wait(id_, PATIENCE_S)

    assert (result.id, result.source, result.error) == (id_, "one", None)
    assert result.status == "succeeded"
    assert result.record == Note(number="N-1", city="Graz")
    assert result.validated_by == ("json_schema", "pydantic:Note")
    assert result.evidence["/city"].quote == "Graz"
    assert queue.get(id_) == result


def test_another_process_states_the_class_or_gets_plain_json(redis_url: str, queue: Queue, worker: object) -> None:
    id_ = queue.submit(note(1), Note)
    queue.wait(id_, PATIENCE_S)

    with Queue(redis_url) as other:
        plain = other.get(id_)
        instance = other.get(id_, schema=Note)

    assert plain.record == {"number": "N-1", "city": "Graz"}
    assert instance.record == Note(number="N-1", city="Graz")


def test_what_only_the_callers_class_refuses_is_a_failed_result(queue: Queue, worker: object) -> None:
    result = queue.wait(queue.submit(note(2), Odd), PATIENCE_S)

    assert (result.status, result.record) == ("failed", {"number": "N-2", "city": "Graz"})
    assert result.error is not None
    assert (result.error.code, result.error.paths) == ("unsatisfied", ("/number",))


def test_an_open_one_has_no_record_yet_and_a_wait_says_when_its_time_is_up(queue: Queue) -> None:
    id_ = queue.submit(note(1), Note)

    result = queue.get(id_)

    assert (result.status, result.record) == ("queued", None)
    with pytest.raises(TimeoutError, match=r"still queued after 0\.05 s"):
        queue.wait(id_, 0.05)
    with pytest.raises(TimeoutError, match=r"1 extraction has not ended after 0\.05 s"):
        next(queue.results([id_], timeout_s=0.05))


def test_many_are_handed_in_chunk_by_chunk_and_come_back_as_they_end(
    queue: Queue, worker: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "CHUNK", 20)
    monkeypatch.setattr(desk, "WATCHED", 3)

    ids = queue.submit_many((note(number) for number in range(90)), schema=Note)
    results = list(queue.results(ids, timeout_s=PATIENCE_S))

    assert len(set(ids)) == 90
    assert sorted(result.id for result in results) == sorted(ids)
    assert {result.id: result.record.number for result in results} == {
        id_: f"N-{number}" for number, id_ in enumerate(ids)
    }


def test_an_item_may_have_a_schema_a_key_and_a_name_of_its_own(queue: Queue, worker: object, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text(note(3))
    items = [
        Item(note(1), name="first", idempotency_key="k-1"),
        Item(note(2), schema=SCHEMA),
        tmp_path / "letter.txt",
        b"Number: N-4\n",
    ]

    ids = queue.submit_many(items, schema=Note)
    again = queue.submit_many(items[:1], schema=Note)
    results = {result.id: result for result in queue.results(ids, timeout_s=PATIENCE_S)}

    assert again == ids[:1]
    assert [results[id_].source for id_ in ids] == ["first", None, str(tmp_path / "letter.txt"), None]
    assert [type(results[id_].record) for id_ in ids] == [Note, dict, Note, Note]


def test_what_was_written_before_a_refused_item_stays(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "CHUNK", 2)
    items = [Item(note(number), idempotency_key=str(number)) for number in range(3)]

    with pytest.raises(InvalidRequest, match="A source is a path, bytes or a string"):
        queue.submit_many([*items, 7], schema=Note)  # type: ignore[list-item]
    ids = queue.submit_many(items, schema=Note)

    assert queue.get(ids[0]).status == "queued"
    assert len(set(ids)) == 3


def test_the_same_key_is_the_same_extraction_also_at_the_same_moment(queue: Queue) -> None:
    with ThreadPoolExecutor(16) as threads:
        ids = set(threads.map(lambda _: queue.submit(note(1), Note, idempotency_key="order-1"), range(50)))

    assert len(ids) == 1
    with pytest.raises(IdempotencyConflict):
        queue.submit(note(2), Note, idempotency_key="order-1")


def test_a_cancelled_one_has_ended(queue: Queue) -> None:
    id_ = queue.submit(note(1), Note)

    assert queue.cancel(id_) == "cancelled"
    assert queue.wait(id_, PATIENCE_S).status == "cancelled"
    assert queue.cancel(id_) == "cancelled"


def test_tenants_do_not_see_each_other(redis_url: str, queue: Queue) -> None:
    id_ = queue.submit(note(1), Note)

    with Queue(redis_url, tenant="other") as other:
        for ask in (other.get, other.cancel, other.wait):
            with pytest.raises(UnknownExtraction):
                ask(id_)
        with pytest.raises(UnknownExtraction):
            list(other.results([id_]))


@pytest.mark.parametrize(
    ("arguments", "options", "error"),
    [
        pytest.param((note(1), "nonsense"), {}, UnknownSchema, id="schema"),
        pytest.param((note(1), Note), {"modell": "x"}, InvalidRequest, id="option"),
        pytest.param((note(1), Note), {"model": "other/model"}, InvalidRequest, id="model"),
        pytest.param((note(1), Note), {"idempotency_key": "k" * 300}, InvalidRequest, id="key"),
        pytest.param(("pyproject.toml", Note), {}, AmbiguousSource, id="name of a file"),
        pytest.param((7, Note), {}, InvalidRequest, id="source"),
    ],
)
def test_a_mistake_is_told_before_anything_is_opened(
    arguments, options, error, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository)
    queue = Queue("redis://127.0.0.1:1")

    with pytest.raises(error):
        queue.submit(*arguments, **options)


def test_a_missing_file_is_told_at_once(queue: Queue, tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument) as told:
        queue.submit(tmp_path / "gone.pdf", Note)

    assert told.value.code == "file_not_found"


def test_without_a_schema_both_ways_say_what_to_pass(queue: Queue) -> None:
    with pytest.raises(InvalidRequest, match="There is no schema: pass a pydantic class"):
        queue.submit_many([note(1)])
    with pytest.raises(InvalidRequest, match="There is no schema: pass a pydantic class"):
        queue.submit(note(1), None)  # type: ignore[arg-type]


@pytest.mark.parametrize("one", ["invoice.pdf", b"Number: N-1", Path("inbox"), Item("Number: N-1")])
def test_one_document_or_id_is_not_taken_for_many(one) -> None:
    queue = Queue("redis://127.0.0.1:1")

    with pytest.raises(InvalidRequest, match=r"takes a list: \[Path"):
        queue.submit_many(one, schema=Note)
    with pytest.raises(InvalidRequest, match=r"takes a list of ids.* `wait\(id\)`"):
        next(queue.results("x_id"))


def test_a_tenant_that_cannot_be_part_of_a_key_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="tenant"):
        Queue("redis://127.0.0.1:1", tenant="a:b")


def test_a_registered_name_is_a_schema_and_gives_plain_json(queue: Queue, worker: object) -> None:
    result = queue.wait(queue.submit("Receipt\nTotal: 12.00 EUR\n", "receipt"), PATIENCE_S)

    assert result.status in {"succeeded", "failed"}
    assert not isinstance(result.record, BaseModel)


def test_the_class_of_only_so_many_ids_is_remembered(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MAX_CLASSES", 2)

    ids = queue.submit_many([note(number) for number in range(4)], schema=Note)

    assert list(queue._classes) == ids[2:]


def test_without_a_server_it_says_so_and_works_as_soon_as_there_is_one(redis_server: RedisServer) -> None:
    redis_server.kill()
    with Queue(redis_server.url) as queue:
        with pytest.raises(StoreUnavailable):
            queue.submit(note(1), Note)
        redis_server.start()

        assert queue.get(queue.submit(note(1), Note)).status == "queued"


def test_waiting_goes_on_when_redis_restarts(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "LOOK_S", 0.02)
    with Queue(redis_server.url) as queue, Queue(redis_server.url) as other, ThreadPoolExecutor() as threads:
        ids = queue.submit_many([note(number) for number in range(3)], schema=Note)
        waiting = threads.submit(queue.wait, ids[0], PATIENCE_S)
        all_of_them = threads.submit(lambda: list(queue.results(ids, timeout_s=PATIENCE_S)))

        redis_server.restart()
        for id_ in ids:
            other.cancel(id_)

        assert waiting.result(PATIENCE_S).status == "cancelled"
        assert {result.id for result in all_of_them.result(PATIENCE_S)} == set(ids)


FORKING = """
import os, sys
from extractor import Queue

queue = Queue(sys.argv[1])
schema = {"type": "object", "properties": {"number": {"type": "string"}}}
mine = queue.submit("Number: 1", schema)
child = os.fork()
if child == 0:
    is_well = queue.get(mine).status == "queued" and queue.submit("Number: 2", schema) != mine
    queue.close()
    os._exit(0 if is_well else 1)
assert queue.get(mine).status == "queued"
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert queue.get(mine).status == "queued"
"""


def test_a_queue_made_and_used_before_a_fork_works_on_both_sides_and_ends_with_the_program(redis_url: str) -> None:
    done = subprocess.run(
        # Python 3.12 and later warn of every fork beside a thread; that it goes well all the same is what is shown.
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORKING, redis_url],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_submitting_one_by_one_costs_little(queue: Queue, record_property: Callable[[str, object], None]) -> None:
    """About 0.5 ms of CPU on a machine with nothing else to do; the bound is for one that has."""
    text = "x" * 3000
    queue.submit(text, Note)
    started = time.process_time()

    for number in range(200):
        queue.submit(f"{number}{text}", Note)
    each_ms = 1000 * (time.process_time() - started) / 200

    record_property("ms_per_submit", each_ms)
    assert each_ms < 5


def test_it_is_exported() -> None:
    assert extractor.Queue is Queue
    assert extractor.Item is Item

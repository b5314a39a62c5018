"""The door of Celery: a service that knows only Celery and the broker's address, against a real worker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import sysconfig
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from celery import Celery
from celery.exceptions import NotRegistered

from extractor.errors import InvalidSettings, NoModel, StoreUnavailable
from extractor.records import OFFLINE_MODEL, Enforcement, Result
from extractor.settings import Settings
from extractor.store import broker_url
from extractor.testing import RedisServer
from workers.checking import check

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Seconds that a worker may take to start, a task to be answered, a worker to end.
START_S, ANSWER_S, END_S = 30.0, 20.0, 20.0
#: Threads of the pool, which tasks have to share.
POOL = 4
SCHEMA = {"type": "object", "properties": {"total": {"type": "number"}}, "required": ["total"]}
GOOD = {"document": {"text": "Total: 12"}, "schema": SCHEMA, "options": {"model": "offline/heuristic"}}
PLAIN = (sys.executable, "-P", "-m", "celery", "-A", "workers.app", "worker")
OURS = (str(Path(sysconfig.get_path("scripts")) / "extractor"), "worker")


def environment(**changes: str | None) -> dict[str, str]:
    ours = ("EXTRACTOR_", "OPENROUTER_", "CELERY_", "REDIS_")
    bare = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return bare | {name: value for name, value in changes.items() if value is not None}


@contextmanager
def running(*command: str, folder: Any, **changes: str | None) -> Iterator[subprocess.Popen[str]]:
    """A worker that is ready; killed at the end if it still runs."""
    log = folder / "worker.log"
    with log.open("w") as out:
        worker = subprocess.Popen(command, env=environment(**changes), cwd=folder, stdout=out, stderr=out, text=True)
    try:
        deadline = time.monotonic() + START_S
        while "extractor worker: ready" not in log.read_text():
            assert worker.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.02)
        yield worker
    finally:
        worker.kill()
        worker.wait()


def service_of(redis: RedisServer) -> Celery:
    """Another service: it knows nothing of ours but the address."""
    url, _ = broker_url(redis.url)
    return Celery("other", broker=url, backend=url, set_as_current=False)


def send(service: Celery, **members: Any) -> Any:
    return service.send_task("extractor.extract", queue="extractor", **members)


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="module")
def log(tmp_path_factory, redis) -> Iterator[Any]:
    """The log of a worker started by plain Celery, beside a result backend of somebody else in its environment."""
    folder = tmp_path_factory.mktemp("worker")
    changes = {"EXTRACTOR_MODEL": "offline/heuristic", "CELERY_RESULT_BACKEND": "redis://127.0.0.1:1/0"}
    with running(*PLAIN, folder=folder, REDIS_URL=redis.url, **changes):
        yield folder / "worker.log"


@pytest.fixture
def service(redis, log) -> Celery:
    return service_of(redis)


def test_a_service_that_knows_only_celery_gets_the_result(service):
    result = send(service, kwargs=GOOD).get(timeout=ANSWER_S)

    assert (result["status"], result["record"], result["error"]) == ("succeeded", {"total": 12}, None)
    assert (result["evidence"]["/total"]["quote"], result["validated_by"]) == ("12", ["json_schema"])


def test_a_document_may_come_as_base64_and_a_schema_by_its_registered_name(service):
    document = {"base64": "SW52b2ljZSBBLTE=", "media_type": "text/plain", "name": "a.txt"}

    result = send(service, kwargs=GOOD | {"document": document, "schema": "invoice"}).get(timeout=ANSWER_S)

    assert (result["source"], result["id"] is None) == ("a.txt", False)


def test_four_times_as_many_tasks_as_there_are_threads_all_return(service):
    tasks = [send(service, kwargs=GOOD) for _ in range(4 * POOL)]

    results = [task.get(timeout=ANSWER_S) for task in tasks]

    assert {result["status"] for result in results} == {"succeeded"}
    assert len({result["id"] for result in results}) == 4 * POOL


def test_a_message_that_is_delivered_again_has_the_same_result(service):
    task = send(service, kwargs=GOOD)
    first = task.get(timeout=ANSWER_S)
    task.forget()

    again = send(service, kwargs=GOOD, task_id=task.id).get(timeout=ANSWER_S)

    assert again == first


BAD = [
    pytest.param({"args": [1, 2]}, "invalid_request", id="arguments by position"),
    pytest.param({"kwargs": {}}, "invalid_request", id="nothing"),
    pytest.param({"kwargs": {"document": {"text": "a"}}}, "invalid_request", id="no schema"),
    pytest.param({"kwargs": GOOD | {"task": 1}}, "invalid_request", id="an argument that is not one"),
    pytest.param({"kwargs": GOOD | {"tenant": "theirs"}}, "invalid_request", id="the tenant of somebody else"),
    pytest.param({"kwargs": GOOD | {"document": "Total: 12"}}, "invalid_request", id="a document that is no object"),
    pytest.param({"kwargs": GOOD | {"document": {"path": "/etc/passwd"}}}, "invalid_request", id="a path"),
    pytest.param({"kwargs": GOOD | {"document": {"base64": "!"}}}, "invalid_request", id="not base64"),
    pytest.param({"kwargs": GOOD | {"schema": "nope"}}, "unknown_schema", id="a name nobody registered"),
    pytest.param({"kwargs": GOOD | {"schema": "os:system"}}, "unknown_schema", id="an import path"),
    pytest.param({"kwargs": GOOD | {"schema": {"type": "strin"}}}, "invalid_schema", id="not a schema"),
    pytest.param({"kwargs": GOOD | {"options": {"modle": "x"}}}, "invalid_request", id="an option that is not one"),
    pytest.param({"kwargs": GOOD | {"options": {"model": "other/model"}}}, "invalid_request", id="a forbidden model"),
    pytest.param({"kwargs": GOOD, "task_id": "t" * 300}, "invalid_request", id="a task id beyond all measure"),
]


@pytest.mark.parametrize(("sent", "code"), BAD)
def test_a_bad_payload_is_answered_by_a_result_that_says_what_is_wrong(service, sent, code):
    members = Result(id="", source=None, status="failed", record=None, enforcement=Enforcement(asked="auto"), engine="")

    result = send(service, **sent).get(timeout=ANSWER_S)

    assert (result["id"], result["status"], result["record"]) == (None, "failed", None)
    assert (result["error"]["code"], result["error"]["retryable"]) == (code, False)
    assert result.keys() == members.as_json().keys()
    assert result["error"].keys() == {"code", "message", "retryable", "paths", "retry_after_s"}


HOSTILE = [
    pytest.param({"$ref": "http://127.0.0.1:1/schema.json"}, "unsupported_schema", id="an address"),
    pytest.param({"properties": {"a": {"$ref": "file:///etc/passwd"}}}, "unsupported_schema", id="a file"),
    pytest.param({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}, "unsupported_schema", id="a circle"),
    pytest.param({"properties": {"a": {"enum": ["x" * 10] * 6_000}}}, "unsupported_schema", id="a long list"),
]


@pytest.mark.parametrize(("schema", "code"), HOSTILE)
def test_a_hostile_schema_fails_alone(service, schema, code):
    tasks = [send(service, kwargs=GOOD | {"schema": each}) for each in (schema, SCHEMA, schema)]

    bad, good, again = (task.get(timeout=ANSWER_S) for task in tasks)

    assert (bad["error"]["code"], again["error"]["code"]) == (code, code)
    assert (good["status"], good["record"]) == ("succeeded", {"total": 12})


def test_what_is_no_task_of_ours_harms_nobody_and_leaves_no_document_in_the_log(service, log):
    unknown = service.send_task("other.task", kwargs={"text": "Sub rosa 1"}, queue="extractor")
    send(service, kwargs=GOOD | {"document": {"text": "Sub rosa 2"}}, serializer="pickle")
    service.send_task("extractor.ticket", args=[1], kwargs={"up_to": 3, "other": 4}, queue="extractor.bulk")

    with pytest.raises(NotRegistered):
        unknown.get(timeout=ANSWER_S)
    result = send(service, kwargs=GOOD).get(timeout=ANSWER_S)

    assert result["status"] == "succeeded"
    assert "unregistered task of type 'other.task'" in log.read_text()
    assert "untrusted content of type pickle" in log.read_text()
    assert "Sub rosa" not in log.read_text()


def test_the_queue_of_other_applications_is_left_alone(service, redis):
    service.send_task("other.task")

    send(service, kwargs=GOOD).get(timeout=ANSWER_S)

    assert redis.ask("LLEN", "celery") == ":1\r\n"


@pytest.mark.full
def test_a_worker_takes_tasks_again_after_redis_was_restarted_and_ends_when_told(redis_server, tmp_path):
    service = service_of(redis_server)

    with running(
        *OURS, "--slots", "5", folder=tmp_path, REDIS_URL=redis_server.url, EXTRACTOR_MODEL="offline/heuristic"
    ) as worker:
        redis_server.restart()
        result = send(service, kwargs=GOOD).get(timeout=ANSWER_S)
        worker.send_signal(signal.SIGTERM)
        code = worker.wait(END_S)

    assert (result["status"], code) == ("succeeded", 0)
    assert "ready, 5 slots" in (tmp_path / "worker.log").read_text()


UNFIT = [
    pytest.param({"model": None}, NoModel, id="no key for the default model"),
    pytest.param({"models": "offline/heuristic,other/model"}, NoModel, id="no key for one that callers may choose"),
    pytest.param({"models": "other/model"}, InvalidSettings, id="the default model is not among those"),
    pytest.param({"schemas": "a=no_such_module:Class"}, InvalidSettings, id="a schema that cannot be imported"),
    pytest.param({"REDIS_URL": "redis://127.0.0.1:1/0"}, StoreUnavailable, id="no Redis"),
]


@pytest.mark.parametrize(("changes", "error"), UNFIT)
async def test_a_worker_that_could_run_nothing_is_found_out(redis_url, monkeypatch, changes, error):
    monkeypatch.delenv("OPENROUTER_API_KEY", raising=False)

    with pytest.raises(error):
        await check(Settings(**({"REDIS_URL": redis_url, "model": OFFLINE_MODEL} | changes)))


def test_what_is_found_out_stops_the_start_with_one_line(redis_url, tmp_path):
    (tmp_path / "workers.py").write_text("")
    able = {"REDIS_URL": redis_url, "EXTRACTOR_MODEL": OFFLINE_MODEL}
    unable = [
        ("no_model", PLAIN, able | {"EXTRACTOR_MODEL": None}, tmp_path.parent),
        ("invalid_settings", PLAIN, able | {"EXTRACTOR_SCHEMAS": "not-a-pair"}, tmp_path.parent),
        ("invalid_settings", OURS, able, tmp_path),
    ]
    workers = [
        subprocess.Popen(command, env=environment(**changes), cwd=folder, stderr=subprocess.PIPE, text=True)
        for _, command, changes, folder in unable
    ]

    said = [(worker.communicate(timeout=START_S)[1], worker.returncode) for worker in workers]

    for (code, *_), (text, exit_code) in zip(unable, said, strict=True):
        assert (f"error[{code}]: " in text, exit_code) == (True, 3), text
        assert "Traceback" not in text, text

"""`records="many"` at every door: a list of records from one document, each valid under the schema of one."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel, Field

import extractor
from extractor import Queue
from extractor.cli import app
from extractor.records import OFFLINE_MODEL
from extractor.testing import ScriptedServer, sse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from extractor.testing import Scripted

#: Seconds after which something that should have happened has not.
PATIENCE_S = 30.0
TEXT = "Orders\n\nnumber | total\n------ | -----\nA-17 | 41.50\nA-18 | 7.00\nA-18 | 7.00\n"
ORDERS = [{"number": "A-17", "total": 41.5}, {"number": "A-18", "total": 7.0}, {"number": "A-18", "total": 7.0}]


class Order(BaseModel):
    """An order."""

    number: str
    total: float = Field(gt=0)


SCHEMA = Order.model_json_schema()


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("OPENROUTER_API_KEY", "EXTRACTOR_MODEL", "EXTRACTOR_BASE_URL", "REDIS_URL", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("EXTRACTOR_API_KEY", "sk-test-0123456789")


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Sequence[Scripted]], ScriptedServer]]:
    """Start a server that the settings point at."""
    started: list[ScriptedServer] = []

    def _serve(script: Sequence[Scripted]) -> ScriptedServer:
        started.append(ScriptedServer(script).__enter__())
        monkeypatch.setenv("EXTRACTOR_BASE_URL", started[-1].base_url)
        return started[-1]

    yield _serve
    for server in started:
        server.__exit__(None, None, None)


def test_a_class_gives_a_list_of_its_instances_with_the_place_of_every_value(serve: Any) -> None:
    server = serve([sse({"result": ORDERS})])

    result = extractor.extract(TEXT, Order, records="many")

    assert result.record == [Order(**order) for order in ORDERS]
    assert (result.status, result.validated_by) == ("succeeded", ("json_schema", "pydantic:Order"))
    assert result.json_record == ORDERS
    assert {at: found.quote for at, found in result.evidence.items() if at.startswith("/0")} == {
        "/0/number": "A-17",
        "/0/total": "41.50",
    }
    (asked,) = server.asked
    wire = asked.body["response_format"]["json_schema"]["schema"]
    assert wire["properties"]["result"]["items"]["required"] == ["number", "total"]


def test_a_wrong_record_of_the_list_is_named_by_its_number(serve: Any) -> None:
    serve([sse({"result": [ORDERS[0], ORDERS[1] | {"total": -7}]})])

    result = extractor.extract(TEXT, SCHEMA, records="many", max_attempts=1)

    assert result.error is not None
    assert (result.status, result.error.paths) == ("failed", ("/1/total",))


def test_a_document_without_a_record_is_an_empty_list(serve: Any) -> None:
    serve([sse({"result": []})])

    result = extractor.extract("Nothing was ordered.", Order, records="many")

    assert (result.status, result.record) == ("succeeded", [])


def test_a_worker_gives_the_queue_instances_and_others_plain_json(
    redis_url: str, worker: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXTRACTOR_MODEL", OFFLINE_MODEL)

    with Queue(redis_url) as queue, Queue(redis_url) as other:
        id_ = queue.submit(TEXT, Order, records="many")
        result = queue.wait(id_, PATIENCE_S)
        plain, stated = other.get(id_), other.get(id_, schema=Order)

    assert result.error is None
    assert result.record == stated.record == [Order(**order) for order in ORDERS]
    assert result.validated_by == ("json_schema", "pydantic:Order")
    assert (plain.record, plain.validated_by) == (ORDERS, ("json_schema",))


def test_a_run_writes_the_list_in_the_line_of_its_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "orders.txt").write_text(TEXT)
    (tmp_path / "order.json").write_text(json.dumps(SCHEMA))
    monkeypatch.chdir(tmp_path)
    typed = ["extractor", "run", "orders.txt", "--schema", "order.json", "--model", OFFLINE_MODEL, "--records", "many"]
    monkeypatch.setattr(sys, "argv", typed)

    code = app.exit_code()

    (line,) = capfd.readouterr().out.splitlines()
    assert (code, json.loads(line)["record"]) == (0, ORDERS)

"""`make live`, up to the edge of the network: the real client against a scripted server."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from extractor.model.endpoints import Endpoint
from extractor.records import DEFAULT_MODEL
from extractor.settings import Settings
from extractor.testing import ScriptedServer, chunk, events, refusal_f1, sse

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = {"title": "Receipt", "type": "object", "properties": {"total": {"type": "number"}}, "required": ["total"]}
ROWS = [
    {"id": f"till-{number}", "text": f"Receipt {number}\nTotal {number}.50\n", "schema": SCHEMA, "gold": {"total": 1.5}}
    for number in (1, 2)
]


@pytest.fixture
def live(repository: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(repository / "benchmarks"))
    import live

    return live


def test_the_probe_is_the_first_request_of_default_settings_and_asks_for_an_echo(live):
    upstream = {"model": "qwen-plus", "response_format": {"type": "json_object"}, "messages": [{"content": "Invoice"}]}
    echoed = chunk({"content": ""}, debug={"echo_upstream_body": upstream})
    answer = chunk({"content": '{"number": "A-17"}', "reasoning": "Let me look."}, finish_reason="stop")

    with ScriptedServer([events([echoed, answer, chunk({}, usage={"cost": 0.0004})], comments=2)]) as server:
        seen = asyncio.run(live.probe(Endpoint(server.base_url, key=SecretStr("sk-1"))))

    body = server.asked[0].body
    assert body["model"] == DEFAULT_MODEL
    assert body["response_format"]["json_schema"]["strict"] is True
    assert body["debug"] == {"echo_upstream_body": True}
    assert body["stream"] is True
    assert seen.upstream == {"echo_upstream_body": {"model": "qwen-plus", "response_format": {"type": "json_object"}}}
    assert (seen.content, seen.reasoning, seen.finish_reason) == ('{"number": "A-17"}', "Let me look.", "stop")
    assert seen.cost_usd == pytest.approx(0.0004)


def test_a_refused_probe_is_reported_and_not_sent_again(live):
    with ScriptedServer([refusal_f1()]) as server:
        seen = asyncio.run(live.probe(Endpoint(server.base_url, key=SecretStr("sk-1"))))

    assert seen.status == 400
    assert "Json mode response is not supported" in json.dumps(seen.error)
    assert len(server.asked) == 1


def test_the_page_tells_probe_score_and_cost_and_no_key(live, shared_data):
    replies = [sse({"total": 1.5}), sse({"total": 1.5}), sse({"total": 9})]

    with ScriptedServer(replies) as server:
        settings = Settings(base_url=server.base_url, api_key=SecretStr("sk-secret-1"))
        page = asyncio.run(live.go_live(settings, ROWS))

    assert "2 labelled documents, 2 succeeded" in page
    assert "2 documents, 1 exact" in page
    assert "The gateway did not echo what went upstream." in page
    assert "Rungs: json_schema. Errors: none." in page
    assert "sk-secret-1" not in page


def test_the_documents_come_from_every_source_in_turn(live):
    rows = [{"id": f"{source}-{number}", "schema": SCHEMA} for source in ("a", "b", "c") for number in range(3)]

    chosen = live.choose(rows, count=5)

    assert [row["id"] for row in chosen] == ["a-0", "b-0", "c-0", "a-1", "b-1"]


def test_without_a_key_it_says_so_and_sends_nothing(repository, tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "OPENROUTER_API_KEY"}
    command = [sys.executable, str(repository / "benchmarks" / "live.py")]

    ended = subprocess.run(
        command, env=environment | {"HOME": str(tmp_path)}, capture_output=True, text=True, check=False
    )

    assert ended.returncode == 1
    assert ended.stderr == "make live needs OPENROUTER_API_KEY, and EXTRACTOR_BASE_URL unset. Nothing was sent.\n"

"""The model that the other tests of this folder ask: what it counts is what they assert."""

from __future__ import annotations

import subprocess
import sys

import httpx
import pytest

from extractor.testing.fleet import LoopbackModel, wait_until


@pytest.fixture
def model():
    with LoopbackModel() as loopback:
        yield loopback


def question(words: str) -> dict[str, object]:
    return {"messages": [{"role": "user", "content": words}]}


def test_it_answers_with_the_number_of_the_document_and_counts_both_ways(model):
    answer = httpx.post(f"{model.base_url}/chat/completions", json=question("Document 17."), trust_env=False).json()

    tally = model.tally()

    assert answer["choices"][0]["message"]["content"] == '{"number":17}'
    assert (tally["received"], tally["replied"], tally["peak"]) == ({17: 1}, {17: 1}, 1)


def test_a_caller_that_goes_away_is_counted_as_one_that_left(model):
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{model.base_url}/chat/completions", json=question("Document 3 takes 60000 ms."), timeout=0.3)

    wait_until(lambda: model.tally()["left"] == {3: 1}, within_s=10, why="the model sees the closed connection")
    assert model.tally()["replied"] == {}
    assert model.tally()["waiting"] == []


def test_poison_kills_the_process_that_asks(model):
    script = f"import httpx; httpx.post('{model.base_url}/chat/completions', json={question('Document 5. POISON')!r})"

    ended = subprocess.run([sys.executable, "-c", script], check=False, timeout=30)

    assert ended.returncode == -9
    assert model.tally()["killed"] == 1

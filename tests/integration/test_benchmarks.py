"""The benchmark measures what it says: every document goes through the whole engine and succeeds."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest


@pytest.mark.full
def test_the_engine_benchmark_runs_whole_documents_and_prints_its_figures(repository):
    command = [sys.executable, "benchmarks/engine.py", "--documents", "20", "--concurrency", "5", "--latency-ms", "5"]

    ended = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)

    assert ended.stderr == ""
    assert ended.stdout.startswith("20 documents, concurrency 5, provider 5 ms\n")
    assert re.search(r"CPU per document +\d+\.\d\d ms +goal <= 1\.0", ended.stdout)
    assert re.search(r"documents per second +\d+ +goal >= 350", ended.stdout)


@pytest.mark.full
def test_the_queue_benchmark_runs_every_document_by_both_ways_and_prints_its_figures(repository):
    command = [sys.executable, "benchmarks/queue.py", "--documents", "20", "--rounds", "1", "--in-flight", "0"]

    ended = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)

    assert ended.stderr == ""
    assert ended.stdout.startswith("1 rounds of 20 documents, provider 200 ms, 256 slots")
    assert re.search(r"bulk +queue's share +-?\d+\.\d\d +goal <= 0\.2", ended.stdout)
    assert re.search(r"single +queue's share +-?\d+\.\d\d +goal <= 0\.6", ended.stdout)
    assert re.search(r"bytes of Redis +\d+ +while it waits; \d+ after its end", ended.stdout)


@pytest.mark.full
def test_the_benchmark_of_repairs_puts_every_record_right_and_prints_its_figures(repository):
    command = [sys.executable, "benchmarks/repairs.py", "--leaves", "1"]

    ended = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)

    assert (ended.stderr, ended.returncode) == ("", 0)
    assert re.search(r"3000  ours +2 ", ended.stdout)
    assert re.search(r"100000  ours +2 .* \d\.\d % .* goal <= 4 %", ended.stdout)


def test_a_script_beside_the_queue_benchmark_still_gets_the_queue_of_the_standard_library(repository):
    script = "import queue; assert queue.Queue().empty(); assert 'benchmarks' not in queue.__file__"

    ended = subprocess.run([sys.executable, "-c", script], cwd=repository / "benchmarks", check=False)

    assert ended.returncode == 0

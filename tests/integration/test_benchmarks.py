"""The benchmark measures what it says: every document goes through the whole engine and succeeds."""

from __future__ import annotations

import re
import subprocess
import sys


def test_the_engine_benchmark_runs_whole_documents_and_prints_its_figures(repository):
    command = [sys.executable, "benchmarks/engine.py", "--documents", "20", "--concurrency", "5", "--latency-ms", "5"]

    ended = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)

    assert ended.stderr == ""
    assert ended.stdout.startswith("20 documents, concurrency 5, provider 5 ms\n")
    assert re.search(r"CPU per document +\d+\.\d\d ms +goal <= 2\.2", ended.stdout)
    assert re.search(r"documents per second +\d+ +goal >= 350", ended.stdout)

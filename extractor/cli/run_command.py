"""`extractor run`, and nothing that costs time before its words are read."""

from __future__ import annotations

from extractor.cli.declaring import taking
from extractor.cli.run_arguments import RunArguments


@taking(RunArguments)
def run(arguments: RunArguments) -> int:
    """Extract a record from every document; one JSON line each, as soon as it is ready.

    Exit codes: 0 all succeeded, 1 some failed, 2 usage, 3 could not start or go on, 128 + signal when stopped.
    """
    from extractor.cli.running import run_files  # command start-up: the engine's imports cost 400 ms of CPU

    return run_files(arguments)

"""`extractor dev`, and nothing that costs time before its words are read."""

from __future__ import annotations

from extractor.cli.declaring import taking
from extractor.cli.dev_arguments import DevArguments


@taking(DevArguments)
def dev(arguments: DevArguments) -> int:
    """Run Redis, one worker and the HTTP API together, to try them and to develop against, until Ctrl-C.

    A second Ctrl-C does not wait for what is in flight.

    Exit codes: 0 stopped, 2 usage, 3 could not start, 128 + n stopped in a hurry by signal n.
    """
    from extractor.cli.developing import run_all_parts  # command start-up: the Redis client costs 100 ms

    return run_all_parts(arguments)

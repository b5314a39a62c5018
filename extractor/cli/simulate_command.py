"""`extractor simulate`, and nothing that costs time before its words are read."""

from __future__ import annotations

from extractor.cli.declaring import taking
from extractor.cli.simulate_arguments import SimulateArguments


@taking(SimulateArguments)
def simulate(arguments: SimulateArguments) -> int:
    """Simulate a provider on this machine until Ctrl-C, then say what it was asked and what that would have cost.

    It speaks OpenRouter's protocol, needs no key and no network, answers by simple rules or from your records, and
    fails as real providers do where you say so. For load tests, and for development without a key.

    Exit codes: 0 stopped, 2 usage, 3 could not start.
    """
    from extractor.cli.simulate_serving import simulate_until_stopped  # command start-up: the rules cost 100 ms

    return simulate_until_stopped(arguments)

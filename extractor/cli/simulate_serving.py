"""What `extractor simulate` does: a provider, until a signal comes, and its bill."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import typer

from extractor.cli.dev_words import program
from extractor.cli.exits import ExitCode
from extractor.cli.stopping import stopped_by_signals
from extractor.errors import InvalidRequest, InvalidSettings
from extractor.simulator import PROFILES, Latency, RateLimit
from extractor.simulator.answering import records_in
from extractor.simulator.catalogue import known_words, load
from extractor.simulator.provider import Conduct, Provider
from extractor.simulator.server import serving

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from extractor.cli.simulate_arguments import SimulateArguments
    from extractor.records import Json
    from extractor.simulator import Ledger


def simulate_until_stopped(arguments: SimulateArguments) -> int:
    """Serve until a signal comes; return the exit code.

    Raises:
        InvalidRequest: an option has no usable value.
        InvalidSettings: the port is taken.
    """
    provider = Provider(conduct_from(arguments))
    try:
        asyncio.run(_serve(provider, port=arguments.port))
    except OSError:
        raise InvalidSettings(
            f"Cannot listen at 127.0.0.1, port {arguments.port}. Choose another with --port, or 0 for any that is free."
        ) from None
    typer.echo(bill_words(provider.ledger))
    return ExitCode.SUCCEEDED


def conduct_from(arguments: SimulateArguments) -> Conduct:
    """Return the conduct that the options ask for.

    Raises:
        InvalidRequest: an option has no usable value.
    """
    if arguments.profile not in PROFILES:
        raise InvalidRequest(f"--profile: {arguments.profile!r} is none of {', '.join(PROFILES)}.")
    try:
        latency = Latency.read(arguments.latency)
    except ValueError as error:
        raise InvalidRequest(f"--latency: {error}.") from None
    return Conduct(
        profile=arguments.profile,
        answer=None if arguments.records is None else _records(arguments.records),
        scenarios=[_scenario(text) for text in arguments.scenario or ()],
        latency_ms=latency,
        seed=arguments.seed,
        rate=None if arguments.rate is None else RateLimit(requests=arguments.rate),
        balance_usd=arguments.balance,
        remembers=False,  # it may run for days
    )


def address_words(base_url: str, *, profile: str) -> str:
    """Return what is said once it serves."""
    return (
        f"Simulating a provider ({profile}) at {base_url}\n"
        f"Use it:  EXTRACTOR_BASE_URL={base_url} EXTRACTOR_OPENROUTER_COMPATIBLE=true EXTRACTOR_API_KEY=simulated "
        f"{program()} run …\n"
        f"Ledger:  {base_url}/simulator/ledger"
    )


def bill_words(ledger: Ledger) -> str:
    """Return what was asked and charged."""
    charged = [bill for bill in ledger.calls if bill.billed]
    tokens_in = sum(bill.prompt_tokens for bill in charged)
    tokens_out = sum(bill.completion_tokens for bill in charged)
    return (
        f"Asked {len(ledger.calls)} times, charged {len(charged)} times: {ledger.usd:.6f} dollars for "
        f"{tokens_in:,} tokens in and {tokens_out:,} out."
    )


async def _serve(provider: Provider, *, port: int) -> None:
    with stopped_by_signals():
        async with serving(provider, port=port) as base_url:
            typer.echo(address_words(base_url, profile=provider.profile.name))
            await asyncio.Event().wait()


def _records(path: Path) -> dict[str, Json]:
    try:
        return dict(records_in(path.read_bytes()))
    except OSError as error:
        raise InvalidRequest(f"--records: {path} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise InvalidRequest(f"--records: {path}: {error}.") from None


def _scenario(text: str) -> tuple[str, Sequence[str]]:
    needle, _, listed = text.rpartition("=")
    ids = [part.strip() for part in listed.split(",")]
    unknown = [part for part in ids if part and part not in {entry.id for entry in load()}]
    if not needle or unknown or not all(ids):
        raise InvalidRequest(
            f"--scenario: {text!r} is not TEXT=ID,ID with ids of docs/reference/failures.md"
            + (f"; unknown: {', '.join(unknown)}. It has {known_words()}." if unknown else ".")
        )
    return needle, ids

"""What may be typed after `extractor simulate`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer


@dataclass(frozen=True, kw_only=True)
class SimulateArguments:
    """Arguments and options of `extractor simulate`."""

    profile: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="How the endpoint takes schemas: enforces, refuses, ignores, contradicts, stream-only, strict-openai.",
        ),
    ] = "enforces"
    port: Annotated[
        int, typer.Option(metavar="N", min=0, max=65535, help="Port on 127.0.0.1; 0 = any that is free.")
    ] = 8787
    latency: Annotated[
        str,
        typer.Option(
            metavar="MS",
            help="Milliseconds before a reply: 200, 20-60 (evenly) or ~400 (the middle one of a long tail).",
        ),
    ] = "0"
    scenario: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TEXT=ID,ID",
            help="Play failures, by their ids in docs/reference/failures.md, to documents that hold TEXT. Repeatable.",
        ),
    ] = None
    records: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help='Right answers, JSON lines {"needle": text of a document, "record": {…}}. Others are by simple rules.',
        ),
    ] = None
    seed: Annotated[int, typer.Option(metavar="N", help="Of what is drawn: equal requests wait equally long.")] = 0
    rate: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Requests that each model takes per minute; more are a 429.")
    ] = None
    balance: Annotated[
        float | None, typer.Option(metavar="USD", min=0, help="Dollars on the account. Default: it never runs out.")
    ] = None

"""The arguments and options of `extractor run`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from extractor.cli.asking_arguments import LIMITS_PANEL, AskingArguments

_OUTPUT = "Output"


@dataclass(frozen=True, kw_only=True)
class RunArguments(AskingArguments):
    """What was typed after `extractor run`. None = not typed: the settings, and then the engine, decide."""

    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write one JSON line per document here. Default: stdout.", rich_help_panel=_OUTPUT
        ),
    ] = None
    append: Annotated[
        bool, typer.Option("--append", metavar="", help="Add to an existing --out.", rich_help_panel=_OUTPUT)
    ] = False
    force: Annotated[
        bool, typer.Option("--force", metavar="", help="Replace an existing --out.", rich_help_panel=_OUTPUT)
    ] = False
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet", "-q", metavar="", help="No progress and no summary; only errors.", rich_help_panel=_OUTPUT
        ),
    ] = False

    estimate: Annotated[
        bool,
        typer.Option(
            "--estimate",
            metavar="",
            help="Print what the run will probably cost, as a range, and send nothing. Needs no key.",
            rich_help_panel=LIMITS_PANEL,
        ),
    ] = False
    concurrency: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            max=1000,
            help="Documents in flight at once. Default: EXTRACTOR_CONCURRENCY, else 8.",
            rich_help_panel=LIMITS_PANEL,
        ),
    ] = None
    budget: Annotated[
        float | None,
        typer.Option(
            metavar="USD",
            min=0,
            help="Cap for the whole run; what comes after it fails with budget_exceeded and is not sent.",
            rich_help_panel=LIMITS_PANEL,
        ),
    ] = None
    deadline_s: Annotated[
        float | None,
        typer.Option(
            metavar="S",
            help="Seconds that each document may take from its start; then it fails with deadline_exceeded. "
            "Default: no limit.",
            rich_help_panel=LIMITS_PANEL,
        ),
    ] = None

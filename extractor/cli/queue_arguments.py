"""The arguments and options of the commands that hand documents to a queue, ask for them and steer it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from extractor.cli.asking_arguments import LIMITS_PANEL, AskingArguments
from extractor.cli.usual_arguments import ConfigFile, Debug

_QUEUE = "The queue"

Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="What `extractor submit` printed.")]
SomeIds = Annotated[list[str] | None, typer.Argument(metavar="[ID...]", help="What `extractor submit` printed.")]
AsJson = Annotated[bool, typer.Option("--json", metavar="", help="Write JSON, for programs.")]


@dataclass(frozen=True, kw_only=True)
class QueueArguments:
    """What every one of these commands takes."""

    config: ConfigFile = None
    debug: Debug = False


@dataclass(frozen=True, kw_only=True)
class SubmitArguments(AskingArguments):
    """What was typed after `extractor submit`."""

    idempotency_key: Annotated[
        str | None,
        typer.Option(
            metavar="K",
            help="Your word for this one document; the same word again gives the same id, and nothing runs twice.",
            rich_help_panel=_QUEUE,
        ),
    ] = None
    key_by_name: Annotated[
        bool,
        typer.Option(
            "--key-by-name",
            metavar="",
            help="Each file's path as typed is its idempotency key, so the same command may be repeated.",
            rich_help_panel=_QUEUE,
        ),
    ] = False
    priority: Annotated[
        Literal["interactive", "bulk"] | None,
        typer.Option(
            metavar="CLASS",
            help="interactive is served before bulk. Default: interactive for one document, bulk for several.",
            rich_help_panel=_QUEUE,
        ),
    ] = None
    wait: Annotated[
        bool,
        typer.Option(
            "--wait", metavar="", help="Watch until all have ended; exit as `result` does.", rich_help_panel=_QUEUE
        ),
    ] = False
    quiet: Annotated[
        bool,
        typer.Option("--quiet", "-q", metavar="", help="Only the ids; no summary.", rich_help_panel=_QUEUE),
    ] = False
    budget: Annotated[
        float | None,
        typer.Option(
            metavar="USD",
            min=0,
            help="Cap for all of these documents together, whoever runs them; what comes after it fails with "
            "budget_exceeded and is not sent.",
            rich_help_panel=LIMITS_PANEL,
        ),
    ] = None
    batch: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Your word for these documents together; a later command with the same word shares their --budget.",
            rich_help_panel=_QUEUE,
        ),
    ] = None
    deadline_s: Annotated[
        float | None,
        typer.Option(
            metavar="S",
            help="Seconds by which it ends, whatever happens. Default: EXTRACTOR_DEADLINE_S, else a day.",
            rich_help_panel=LIMITS_PANEL,
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class StatusArguments(QueueArguments):
    """What was typed after `extractor status`."""

    ids: SomeIds = None
    limit: Annotated[
        int, typer.Option(metavar="N", min=1, max=1000, help="Without ids: how many of the latest are shown.")
    ] = 20
    as_json: AsJson = False


@dataclass(frozen=True, kw_only=True)
class ResultArguments(QueueArguments):
    """What was typed after `extractor result`."""

    ids: Ids
    wait: Annotated[
        float, typer.Option(metavar="SECONDS", min=0, help="Wait for those that have not ended, this long at most.")
    ] = 0.0
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write one JSON line per id here. Default: stdout.")
    ] = None
    append: Annotated[bool, typer.Option("--append", metavar="", help="Add to an existing --out.")] = False
    force: Annotated[bool, typer.Option("--force", metavar="", help="Replace an existing --out.")] = False


@dataclass(frozen=True, kw_only=True)
class CancelArguments(QueueArguments):
    """What was typed after `extractor cancel`."""

    ids: Ids


@dataclass(frozen=True, kw_only=True)
class RetryArguments(QueueArguments):
    """What was typed after `extractor retry`."""

    ids: Ids


@dataclass(frozen=True, kw_only=True)
class WatchArguments(QueueArguments):
    """What was typed after `extractor watch`."""

    ids: SomeIds = None
    is_all: Annotated[
        bool, typer.Option("--all", metavar="", help="Every extraction that has not ended, up to 10,000.")
    ] = False


@dataclass(frozen=True, kw_only=True)
class QueueStatusArguments(QueueArguments):
    """What was typed after `extractor queue status`."""

    as_json: AsJson = False


@dataclass(frozen=True, kw_only=True)
class PauseArguments(QueueArguments):
    """What was typed after `extractor queue pause`."""

    reason: Annotated[str, typer.Option(metavar="TEXT", help="Shown to whoever asks why nothing runs.")] = (
        "Paused by the operator."
    )


@dataclass(frozen=True, kw_only=True)
class SuspectsArguments(QueueArguments):
    """What was typed after `extractor queue suspects`."""

    limit: Annotated[int, typer.Option(metavar="N", min=1, max=10_000, help="How many are shown.")] = 100


@dataclass(frozen=True, kw_only=True)
class RequeueArguments(QueueArguments):
    """What was typed after `extractor queue requeue`."""

    ids: Ids

"""What every command of a queue does around its own work: settings, a connection, an orderly end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import typer

from extractor import log
from extractor.cli.exits import ExitCode, exit_code_of_signal
from extractor.cli.stopping import stopped_by_signals
from extractor.cli.wording import error_line
from extractor.desk import open_desk
from extractor.settings import Settings
from extractor.store import unknown

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from extractor.desk import Desk


def settings_of(config: Path | None, *, debug: bool) -> Settings:
    """Return the settings of a command, and log as they say.

    Raises:
        InvalidSettings: a setting cannot be used.
    """
    settings = Settings.load(config)
    log.configure("DEBUG" if debug else settings.log_level)
    return settings


def at_desk(settings: Settings, work: Callable[[Desk], Awaitable[int]], *, when_stopped: str = "Stopped.") -> int:
    """Return the exit code of `work`; a signal ends it and says `when_stopped`.

    Raises:
        ExtractionError: no Redis can be reached, or what `work` raises.
    """
    return asyncio.run(_work_there(settings, work, when_stopped))


async def _work_there(settings: Settings, work: Callable[[Desk], Awaitable[int]], when_stopped: str) -> int:
    async with open_desk(settings) as desk:
        with stopped_by_signals() as signals:
            code = await work(desk)
        if not signals:
            return code
    typer.echo(when_stopped, err=True)
    return exit_code_of_signal(signals[0])


def tell_unknown(id: str) -> None:  # noqa: A002 - the word of the record
    """Say on stderr that there is no such extraction."""
    error = unknown(id)
    typer.echo(error_line(error.code, error.message), err=True)


def exit_code_from(*, unknown: int, others: int) -> ExitCode:
    """Return the exit code where so many ids are unknown, and so many did not come to what was asked for."""
    if unknown:
        return ExitCode.USAGE
    return ExitCode.SOME_FAILED if others else ExitCode.SUCCEEDED

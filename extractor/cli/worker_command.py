"""`extractor worker`: Celery with our workers in it, in the place of this process."""

from __future__ import annotations

import importlib
import os
import sys
from dataclasses import dataclass
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

import extractor
from extractor.cli.declaring import taking
from extractor.cli.usual_arguments import ConfigFile  # noqa: TC001 - typer reads the annotations
from extractor.errors import InvalidSettings

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec

#: The package that Celery is told to import. By name: nothing in `extractor` imports it.
PACKAGE = "workers"
#: What it says of itself in `PRODUCT`.
PRODUCT = "extractor"
#: The options that are no settings of Celery. All others are in `workers/app.py`, for the plain command too.
OPTIONS = ("--pool", "threads", "--concurrency", "4", "--without-gossip", "--without-mingle")


@dataclass(frozen=True, kw_only=True)
class WorkerArguments:
    """What was typed. None = not typed: the settings decide."""

    slots: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            max=2000,
            help="Extractions in flight at once, of this worker. Default: EXTRACTOR_SLOTS, else 256.",
        ),
    ] = None
    config: ConfigFile = None
    loglevel: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] | None,
        typer.Option(
            metavar="LEVEL",
            help="Log events of this level and above, Celery's included. Default: EXTRACTOR_LOG_LEVEL, else WARNING.",
        ),
    ] = None


@taking(WorkerArguments)
def worker(arguments: WorkerArguments) -> int:
    """Run what is submitted to the queue, until SIGTERM or Ctrl-C.

    Needs a model and a Redis: the one in REDIS_URL, else that of `extractor dev`.

    SIGTERM and the first Ctrl-C let what runs end, EXTRACTOR_DRAIN_S seconds at most, and give the rest back to the
    queue; SIGQUIT and a second Ctrl-C give everything back.

    Exit codes: 0 stopped by SIGTERM or SIGQUIT, 1 by Ctrl-C, 2 usage, 3 could not start, 70 the loop stalled and others
    take over.
    """
    refuse_other_workers()
    os.execve(sys.executable, command_of(arguments), os.environ | environment_of(arguments))  # noqa: S606 - no shell


def command_of(arguments: WorkerArguments) -> list[str]:
    """Return the command that this process becomes, so that signals reach Celery without a detour."""
    level = ("--loglevel", arguments.loglevel) if arguments.loglevel else ()
    # -P: a celery.py in the working folder is not Celery.
    return [sys.executable, "-P", "-m", "celery", "--quiet", "-A", f"{PACKAGE}.app", "worker", *OPTIONS, *level]


def environment_of(arguments: WorkerArguments) -> dict[str, str]:
    """Return what was typed as environment variables, the way that leads through Celery."""
    typed = {
        "EXTRACTOR_SLOTS": arguments.slots,
        "EXTRACTOR_CONFIG": arguments.config and arguments.config.absolute(),
        "EXTRACTOR_LOG_LEVEL": arguments.loglevel,
    }
    return {name: str(value) for name, value in typed.items() if value is not None}


def refuse_other_workers() -> None:
    """Make sure that what Celery would import is ours: it looks in the working folder before anywhere else.

    Raises:
        InvalidSettings: another package of one of our names is in front of ours, or ours is not installed.
    """
    for package in (PACKAGE, PRODUCT):
        ours = Path(extractor.__file__).resolve().parents[1] / package / "__init__.py"
        found = _found_in(Path.cwd(), package) or find_spec(package)
        place = Path(found.origin).resolve() if found and found.origin else None
        if place != ours or getattr(importlib.import_module(PACKAGE), "PRODUCT", "") != PRODUCT:
            raise InvalidSettings(
                f"Celery would start the package `{package}` at {place or 'no place at all'}, which is not the "
                f"extractor's. Start the worker in another folder, without the one of that package in PYTHONPATH."
            )


def _found_in(folder: Path, package: str) -> ModuleSpec | None:
    """Return the module that Python finds in `folder`; a folder without `__init__.py` comes after all others."""
    spec = PathFinder.find_spec(package, [str(folder)])
    return spec if spec and spec.origin else None

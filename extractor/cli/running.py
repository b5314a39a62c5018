"""What `extractor run` does: from words to a run, the run, and its exit code."""

from __future__ import annotations

import asyncio
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from extractor import log, pipeline, wiring
from extractor.bulk import run_all
from extractor.cli.estimates import foretold
from extractor.cli.exits import ExitCode, exit_code_of_signal
from extractor.cli.inputs import find_files
from extractor.cli.output import Output
from extractor.cli.progress import show_progress
from extractor.cli.schema_words import file_of, load_target
from extractor.cli.stopping import stopped_by_signals
from extractor.cli.summary import print_summary
from extractor.cli.tally import Tally
from extractor.options import options_from
from extractor.records import DEFAULT_MODEL, OFFLINE_MODEL, Job, Options, Source
from extractor.settings import Settings
from extractor.submit import new_id

if TYPE_CHECKING:
    from extractor.cli.run_arguments import RunArguments
    from extractor.records import Json, Result


@dataclass(frozen=True, kw_only=True)
class Run:
    """Everything decided before the first document is opened."""

    jobs: list[Job]
    output: Output
    settings: Settings
    #: Documents in flight at once.
    concurrency: int
    #: Cap on all documents together, US dollars; None = no cap.
    budget_usd: float | None


def run_files(arguments: RunArguments) -> int:
    """Extract a record from every file named; return the exit code.

    Raises:
        ExtractionError: the run could not start or go on; what had finished is written.
    """
    run = prepare(arguments)
    if arguments.estimate:
        return asyncio.run(print_estimate(run))
    screen = Console(stderr=True, highlight=False, quiet=arguments.quiet)  # stdout belongs to the records
    tally = Tally(documents=len(run.jobs))
    screen.print(_headline(run), soft_wrap=True)
    started = time.monotonic()
    try:
        signal_number = asyncio.run(extract_all(run, tally=tally, screen=screen))
    finally:
        if tally.done or tally.spent_usd:
            where = str(run.output.path) if run.output.path else "stdout"
            print_summary(screen, tally, seconds=time.monotonic() - started, where=where)
    if signal_number is not None:
        screen.print(f"Stopped by {signal.Signals(signal_number).name}; every document that had finished is written.")
        return exit_code_of_signal(signal_number)
    return ExitCode.SUCCEEDED if tally.is_all_succeeded else ExitCode.SOME_FAILED


def prepare(arguments: RunArguments) -> Run:
    """Decide everything, and refuse what cannot work, before anything is opened, sent or spent.

    Raises:
        CallerError: an argument, the schema or the settings cannot be used.
    """
    output = Output(path=_file_named(arguments.out), append=arguments.append, force=arguments.force)
    if not arguments.estimate:
        output.check()
    left_out = [path for path in (output.path, file_of(arguments.schema)) if path is not None]
    files = find_files(arguments.paths, leaving_out=left_out)
    target = load_target(arguments.schema)
    settings = Settings.load(arguments.config)
    log.configure("DEBUG" if arguments.debug else settings.log_level)
    options = options_of(arguments, settings)
    jobs = [
        Job(id=new_id(), source=Source(content=file, name=str(file)), target=target, options=options) for file in files
    ]
    pipeline.contract_of(jobs[0])  # lowered here so that an unsupported schema is refused before the output is touched
    return Run(
        jobs=jobs,
        output=output,
        settings=settings,
        concurrency=arguments.concurrency or settings.concurrency,
        budget_usd=arguments.budget,
    )


def options_of(arguments: RunArguments, settings: Settings) -> Options:
    """Return the options that the command line and the settings state together.

    Raises:
        InvalidRequest: a value is out of range, or two exclude each other.
        NoModel: the model needs a key, and there is none. An estimate needs none.
    """
    typed = arguments.typed_options()
    if arguments.estimate:
        typed["model"] = arguments.model or settings.model or DEFAULT_MODEL
    else:
        typed["model"] = wiring.choose_model(settings, arguments.model)
    if typed["max_attempts"] is None:
        typed["max_attempts"] = settings.max_attempts
    return options_from(typed)


async def extract_all(run: Run, *, tally: Tally, screen: Console) -> int | None:
    """Run every job; write, count and show each result in the step that finishes it, so that none can be lost.

    Returns:
        The number of the signal that stopped it, None when it came to its end.

    Raises:
        ExtractionError: with `stops_run`; no other document can fare better.
    """
    async with wiring.open_engine(run.settings, budget_usd=run.budget_usd) as engine:
        with (
            run.output.open() as lines,
            show_progress(screen, tally, stdout_is_taken=run.output.path is None) as show,
            stopped_by_signals() as signals,
        ):

            async def run_and_keep(job: Job) -> Result[Json]:
                result = await engine.run(job)
                lines.write(result)
                tally.add(result)
                show(result)
                return result

            try:
                await _foretell(run, engine, tally=tally, screen=screen)
                async for _ in run_all(run.jobs, run=run_and_keep, concurrency=run.concurrency):
                    pass
            finally:
                tally.spent_usd = engine.spent_usd
    return signals[0] if signals else None


async def print_estimate(run: Run) -> int:
    """Print what a run will probably cost, and send nothing."""
    screen = Console(highlight=False)
    screen.print(_headline(run), soft_wrap=True)
    async with wiring.open_engine(run.settings) as engine:
        with stopped_by_signals() as signals:
            estimate = (await engine.forecast(run.jobs)).at_start
            model = run.jobs[0].options.model
            screen.print(foretold(estimate, model=model, budget_usd=run.budget_usd), soft_wrap=True)
    return exit_code_of_signal(signals[0]) if signals else ExitCode.SUCCEEDED


async def _foretell(run: Run, engine: wiring.Engine, *, tally: Tally, screen: Console) -> None:
    """Print what the run will probably cost, where somebody reads it and it costs anything."""
    model = run.jobs[0].options.model
    if screen.quiet or model == OFFLINE_MODEL:
        return
    forecast = await engine.forecast(run.jobs)
    screen.print(foretold(forecast.at_start, model=model, budget_usd=run.budget_usd), soft_wrap=True)
    if forecast.at_start.high_usd:
        tally.forecast = forecast


def _file_named(out: Path | None) -> Path | None:
    return None if out == Path("-") else out


def _headline(run: Run) -> str:
    count = len(run.jobs)
    target, model = run.jobs[0].target, run.jobs[0].options.model
    by_rules = " (simple rules, no language model)" if model == OFFLINE_MODEL else ""
    return f"{count:,} document{'' if count == 1 else 's'} to {target.name} with {model}{by_rules}"

"""The commands of a queue, and nothing that costs time before their words are read."""

from __future__ import annotations

import typer

from extractor.cli.declaring import taking
from extractor.cli.exits import ExitCode
from extractor.cli.queue_arguments import (
    CancelArguments,
    PauseArguments,
    QueueArguments,
    QueueStatusArguments,
    RequeueArguments,
    ResultArguments,
    RetryArguments,
    StatusArguments,
    SubmitArguments,
    SuspectsArguments,
    WatchArguments,
)

queue = typer.Typer(
    add_completion=False,
    context_settings={"default_map": {"help": False}},  # as in app.py, so that `extractor queue pause --help` is light
)


@queue.callback(invoke_without_command=True)
def look_and_steer(context: typer.Context) -> None:
    """Look at the queue and steer it."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(ExitCode.USAGE)


@taking(SubmitArguments)
def submit(arguments: SubmitArguments) -> int:
    """Hand documents to the workers; one line each: its id, a tab, its path.

    Exit codes: 0 all handed in, 1 some could not be read, 2 usage, 3 could not start or go on.
    """
    from extractor.cli.submitting import submit_files  # command start-up: the engine's imports cost 400 ms of CPU

    return submit_files(arguments)


@taking(StatusArguments)
def status(arguments: StatusArguments) -> int:
    """Show what extractions are doing: those named, else the latest."""
    from extractor.cli.looking import show_status  # command start-up: the engine's imports

    return show_status(arguments)


@taking(ResultArguments)
def result(arguments: ResultArguments) -> int:
    """Write results, one JSON line each.

    Exit codes: 0 all succeeded, 1 some failed, are partial or have not ended, 2 an unknown id or usage, 3 no Redis.
    """
    from extractor.cli.looking import write_results  # command start-up: the engine's imports

    return write_results(arguments)


@taking(CancelArguments)
def cancel(arguments: CancelArguments) -> int:
    """Ask for the end of extractions: what waits ends at once, what runs within 2 s.

    Exit codes: 0 all end, 1 some had ended in another way before, 2 an unknown id or usage, 3 no Redis.
    """
    from extractor.cli.looking import cancel_all  # command start-up: the engine's imports

    return cancel_all(arguments)


@taking(RetryArguments)
def retry(arguments: RetryArguments) -> int:
    """Run extractions again that ended without success; only what is missing is asked for, and paid.

    One line each: the id of the re-run, a tab, the id it is a re-run of. Exit codes: 0 all run again, 1 some do not,
    2 an unknown id or usage, 3 no Redis.
    """
    from extractor.cli.looking import retry_all  # command start-up: the engine's imports

    return retry_all(arguments)


@taking(WatchArguments)
def watch(arguments: WatchArguments) -> int:
    """Show extractions until all have ended. Ctrl-C ends the watching only; the exit codes are those of `result`."""
    from extractor.cli.watching import watch_ids  # command start-up: the engine's imports

    return watch_ids(arguments)


@queue.command("status")
@taking(QueueStatusArguments)
def queue_status(arguments: QueueStatusArguments) -> int:
    """Show what waits, what runs and where, and why nothing runs when nothing does."""
    from extractor.cli.steering import show_queue  # command start-up: the engine's imports

    return show_queue(arguments)


@queue.command()
@taking(PauseArguments)
def pause(arguments: PauseArguments) -> int:
    """Start nothing more, until `resume`. What runs goes on, and new documents may be submitted."""
    from extractor.cli.steering import pause_queue  # command start-up: the engine's imports

    return pause_queue(arguments)


@queue.command()
@taking(QueueArguments)
def resume(arguments: QueueArguments) -> int:
    """Lift a pause, a circuit or draining."""
    from extractor.cli.steering import resume_queue  # command start-up: the engine's imports

    return resume_queue(arguments)


@queue.command()
@taking(QueueArguments)
def drain(arguments: QueueArguments) -> int:
    """Refuse new documents, and show what is left until nothing is. `resume` takes new ones again."""
    from extractor.cli.steering import drain_queue  # command start-up: the engine's imports

    return drain_queue(arguments)


@queue.command()
@taking(SuspectsArguments)
def suspects(arguments: SuspectsArguments) -> int:
    """List the ids that wait to be run apart from others, because they were in flight when a worker died."""
    from extractor.cli.steering import list_suspects  # command start-up: the engine's imports

    return list_suspects(arguments)


@queue.command()
@taking(RequeueArguments)
def requeue(arguments: RequeueArguments) -> int:
    """Let suspects and deferred extractions wait like any other again. Ends stay ends: `retry` runs again.

    Exit codes: 0 all wait again, 1 some do not, 2 an unknown id or usage, 3 no Redis.
    """
    from extractor.cli.steering import requeue_ids  # command start-up: the engine's imports

    return requeue_ids(arguments)

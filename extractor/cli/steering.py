"""What `extractor queue …` does."""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from extractor.cli.at_desk import at_desk, exit_code_from, settings_of, tell_unknown
from extractor.cli.exits import ExitCode
from extractor.cli.stopping import leave_when_stopped
from extractor.cli.tables import age
from extractor.cli.wording import printable
from extractor.jsontext import dumps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extractor.cli.queue_arguments import (
        PauseArguments,
        QueueArguments,
        QueueStatusArguments,
        RequeueArguments,
        SuspectsArguments,
    )
    from extractor.desk import Desk
    from extractor.records import Pause, QueueStatus, Stored

#: Seconds between two looks at a queue that is being emptied.
LOOK_S = 1.0
STILL_DRAINING = "Stopped watching. The queue still takes nothing new; `extractor queue resume` lifts that."


def show_queue(arguments: QueueStatusArguments) -> int:
    """Show the queue as it is now."""

    async def show(desk: Desk) -> int:
        status = await desk.store.status()
        if arguments.as_json:
            typer.echo(dumps(asdict(status)))
        else:
            for name, value in _rows(status):
                typer.echo(f"{name:<10}{value}")
        return ExitCode.SUCCEEDED

    return at_desk(settings_of(arguments.config, debug=arguments.debug), show)


def pause_queue(arguments: PauseArguments) -> int:
    """Start nothing more, until it is resumed."""

    async def pause(desk: Desk) -> int:
        await desk.store.pause(message=arguments.reason)
        status = await desk.store.status()
        typer.echo(
            f"Paused. {status.running:,} running go on, {_waiting(status):,} wait; `extractor queue resume` lifts it.",
            err=True,
        )
        return ExitCode.SUCCEEDED

    return at_desk(settings_of(arguments.config, debug=arguments.debug), pause)


def resume_queue(arguments: QueueArguments) -> int:
    """Lift what holds the queue up."""

    async def resume(desk: Desk) -> int:
        was_held = await desk.store.resume()
        typer.echo("Resumed." if was_held else "The queue was neither paused nor draining.", err=True)
        return ExitCode.SUCCEEDED

    return at_desk(settings_of(arguments.config, debug=arguments.debug), resume)


def drain_queue(arguments: QueueArguments) -> int:
    """Take nothing new, and show what is left until nothing is."""

    async def drain(desk: Desk) -> int:
        await desk.store.drain()
        shown = ""
        while line := _left(await desk.store.status()):
            if line != shown:
                typer.echo(line, err=True)
            shown = line
            leave_when_stopped()
            await asyncio.sleep(LOOK_S)
        typer.echo("The queue is empty and takes nothing new; `extractor queue resume` lifts that.", err=True)
        return ExitCode.SUCCEEDED

    settings = settings_of(arguments.config, debug=arguments.debug)
    return at_desk(settings, drain, when_stopped=STILL_DRAINING)


def list_suspects(arguments: SuspectsArguments) -> int:
    """List the ids that wait to be run apart from others."""

    async def show(desk: Desk) -> int:
        ids = await desk.store.suspects(limit=arguments.limit)
        for id_ in ids:
            typer.echo(id_)
        if not ids:
            typer.echo("There are no suspects.", err=True)
        return ExitCode.SUCCEEDED

    return at_desk(settings_of(arguments.config, debug=arguments.debug), show)


def requeue_ids(arguments: RequeueArguments) -> int:
    """Let suspects and deferred extractions wait like any other again; say of the others why not."""

    async def requeue(desk: Desk) -> int:
        ids = list(dict.fromkeys(arguments.ids))
        requeued = set(await desk.store.requeue(ids))
        unknown = 0
        for id_, stored in zip(ids, await desk.read_many(ids), strict=True):
            if id_ in requeued:
                typer.echo(f"{id_}\trequeued")
            elif stored is None:
                unknown += 1
                tell_unknown(id_)
            else:
                typer.echo(f"{id_}\t{_why_not(stored)}")
        return exit_code_from(unknown=unknown, others=len(ids) - len(requeued) - unknown)

    return at_desk(settings_of(arguments.config, debug=arguments.debug), requeue)


def _why_not(stored: Stored) -> str:
    if stored.status in {"queued", "running"}:
        return f"left as it is: it is {stored.status}, neither suspect nor deferred"
    again = "" if stored.status == "succeeded" else "; `extractor retry` runs it again"
    return f"left as it is: it has ended ({stored.status}), and ends stay ends{again}"


def _rows(status: QueueStatus) -> Iterator[tuple[str, str]]:
    waits = f", the first for {age(status.oldest_s)}" if _waiting(status) else ""
    ready = status.ready
    yield "waiting", f"{ready['interactive']:,} interactive, {ready['bulk']:,} bulk{waits}"
    yield "running", f"{status.running:,}"
    yield "deferred", f"{status.deferred:,}"
    yield "suspects", f"{status.suspects:,}"
    if status.untold:
        yield "untold", f"{status.untold:,} ended, their Celery result not written yet"
    yield "paused", "no" if status.pause is None else _say_why(status.pause)
    yield "draining", "yes: new documents are refused until `extractor queue resume`" if status.is_draining else "no"
    if not status.workers:
        yield "workers", "none: start one with `extractor worker`"
    for number, (name, sign) in enumerate(sorted(status.workers.items())):
        told = f"{sign.running:,} running at its last sign of life, {age(sign.silent_s)} ago"
        yield "" if number else "workers", f"{printable(name)}: {told}"


def _say_why(pause: Pause) -> str:
    by = "by an operator" if pause.by == "operator" else f"by itself, {pause.code}"
    probe = f", tried again in {age(pause.probe_at - time.time())}" if pause.probe_at else ""
    return f"{by}, for {age(time.time() - pause.since)}{probe}: {printable(pause.message)}"


def _waiting(status: QueueStatus) -> int:
    return sum(status.ready.values())


def _left(status: QueueStatus) -> str:
    """Return what is left in the queue as one line, "" when nothing is."""
    parts = {
        "waiting": _waiting(status),
        "running": status.running,
        "deferred": status.deferred,
        "suspects": status.suspects,
    }
    left = ", ".join(f"{count:,} {name}" for name, count in parts.items() if count)
    held = " The queue is paused, so nothing of that ends." if left and status.pause else ""
    return f"Left: {left}.{held}" if left else ""

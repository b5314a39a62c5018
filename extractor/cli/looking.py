"""What `extractor status`, `result`, `cancel` and `retry` do."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from extractor.cli.at_desk import at_desk, exit_code_from, settings_of, tell_unknown
from extractor.cli.output import Output
from extractor.cli.remarks import remarks
from extractor.cli.tables import age, print_table
from extractor.cli.wording import error_line, printable
from extractor.errors import InvalidRequest, UnknownExtraction
from extractor.jsontext import dumps
from extractor.receiving import result_from_json
from extractor.records import ENDS, OPEN_STATES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from extractor.cli.queue_arguments import CancelArguments, ResultArguments, RetryArguments, StatusArguments
    from extractor.desk import Desk
    from extractor.records import JsonObject, Stored


def show_status(arguments: StatusArguments) -> int:
    """Show what extractions are doing; return the exit code: 2 when an id is unknown."""
    settings = settings_of(arguments.config, debug=arguments.debug)

    async def look(desk: Desk) -> int:
        ids = list(dict.fromkeys(arguments.ids or await _latest(desk, arguments.limit)))
        found = dict(zip(ids, await desk.read_many(ids), strict=True))
        known = [stored for stored in found.values() if stored is not None]
        if arguments.as_json:
            for stored in known:
                typer.echo(dumps(_members(stored)))
        elif known:
            print_table(("id", "status", "age", "document", "note"), [_row(stored) for stored in known])
        elif not arguments.ids:
            typer.echo("There are no extractions.", err=True)
        unknown = [id_ for id_, stored in found.items() if stored is None] if arguments.ids else []
        for id_ in unknown:
            tell_unknown(id_)
        return exit_code_from(unknown=len(unknown), others=0)

    return at_desk(settings, look)


def write_results(arguments: ResultArguments) -> int:
    """Write results as JSON lines; return the exit code.

    Raises:
        InvalidRequest: the output cannot be used.
        OutputFailed: a line could not be written.
    """
    output = Output(path=_file_named(arguments.out), append=arguments.append, force=arguments.force)
    output.check()
    settings = settings_of(arguments.config, debug=arguments.debug)
    until = time.monotonic() + arguments.wait

    statuses: Counter[str] = Counter()

    async def write_all(desk: Desk) -> int:
        with output.open() as lines:

            def write(stored: Stored) -> None:
                lines.write_line(stored.result)
                statuses[stored.status] += 1

            unknown = await _write_all(desk, list(dict.fromkeys(arguments.ids)), until=until, write=write)
        if output.path:
            typer.echo(_say_written(statuses), err=True)
        return exit_code_from(unknown=unknown, others=statuses.total() - statuses["succeeded"])

    return at_desk(settings, write_all, when_stopped="Stopped. Every line written is whole.")


def cancel_all(arguments: CancelArguments) -> int:
    """Ask for the end of extractions, and say what each is doing then; return the exit code."""
    settings = settings_of(arguments.config, debug=arguments.debug)

    async def cancel(desk: Desk) -> int:
        unknown = ended = 0
        ids = list(dict.fromkeys(arguments.ids))
        for id_, stored in zip(ids, await desk.read_many(ids), strict=True):
            if stored is None:
                unknown += 1
                tell_unknown(id_)
                continue
            state = await desk.cancel(id_)
            is_other_end = state in ENDS and state != "cancelled"
            ended += is_other_end
            note = "had ended before" if is_other_end else "ends within 2 s" if state == "running" else ""
            typer.echo("\t".join(filter(None, (id_, state, note))))
        return exit_code_from(unknown=unknown, others=ended)

    return at_desk(settings, cancel)


def retry_all(arguments: RetryArguments) -> int:
    """Run again what ended without success, and say of the others why not; return the exit code."""
    settings = settings_of(arguments.config, debug=arguments.debug)

    async def retry(desk: Desk) -> int:
        unknown = refused = 0
        for id_ in dict.fromkeys(arguments.ids):
            try:
                receipt = await desk.retry(id_)
            except (UnknownExtraction, InvalidRequest) as error:
                unknown += isinstance(error, UnknownExtraction)
                refused += isinstance(error, InvalidRequest)
                typer.echo(error_line(error.code, error.message), err=True)
            else:
                typer.echo(f"{receipt.id}\t{id_}")
        return exit_code_from(unknown=unknown, others=refused)

    return at_desk(settings, retry, when_stopped="Stopped. What has a line above is run again.")


async def _latest(desk: Desk, limit: int) -> list[str]:
    listed = [entry for state in (*OPEN_STATES, *ENDS) for entry in await desk.list_ids(state, limit=limit)]
    return [id_ for id_, _ in sorted(listed, key=lambda entry: entry[1], reverse=True)[:limit]]


async def _write_all(desk: Desk, ids: list[str], *, until: float, write: Callable[[Stored], None]) -> int:
    """Write what has ended, then what ends until then, then the others as they are; return how many are unknown."""
    found = dict(zip(ids, await desk.read_many(ids), strict=True))
    unknown = [id_ for id_, stored in found.items() if stored is None]
    for id_ in unknown:
        tell_unknown(id_)
    waiting: dict[str, Stored] = {}
    for stored in filter(None, found.values()):
        if stored.status in OPEN_STATES:
            waiting[stored.id] = stored
        else:
            write(stored)
    while waiting and (ended := await desk.ended_among(list(waiting), until=until)):
        for stored in ended:
            del waiting[stored.id]
            write(stored)
    for stored in waiting.values():
        write(stored)
    return len(unknown)


def _say_written(statuses: Counter[str]) -> str:
    others = [status for status in (*ENDS, *OPEN_STATES) if status != "succeeded" and statuses[status]]
    return ", ".join([f"{statuses.total():,} written", *(f"{statuses[status]:,} {status}" for status in others)])


def _members(stored: Stored) -> JsonObject:
    error = result_from_json(stored.result).error
    members = {name: value for name, value in asdict(stored).items() if name not in {"result", "tenant"}}
    return members | {"error": error and error.code}


def _row(stored: Stored) -> tuple[str, ...]:
    seconds = time.time() - stored.created_at
    return stored.id, stored.status, age(seconds), printable(stored.name or ""), printable(_note(stored))


def _note(stored: Stored) -> str:
    if stored.status not in OPEN_STATES:
        result = result_from_json(stored.result)
        code = result.error.code if result.error and result.error.code != stored.status else ""
        return ", ".join(filter(None, (code, remarks(result))))
    notes = [
        f"tried again in {age(stored.due_at - time.time())}" if stored.due_at else "",
        "being cancelled" if stored.is_cancelling else "",
        "suspect" if stored.is_suspect else "",
        f"claimed {stored.claims} times" if stored.claims > 1 else "",
    ]
    return ", ".join(filter(None, notes))


def _file_named(out: Path | None) -> Path | None:
    return None if out is not None and str(out) == "-" else out

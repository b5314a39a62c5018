"""What `extractor submit` does: files to submissions, submissions to ids."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import typer

from extractor import wiring
from extractor.cli.at_desk import at_desk, settings_of
from extractor.cli.exits import ExitCode
from extractor.cli.inputs import find_files
from extractor.cli.output import Lines, Output
from extractor.cli.schema_words import file_of, load_target
from extractor.cli.watching import watch
from extractor.cli.wording import printable
from extractor.desk import chunks_of
from extractor.document import source_from
from extractor.errors import InvalidRequest, UnreadableDocument
from extractor.submit import admit, batch_labels, options_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from extractor.cli.queue_arguments import SubmitArguments
    from extractor.desk import Desk
    from extractor.records import Options, Priority, Receipt, Submission, Target
    from extractor.submit import BatchLabels, Door

STOPPED = "Stopped. What has an id above is submitted and goes on; nothing else is."


@dataclass(kw_only=True)
class Batch:
    """The files of one command on their way to ids."""

    files: list[Path]
    arguments: SubmitArguments
    door: Door
    target: Target
    schema_name: str
    options: Options
    #: What makes them members of one batch.
    labels: BatchLabels
    #: Id -> path, of what is submitted.
    submitted: dict[str, str] = field(default_factory=dict)
    #: Of these, how many had been submitted before.
    known: int = 0
    #: Files that could not be read.
    unread: int = 0

    def admitted(self) -> Iterator[tuple[Submission, str]]:
        """Yield a submission and its path for every file that can be read, and say which cannot.

        Raises:
            CallerError: what holds for every file: the schema, an option, a key.
        """
        priority: Priority = "bulk" if len(self.files) > 1 else "interactive"
        for path in self.files:
            source = source_from(path)
            name = source.name or ""
            try:
                submission = admit(
                    source,
                    self.target,
                    self.options,
                    door=self.door,
                    default_priority=priority,
                    schema_name=self.schema_name,
                    idempotency_key=name if self.arguments.key_by_name else self.arguments.idempotency_key or "",
                    **self.labels,
                )
            except UnreadableDocument as error:
                self.unread += 1
                typer.echo(f"not submitted  {printable(name)}  {error.code}: {printable(error.message)}", err=True)
            else:
                yield submission, name

    def keep(self, receipt: Receipt, name: str) -> None:
        """Count one submission."""
        self.submitted[receipt.id] = name
        self.known += not receipt.is_new


def submit_files(arguments: SubmitArguments) -> int:
    """Hand every file named to the workers; return the exit code.

    Raises:
        ExtractionError: it could not start or go on; what has an id by then is submitted.
    """
    batch = prepare(arguments)
    settings = settings_of(arguments.config, debug=arguments.debug)
    output = Output(path=None, append=False, force=False)

    async def hand_in(desk: Desk) -> int:
        with output.open() as lines:
            await _submit_all(batch, desk, lines)
        if not arguments.quiet:
            typer.echo(_say_what_was_done(batch), err=True)
        ended = await watch(desk, batch.submitted) if arguments.wait and batch.submitted else ExitCode.SUCCEEDED
        return max(ended, ExitCode.SOME_FAILED) if batch.unread else ended

    return at_desk(settings, hand_in, when_stopped=STOPPED)


def prepare(arguments: SubmitArguments) -> Batch:
    """Decide everything, and refuse what cannot work, before anything is read or sent.

    Raises:
        CallerError: an argument, the schema or the settings cannot be used.
    """
    settings = settings_of(arguments.config, debug=arguments.debug)
    door = wiring.door_from(settings)
    schema_file = file_of(arguments.schema)
    files = find_files(arguments.paths, leaving_out=[schema_file] if schema_file else [])
    if arguments.idempotency_key is not None and (len(files) > 1 or arguments.key_by_name):
        raise InvalidRequest(
            "--idempotency-key is the word for one document. For several, --key-by-name takes each file's path."
        )
    target, schema_name = _target(arguments.schema, door)
    return Batch(
        files=files,
        arguments=arguments,
        door=door,
        target=target,
        schema_name=schema_name,
        options=options_at(door, arguments.typed_options()),
        labels=batch_labels(arguments.batch, budget_usd=arguments.budget),
    )


def _target(word: str, door: Door) -> tuple[Target, str]:
    if word in door.registry.names:
        return door.registry.target(word), word
    target = load_target(word)
    return target, door.registry.name_of(target)


async def _submit_all(batch: Batch, desk: Desk, lines: Lines) -> None:
    for chunk in chunks_of(batch.admitted()):
        receipts = await desk.submit([submission for submission, _ in chunk])
        for receipt, (_, name) in zip(receipts, chunk, strict=True):
            batch.keep(receipt, name)
            lines.write_line(f"{receipt.id}\t{printable(name)}".encode())


def _say_what_was_done(batch: Batch) -> str:
    count = len(batch.submitted)
    said = f"{count:,} document{'' if count == 1 else 's'} submitted to {batch.target.name} with {batch.options.model}"
    notes = [
        f"{batch.known:,} of them had been before" if batch.known else "",
        f"{batch.unread:,} could not be read" if batch.unread else "",
    ]
    return "; ".join(filter(None, [said, *notes])) + "."

"""The commands that look at a schema, and nothing that costs time before their words are read."""

from __future__ import annotations

import typer

from extractor.cli.declaring import taking
from extractor.cli.exits import ExitCode
from extractor.cli.schema_arguments import CheckArguments, LowerArguments, SchemaArguments

schema = typer.Typer(
    add_completion=False,
    context_settings={"default_map": {"help": False}},  # as in app.py, so that `extractor schema check --help` is light
)


@schema.callback(invoke_without_command=True)
def look_at_schemas(context: typer.Context) -> None:
    """See what happens to a schema before a document is sent."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(ExitCode.USAGE)


@schema.command()
@taking(CheckArguments)
def check(arguments: CheckArguments) -> int:
    """Say whether a schema can be used, and for each field what is enforced where.

    Fields are JSON Pointers into the record, * for every item of a list and every key of a map.

    Exit codes: 0 it can be used, 2 it is refused; the message has the keyword and its place.
    """
    from extractor.cli.checking import check_schema  # command start-up: the engine's imports

    return check_schema(arguments)


@schema.command()
@taking(LowerArguments)
def lower(arguments: LowerArguments) -> int:
    """Write the wire schema, which the model's grammar is made from, as JSON.

    Exit codes: 0 written, 2 the schema is refused.
    """
    from extractor.cli.checking import write_wire_schema  # command start-up: the engine's imports

    return write_wire_schema(arguments)


@schema.command()
@taking(SchemaArguments)
def show(arguments: SchemaArguments) -> int:
    """Write the schema as the prompt has it, in words.

    Exit codes: 0 written, 2 the schema is refused.
    """
    from extractor.cli.checking import write_words  # command start-up: the engine's imports

    return write_words(arguments)
